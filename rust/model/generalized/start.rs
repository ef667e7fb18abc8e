//! Where a search starts: the model without random effects, then penalized quasi-likelihood.
//!
//! Rounds of steps in (u, β) with the working linear mixed model, whose own criterion gives the next θ: no pass over the rows.

use std::sync::atomic::AtomicBool;

use super::curvature::Working;
use super::definite::make_definite;
use super::mode::{Point, inner, interleave, scaled};
use super::model::Glmm;
use super::separation::{Separation, separation};
use crate::crossproduct::{PartWeights, fixed_sums};
use crate::family::{Predictor, RowDerivatives};
use crate::linalg::dense;
use crate::model::LmmEvaluator;
use crate::optimize::{Settings, trust_region};
use crate::rows::{Effects, PartRows};
use crate::{Error, Result, check_stop, computed};

/// Steps in (u, β) of every round.
const STEPS: [usize; 4] = [4, 1, 1, 1];
const SETTINGS: Settings = Settings { tolerance: 1e-4, max_evaluations: 12 };
/// A linear predictor moves by this much at once, at most.
const LARGEST_MOVE: f64 = 5.0;
const MOST_ITERATIONS: usize = 100;
const DECREMENT: f64 = 1e-8;
/// Scales that a start has at least.
const LEAST_SCALE: f64 = 0.05;

/// x = (θ, coordinates), and the effects it ended with where it has looked for any.
///
/// # Errors
/// `Interrupted`; `Numerical` where not even the model without random effects can be evaluated.
pub fn penalized_quasi_likelihood(model: &Glmm, stop: &AtomicBool) -> Result<(Vec<f64>, Option<Effects>)> {
    if !model.penalty.is_empty() {
        // steps in (u, β) know no penalty, and would leave for infinity where it alone holds them
        let mut x = model.theta_map.start();
        x.extend(model.coordinates(&model.initial));
        return Ok((x, None));
    }
    let mut state = State::new(model);
    for steps in STEPS {
        match computed(state.round(model, steps, stop))? {
            Some(change) if change > 1e-3 => {}
            _ => break,
        }
    }
    let mut x = state.theta;
    for k in model.theta_map.scale_parameters() {
        if x[k].abs() < LEAST_SCALE {
            x[k] = LEAST_SCALE;
        }
    }
    x.extend(model.coordinates(&state.beta));
    Ok((x, Some(state.u)))
}

struct State {
    theta: Vec<f64>,
    beta: Vec<f64>,
    u: Effects,
    working: Working,
    /// The point of these, where it is known, with the derivatives of its rows, and those at the point that is tried.
    at: Option<Point>,
    rows: RowDerivatives,
    tried: RowDerivatives,
}

impl State {
    fn new(model: &Glmm) -> Self {
        let u = model.rows.blocks.iter().map(|b| vec![0.0; b.n_levels * b.width]).collect();
        let (rows, tried) = Default::default();
        let (theta, beta) = (model.theta_map.start(), model.initial.clone());
        Self { theta, beta, u, working: Working::new(model), at: None, rows, tried }
    }

