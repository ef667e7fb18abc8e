//! Gaussian with any link, and lognormal: log y is Gaussian.  The second predictor is log σ.

use super::density::{Density, Observation, Predictor};
use super::functions::Functions;
use super::link::Link;
use super::positive::{moments, outside_positive};
use crate::linalg::jet::Smooth;

const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;

/// Mean μ, variance σ².
#[derive(Debug, Clone, Copy)]
pub struct Gaussian {
    pub link: Link,
}

/// log y has mean η and variance σ²; the mean of y is exp(η + σ²/2).
#[derive(Debug, Clone, Copy)]
pub struct Lognormal;

impl Density for Gaussian {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        normal(T::from(o.y) - self.link.mean(eta[0]), eta[1])
    }

    fn constant(&self, _: Observation) -> f64 {
        HALF_LOG_TAU
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        (2.0 * eta[1]).exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        (!o.y.is_finite()).then_some("is not finite")
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, variance) = moments(rows, weights);
        vec![self.link.of_mean(mean), 0.5 * variance.ln()]
    }
}

impl Density for Lognormal {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        normal(T::from(o.y.ln()) - eta[0], eta[1])
    }

    fn constant(&self, o: Observation) -> f64 {
        HALF_LOG_TAU + o.y.ln()
    }

    fn conditional<T: Smooth>(&self, eta: &[T]) -> T {
        (eta[0] + eta[1].times(2.0).exp().times(0.5)).exp()
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        (2.0 * eta[1]).exp().exp_m1() * (2.0 * eta[0] + (2.0 * eta[1]).exp()).exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_positive(o.y)
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let logs: Vec<Observation> = rows.iter().map(|&o| Observation { y: o.y.ln(), ..o }).collect();
        let (mean, variance) = moments(&logs, weights);
        vec![mean, 0.5 * variance.ln()]
    }
}

/// (e/σ)² / 2 + log σ.
#[inline(always)]
fn normal<T: Smooth>(e: T, log_sd: T) -> T {
    e.square().times(0.5) * log_sd.times(-2.0).exp() + log_sd
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, grid, total};
    use super::*;

    #[test]
    fn derivatives_are_differences_and_densities_integrate_to_one() {
        for (link, eta) in [(Link::Identity, 0.4), (Link::Log, 0.3), (Link::Inverse, 1.5)] {
            check(&Gaussian { link }, count(1.7), &[eta, -0.3], 1e-7);
            let sum = total(&Gaussian { link }, &[eta, -0.3], grid(-10.0, 12.0, 4000));
            assert!((sum - 1.0).abs() < 1e-10);
        }
        check(&Lognormal, count(1.7), &[0.4, -0.3], 1e-7);
        assert!((total(&Lognormal, &[0.4, -0.3], grid(0.0, 60.0, 40_000)) - 1.0).abs() < 1e-6);
    }
}
