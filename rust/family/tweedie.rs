//! Tweedie with a power p between 1 and 2: a Poisson number of gamma summands; mean μ, variance φ μ^p.
//!
//! The predictors are that of μ, log φ and the shape logit(p - 1).  For y > 0 the density is a series in the number of summands
//! (Dunn and Smyth 2005, Statistics and Computing 15, 267-280), of which the terms that count are summed.

use super::density::{Density, Observation, Predictor, mean_of};
use super::functions::Functions;
use super::link::Link;
use super::positive::moments;
use crate::linalg::jet::Smooth;

/// Terms whose logarithm is this far below the largest are left out.
const NEGLIGIBLE: f64 = 38.0;
const MOST_TERMS: usize = 100_000;

#[derive(Debug, Clone, Copy)]
pub struct Tweedie {
    pub link: Link,
}

impl Density for Tweedie {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion, Predictor::Shape]
    }

    fn link(&self) -> Link {
        self.link
    }

    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        // p - 1 and 2 - p
        let (above, below) = (eta[2].logistic(), (-eta[2]).logistic());
        let log_mean = self.link.log_mean(eta[0]);
        let rate = (log_mean * below - eta[1]).exp() / below;
        if o.y == 0.0 {
            return rate;
        }
        let slope = (-(log_mean * above) - eta[1]).exp() / above;
        rate + slope.times(o.y) - log_series(o.y, eta[1], above, below)
    }

    fn constant(&self, o: Observation) -> f64 {
        if o.y > 0.0 { o.y.ln() } else { 0.0 }
    }

    fn variance(&self, eta: &[f64]) -> f64 {
        (eta[1] + (1.0 + eta[2].logistic()) * self.link.log_mean(eta[0])).exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        (o.y.is_nan() || o.y < 0.0 || o.y.is_infinite()).then_some("is negative")
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, variance) = moments(rows, weights);
        let mean = mean.max(1e-3 * mean_of(rows, weights, |o| o.y.abs()).max(1e-8));
        vec![self.link.of_mean(mean), (variance / mean.powf(1.5)).ln(), 0.0]
    }
}

/// log Σ_j exp(j log z - log j! - log Γ(j a)), a = (2 - p)/(p - 1), log z = a log y - a log(p - 1) - (1 + a) log φ
/// - log(2 - p).
fn log_series<T: Smooth>(y: f64, log_dispersion: T, above: T, below: T) -> T {
    let a = below / above;
    let log_z = a * (T::from(y.ln()) - above.ln()) - (a + T::from(1.0)) * log_dispersion - below.ln();
    let plain = |j: f64| j * log_z.value() - log_gamma(j + 1.0) - log_gamma(j * a.value());
    // the number of summands that is most likely
    let peak = (y.powf(below.value()) * (-log_dispersion.value()).exp() / below.value()).round().max(1.0);
    if !peak.is_finite() || peak > 1e7 {
        return T::from(f64::NAN);
    }
    let largest = plain(peak);
    let term = |j: f64| {
        let log = log_z.times(j) - T::from(log_gamma(j + 1.0) + largest) - a.times(j).log_gamma();
        log.exp()
    };
    let mut sum = term(peak);
    let counts = |j: &f64| plain(*j) > largest - NEGLIGIBLE;
    for j in (1..MOST_TERMS).map(|k| peak + k as f64).take_while(counts) {
        sum = sum + term(j);
    }
    for j in (1..peak as usize).rev().map(|j| j as f64).take_while(counts) {
        sum = sum + term(j);
    }
    sum.ln() + T::from(largest)
}

fn log_gamma(x: f64) -> f64 {
    crate::special::log_gamma_derivatives(x)[0]
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, grid, total};
    use super::*;

    #[test]
    fn derivatives_are_differences() {
        for y in [0.0, 0.02, 1.0, 30.0] {
            check(&Tweedie { link: Link::Log }, count(y), &[0.4, 0.3, 0.2], 1e-6);
            check(&Tweedie { link: Link::Log }, count(y), &[2.0, -1.0, -1.0], 1e-6);
        }
    }

    #[test]
    fn the_point_at_zero_and_the_density_have_mass_one_and_the_stated_moments() {
        let (density, eta) = (Tweedie { link: Link::Log }, [0.4, 0.1, 0.3]);
        let zero = (-density.minus_log(count(0.0), &eta)).exp();
        // the density has a pole at zero: even steps of log y
        let points = || grid(-45.0, 80f64.ln(), 1500).map(|(o, h)| (count(o.y.exp()), h * o.y.exp()));
        let mass = zero + total(&density, &eta, points());
        assert!((mass - 1.0).abs() < 1e-4, "{mass}");
        let moment = |k: i32| -> f64 {
            points()
                .map(|(o, h)| h * o.y.powi(k) * (-density.minus_log(o, &eta) - Density::constant(&density, o)).exp())
                .sum()
        };
        let (mean, square) = (moment(1), moment(2));
        assert!((mean - 0.4f64.exp()).abs() < 1e-4);
        assert!((square - mean * mean - density.variance(&eta)).abs() < 1e-3);
    }
}
