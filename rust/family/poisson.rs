//! Poisson: P(y) = μ^y exp(-μ) / y!; mean and variance μ.

use super::density::{Count, Density, Observation, Predictor, Way, mean_of, outside_counts};
use super::functions::Functions;
use super::link::Link;
use crate::linalg::jet::{Jet, Smooth};
use crate::special::log_gamma_derivatives;

#[derive(Debug, Clone, Copy)]
pub struct Poisson {
    pub link: Link,
}

impl Density for Poisson {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let log_mean = self.link.log_mean(eta[0]);
        log_mean.exp() - log_mean.times(o.y)
    }

    fn constant(&self, o: Observation) -> f64 {
        log_factorial(o.y)
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        self.link.mean(eta[0])
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_counts(o.y)
    }

    /// μ (d log μ/dη)².
    fn expected(&self, _: Observation, eta: f64) -> Option<[f64; 2]> {
        let log = self.link.log_mean(Jet::<1>::variable(eta, 0));
        let (mean, l1, l2) = (log.value.exp(), log.first[0], log.second[0][0]);
        Some([mean * l1 * l1, mean * l1 * (l1 * l1 + 2.0 * l2)])
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        (self.link == Link::Log).then(|| vec![Way::of_sign(0, -i8::from(o.y == 0.0))])
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        vec![self.link.of_mean(mean_count(rows, weights))]
    }
}

impl Count for Poisson {
    #[inline(always)]
    fn log_zero_rate<T: Smooth>(&self, eta: &[T]) -> T {
        self.link.log_mean(eta[0])
    }
}

/// log y!.
pub fn log_factorial(y: f64) -> f64 {
    log_gamma_derivatives(y + 1.0)[0]
}

/// The mean count, off zero.
pub fn mean_count(rows: &[Observation], weights: &[f64]) -> f64 {
    mean_of(rows, weights, |o| o.y).max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, total};
    use super::*;

    #[test]
    fn derivatives_are_differences_and_probabilities_sum_to_one() {
        for (link, eta) in [(Link::Log, 0.7), (Link::Sqrt, 1.4), (Link::Identity, 2.0)] {
            for y in [0.0, 1.0, 6.0] {
                check(&Poisson { link }, count(y), &[eta], 1e-8);
            }
            let all = (0..80).map(|y| (count(f64::from(y)), 1.0));
            assert!((total(&Poisson { link }, &[eta], all) - 1.0).abs() < 1e-12);
        }
    }
}
