//! The mode û of the random effects: Newton's method, made safe.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::definite::make_definite;
use super::model::Glmm;
use crate::crossproduct::{CrossProducts, PartWeights};
use crate::family::{Link, RowDerivatives};
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
const MOST_HALVINGS: usize = 39;
/// With the factor of another point, which may be one of much smaller effects; then that of this one is cheaper.
const MOST_HALVINGS_NEAR: usize = 2;
const ROUNDING: f64 = 1e-14;
/// Rows of one task.
const ROWS: usize = 2048;

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
    /// Linear predictors by part.
    pub eta: Vec<Vec<f64>>,
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
    /// Derivatives of the rows at the point that was reached, and at the one that is tried.
    rows: RowDerivatives,
    tried: RowDerivatives,
    /// Room for the predictors of the next point, and for how a step moves them.
    spare: Vec<Vec<f64>>,
    moves: Vec<Vec<f64>>,
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
            tried: RowDerivatives::default(),
            spare: Vec::new(),
            moves: Vec::new(),
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
    pub fn mode(&mut self, model: &Glmm, coefficients: &[f64], from: &Effects, stop: &AtomicBool) -> Result<Point> {
        let found = self.search(model, coefficients, from, stop);
        self.is_factored = found.is_ok();
        found
    }

    fn search(&mut self, model: &Glmm, coefficients: &[f64], from: &Effects, stop: &AtomicBool) -> Result<Point> {
        let mut at = self.start(model, coefficients, from)?;
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
            let most = if factored == Factored::Near { MOST_HALVINGS_NEAR } else { MOST_HALVINGS };
            match self.line(model, &at, &step, decrement, most) {
                Some(next) => {
                    self.spare = std::mem::replace(&mut at, next).eta;
                    std::mem::swap(&mut self.rows, &mut self.tried);
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

    /// Derivatives of the rows in all parts at the mode found last: those it was found with, once, where they are of all parts.
    pub fn take_rows(&mut self, model: &Glmm, at: &Point) -> RowDerivatives {
        let n_parts = model.rows.parts.len();
        let mut rows = std::mem::take(&mut self.rows);
        if rows.m != n_parts || rows.g.is_empty() {
            let all: Vec<usize> = (0..n_parts).collect();
            model.family.derivatives(&model.observations, &at.eta, &all, &mut rows);
            rows.weigh(&model.weights);
        }
        rows
    }

    /// Takes back the memory of derivatives that are no longer needed.
    pub fn give_room(&mut self, rows: RowDerivatives) {
        let room = RowDerivatives { m: 0, ..rows };
        if self.rows.g.is_empty() {
            self.rows = room;
        } else if self.tried.g.is_empty() {
            self.tried = room;
        }
    }

    /// Zb of effects b of all levels, in room that is free between two searches.
    pub fn moves_of(&mut self, model: &Glmm, b: &Effects) -> &[Vec<f64>] {
        model.rows.random_into(b, &mut self.moves);
        &self.moves
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

    /// The point where the search begins: `from`, or zero where the likelihood is not finite there, or where predictors of either
    /// sign may be and some have come to the wrong one, from which h only rises on the way back.
    fn start(&mut self, model: &Glmm, coefficients: &[f64], from: &Effects) -> Result<Point> {
        let mut at = self.try_effects(model, coefficients, from.clone());
        std::mem::swap(&mut self.rows, &mut self.tried);
        let has_sides = matches!(model.family.link(), Link::Inverse | Link::Sqrt);
        if (has_sides || !at.h.is_finite()) && from.iter().flatten().any(|&u| u != 0.0) {
            let zeros = from.iter().map(|u| vec![0.0; u.len()]).collect();
            let zero = self.try_effects(model, coefficients, zeros);
            if zero.h < at.h || !at.h.is_finite() {
                at = zero;
                std::mem::swap(&mut self.rows, &mut self.tried);
            }
        }
        if at.h.is_finite() { Ok(at) } else { Err(Error::Numerical("the likelihood is not finite".into())) }
    }

    fn try_effects(&mut self, model: &Glmm, coefficients: &[f64], u: Effects) -> Point {
        let mut eta = std::mem::take(&mut self.spare);
        model.rows.fixed_into(coefficients, &mut eta);
        model.rows.add_random(&scaled(&self.lambda, &u, false), &mut eta);
        self.try_point(model, eta, u)
    }

    /// A point; the derivatives of its rows are those tried.
    fn try_point(&mut self, model: &Glmm, eta: Vec<Vec<f64>>, u: Effects) -> Point {
        let (observations, weights) = (&model.observations, &model.weights);
        let total =
            model.family.derivatives_and_total(observations, weights, &eta, &model.rows.random_parts, &mut self.tried);
        Point { h: total + 0.5 * inner(&u, &u), u, eta }
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

    /// ∇h = Λ'Z'g + u at the point that was reached.
    fn slope(&self, model: &Glmm, at: &Point) -> Effects {
        let (rows, m) = (&model.rows, model.rows.random_parts.len());
        let mut slope = scaled(&self.lambda, &rows.random_transposed(&self.rows.g, m, &self.slot), true);
        slope.iter_mut().flatten().zip(at.u.iter().flatten()).for_each(|(s, u)| *s += u);
        slope
    }

    /// Factors M at the point that was reached, or what is definite in its place.
    fn factor_at(&mut self, model: &Glmm, at: &Point) -> Result<Factored> {
        match self.refill(model) {
            Ok(()) => Ok(Factored::Here),
            Err(Error::Numerical(_)) => {
                let (mut zb, mut r) = (Vec::new(), vec![0.0; self.rows.g.len()]);
                interleave(&model.rows.random(&scaled(&self.lambda, &at.u, false)), &mut zb);
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

    /// A point against a step at which h has fallen enough, halved so often at most.
    fn line(&mut self, model: &Glmm, at: &Point, step: &Effects, decrement: f64, most: usize) -> Option<Point> {
        model.rows.random_into(&scaled(&self.lambda, step, false), &mut self.moves);
        let largest = self.moves.iter().map(|own| largest(own)).fold(0.0, f64::max);
        let mut share = if largest > LARGEST_MOVE { LARGEST_MOVE / largest } else { 1.0 };
        for _ in 0..=most {
            let next = self.along(model, at, step, share);
            let allowed = at.h - SUFFICIENT * share * decrement + ROUNDING * at.h.abs();
            if next.h <= allowed {
                return Some(next);
            }
            self.spare = next.eta;
            share *= 0.5;
            if decrement < HIDDEN && share < 0.2 {
                break;
            }
        }
        None
    }

    /// The point at a share of a step.
    fn along(&mut self, model: &Glmm, at: &Point, step: &Effects, share: f64) -> Point {
        let mut eta = std::mem::take(&mut self.spare);
        eta.resize(at.eta.len(), Vec::new());
        for (part, (to, from)) in eta.iter_mut().zip(&at.eta).enumerate() {
            match model.rows.random_parts.iter().position(|&own| own == part) {
                Some(k) => subtract(from, &self.moves[k], share, to),
                None => to.clone_from(from),
            }
        }
        let less = |(u, step): (&Vec<f64>, &Vec<f64>)| u.iter().zip(step).map(|(u, s)| u - share * s).collect();
        let u: Effects = at.u.iter().zip(step).map(less).collect();
        self.try_point(model, eta, u)
    }
}

/// x - share d.
fn subtract(x: &[f64], d: &[f64], share: f64, to: &mut Vec<f64>) {
    to.resize(x.len(), 0.0);
    let rows = to.par_chunks_mut(ROWS).zip(x.par_chunks(ROWS)).zip(d.par_chunks(ROWS));
    rows.for_each(|((to, x), d)| to.iter_mut().zip(x).zip(d).for_each(|((to, x), d)| *to = x - share * d));
}

/// The largest absolute value.
fn largest(x: &[f64]) -> f64 {
    x.par_chunks(ROWS).map(|x| x.iter().fold(0.0f64, |a, v| a.max(v.abs()))).reduce(|| 0.0, f64::max)
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
