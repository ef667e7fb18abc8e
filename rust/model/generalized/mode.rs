//! The mode û of the random effects: Newton's method, made safe.

use std::sync::atomic::AtomicBool;

use super::definite::make_definite;
use super::model::Glmm;
use crate::crossproduct::{CrossProducts, PartWeights};
use crate::family::RowDerivatives;
use crate::penalized_ls::{CholeskyFactor, Panels};
use crate::rows::Effects;
use crate::{Error, Result, check_stop};

const MOST_ITERATIONS: usize = 200;
/// λ² = g'M⁻¹g of a mode, at most: the log-determinant has an error of the order of λ.
const DECREMENT: f64 = 1e-22;
/// Below `HIDDEN` it falls quadratically; a smaller fall than by this part is rounding.
const STALLED: f64 = 0.05;
/// λ² at which rounding may hide that the criterion falls.
const HIDDEN: f64 = 1e-8;
/// A linear predictor moves by this much at once, at most, far from the mode.
const LARGEST_MOVE: f64 = 5.0;
const SUFFICIENT: f64 = 1e-4;
const MOST_HALVINGS: usize = 40;
const ROUNDING: f64 = 1e-14;

/// Which point the factor is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factored {
    No,
    /// Another one.
    Near,
    /// This one.
    Here,
    /// This one, but M is not definite there, and what is factored is another matrix.
    Changed,
}

/// A point u with what follows from it.
#[derive(Debug, Clone, Default)]
pub struct Point {
    pub u: Effects,
    /// Linear predictors by part, and the random part of those that have one.
    pub eta: Vec<Vec<f64>>,
    pub zb: Vec<Vec<f64>>,
    /// Σ w ℓ + u'u/2, without constants.
    pub h: f64,
}

/// The factor of M, and what it is made of.
#[derive(Clone)]
pub struct Newton {
    /// Λ of the point that is looked for.
    pub lambda: Vec<Vec<f64>>,
    pub a: CrossProducts,
    pub panels: Panels,
    /// Of a point near by, of another Λ perhaps; at a mode it is that of the mode.
    pub factor: CholeskyFactor,
    is_factored: bool,
    rows: RowDerivatives,
    slot: Vec<usize>,
    pub iterations: usize,
}

/// Λu of every level.
pub fn scaled(lambda: &[Vec<f64>], u: &Effects, transposed: bool) -> Effects {
    let block = |(lambda, u): (&Vec<f64>, &Vec<f64>)| {
        let r = lambda.len().isqrt();
        let mut out = vec![0.0; u.len()];
        for (out, u) in out.chunks_exact_mut(r.max(1)).zip(u.chunks_exact(r.max(1))) {
            for j in 0..r {
                for i in 0..r {
                    if transposed { out[j] += lambda[j * r + i] * u[i] } else { out[i] += lambda[j * r + i] * u[j] }
                }
            }
        }
        out
    };
    lambda.iter().zip(u).map(block).collect()
}

pub fn inner(a: &Effects, b: &Effects) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum()
}

impl Newton {
    pub fn new(model: &Glmm) -> Self {
        let a = model.unfilled(0);
        let factor = CholeskyFactor::new(&a, &model.symbolic);
        Self {
            lambda: factor.lambda.clone(),
            a,
            panels: Panels::default(),
            factor,
            is_factored: false,
            rows: RowDerivatives::default(),
            slot: model.rows.random_slots(),
            iterations: 0,
        }
    }

    /// The mode for Λ, from a start; afterwards the factor is that of M at the mode.
    ///
    /// Steps are Newton's, u - M⁻¹∇h(u), with the factor of an earlier point while that brings the mode near fast enough.
    ///
    /// # Errors
    /// `Numerical` where there is none, `Interrupted`.
    pub fn mode(&mut self, model: &Glmm, fixed: &[Vec<f64>], from: &Effects, stop: &AtomicBool) -> Result<Point> {
        let found = self.search(model, fixed, from, stop);
        self.is_factored = found.is_ok();
        found
    }

