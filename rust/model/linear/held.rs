//! Variance parameters that are held at given values, by the method of multipliers: c is what each differs from its value, of
//! standard deviations in their logarithm.  Where a search ends, Newton steps put x where c is zero.

use serde::{Deserialize, Serialize};

use super::lmm::{Lmm, Scale};
use crate::covariance::{Coordinate, Reported};
use crate::ids::TermId;
use crate::linalg::dense::{self, eigen, inverse};
use crate::linalg::fourth_order;
use crate::model::parameters::{Parameter, TermNames};
use crate::optimize::Multipliers;
use crate::{Error, Result};

/// What a search may leave of c, and Newton's steps after it.
const CLOSE: f64 = 1e-6;
const EXACT: f64 = 1e-13;
const NEARLY: f64 = 1e-10;
const NEWTON_STEPS: usize = 20;
const ROUNDS: usize = 40;
/// μ in the beginning, beside the number of rows.
const PENALTY: f64 = 100.0;
/// Step of differences of c, relative to coordinates, of which small ones count as if they were as large.
const STEP: f64 = 1e-3;
const SMALL: f64 = 0.05;
/// Directions that no constraint has a slope in.
const NO_SLOPE: f64 = 1e-10;

/// A parameter as users read it, and its value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Held {
    pub what: HeldParameter,
    pub value: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum HeldParameter {
    /// Of a random term.
    Random(TermId, Reported),
    /// A correlation of the residuals, or what makes these, in their order.
    Correlation(usize),
    /// The residual standard deviation at a visit.
    VisitSd(usize),
}

/// The name of a parameter that can be held, and the ends of its values.
pub type NamedVariance = (String, HeldParameter, (f64, f64));

impl HeldParameter {
    /// Whether it moves with σ.
    fn is_sd(self) -> bool {
        match self {
            Self::Random(_, reported) => reported.is_sd(),
            Self::Correlation(_) => false,
            Self::VisitSd(_) => true,
        }
    }
}

impl Lmm {
    /// The same model with parameters held; a σ that these depend on becomes a coordinate.
    pub fn with_held(&self, held: Vec<Held>) -> Self {
        let moves = held.iter().any(|one| one.what.is_sd()) && self.known_variance().is_none();
        let scale = if moves { Scale::Parameter } else { self.scale };
        Self { held, scale, ..self.clone() }
    }

    /// What can be held, by the names that users read, with the ends of its values.
    pub fn variance_parameters(&self, coefficients: Vec<String>, terms: &[TermNames]) -> Vec<NamedVariance> {
        let positive = (0.0, f64::INFINITY);
        let mut all: Vec<NamedVariance> = Vec::new();
        for (name, parameter) in self.parameters().named(coefficients, terms) {
            if let Parameter::Random(term, reported) = parameter {
                let of = &self.theta_map.terms[term];
                let bounds = match of.coordinate(reported) {
                    _ if reported.is_sd() || reported.is_of_distance() => positive,
                    Some(Coordinate::Angle { angle, .. }) => (angle.least(), 1.0),
                    _ => (-1.0, 1.0),
                };
                all.push((name, HeldParameter::Random(term, reported), bounds));
            }
        }
        let Some(own) = &self.residual else { return all };
        let (layout, phi) = (&own.residual.layout, &own.phi);
        let correlations = layout.natural(phi).into_iter().enumerate();
        all.extend(correlations.map(|(k, natural)| (natural.name, HeldParameter::Correlation(k), natural.bounds)));
        let visits = (0..layout.scale.n_visits).map(|k| layout.scale.names[k].clone());
        let first = (layout.scale.n_visits > 0).then(|| layout.scale.first_visit.clone());
        let named = first.into_iter().chain(visits).enumerate();
        all.extend(named.map(|(k, visit)| (format!("sd({visit})"), HeldParameter::VisitSd(k), positive)));
        all
    }

