//! log p(ψ | y), up to a constant that is the same everywhere: -d/2 at the point of the search, the prior, and the Jacobian.

use std::sync::atomic::AtomicBool;

use super::coordinates::Coordinates;
use crate::error::computed;
use crate::model::{Evaluator, Model};
use crate::optimize::Objective;
use crate::{Error, Result};

/// A model and what is known before its data; shared by threads.
pub struct Target<'m> {
    pub model: &'m dyn Model,
    pub coordinates: &'m Coordinates,
    /// -log of the density of priors that are in the criterion without their constants.
    pub constant: f64,
}

impl<'m> Target<'m> {
    /// The density for one thread.
    pub fn log_posterior<'a>(&self, stop: &'a AtomicBool) -> LogPosterior<'a, 'm> {
        LogPosterior { coordinates: self.coordinates, evaluator: self.model.evaluator(stop), constant: self.constant }
    }
}

/// The density on one thread.
pub struct LogPosterior<'a, 'm> {
    coordinates: &'m Coordinates,
    evaluator: Box<dyn Evaluator + 'a>,
    constant: f64,
}

impl LogPosterior<'_, '_> {
    /// Operations of a point, about.
    pub fn flops(&self) -> f64 {
        self.evaluator.flops()
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
        let value = computed(self.evaluator.value(&x))?.map_or(f64::NEG_INFINITY, |d| prior - 0.5 * d - self.constant);
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
        let own = self.evaluator.gradient(&x)?;
        for (slope, column) in slope.iter_mut().zip(jacobian.chunks_exact(own.len())) {
            *slope -= 0.5 * column.iter().zip(&own).map(|(j, g)| j * g).sum::<f64>();
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
    /// The curvature of -log p (symmetric).
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
                self.gradient(&to).map(|(_, slope)| slope)
            };
            let (up, down) = (at(h)?, at(-h)?);
            columns.extend(up.iter().zip(down).map(|(u, d)| (d - u) / (2.0 * h)));
        }
        Ok((0..n * n).map(|e| 0.5 * (columns[e] + columns[e % n * n + e / n])).collect())
    }
}
