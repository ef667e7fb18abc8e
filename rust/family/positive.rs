//! Gamma and inverse Gaussian, mean μ.
//!
//! Gamma: shape α, variance μ²/α; the second predictor is log α, and the dispersion that is reported α^(-1/2).  Inverse Gaussian:
//! variance φ μ³; the second predictor is log φ.

use super::density::{Density, Observation, Predictor, mean_of};
use super::functions::Functions;
use super::link::Link;
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy)]
pub struct Gamma {
    pub link: Link,
}

#[derive(Debug, Clone, Copy)]
pub struct InverseGaussian {
    pub link: Link,
}

impl Density for Gamma {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        // α (y/μ - 1 - log(y/μ)) + log Γ(α) - α log α + α
        let (shape, log_ratio) = (eta[1].exp(), T::from(o.y.ln()) - self.link.log_mean(eta[0]));
        shape * (log_ratio.exp_m1() - log_ratio + T::from(1.0) - eta[1]) + shape.log_gamma()
    }

    fn constant(&self, o: Observation) -> f64 {
        o.y.ln()
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        self.link.mean(eta[0]).powi(2) * (-eta[1]).exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_positive(o.y)
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, variance) = moments(rows, weights);
        vec![self.link.of_mean(mean), (mean * mean / variance).ln()]
    }
}

impl Density for InverseGaussian {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        // (y/μ - 1)² / (2 φ y) + log φ / 2
        let ratio = (T::from(o.y.ln()) - self.link.log_mean(eta[0])).exp_m1();
        ratio.square().times(0.5 / o.y) * (-eta[1]).exp() + eta[1].times(0.5)
    }

    fn constant(&self, o: Observation) -> f64 {
        0.5 * (std::f64::consts::TAU.ln() + 3.0 * o.y.ln())
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        self.link.mean(eta[0]).powi(3) * eta[1].exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_positive(o.y)
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, variance) = moments(rows, weights);
        vec![self.link.of_mean(mean), (variance / mean.powi(3)).ln()]
    }
}

/// Mean and variance, the variance off zero.
pub fn moments(rows: &[Observation], weights: &[f64]) -> (f64, f64) {
    let mean = mean_of(rows, weights, |o| o.y);
    let variance = mean_of(rows, weights, |o| (o.y - mean).powi(2));
    (mean, variance.max(1e-8 * mean * mean).max(f64::MIN_POSITIVE))
}

pub fn outside_positive(y: f64) -> Option<&'static str> {
    (y.is_nan() || y <= 0.0 || y.is_infinite()).then_some("is not positive and finite")
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, grid, total};
    use super::*;

    #[test]
    fn derivatives_are_differences_for_every_link() {
        for y in [0.05, 1.0, 7.0] {
            for (link, eta) in
                [(Link::Log, 0.4), (Link::Inverse, 0.7), (Link::Identity, 2.0), (Link::InverseSquare, 0.5)]
            {
                for dispersion in [-1.0, 0.2, 3.0] {
                    check(&Gamma { link }, count(y), &[eta, dispersion], 1e-7);
                    check(&InverseGaussian { link }, count(y), &[eta, dispersion], 1e-6);
                }
            }
        }
    }

    #[test]
    fn both_integrate_to_one() {
        let gamma = total(&Gamma { link: Link::Log }, &[0.3, 1.5], grid(0.0, 40.0, 20_000));
        let inverse = total(&InverseGaussian { link: Link::Log }, &[0.3, -1.0], grid(0.0, 90.0, 30_000));
        assert!((gamma - 1.0).abs() < 1e-6 && (inverse - 1.0).abs() < 1e-6, "{gamma} {inverse}");
    }
}
