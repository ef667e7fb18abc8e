//! Generalized Poisson (Consul and Famoye 1992, Communications in Statistics - Theory and Methods 21, 89-109): mean μ, variance
//! μ φ, as glmmTMB's genpois; the second predictor is log φ.
//!
//! P(y) = θ (θ + λ y)^(y - 1) exp(-θ - λ y) / y!,   θ = μ / √φ,   λ = 1 - 1 / √φ
//!
//! φ = 1 is Poisson.  Of φ < 1 counts with θ + λ y <= 0 are impossible, and the probabilities of the others sum to one but
//! nearly.

use super::density::{Count, Density, Observation, Predictor, Way, mean_of, outside_counts};
use super::functions::Functions;
use super::link::Link;
use super::poisson::{log_factorial, mean_count};
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy)]
pub struct GeneralizedPoisson {
    pub link: Link,
}

impl Density for GeneralizedPoisson {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let log_theta = self.link.log_mean(eta[0]) - eta[1].times(0.5);
        let theta = log_theta.exp();
        if o.y == 0.0 {
            return theta;
        }
        // λ y without cancellation near φ = 1
        let own = (-eta[1].times(0.5)).exp_m1().times(-o.y);
        // the logarithm of their sum from the larger one, whose powers may be no numbers
        let log_sum = if own.value().abs() < theta.value() {
            log_theta + (own * (-log_theta).exp()).ln_1p()
        } else {
            (theta + own).ln()
        };
        theta + own - log_theta - log_sum.times(o.y - 1.0)
    }

    fn constant(&self, o: Observation) -> f64 {
        log_factorial(o.y)
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        (self.link.log_mean(eta[0]) + eta[1]).exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_counts(o.y)
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        (self.link == Link::Log).then(|| vec![Way::of_sign(0, -i8::from(o.y == 0.0))])
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let mean = mean_count(rows, weights);
        let variance = mean_of(rows, weights, |o| (o.y - mean).powi(2));
        // from Poisson's side, where all counts are possible
        vec![self.link.of_mean(mean), (variance / mean).ln().clamp(0.05, 3.0)]
    }
}

impl Count for GeneralizedPoisson {
    #[inline(always)]
    fn log_zero_rate<T: Smooth>(&self, eta: &[T]) -> T {
        self.link.log_mean(eta[0]) - eta[1].times(0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, total};
    use super::super::poisson::Poisson;
    use super::*;

    #[test]
    fn derivatives_are_differences_with_more_and_less_dispersion_than_poisson() {
        for (link, eta) in [(Link::Log, 0.8), (Link::Sqrt, 1.5), (Link::Identity, 2.2)] {
            for dispersion in [-0.3, 0.0, 0.7, 3.0] {
                for y in [0.0, 1.0, 3.0] {
                    check(&GeneralizedPoisson { link }, count(y), &[eta, dispersion], 1e-7);
                }
            }
        }
    }

    #[test]
    fn mass_and_moments_are_those_of_the_definition() {
        let density = GeneralizedPoisson { link: Link::Log };
        for eta in [[0.8, 0.9], [-1.5, 0.1], [2.0, 1.4]] {
            let all = || (0..6000).map(|y| (count(f64::from(y)), 1.0));
            let p = |o: Observation| (-density.minus_log(o, &eta) - Density::constant(&density, o)).exp();
            assert!((total(&density, &eta, all()) - 1.0).abs() < 1e-12, "{eta:?}");
            let mean: f64 = all().map(|(o, _)| o.y * p(o)).sum();
            let variance: f64 = all().map(|(o, _)| (o.y - mean).powi(2) * p(o)).sum();
            let (mu, phi) = (f64::exp(eta[0]), f64::exp(eta[1]));
            assert!((mean - mu).abs() < 1e-9 * mu && (variance - mu * phi).abs() < 1e-7 * variance, "{eta:?}");
            assert!((density.variance(&eta, 1.0) - mu * phi).abs() < 1e-12 * variance);
        }
    }

    #[test]
    fn without_dispersion_of_its_own_it_is_poisson() {
        for y in [0.0, 1.0, 250.0] {
            for eta in [-20.0, 0.0, 5.0] {
                let own = GeneralizedPoisson { link: Link::Log }.minus_log(count(y), &[eta, 0.0]);
                let expected = Poisson { link: Link::Log }.minus_log(count(y), &[eta]);
                assert!((own - expected).abs() < 1e-12 * expected.abs().max(1.0), "{y} {eta}: {own} {expected}");
            }
        }
    }

    #[test]
    fn far_predictors_are_finite_and_impossible_counts_are_not() {
        let at = |y: f64, eta: [f64; 2]| GeneralizedPoisson { link: Link::Log }.minus_log(count(y), &eta);
        for eta in [[-690.0, 0.5], [-690.0, 60.0], [30.0, 0.5], [2.0, 690.0]] {
            for y in [0.0, 1.0, 7.0] {
                assert!(at(y, eta).is_finite(), "{y} {eta:?}");
            }
        }
        assert!(!at(9.0, [0.0, -0.5]).is_finite());
    }
}
