//! Negative binomial, mean μ: of variance μ + μ²/φ (nbinom2), or μ (1 + φ) (nbinom1).
//!
//! With size r (φ, or μ/φ): P(y) = Γ(y + r) / (Γ(r) y!) (r / (r + μ))^r (μ / (r + μ))^y.  Γ(y + r) / (Γ(r) r^y) is a product
//! of 1 + k/r over k < y, whose logarithm is small for large r: the limit is Poisson's.

use super::density::{Count, Density, Observation, Predictor, Way, mean_of, outside_counts};
use super::functions::{Functions, softplus};
use super::link::Link;
use super::poisson::{log_factorial, mean_count};
use crate::linalg::jet::{Jet, Smooth};
use crate::special::stirling;

/// A product of so many factors is multiplied out.
const FEW: f64 = 40.0;
/// Stirling's series is used from this size on.
const LARGE: f64 = 15.0;
/// Of a smaller logarithm the size is no number.
const LEAST_LOG_SIZE: f64 = -745.0;

/// nbinom2; the second predictor is log φ.
#[derive(Debug, Clone, Copy)]
pub struct NegativeBinomial2 {
    pub link: Link,
}

/// nbinom1; the second predictor is log φ.
#[derive(Debug, Clone, Copy)]
pub struct NegativeBinomial1 {
    pub link: Link,
}

impl Density for NegativeBinomial2 {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let log_mean = self.link.log_mean(eta[0]);
        let size = eta[1].exp() + T::from(o.y);
        size * (log_mean - eta[1]).softplus() - log_mean.times(o.y) - log_rising(o.y, eta[1])
    }

    fn constant(&self, o: Observation) -> f64 {
        log_factorial(o.y)
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        let mean = self.link.mean(eta[0]);
        mean + mean * mean * (-eta[1]).exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_counts(o.y)
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        (self.link == Link::Log).then(|| vec![Way::of_sign(0, -i8::from(o.y == 0.0))])
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, excess) = excess_variance(rows, weights);
        vec![self.link.of_mean(mean), (mean * mean / excess).ln().clamp(-3.0, 4.0)]
    }
}

impl Count for NegativeBinomial2 {
    #[inline(always)]
    fn log_zero_rate<T: Smooth>(&self, eta: &[T]) -> T {
        eta[1] + (self.link.log_mean(eta[0]) - eta[1]).log_softplus()
    }
}

impl Density for NegativeBinomial1 {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let log_mean = self.link.log_mean(eta[0]);
        let log_size = log_mean - eta[1];
        let size = log_size.exp() + T::from(o.y);
        size * eta[1].softplus() - log_mean.times(o.y) - log_rising(o.y, log_size)
    }

    fn constant(&self, o: Observation) -> f64 {
        log_factorial(o.y)
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        self.link.mean(eta[0]) * (1.0 + eta[1].exp())
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_counts(o.y)
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        (self.link == Link::Log).then(|| vec![Way::of_sign(0, -i8::from(o.y == 0.0))])
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, excess) = excess_variance(rows, weights);
        vec![self.link.of_mean(mean), (excess / mean).ln().clamp(-3.0, 3.0)]
    }
}

impl Count for NegativeBinomial1 {
    #[inline(always)]
    fn log_zero_rate<T: Smooth>(&self, eta: &[T]) -> T {
        self.link.log_mean(eta[0]) - eta[1] + eta[1].compose(softplus).ln()
    }
}

/// The mean, and what the variance has above it.
fn excess_variance(rows: &[Observation], weights: &[f64]) -> (f64, f64) {
    let mean = mean_count(rows, weights);
    let variance = mean_of(rows, weights, |o| (o.y - mean).powi(2));
    (mean, (0.5 * (variance - mean)).max(0.02 * mean))
}

/// log Γ(y + r) - log Γ(r) - y log r of a count y, for log r.
#[inline(always)]
pub fn log_rising<T: Smooth>(y: f64, log_size: T) -> T {
    if y < 2.0 {
        T::from(0.0)
    } else if log_size.value() < LEAST_LOG_SIZE {
        // Γ(y) r / r^y
        T::from(log_factorial(y - 1.0)) - log_size.times(y - 1.0)
    } else {
        log_size.compose(|x| rising(y, x))
    }
}

fn rising(y: f64, log_size: f64) -> [f64; 4] {
    let size = log_size.exp();
    if size == f64::INFINITY {
        return [0.0; 4];
    }
    if y <= FEW {
        return product(y, log_size);
    }
    // the first factors one by one, until the series serves
    let first = (LARGE - size).ceil().max(0.0).min(y);
    let (mut sums, base) = (product(first, log_size), Jet::<1>::variable(log_size, 0));
    let (r, start, rest) = (base.exp(), base.exp() + Jet::from(first), y - first);
    if rest > 0.0 {
        let end = start + Jet::from(rest);
        let tails = end.compose(stirling) - start.compose(stirling);
        // log of (start)...(end - 1), over r^rest
        let log_ratio = (start / r).ln();
        let value = (end - Jet::from(0.5)) * (Jet::from(rest) / start).ln_1p() + log_ratio.times(rest)
            - Jet::from(rest)
            + tails;
        [value.value, value.first[0], value.second[0][0], value.third[0][0][0]]
            .iter()
            .zip(&mut sums)
            .for_each(|(v, sum)| *sum += v);
    }
    sums
}

