//! log p(ψ | y), up to a constant that is the same everywhere: -d/2 at the point of the search, the prior, and the Jacobian.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::coordinates::Coordinates;
use crate::error::computed;
use crate::model::Evaluator;
use crate::optimize::Objective;
use crate::{Error, Result, check_stop};

/// Points of one task.
const GRAIN: usize = 16;

/// -2 log p(y | x) over the coordinates of the search, on one thread.
pub trait Deviance {
    /// # Errors
    /// `Numerical` where it cannot be computed, `Interrupted`.
    fn value(&mut self, x: &[f64]) -> Result<f64>;

    /// # Errors
    /// Those of `value`.
    fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>>;

    /// Operations of a point, about.
    fn flops(&self) -> f64;
}

impl<E: Evaluator> Deviance for E {
    fn value(&mut self, x: &[f64]) -> Result<f64> {
        Objective::value(self, x)
    }

    fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        Evaluator::gradient(self, x)
    }

    fn flops(&self) -> f64 {
        Evaluator::flops(self)
    }
}

/// What has a deviance; shared by threads.
pub trait HasDeviance: Send + Sync {
    fn deviance<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Deviance + 'a>;
}

/// A model and what is known before its data; shared by threads.
pub struct Target<'m> {
    pub model: &'m dyn HasDeviance,
    pub coordinates: &'m Coordinates,
    /// -log of the density of priors that are in the criterion without their constants.
    pub constant: f64,
}

impl<'m> Target<'m> {
    /// The density for one thread.
    pub fn log_posterior<'a>(&self, stop: &'a AtomicBool) -> LogPosterior<'a, 'm> {
        LogPosterior { coordinates: self.coordinates, deviance: self.model.deviance(stop), constant: self.constant }
    }

    /// The density at points, side by side; `done` counts them.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn values(&self, points: &[Vec<f64>], (done, stop): (&AtomicUsize, &AtomicBool)) -> Result<Vec<f64>> {
        // a search for modes begins at the point before: anew in every piece, so that numbers do not depend on threads
        let of_piece = |piece: &[Vec<f64>]| {
            check_stop(stop)?;
            let mut density = self.log_posterior(stop);
            let values = piece.iter().map(|psi| density.value(psi)).collect::<Result<Vec<f64>>>();
            done.fetch_add(piece.len(), Ordering::Relaxed);
            values
        };
        let pieces: Vec<Vec<f64>> = points.par_chunks(GRAIN).map(of_piece).collect::<Result<_>>()?;
        Ok(pieces.concat())
    }
}

/// The density on one thread.
pub struct LogPosterior<'a, 'm> {
    coordinates: &'m Coordinates,
    deviance: Box<dyn Deviance + 'a>,
    constant: f64,
}

impl LogPosterior<'_, '_> {
    /// Operations of a point, about.
    pub fn flops(&self) -> f64 {
        self.deviance.flops()
    }

    /// log p(y, ψ); minus infinity where it cannot be computed.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn value(&mut self, psi: &[f64]) -> Result<f64> {
        let prior = self.coordinates.log_prior(psi);
        if !prior.is_finite() {
            return Ok(f64::NEG_INFINITY);
        }
        let Ok(x) = self.coordinates.to_engine(psi) else { return Ok(f64::NEG_INFINITY) };
        let value = computed(self.deviance.value(&x))?.map_or(f64::NEG_INFINITY, |d| prior - 0.5 * d - self.constant);
        Ok(if value.is_nan() { f64::NEG_INFINITY } else { value })
    }

    /// The same with its slope.
    ///
    /// # Errors
    /// `Numerical` where it cannot be computed, `Interrupted`.
    pub fn gradient(&mut self, psi: &[f64]) -> Result<(f64, Vec<f64>)> {
        let value = self.value(psi)?;
        if !value.is_finite() {
            return Err(Error::Numerical("the posterior density is zero".into()));
        }
        let x = self.coordinates.to_engine(psi)?;
        let (jacobian, mut slope) = self.coordinates.slopes(psi)?;
        let own = self.deviance.gradient(&x)?;
        for (slope, column) in slope.iter_mut().zip(jacobian.chunks_exact(own.len().max(1))) {
            *slope -= 0.5 * column.iter().zip(&own).map(|(j, g)| j * g).sum::<f64>();
        }
        if slope.iter().any(|g| !g.is_finite()) {
            return Err(Error::Numerical("the posterior density has no slope".into()));
        }
        Ok((value, slope))
    }
}

/// -log p as an objective; its curvature by differences of the slope.
impl Objective for LogPosterior<'_, '_> {
    fn n_parameters(&self) -> usize {
        self.coordinates.dim()
    }

    fn value(&mut self, psi: &[f64]) -> Result<f64> {
        Ok(-LogPosterior::value(self, psi)?)
    }

    fn slope(&mut self, psi: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let curvature = self.curvature(psi)?;
        let (_, slope) = self.gradient(psi)?;
        Ok((slope.iter().map(|g| -g).collect(), curvature))
    }
}

/// Of differences of the slope.
const STEP: f64 = 1e-4;

impl LogPosterior<'_, '_> {
    /// The curvature of -log p (symmetric); beside an end of the density from the other side.
    ///
    /// # Errors
    /// Those of `gradient`.
    pub fn curvature(&mut self, psi: &[f64]) -> Result<Vec<f64>> {
        let n = psi.len();
        let mut columns = Vec::with_capacity(n * n);
        for k in 0..n {
            let h = STEP * psi[k].abs().max(1e-2);
            let mut at = |shift: f64| {
                let mut to = psi.to_vec();
                to[k] += shift;
                computed(self.gradient(&to).map(|(_, slope)| slope))
            };
            let (up, down, width) = match (at(h)?, at(-h)?) {
                (Some(up), Some(down)) => (up, down, 2.0 * h),
                (Some(up), None) => (up, self.gradient(psi)?.1, h),
                (None, Some(down)) => (self.gradient(psi)?.1, down, h),
                (None, None) => return Err(Error::Numerical("the posterior has a density at a single point".into())),
            };
            columns.extend(up.iter().zip(down).map(|(u, d)| (d - u) / width));
        }
        Ok((0..n * n).map(|e| 0.5 * (columns[e] + columns[e % n * n + e / n])).collect())
    }
}
