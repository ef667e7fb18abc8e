//! What transforms learn from the rows of a fit, by call: moments, group means, orthogonal polynomials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::expression::Expression;
use super::super::inputs::Inputs;
use super::super::spec::{Expr, ModelSpec, NamedArguments, TermFactor};
use crate::linalg::dual::{Dual, Real};
use crate::table::{NO_LEVEL, by_segment};

/// By the text of a call.
pub type Known = BTreeMap<String, Learned>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learned {
    /// scale(x), center(x), center(x, g)
    Standard { center: f64, scale: f64 },
    /// between(x, g), within(x, g)
    GroupMeans { column: String, levels: Vec<String>, means: Vec<f64> },
    /// poly(x, degree)
    Polynomial { polynomial: Polynomial, distinct: usize },
}

/// A call that learns from rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub name: String,
    pub args: Vec<Expr>,
    pub named: NamedArguments,
}

impl Call {
    /// Whether it learns from the means of groups: `between(x, g)`, `within(x, g)`, `center(x, g)`.
    pub fn is_of_groups(&self) -> bool {
        self.name == "between" || self.name == "center" && self.args.len() == 2
    }

    /// Group means are the same for `between` and `within`.
    pub fn new(name: &str, args: &[Expr], named: &NamedArguments) -> Self {
        let name = if name == "within" { "between" } else { name };
        Self { name: name.into(), args: args.to_vec(), named: named.clone() }
    }

    pub fn key(&self) -> String {
        serde_json::to_string(self).expect("an expression is text and numbers")
    }

    /// A setting that is on unless it is turned off.
    pub fn flag(&self, key: &str) -> bool {
        self.named.get(key).and_then(Expr::flag).unwrap_or(true)
    }

    /// The degree of a polynomial; the compiler refuses others.
    pub fn degree(&self) -> usize {
        let degree = self.named.get("degree").and_then(Expr::number).unwrap_or(1.0);
        (degree as usize).clamp(1, MOST_DISTINCT - 1)
    }
}

/// Above the highest degree.
pub const MOST_DISTINCT: usize = 101;

/// The calls of a model that learn from rows, inner ones first.
pub fn calls(model: &ModelSpec) -> Vec<Call> {
    let factors = [&model.response].into_iter().chain(model.effects()).chain(&model.offsets);
    let mut found = Vec::new();
    factors.for_each(|TermFactor { expr, .. }| collect(expr, &mut found));
    found
}

/// Adds the calls in an expression.
pub fn collect(expr: &Expr, found: &mut Vec<Call>) {
    let Expr::Call { name, args, named } = expr else { return };
    args.iter().for_each(|arg| collect(arg, found));
    let learns = match name.as_str() {
        "scale" | "center" | "between" | "within" => true,
        "poly" => named.get("raw").and_then(Expr::flag) != Some(true),
        _ => false,
    };
    let call = Call::new(name, args, named);
    if learns && !found.contains(&call) {
        found.push(call);
    }
}

/// Polynomials of degree 1 to d, as R's poly().
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polynomial {
    /// x, x², ...
    Raw { degree: usize },
    /// Orthogonal in the rows of the fit, each of length one:
    /// p₀ = 1,  pₖ₊₁ = (x - center - αₖ) pₖ - (‖pₖ‖²/‖pₖ₋₁‖²) pₖ₋₁
    Orthogonal { center: f64, alpha: Vec<f64>, norm2: Vec<f64> },
}

impl Polynomial {
    pub fn degree(&self) -> usize {
        match self {
            Polynomial::Raw { degree } => *degree,
            Polynomial::Orthogonal { alpha, .. } => alpha.len(),
        }
    }

    /// Learns the recurrence from the rows used (Stieltjes): one pass a degree.
    pub fn orthogonal(expression: &Expression, inputs: &Inputs, degree: usize) -> Self {
        let center = mean(expression, inputs);
        let (mut alpha, mut norm2) = (Vec::new(), vec![inputs.n_rows() as f64]);
        for k in 0..=degree {
            let (known_alpha, known_norm2) = (&alpha[..], &norm2[..]);
            let [squares, moments] = sums(expression, inputs, |v| powers(v - center, known_alpha, known_norm2, k));
            if k > 0 {
                norm2.push(squares);
            }
            if k < degree {
                alpha.push(moments / squares);
            }
        }
        Polynomial::Orthogonal { center, alpha, norm2 }
    }

    /// Whether nothing that was learned overflowed or vanished.
    pub fn is_usable(&self) -> bool {
        match self {
            Polynomial::Raw { .. } => true,
            Polynomial::Orthogonal { alpha, norm2, .. } => {
                alpha.iter().all(|a| a.is_finite()) && norm2.iter().all(|n| n.is_normal())
            }
        }
    }

    /// out = the columns, one after the other, for the values in its first `n` entries.
    pub fn expand(&self, n: usize, out: &mut [f64]) {
        for i in 0..n {
            let x = out[i];
            for k in 1..=self.degree() {
                out[(k - 1) * n + i] = self.value(x, k);
            }
        }
    }

    /// out = the derivatives of the columns, one after the other, for the values in its first `n` entries.
    pub fn expand_slopes(&self, n: usize, out: &mut [f64]) {
        for i in 0..n {
            let x = out[i];
            for k in 1..=self.degree() {
                out[(k - 1) * n + i] = self.slope(x, k);
            }
        }
    }