/// Σ log(1 + k/r) over k < y, with its derivatives in log r.
fn product(y: f64, log_size: f64) -> [f64; 4] {
    let (mut sums, size) = ([0.0; 4], log_size.exp());
    let mut k = 1.0;
    while k < y {
        let p = k / (size + k);
        let v = p * (1.0 - p);
        // k/r is no number for the smallest r
        sums[0] += if size > f64::MIN_POSITIVE { (k / size).ln_1p() } else { k.ln() - log_size };
        sums[1] -= p;
        sums[2] += v;
        sums[3] -= v * (1.0 - 2.0 * p);
        k += 1.0;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, total};
    use super::super::functions::tests::check as check_function;
    use super::super::poisson::Poisson;
    use super::*;
    use crate::special::log_gamma_derivatives;

    #[test]
    fn derivatives_are_differences() {
        for y in [0.0, 1.0, 5.0, 90.0] {
            for eta in [[0.5, 0.3], [-1.0, 2.0], [4.0, -1.5]] {
                check(&NegativeBinomial2 { link: Link::Log }, count(y), &eta, 1e-7);
                check(&NegativeBinomial1 { link: Link::Log }, count(y), &eta, 1e-7);
            }
        }
    }

    #[test]
    fn the_product_is_a_ratio_of_gamma_functions_by_either_way() {
        for size in [0.02f64, 0.7, 6.0, 14.9, 40.0, 1e3] {
            for y in [2.0, 17.0, 40.0, 41.0, 300.0] {
                let log_gamma = |x: f64| log_gamma_derivatives(x)[0];
                let expected = log_gamma(y + size) - log_gamma(size) - y * size.ln();
                let own = rising(y, size.ln())[0];
                assert!(
                    (own - expected).abs() < 1e-12 * (y * size.ln()).abs().max(100.0),
                    "{size} {y}: {own} {expected}"
                );
            }
            check_function(|x| rising(300.0, x), &[size.ln()], 1e-8);
        }
        // r so large that log Γ would cancel: y (y - 1) / 2r
        assert!((rising(100.0, 1e16f64.ln())[0] - 4950.0 / 1e16).abs() < 1e-13);
        // no size is too large for a count of any size
        assert_eq!(rising(1e15, 800.0), [0.0; 4]);
        assert!(rising(1e290, 1.0)[0].is_finite());
    }

    #[test]
    fn moments_are_those_of_the_definitions() {
        let all = || (0..4000).map(|y| (count(f64::from(y)), 1.0));
        let moments = |density: &dyn Fn(Observation) -> f64| {
            let p: Vec<f64> = all().map(|(o, _)| density(o)).collect();
            let mean: f64 = p.iter().enumerate().map(|(y, p)| y as f64 * p).sum();
            let square: f64 = p.iter().enumerate().map(|(y, p)| (y as f64 - mean).powi(2) * p).sum();
            (mean, square)
        };
        let (eta, mu, phi) = ([1.2, 0.4], 1.2f64.exp(), 0.4f64.exp());
        let two = NegativeBinomial2 { link: Link::Log };
        let one = NegativeBinomial1 { link: Link::Log };
        assert!((total(&two, &eta, all()) - 1.0).abs() < 1e-12);
        assert!((total(&one, &eta, all()) - 1.0).abs() < 1e-12);
        let (mean, variance) = moments(&|o| (-two.minus_log(o, &eta) - Density::constant(&two, o)).exp());
        assert!((mean - mu).abs() < 1e-10 && (variance - mu - mu * mu / phi).abs() < 1e-8);
        let (mean, variance) = moments(&|o| (-one.minus_log(o, &eta) - Density::constant(&one, o)).exp());
        assert!((mean - mu).abs() < 1e-10 && (variance - mu * (1.0 + phi)).abs() < 1e-8);
    }

    #[test]
    fn without_overdispersion_both_are_poisson() {
        let poisson = Poisson { link: Link::Log };
        for y in [0.0, 3.0, 250.0] {
            for eta in [-20.0, 0.0, 5.0] {
                let expected = poisson.minus_log(count(y), &[eta]);
                let two = NegativeBinomial2 { link: Link::Log }.minus_log(count(y), &[eta, 1e16f64.ln()]);
                let one = NegativeBinomial1 { link: Link::Log }.minus_log(count(y), &[eta, -1e16f64.ln()]);
                assert!((two - expected).abs() < 1e-10 * expected.abs().max(1.0), "{y} {eta}: {two} {expected}");
                // what is left of it: y (y - 1) / 2r, r = μ/φ
                let left = y * y * 1e-16 * (-eta).exp();
                assert!((one - expected).abs() < left + 1e-10 * expected.abs().max(1.0), "{y} {eta}: {one} {expected}");
            }
        }
    }
}