    /// Steps in (u, β), then θ of the working model; how much θ changed.
    fn round(&mut self, model: &Glmm, steps: usize, stop: &AtomicBool) -> Result<f64> {
        for _ in 0..steps {
            check_stop(stop)?;
            self.step(model)?;
        }
        self.fill(model);
        self.at = None;
        let mut objective = LmmEvaluator::with_workspace(&self.working.lmm, self.working.work.clone(), stop);
        let from = self.theta.clone();
        let end = trust_region::minimize(&mut objective, &from, SETTINGS)?;
        self.theta = end.x;
        Ok(self.theta.iter().zip(&from).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
    }

    /// A point; the derivatives of its rows are those tried.
    fn point(&mut self, model: &Glmm, beta: &[f64], u: &Effects) -> Point {
        let mut lambda: Vec<Vec<f64>> = model.theta_map.widths.iter().map(|r| vec![0.0; r * r]).collect();
        model.theta_map.factors(&self.theta, &mut lambda);
        let mut eta = model.rows.fixed(beta);
        model.rows.add_random(&scaled(&lambda, u, false), &mut eta);
        let all: Vec<usize> = (0..eta.len()).collect();
        let family = &model.family;
        let total = family.derivatives_and_total(&model.observations, &model.weights, &eta, &all, &mut self.tried);
        Point { u: u.clone(), eta, h: total + 0.5 * inner(u, u) }
    }

    /// Goes to a point that was tried.
    fn go(&mut self, beta: Vec<f64>, u: Effects, to: Point) {
        std::mem::swap(&mut self.rows, &mut self.tried);
        (self.beta, self.u, self.at) = (beta, u, Some(to));
    }

    fn fill(&mut self, model: &Glmm) -> Point {
        if self.at.is_none() {
            let (beta, u) = (self.beta.clone(), self.u.clone());
            let at = self.point(model, &beta, &u);
            self.go(beta, u, at);
        }
        let at = self.at.take().expect("a point");
        let RowDerivatives { d, g, .. } = &mut self.rows;
        self.working.fill(model, &at, d, g);
        at
    }

    /// A Newton step in (u, β), shortened where h would rise.
    fn step(&mut self, model: &Glmm) -> Result<()> {
        let at = self.fill(model);
        self.working.lmm.evaluate(&self.theta, &mut self.working.work)?;
        let beta = self.working.work.factor.beta();
        let u = self.working.work.factor.modes(&model.symbolic, &beta).u;
        let to = self.point(model, &beta, &u);
        let moved = to.eta.iter().flatten().zip(at.eta.iter().flatten()).map(|(a, b)| (a - b).abs());
        let largest = moved.fold(0.0, f64::max);
        let mut share: f64 = if largest > LARGEST_MOVE { LARGEST_MOVE / largest } else { 1.0 };
        let is_lower = |next: &Point| next.h <= at.h + 1e-12 * at.h.abs();
        if share == 1.0 && is_lower(&to) {
            self.go(beta, u, to);
            return Ok(());
        }
        for _ in 0..12 {
            let mix = |from: &[f64], to: &[f64]| -> Vec<f64> {
                from.iter().zip(to).map(|(f, t)| f + share * (t - f)).collect()
            };
            let beta = mix(&self.beta, &beta);
            let u: Effects = self.u.iter().zip(&u).map(|(f, t)| mix(f, t)).collect();
            let next = self.point(model, &beta, &u);
            if is_lower(&next) {
                self.go(beta, u, next);
                return Ok(());
            }
            share *= 0.5;
        }
        self.at = Some(at);
        Ok(())
    }
}

/// Derivatives in all parts.
fn derivatives(model: &Glmm, eta: &[Vec<f64>]) -> RowDerivatives {
    let mut rows = RowDerivatives::default();
    let all: Vec<usize> = (0..eta.len()).collect();
    model.family.derivatives(&model.observations, eta, &all, &mut rows);
    rows.weigh(&model.weights);
    rows
}

/// Coefficients of the model without random effects, the chart in which its curvature is the identity, and separation.
///
/// # Errors
/// `Numerical` where its likelihood is not finite; `Interrupted`.
pub fn without_random_effects(model: &Glmm, stop: &AtomicBool) -> Result<(Vec<f64>, Vec<f64>, Option<Separation>)> {
    let mut beta = constants(model);
    let p = beta.len();
    let total = |beta: &[f64]| {
        let eta = model.rows.fixed(beta);
        model.family.total(&model.observations, &model.weights, &eta) + model.penalty.value(beta)
    };
    let mut value = total(&beta);
    if !value.is_finite() {
        beta = vec![0.0; p];
        constant_parts(model, &mut beta);
        value = total(&beta);
    }
    if !value.is_finite() {
        return Err(Error::Numerical("the likelihood is not finite at the start of the search".into()));
    }
    let mut last = Vec::new();
    for _ in 0..MOST_ITERATIONS {
        check_stop(stop)?;
        let (slope, root) = newton(model, &beta)?;
        let mut step = slope.clone();
        dense::solve_lower(&root, &mut step, p, 1);
        let decrement: f64 = step.iter().map(|v| v * v).sum();
        dense::solve_lower_transposed(&root, &mut step, p, 1);
        last = step.iter().map(|s| -s).collect();
        if decrement < DECREMENT {
            break;
        }
        let moves = model.rows.largest_move(&step);
        let mut share = if moves > LARGEST_MOVE { LARGEST_MOVE / moves } else { 1.0 };
        let mut fell = false;
        for _ in 0..40 {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b - share * s).collect();
            let own = total(&next);
            if own <= value - 1e-4 * share * decrement + 1e-14 * value.abs() {
                (beta, value, fell) = (next, own, true);
                break;
            }
            share *= 0.5;
        }
        if !fell {
            break;
        }
    }
    let (_, root) = newton(model, &beta)?;
    let found = separation(model, &beta, &last).filter(|found| !model.penalty.holds(&found.direction));
    Ok((beta, inverse_transposed(&root, p), found))
}