    fn search(&mut self, model: &Glmm, fixed: &[Vec<f64>], from: &Effects, stop: &AtomicBool) -> Result<Point> {
        let mut at = self.start(model, fixed, from)?;
        let mut factored = if self.is_factored { Factored::Near } else { Factored::No };
        // the decrement of the step before, what a step with the same factor leaves of it, and whether that was Newton's
        let (mut before, mut rate, mut is_newton) = (f64::INFINITY, 0.0, false);
        for _ in 0..MOST_ITERATIONS {
            check_stop(stop)?;
            self.iterations += 1;
            let slope = self.slope(model, &at);
            if factored == Factored::No {
                factored = self.factor_at(model, &at)?;
            }
            let (mut step, mut decrement) = self.step(model, &slope)?;
            let is_stalled = is_newton && decrement < HIDDEN && decrement > STALLED * before;
            let is_found = decrement <= DECREMENT || is_stalled;
            let observed = decrement / before;
            let is_slow = before.is_finite() && decrement * observed.max(rate).powi(2) > DECREMENT;
            if factored == Factored::Near && (is_found || is_slow) {
                factored = self.factor_at(model, &at)?;
                if !is_found || factored == Factored::Changed {
                    (step, decrement) = self.step(model, &slope)?;
                }
            }
            match factored {
                Factored::Here if is_found => return Ok(at),
                Factored::Changed if decrement <= DECREMENT => return Err(no_mode()),
                _ => {}
            }
            match self.line(model, &at, &step, decrement) {
                Some(next) => {
                    at = next;
                    is_newton = factored == Factored::Here;
                    (before, rate) = (decrement, if is_newton { decrement } else { observed });
                    factored = if factored == Factored::Changed { Factored::No } else { Factored::Near };
                }
                None if factored == Factored::Here && decrement < HIDDEN => return Ok(at),
                None if factored == Factored::Near => factored = Factored::No,
                None => return Err(no_mode()),
            }
        }
        Err(no_mode())
    }

    /// Factors M where the mode of another model with the same predictors is.
    ///
    /// # Errors
    /// `Numerical` where M is not definite.
    pub fn factor_elsewhere(&mut self, model: &Glmm, at: &Point, lambda: &[Vec<f64>]) -> Result<f64> {
        self.lambda.clone_from_slice(&lambda[..model.rows.blocks.len()]);
        model.family.derivatives(&model.observations, &at.eta, &model.rows.random_parts, &mut self.rows);
        self.rows.weigh(&model.weights);
        self.refill(model)?;
        Ok(self.factor.logdet_random)
    }

    /// The point where the search begins: `from`, or zero where the likelihood is not finite there.
    fn start(&self, model: &Glmm, fixed: &[Vec<f64>], from: &Effects) -> Result<Point> {
        let mut at = point(model, fixed, &self.lambda, from.clone());
        if !at.h.is_finite() && from.iter().flatten().any(|&u| u != 0.0) {
            at = point(model, fixed, &self.lambda, from.iter().map(|u| vec![0.0; u.len()]).collect());
        }
        if at.h.is_finite() { Ok(at) } else { Err(Error::Numerical("the likelihood is not finite".into())) }
    }

    /// M⁻¹∇h and its decrement ∇h'M⁻¹∇h.
    fn step(&mut self, model: &Glmm, slope: &Effects) -> Result<(Effects, f64)> {
        let step = self.factor.solve_spherical(slope, &self.a, &model.symbolic);
        let decrement = inner(slope, &step);
        if decrement.is_nan() {
            return Err(Error::Numerical("the slope of the likelihood is not finite".into()));
        }
        Ok((step, decrement))
    }

    /// ∇h = Λ'Z'g + u at a point; the derivatives of its rows stay.
    fn slope(&mut self, model: &Glmm, at: &Point) -> Effects {
        let (rows, m) = (&model.rows, model.rows.random_parts.len());
        model.family.derivatives(&model.observations, &at.eta, &rows.random_parts, &mut self.rows);
        self.rows.weigh(&model.weights);
        let mut slope = scaled(&self.lambda, &rows.random_transposed(&self.rows.g, m, &self.slot), true);
        slope.iter_mut().flatten().zip(at.u.iter().flatten()).for_each(|(s, u)| *s += u);
        slope
    }