    fn slope(&self, x: f64, k: usize) -> f64 {
        match self {
            Polynomial::Raw { .. } => k as f64 * x.powi(k as i32 - 1),
            Polynomial::Orthogonal { center, alpha, norm2 } => {
                let moving = Dual { value: x - center, slope: 1.0 };
                recurrence(moving, alpha, norm2, k).slope / norm2[k].sqrt()
            }
        }
    }

    fn value(&self, x: f64, k: usize) -> f64 {
        match self {
            Polynomial::Raw { .. } => x.powi(k as i32),
            Polynomial::Orthogonal { center, alpha, norm2 } => {
                recurrence(x - center, alpha, norm2, k) / norm2[k].sqrt()
            }
        }
    }
}

/// Σ f(value) over the rows used, per entry of f; summed segment by segment, in order.
fn sums<const K: usize>(expression: &Expression, inputs: &Inputs, f: impl Fn(f64) -> [f64; K] + Sync) -> [f64; K] {
    let parts = by_segment(inputs.n_rows(), |part| {
        let mut values = vec![0.0; part.len()];
        expression.read(inputs, part, &mut values);
        values.iter().fold([0.0; K], |sum, &v| add(sum, f(v)))
    });
    parts.into_iter().fold([0.0; K], add)
}

fn add<const K: usize>(a: [f64; K], b: [f64; K]) -> [f64; K] {
    std::array::from_fn(|k| a[k] + b[k])
}

/// The mean over the rows used.
pub fn mean(expression: &Expression, inputs: &Inputs) -> f64 {
    let n = inputs.n_rows() as f64;
    let [rough] = sums(expression, inputs, |v| [v / n]);
    let [rest] = sums(expression, inputs, |v| [(v - rough) / n]);
    rough + rest
}

/// √(Σ (value - center)² / (n - 1)), as R's scale().
pub fn spread(expression: &Expression, inputs: &Inputs, center: f64) -> f64 {
    let [squares] = sums(expression, inputs, |v| [(v - center) * (v - center)]);
    (squares / (inputs.n_rows() as f64 - 1.0)).sqrt()
}

/// The mean of every level over the rows that have a value and a level; NaN for a level without any.
pub fn group_means(expression: &Expression, inputs: &Inputs, codes: &[u32], n_levels: usize) -> Vec<f64> {
    let mut values = vec![0.0; inputs.n_rows()];
    expression.read(inputs, 0..values.len(), &mut values);
    let counted = || {
        let rows = values.iter().zip(codes.iter()).filter(|(value, code)| !value.is_nan() && **code != NO_LEVEL);
        rows.map(|(&value, &code)| (value, code as usize))
    };
    let (mut counts, mut means, mut rest) = (vec![0.0; n_levels], vec![0.0; n_levels], vec![0.0; n_levels]);
    counted().for_each(|(_, level)| counts[level] += 1.0);
    counted().for_each(|(value, level)| means[level] += value / counts[level]);
    counted().for_each(|(value, level)| rest[level] += (value - means[level]) / counts[level]);
    let mean = |level: usize| if counts[level] > 0.0 { means[level] + rest[level] } else { f64::NAN };
    (0..n_levels).map(mean).collect()
}

/// The mean of the means of groups that have one, each counted once.
pub fn mean_of(means: &[f64]) -> f64 {
    let found = || means.iter().filter(|mean| !mean.is_nan());
    let n = found().count() as f64;
    let rough = found().sum::<f64>() / n;
    rough + found().map(|mean| mean - rough).sum::<f64>() / n
}

/// Distinct values, as far as `at_most`.
pub fn count_distinct(expression: &Expression, inputs: &Inputs, at_most: usize) -> usize {
    let mut seen = Distinct::default();
    for start in (0..inputs.n_rows()).step_by(4096) {
        let rows = start..(start + 4096).min(inputs.n_rows());
        let mut values = vec![0.0; rows.len()];
        expression.read(inputs, rows, &mut values);
        seen.add(&values, at_most);
        if seen.values.len() >= at_most {
            break;
        }
    }
    seen.values.len()
}

/// A few distinct values of many.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Distinct {
    pub values: Vec<f64>,
}

impl Distinct {
    /// Keeps values that are new, up to `at_most`.
    pub fn add(&mut self, values: &[f64], at_most: usize) {
        for &v in values {
            if self.values.len() >= at_most {
                return;
            }
            if !self.values.contains(&v) {
                self.values.push(v);
            }
        }
    }
}

/// Σ pₖ² and Σ (x - center) pₖ² for the next k of a recurrence.
pub fn polynomial_sums(values: &[f64], center: f64, alpha: &[f64], norm2: &[f64]) -> [f64; 2] {
    let parts = by_segment(values.len(), |part| {
        values[part].iter().fold([0.0; 2], |sum, &v| add(sum, powers(v - center, alpha, norm2, alpha.len())))
    });
    parts.into_iter().fold([0.0; 2], add)
}

/// pₖ² and x pₖ².
fn powers(x: f64, alpha: &[f64], norm2: &[f64], k: usize) -> [f64; 2] {
    let p = recurrence(x, alpha, norm2, k);
    [p * p, x * p * p]
}

/// pₖ of a polynomial's recurrence.
fn recurrence<T: Real>(x: T, alpha: &[f64], norm2: &[f64], k: usize) -> T {
    let (mut before, mut p) = (T::from(0.0), T::from(1.0));
    for j in 0..k {
        let ratio = if j == 0 { 0.0 } else { norm2[j] / norm2[j - 1] };
        (before, p) = (p, (x - T::from(alpha[j])) * p - T::from(ratio) * before);
    }
    p
}