/// The slope in the coefficients, and the Cholesky factor of a definite curvature.
fn newton(model: &Glmm, beta: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
    let (rows, p) = (&model.rows, beta.len());
    let m = rows.parts.len();
    let eta = rows.fixed(beta);
    let mut own = derivatives(model, &eta);
    let mut slope = rows.fixed_transposed(&own.g);
    model.penalty.add_slope(beta, 1.0, &mut slope);
    let (mut linear, mut r) = (Vec::new(), vec![0.0; own.g.len()]);
    interleave(&eta, &mut linear);
    make_definite(&mut own.d, &own.g, &linear, m, &mut r);
    let slot: Vec<usize> = (0..m).collect();
    let sums = fixed_sums(rows, PartWeights { m, slot: &slot, d: &own.d, r: &[] });
    let mut h: Vec<f64> = (0..p * p).map(|e| sums[e / p * (p + 1) + e % p]).collect();
    model.penalty.add_curvature(1.0, &mut h);
    Ok((slope, root_of(&h, p)?))
}

/// The Cholesky factor; what the rows hardly determine keeps its place.
fn root_of(h: &[f64], p: usize) -> Result<Vec<f64>> {
    let largest = (0..p).map(|j| h[j * p + j]).fold(f64::MIN_POSITIVE, f64::max);
    for ridge in [0.0, 1e-13, 1e-10, 1e-7] {
        let mut root = h.to_vec();
        (0..p).for_each(|j| root[j * p + j] += ridge * largest);
        if dense::cholesky_lower(&mut root, p).is_ok() {
            return Ok(root);
        }
    }
    Err(Error::Numerical("the curvature of the likelihood is not definite".into()))
}

/// L^-T (upper, column-major).
fn inverse_transposed(root: &[f64], p: usize) -> Vec<f64> {
    let mut out = vec![0.0; p * p];
    for (j, column) in out.chunks_exact_mut(p.max(1)).enumerate() {
        column[j] = 1.0;
        dense::solve_lower_transposed(root, column, p, 1);
    }
    out
}

/// Coefficients that come closest to a constant predictor of every part.
fn constants(model: &Glmm) -> Vec<f64> {
    let mut beta = vec![0.0; model.n_coefficients()];
    let start = model.family.start(&model.observations, &model.weights);
    for ((part, predictor), value) in model.rows.parts.iter().zip(model.family.predictors()).zip(start) {
        match predictor {
            Predictor::Upper => thresholds(model, part, &shares(model), &mut beta),
            Predictor::Lower | Predictor::Scale => {}
            _ => project(part, model.rows.n, value, &mut beta),
        }
    }
    beta
}