    /// Whether there is such a parameter.
    pub fn has_held(&self, one: &Held) -> bool {
        let layout = self.residual.as_ref().map(|own| (&own.residual.layout, &own.phi));
        match one.what {
            HeldParameter::Random(term, reported) => self.parameters().has(Parameter::Random(term, reported), 0),
            HeldParameter::Correlation(k) => layout.is_some_and(|(layout, phi)| k < layout.natural(phi).len()),
            HeldParameter::VisitSd(k) => layout.is_some_and(|(layout, _)| k == 0 || k <= layout.scale.n_visits),
        }
    }

    /// log σ² at x.
    fn log_variance(&self, x: &[f64]) -> f64 {
        self.known_variance().map_or_else(|| x.get(self.n_free()).copied().unwrap_or(0.0), f64::ln)
    }

    /// c at x.
    pub fn gaps(&self, x: &[f64]) -> Vec<f64> {
        let covariances = self.parameters().relative_covariances(&x[..self.theta_map.n_parameters]);
        let gap = |one: &Held| match one.what {
            HeldParameter::Random(term, reported) => {
                let value = self.theta_map.terms[term].value(reported, x, &covariances[term]);
                let log_sd = if reported.is_sd() { 0.5 * self.log_variance(x) } else { 0.0 };
                let is_positive = reported.is_sd() || reported.is_of_distance();
                if is_positive { value.ln() + log_sd - one.value.ln() } else { value - one.value }
            }
            HeldParameter::Correlation(_) | HeldParameter::VisitSd(_) => self.gap_of_residuals(one, x),
        };
        self.held.iter().map(gap).collect()
    }

    fn gap_of_residuals(&self, one: &Held, x: &[f64]) -> f64 {
        let Some(own) = &self.residual else { return f64::NAN };
        let (layout, phi) = (&own.residual.layout, &x[self.theta_map.n_parameters..self.n_free()]);
        match one.what {
            HeldParameter::VisitSd(k) => layout.log_visit_sd(phi, k) + 0.5 * self.log_variance(x) - one.value.ln(),
            HeldParameter::Correlation(k) => layout.natural(phi)[k].value - one.value,
            HeldParameter::Random(..) => f64::NAN,
        }
    }

    /// dc/dx, row after row.
    pub fn gap_slopes(&self, x: &[f64]) -> Vec<Vec<f64>> {
        self.held.iter().map(|one| self.slopes_of(one, x)).collect()
    }

    fn slopes_of(&self, one: &Held, x: &[f64]) -> Vec<f64> {
        let (n_theta, n_free) = (self.theta_map.n_parameters, self.n_free());
        let mut slopes = vec![0.0; x.len()];
        match one.what {
            HeldParameter::Random(term, reported) => self.add_random_slopes(term, reported, &x[..n_theta], &mut slopes),
            HeldParameter::Correlation(_) | HeldParameter::VisitSd(_) => {
                (n_theta..n_free).for_each(|k| slopes[k] = difference(&|x| self.gap_of_residuals(one, x), x, k));
            }
        }
        if one.what.is_sd() && x.len() > n_free {
            slopes[n_free] = 0.5;
        }
        slopes
    }

    fn add_random_slopes(&self, id: TermId, reported: Reported, theta: &[f64], slopes: &mut [f64]) {
        let (term, basis) = (&self.theta_map.terms[id], &self.a.random[id]);
        let own = term.slopes(reported, theta, basis);
        slopes[term.first..][..own.len()].copy_from_slice(&own);
    }

    /// Orthonormal directions in which x can move, each of its length: all, where nothing is held.
    pub fn free_directions(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let n = x.len();
        let slopes = self.gap_slopes(x);
        let square = |s: &[f64]| s.iter().map(|v| v * v).sum::<f64>();
        let entry = |e: usize| slopes.iter().map(|s| s[e % n] * s[e / n] / square(s)).sum();
        let gram: Vec<f64> = (0..n * n).map(entry).collect();
        let (values, vectors) = eigen(&gram, n);
        let largest = values.iter().fold(0.0f64, |m, v| m.max(*v));
        let is_free = |&k: &usize| values[k] <= NO_SLOPE * largest;
        (0..n).filter(is_free).map(|k| vectors[k * n..(k + 1) * n].to_vec()).collect()
    }

