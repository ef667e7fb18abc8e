//! Tweedie with a power p between 1 and 2: a Poisson number of gamma summands; mean μ, variance φ μ^p.
//!
//! The predictors are that of μ, log φ and a shape ξ, p = 1.01 + 0.98 / (1 + exp(-ξ)): a likelihood need have no maximum inside
//! 1 < p < 2, and near its ends, Poisson and gamma, the law has no density for all y.  For y > 0 the density is a series in the
//! number of summands (Dunn and Smyth 2005, Statistics and Computing 15, 267-280), a bell of which the terms that count are
//! summed: where it is wide by strides, whose error falls exponentially.  With very many summands it is the saddle-point
//! approximation with its next term (Jorgensen 1997, The Theory of Dispersion Models, section 3.5).

use super::density::{Density, Observation, Predictor, Way, mean_of};
use super::functions::Functions;
use super::link::Link;
use super::positive::moments;
use crate::linalg::jet::Smooth;

/// Terms whose logarithm is this far below the largest are left out.
const NEGLIGIBLE: f64 = 38.0;
const MOST_TERMS: usize = 1_000;
/// Strides to a standard deviation of the bell; what is left out is of the order of exp(-2 π² 2²).
const STRIDES: f64 = 2.0;
/// Numbers of summands above this are taken for large: the error is of the order of its square's inverse.
const LARGE: f64 = 1e5;
/// The distance of the power from 1 and from 2.
const MARGIN: f64 = 0.01;

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
        let (above, below) = sides(eta[2]);
        let log_mean = self.link.log_mean(eta[0]);
        let rate = (log_mean * below - eta[1]).exp() / below;
        if o.y == 0.0 {
            return rate;
        }
        let peak = (o.y.powf(below.value()) * (-eta[1].value()).exp() / below.value()).round().max(1.0);
        if peak > LARGE {
            return saddle_point(o.y, log_mean, eta[1], above, below);
        }
        let slope = (-(log_mean * above) - eta[1]).exp() / above;
        rate + slope.times(o.y) - log_series(o.y, peak, eta[1], above, below)
    }

    fn constant(&self, o: Observation) -> f64 {
        if o.y > 0.0 { o.y.ln() } else { 0.0 }
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        (eta[1] + (1.0 + sides(eta[2]).0) * self.link.log_mean(eta[0])).exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        (o.y.is_nan() || o.y < 0.0 || o.y.is_infinite()).then_some("is negative or not finite")
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        (self.link == Link::Log).then(|| vec![Way::of_sign(0, -i8::from(o.y == 0.0))])
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, variance) = moments(rows, weights);
        let mean = mean.max(1e-3 * mean_of(rows, weights, |o| o.y.abs()).max(1e-8));
        vec![self.link.of_mean(mean), (variance / mean.powf(1.5)).ln(), 0.0]
    }
}

/// p - 1 and 2 - p.
fn sides<T: Smooth>(shape: T) -> (T, T) {
    let side = |shape: T| shape.logistic().times(1.0 - 2.0 * MARGIN) + T::from(MARGIN);
    (side(shape), side(-shape))
}

/// -log density without `constant`: d/2φ + log(2π φ y^p)/2 - φ y^(p-2) p (p - 3)/24, where with t = log(μ/y)
/// d/2 = y^(2-p) ((exp((2-p)t) - 1)/(2 - p) + (exp(-(p-1)t) - 1)/(p - 1)).
fn saddle_point<T: Smooth>(y: f64, log_mean: T, log_dispersion: T, above: T, below: T) -> T {
    let t = log_mean - T::from(y.ln());
    let scale = (below.times(y.ln()) - log_dispersion).exp();
    let half = (below * t).exp_m1() / below + (-(above * t)).exp_m1() / above;
    let power = above + T::from(1.0);
    let next = power * (power - T::from(3.0)) / scale.times(24.0);
    // y is in the constant
    let log_spread = log_dispersion - below.times(y.ln()) + T::from(std::f64::consts::TAU.ln());
    scale * half + log_spread.times(0.5) - next
}

