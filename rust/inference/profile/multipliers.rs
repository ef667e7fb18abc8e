//! The deviance with a parameter held that is no coordinate but a smooth function of several, by the method of multipliers.

use super::effects::HeldEffects;
use super::lag::Lag;
use super::residual::HeldResidual;
use crate::linalg::dense;
use crate::model::Evaluator;
use crate::optimize::{Multipliers, Objective, Settings, trust_region};
use crate::{Error, Result};

/// The parameter is held as exactly as this; a search that cannot, though it is never off by more than `CLOSE`, is believed.
const EXACT: f64 = 1e-10;
const CLOSE: f64 = 1e-6;
const ROUNDS: usize = 40;
/// The penalty, in deviance, of a parameter that is off by one of its units.
const PENALTY: f64 = 100.0;

/// What is held.
#[derive(Debug, Clone)]
pub enum Constraint {
    Lag(Lag),
    Residual(HeldResidual),
    Effects(Box<HeldEffects>),
}

impl Constraint {
    /// How far it is from a value.
    fn gap(&self, x: &[f64], value: f64) -> f64 {
        match self {
            Self::Lag(lag) => lag.correlation(x) - value,
            Self::Residual(held) => held.gap(x, value),
            Self::Effects(held) => held.gap(x, value),
        }
    }

    fn slopes(&self, x: &[f64]) -> Vec<f64> {
        match self {
            Self::Lag(lag) => lag.slopes(x),
            Self::Residual(held) => held.slopes(x),
            Self::Effects(held) => held.slopes(x),
        }
    }
}

/// The deviance with the terms of the multiplier.
struct Multiplied<'a> {
    inner: Box<dyn Evaluator + 'a>,
    constraint: &'a Constraint,
    value: f64,
    multipliers: Multipliers,
}

impl Multiplied<'_> {
    fn gap(&self, x: &[f64]) -> f64 {
        self.constraint.gap(x, self.value)
    }

    /// What to add to the multiplier: Newton's c / s'H⁻¹s for the slopes s of c, by the curvature H of all.
    fn correction(&mut self, x: &[f64], gap: f64) -> Result<f64> {
        let (_, mut h) = self.slope(x)?;
        let (slopes, n) = (self.constraint.slopes(x), x.len());
        let mut half = slopes.clone();
        let along = dense::cholesky_lower(&mut h, n).ok().map(|()| {
            dense::solve_lower(&h, &mut half, n, 1);
            half.iter().map(|v| v * v).sum::<f64>()
        });
        Ok(along.filter(|along| *along > 0.0).map_or(self.multipliers.mu * gap, |along| gap / along))
    }
}

impl Objective for Multiplied<'_> {
    fn n_parameters(&self) -> usize {
        self.inner.n_parameters()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let gap = self.gap(x);
        Ok(self.inner.value(x)? + self.multipliers.value(&[gap]))
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (mut gradient, mut curvature) = self.inner.slope(x)?;
        self.multipliers.add(&[self.gap(x)], &[self.constraint.slopes(x)], &mut gradient, &mut curvature);
        Ok((gradient, curvature))
    }
}

/// The least deviance where the parameter is `value`, and the coordinates there.
///
/// # Errors
/// Those of the search; `Numerical` where it does not come to the value.
pub fn minimize<'a>(
    inner: Box<dyn Evaluator + 'a>,
    constraint: &'a Constraint,
    value: f64,
    from: &[f64],
    settings: Settings,
) -> Result<(f64, Vec<f64>)> {
    let mut objective = Multiplied { inner, constraint, value, multipliers: Multipliers::new(1, PENALTY) };
    let (mut x, mut last) = (from.to_vec(), f64::INFINITY);
    for _ in 0..ROUNDS {
        let outcome = trust_region::minimize(&mut objective, &x, settings)?;
        x = outcome.x;
        let gap = objective.gap(&x);
        if gap.abs() <= EXACT {
            return Ok((outcome.value - 0.5 * objective.multipliers.mu * gap * gap, x));
        }
        objective.multipliers.lambda[0] += objective.correction(&x, gap)?;
        objective.multipliers.tighten(gap.abs());
        last = gap.abs();
    }
    if last > CLOSE {
        return Err(Error::Numerical(format!("the likelihood could not be followed to a parameter of {value}")));
    }
    Ok((objective.inner.value(&x)?, x))
}