    /// x moved to where c is zero, by the shortest ways.
    fn projected(&self, x: &[f64]) -> Option<Vec<f64>> {
        let mut x = x.to_vec();
        for _ in 0..NEWTON_STEPS {
            let gaps = self.gaps(&x);
            if gaps.iter().all(|gap| gap.abs() <= EXACT) {
                return Some(x);
            }
            let (slopes, k) = (self.gap_slopes(&x), gaps.len());
            let step = dense::product(dense::view(&inverse(&gram(&slopes), k), k, k), dense::view(&gaps, k, 1));
            slopes.iter().zip(step).for_each(|(s, step)| x.iter_mut().zip(s).for_each(|(x, s)| *x -= step * s));
        }
        self.gaps(&x).iter().all(|gap| gap.abs() <= NEARLY).then_some(x)
    }
}

/// A search with what is held.
#[derive(Debug, Clone)]
pub struct HeldSearch {
    multipliers: Multipliers,
    rounds: usize,
}

impl HeldSearch {
    /// None for a model that holds nothing.
    pub fn of(model: &Lmm) -> Option<Self> {
        let multipliers = Multipliers::new(model.held.len(), PENALTY + model.a.n_obs as f64);
        (!model.held.is_empty()).then_some(Self { multipliers, rounds: 0 })
    }

    pub fn value(&self, model: &Lmm, x: &[f64]) -> f64 {
        self.multipliers.value(&model.gaps(x))
    }

    /// Adds to a gradient and, if there is one, a curvature.
    pub fn add(&self, model: &Lmm, x: &[f64], gradient: &mut [f64], curvature: &mut [f64]) {
        self.multipliers.add(&model.gaps(x), &model.gap_slopes(x), gradient, curvature);
    }

    /// λ at an optimum x of the criterion's gradient g: g + λ'dc is nothing along the constraints.
    pub fn at(&mut self, model: &Lmm, x: &[f64], g: &[f64]) {
        let (slopes, k) = (model.gap_slopes(x), model.held.len());
        let along: Vec<f64> = slopes.iter().map(|s| dot(s, g)).collect();
        let solved = dense::product(dense::view(&inverse(&gram(&slopes), k), k, k), dense::view(&along, k, 1));
        self.multipliers.lambda = solved.iter().map(|v| -v).collect();
    }

    /// Where a search ended: None for the next one, which begins there, or where c is zero close by.
    ///
    /// # Errors
    /// `Design` where no covariance has the values.
    pub fn settle(&mut self, model: &Lmm, x: &[f64]) -> Result<Option<Vec<f64>>> {
        let gaps = model.gaps(x);
        let worst = gaps.iter().fold(0.0f64, |worst, gap| if gap.is_nan() { f64::NAN } else { worst.max(gap.abs()) });
        let mu = self.multipliers.mu;
        self.multipliers.lambda.iter_mut().zip(&gaps).for_each(|(lambda, c)| *lambda += mu * c);
        self.rounds += 1;
        if worst <= CLOSE
            && let Some(x) = model.projected(x)
        {
            self.rounds = 0;
            return Ok(Some(x));
        }
        if self.rounds >= ROUNDS || worst.is_nan() {
            return Err(Error::Design(
                "the parameters in Control(fix=) cannot be held together: no covariance with these values was found"
                    .into(),
            ));
        }
        self.multipliers.tighten(worst);
        Ok(None)
    }
}

/// The slope of a function in x_k by central differences of fourth order.
fn difference(of: &dyn Fn(&[f64]) -> f64, x: &[f64], k: usize) -> f64 {
    let h = STEP * x[k].abs().max(SMALL);
    let at = |shift: f64| {
        let mut x = x.to_vec();
        x[k] += shift * h;
        of(&x)
    };
    fourth_order([at(1.0), at(-1.0), at(2.0), at(-2.0)], h)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Products of rows with each other.
fn gram(rows: &[Vec<f64>]) -> Vec<f64> {
    rows.iter().flat_map(|a| rows.iter().map(|b| dot(a, b))).collect()
}