/// The same without that of the mean, which a link may not allow.
fn constant_parts(model: &Glmm, beta: &mut [f64]) {
    let start = model.family.start(&model.observations, &model.weights);
    for ((part, predictor), value) in model.rows.parts.iter().zip(model.family.predictors()).zip(start).skip(1) {
        match predictor {
            Predictor::Upper => thresholds(model, part, &vec![1.0; model.spec.n_categories], beta),
            Predictor::Lower | Predictor::Scale => {}
            _ => project(part, model.rows.n, value, beta),
        }
    }
}

/// Least squares of a constant, less the offset's mean, on the columns of a part.
fn project(part: &PartRows, n: usize, value: f64, beta: &mut [f64]) {
    let offset = part.offset.iter().sum::<f64>() / n as f64;
    let mut squares = Squares::new(part.p);
    let mut row = vec![0.0; part.p];
    for i in 0..n {
        part.each(i, |j, x| row[j - part.first] = x);
        squares.add(&row, value - offset, 1.0);
    }
    squares.solve(&mut beta[part.first..part.first + part.p]);
}

/// Sums of a least-squares problem of p unknowns.
struct Squares {
    xx: Vec<f64>,
    xy: Vec<f64>,
}

impl Squares {
    fn new(p: usize) -> Self {
        Self { xx: vec![0.0; p * p], xy: vec![0.0; p] }
    }

    fn add(&mut self, row: &[f64], value: f64, weight: f64) {
        let p = row.len();
        for j in 0..p {
            self.xy[j] += weight * row[j] * value;
            (0..p).for_each(|k| self.xx[j * p + k] += weight * row[j] * row[k]);
        }
    }

    /// Leaves `out` as it is where the sums do not determine it.
    fn solve(mut self, out: &mut [f64]) {
        let p = out.len();
        (0..p).for_each(|j| self.xx[j * p + j] *= 1.0 + 1e-10);
        if p > 0 && dense::cholesky_lower(&mut self.xx, p).is_ok() {
            dense::solve_lower(&self.xx, &mut self.xy, p, 1);
            dense::solve_lower_transposed(&self.xx, &mut self.xy, p, 1);
            out.copy_from_slice(&self.xy);
        }
    }
}

/// How often the categories are chosen, none never.
fn shares(model: &Glmm) -> Vec<f64> {
    let mut counts = vec![0.5; model.spec.n_categories];
    model.observations.iter().for_each(|o| counts[o.y as usize] += 1.0);
    counts
}

/// Thresholds at shares of the categories, as near as what they are made of comes to them, and the same for all rows.
fn thresholds(model: &Glmm, part: &PartRows, shares: &[f64], beta: &mut [f64]) {
    let (kind, n) = (model.spec.thresholds, shares.len() - 1);
    let k = kind.n_parameters(n);
    let (total, mut below, mut squares) = (shares.iter().sum::<f64>(), 0.0, Squares::new(k));
    for (threshold, share) in shares[..n].iter().enumerate() {
        below += share / total;
        let row: Vec<f64> = (0..k).map(|a| kind.slope(n, threshold, a)).collect();
        squares.add(&row, model.family.link().of_mean(below), *share);
    }
    let mut parameters = vec![0.0; k];
    squares.solve(&mut parameters);
    let ones = ones(model, part, k);
    ones.iter()
        .flat_map(|one| parameters.iter().map(move |p| one * p))
        .zip(&mut beta[part.first..])
        .for_each(|(v, b)| *b = v);
}

/// Coefficients that make one of the columns that thresholds depend on, of which there are k copies.
fn ones(model: &Glmm, part: &PartRows, k: usize) -> Vec<f64> {
    let q = part.p / k;
    let mut ones = vec![1.0; q];
    if q > 1 {
        let mut squares = Squares::new(q);
        // of every kind the first threshold has slope one in the first parameter
        for i in (0..model.rows.n).filter(|&i| model.observations[i].y == 0.0) {
            let mut row = vec![0.0; q];
            part.each(i, |j, x| {
                if (j - part.first).is_multiple_of(k) {
                    row[(j - part.first) / k] = x;
                }
            });
            squares.add(&row, 1.0, 1.0);
        }
        squares.solve(&mut ones);
    }
    ones
}