/// log Σ_j exp(j log z - log j! - log Γ(j a)), a = (2 - p)/(p - 1), log z = a log y - a log(p - 1) - (1 + a) log φ
/// - log(2 - p).
fn log_series<T: Smooth>(y: f64, peak: f64, log_dispersion: T, above: T, below: T) -> T {
    let a = below / above;
    let log_z = a * (T::from(y.ln()) - above.ln()) - (a + T::from(1.0)) * log_dispersion - below.ln();
    let plain = |j: f64| j * log_z.value() - log_gamma(j + 1.0) - log_gamma(j * a.value());
    let stride = ((peak / (1.0 + a.value())).sqrt() / STRIDES).floor().max(1.0);
    let largest = plain(peak);
    let term = |j: f64| {
        let log = log_z.times(j) - T::from(log_gamma(j + 1.0) + largest) - a.times(j).log_gamma();
        log.exp()
    };
    let mut sum = term(peak);
    let counts = |j: &f64| plain(*j) > largest - NEGLIGIBLE;
    for j in (1..MOST_TERMS).map(|k| peak + stride * k as f64).take_while(counts) {
        sum = sum + term(j);
    }
    for j in (1..MOST_TERMS).map(|k| peak - stride * k as f64).take_while(|j| *j >= 1.0 && counts(j)) {
        sum = sum + term(j);
    }
    sum.ln() + T::from(largest + stride.ln())
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
    fn every_way_to_sum_the_series_gives_the_same() {
        // shape, with few summands, strides, and almost as many as are taken for large
        for shape in [-6.0, -1.0, 0.2, 2.0, 7.0] {
            let (above, below) = sides(shape);
            for wanted in [30.0, 3e3, 9e4] {
                for y in [0.3f64, 40.0] {
                    let log_dispersion = (y.powf(below) / (below * wanted)).ln();
                    let log_mean = y.ln() + 0.7 / wanted.sqrt();
                    let plain = |j: f64| {
                        let a = below / above;
                        let log_z = a * (y.ln() - above.ln()) - (a + 1.0) * log_dispersion - below.ln();
                        j * log_z - log_gamma(j + 1.0) - log_gamma(j * a)
                    };
                    let largest = plain(wanted);
                    let sum: f64 = (1..=2 * wanted as usize + 200).map(|j| (plain(j as f64) - largest).exp()).sum();
                    let rate = (log_mean * below - log_dispersion).exp() / below;
                    let slope = (-log_mean * above - log_dispersion).exp() / above;
                    let expected = rate + slope * y - sum.ln() - largest;
                    let eta = [log_mean, log_dispersion, shape];
                    let own = Tweedie { link: Link::Log }.minus_log(count(y), &eta);
                    let rounding = 1e-14 * (rate + slope * y);
                    assert!((own - expected).abs() < 1e-12 + rounding, "{shape} {wanted} {y}: {own} {expected}");
                    let far = saddle_point(y, log_mean, log_dispersion, above, below);
                    // the terms after the next one, also in the sum's own shape; few summands of a power near 1 are near a lattice
                    if wanted > 1e3 {
                        let summands = wanted * (below / above).min(1.0);
                        let left = 3.0 / wanted.powi(2) + 0.01 / summands.powi(3);
                        assert!((far - expected).abs() < left + rounding, "{shape} {wanted} {y}: {far} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_dispersion_is_too_small() {
        for log_dispersion in [-12.0, -25.0, -60.0, 30.0] {
            for shape in [-700.0, -3.0, 0.0, 3.0, 700.0] {
                for y in [1e-3, 1.0, 1e4] {
                    let own = Tweedie { link: Link::Log }.minus_log(count(y), &[f64::ln(y), log_dispersion, shape]);
                    assert!(own.is_finite(), "{log_dispersion} {shape} {y}");
                }
            }
        }
        check(&Tweedie { link: Link::Log }, count(1.2), &[0.17, -14.0, 0.4], 1e-5);
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
        assert!((square - mean * mean - density.variance(&eta, 1.0)).abs() < 1e-3);
    }
}
