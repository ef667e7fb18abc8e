//! The deviance with the correlation of one lag of toep() held, by the method of multipliers (Nocedal and Wright 2006,
//! Numerical Optimization, algorithm 17.4): in the angles of partial autocorrelations every point is a covariance, a
//! singular one an ordinary stationary point.

use crate::Result;
use crate::covariance::toeplitz::autocorrelations;
use crate::linalg::dual::Dual;
use crate::model::Evaluator;
use crate::optimize::{Objective, Settings, trust_region};

/// The correlation is held as exactly as this.
const EXACT: f64 = 1e-10;
const ROUNDS: usize = 40;
/// The penalty, in deviance, of a correlation that is off by one; it grows where the gap closes slowly.
const PENALTY: f64 = 100.0;
const SLOW: f64 = 0.1;

/// Which correlation: angles from θ_first on, `n` of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    pub first: usize,
    pub n: usize,
    pub lag: usize,
}

impl Lag {
    fn correlation(self, theta: &[f64]) -> f64 {
        autocorrelations(&theta[self.first..self.first + self.n])[self.lag]
    }

    fn slopes(self, theta: &[f64]) -> Vec<f64> {
        let angles = &theta[self.first..self.first + self.n];
        let mut slopes = vec![0.0; theta.len()];
        for k in 0..self.lag {
            let of = |(i, &value): (usize, &f64)| Dual { value, slope: f64::from(u8::from(i == k)) };
            let duals: Vec<Dual> = angles.iter().enumerate().map(of).collect();
            slopes[self.first + k] = autocorrelations(&duals)[self.lag].slope;
        }
        slopes
    }
}

/// d(θ) + λ c + μ c² / 2, where c is the correlation less what it is to be.
struct Multiplied<'a> {
    inner: Box<dyn Evaluator + 'a>,
    lag: Lag,
    value: f64,
    multiplier: f64,
    penalty: f64,
}

impl Multiplied<'_> {
    fn gap(&self, theta: &[f64]) -> f64 {
        self.lag.correlation(theta) - self.value
    }
}

impl Objective for Multiplied<'_> {
    fn n_parameters(&self) -> usize {
        self.inner.n_parameters()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let gap = self.gap(x);
        Ok(self.inner.value(x)? + self.multiplier * gap + 0.5 * self.penalty * gap * gap)
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (mut gradient, mut curvature) = self.inner.slope(x)?;
        let (n, slopes, gap) = (x.len(), self.lag.slopes(x), self.gap(x));
        let pull = self.multiplier + self.penalty * gap;
        gradient.iter_mut().zip(&slopes).for_each(|(g, s)| *g += pull * s);
        curvature.iter_mut().enumerate().for_each(|(k, h)| *h += self.penalty * slopes[k % n] * slopes[k / n]);
        Ok((gradient, curvature))
    }
}

/// The least deviance where the lag's correlation is `value`, and θ there.
///
/// # Errors
/// Those of the search.
pub fn minimize(
    inner: Box<dyn Evaluator + '_>,
    lag: Lag,
    value: f64,
    from: &[f64],
    settings: Settings,
) -> Result<(f64, Vec<f64>)> {
    let mut objective = Multiplied { inner, lag, value, multiplier: 0.0, penalty: PENALTY };
    let (mut x, mut last) = (from.to_vec(), f64::INFINITY);
    for round in 1.. {
        let outcome = trust_region::minimize(&mut objective, &x, settings)?;
        x = outcome.x;
        let gap = objective.gap(&x);
        if gap.abs() <= EXACT || round == ROUNDS {
            return Ok((outcome.value - 0.5 * objective.penalty * gap * gap, x));
        }
        objective.multiplier += objective.penalty * gap;
        if gap.abs() > SLOW * last {
            objective.penalty *= 4.0;
        }
        last = gap.abs();
    }
    unreachable!("the rounds end above")
}