    /// Factors M at the point whose slope was computed last, or what is definite in its place.
    fn factor_at(&mut self, model: &Glmm, at: &Point) -> Result<Factored> {
        match self.refill(model) {
            Ok(()) => Ok(Factored::Here),
            Err(Error::Numerical(_)) => {
                let (mut zb, mut r) = (Vec::new(), vec![0.0; self.rows.g.len()]);
                interleave(&at.zb, &mut zb);
                make_definite(&mut self.rows.d, &self.rows.g, &zb, self.rows.m, &mut r);
                self.refill(model)?;
                Ok(Factored::Changed)
            }
            Err(e) => Err(e),
        }
    }

    fn refill(&mut self, model: &Glmm) -> Result<()> {
        let weights = PartWeights { m: model.rows.random_parts.len(), slot: &self.slot, d: &self.rows.d, r: &[] };
        self.factor.lambda.clone_from(&self.lambda);
        model.reweighting.fill(&model.rows, weights, 0.0, &mut self.a);
        model.symbolic.lay_out(&self.a, &mut self.panels);
        self.factor.update_random(&self.a, &self.panels, &model.symbolic)
    }

    /// A point against a step at which h has fallen enough.
    fn line(&self, model: &Glmm, at: &Point, step: &Effects, decrement: f64) -> Option<Point> {
        let moves = model.rows.random(&scaled(&self.lambda, step, false));
        let largest = moves.iter().flatten().fold(0.0f64, |a, v| a.max(v.abs()));
        let mut share = if largest > LARGEST_MOVE { LARGEST_MOVE / largest } else { 1.0 };
        for _ in 0..MOST_HALVINGS {
            let next = along(model, at, step, &moves, share);
            let allowed = at.h - SUFFICIENT * share * decrement + ROUNDING * at.h.abs();
            if next.h <= allowed {
                return Some(next);
            }
            share *= 0.5;
            if decrement < HIDDEN && share < 0.2 {
                break;
            }
        }
        None
    }
}

/// The point of spherical effects u, beside the fixed parts of the predictors.
pub fn point(model: &Glmm, fixed: &[Vec<f64>], lambda: &[Vec<f64>], u: Effects) -> Point {
    let zb = model.rows.random(&scaled(lambda, &u, false));
    let mut eta = fixed.to_vec();
    for (&part, zb) in model.rows.random_parts.iter().zip(&zb) {
        eta[part].iter_mut().zip(zb).for_each(|(eta, zb)| *eta += zb);
    }
    let h = penalized(model, &eta, &u);
    Point { u, eta, zb, h }
}

fn along(model: &Glmm, at: &Point, step: &Effects, moves: &[Vec<f64>], share: f64) -> Point {
    let add = |x: &Vec<f64>, d: &Vec<f64>| -> Vec<f64> { x.iter().zip(d).map(|(x, d)| x - share * d).collect() };
    let u: Effects = at.u.iter().zip(step).map(|(u, s)| add(u, s)).collect();
    let zb: Vec<Vec<f64>> = at.zb.iter().zip(moves).map(|(z, d)| add(z, d)).collect();
    let mut eta = at.eta.clone();
    for (&part, moves) in model.rows.random_parts.iter().zip(moves) {
        eta[part] = add(&at.eta[part], moves);
    }
    let h = penalized(model, &eta, &u);
    Point { u, eta, zb, h }
}

/// Σ w ℓ + u'u/2.
fn penalized(model: &Glmm, eta: &[Vec<f64>], u: &Effects) -> f64 {
    model.family.total(&model.observations, &model.weights, eta) + 0.5 * inner(u, u)
}

/// Vectors of n side by side: n rows of m.
pub fn interleave(columns: &[Vec<f64>], rows: &mut Vec<f64>) {
    let m = columns.len();
    rows.resize(m * columns.first().map_or(0, Vec::len), 0.0);
    for (c, column) in columns.iter().enumerate() {
        rows.iter_mut().skip(c).step_by(m).zip(column).for_each(|(row, v)| *row = *v);
    }
}

fn no_mode() -> Error {
    Error::Numerical("the random effects have no mode here".into())
}
