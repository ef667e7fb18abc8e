//! Counts with further zeros of probability π, P(0) = π + (1 - π) f(0), where the last predictor is logit π; and counts above zero,
//! f(y) / (1 - f(0)).  A hurdle model is of these with zeros of another source.

use super::density::{Count, Course, Density, Observation, Predictor, Way, mean_of};
use super::functions::{Functions, NOTHING, log_one_less_gumbel};
use super::link::Link;
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy)]
pub struct ZeroInflated<D>(pub D);

/// A count above zero.
#[derive(Debug, Clone, Copy)]
pub struct Truncated<D>(pub D);

/// log(1 - f(0)).
#[inline(always)]
fn log_above_zero<D: Count, T: Smooth>(density: &D, eta: &[T]) -> T {
    density.log_zero_rate(eta).compose(log_one_less_gumbel)
}

impl<D: Count> Density for ZeroInflated<D> {
    fn predictors(&self) -> Vec<Predictor> {
        with_zero(&self.0)
    }

    fn link(&self) -> Link {
        self.0.link()
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let (own, zero) = (&eta[..eta.len() - 1], eta[eta.len() - 1]);
        if o.y > 0.0 {
            return zero.softplus() + self.0.minus_log(o, own);
        }
        // π + (1 - π) exp(-rate)
        let rate = self.0.log_zero_rate(own).exp();
        match (zero + rate).value() {
            // what the counts add to π is no number, nor are powers of the rate
            sum if sum > NOTHING => (-zero).softplus(),
            sum if sum > 0.0 => (-zero).softplus() - (-(zero + rate)).softplus(),
            _ => zero.softplus() + rate - (zero + rate).softplus(),
        }
    }

    fn constant(&self, o: Observation) -> f64 {
        if o.y > 0.0 { Density::constant(&self.0, o) } else { 0.0 }
    }

    fn conditional<T: Smooth>(&self, eta: &[T]) -> T {
        self.0.conditional(&eta[..eta.len() - 1])
    }

    fn response<T: Smooth>(&self, eta: &[T]) -> T {
        self.0.response(&eta[..eta.len() - 1]) * (-eta[eta.len() - 1]).logistic()
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        let own = &eta[..eta.len() - 1];
        mixture_variance(self.0.response(own), Density::variance(&self.0, own, 1.0), eta[eta.len() - 1])
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        Density::outside(&self.0, o)
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        // half of the zeros are of the zero part
        let zeros = mean_of(rows, weights, |o| f64::from(u8::from(o.y == 0.0)));
        let pi = (0.5 * zeros).clamp(0.02, 0.9);
        let mut start = Density::start(&self.0, rows, weights);
        start[0] = self.link().of_mean(self.0.link().mean(start[0]) / (1.0 - pi));
        start.push((pi / (1.0 - pi)).ln());
        start
    }

    /// A zero is the more probable the more zeros there are of both kinds; without any of the zero part the law is that of
    /// the counts.
    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        let place = Density::predictors(&self.0).len();
        let down = Way { course: Course::Ends, ..Way::of_sign(place, -1) };
        Some(vec![least_count(self.link(), o, 0.0), if o.y == 0.0 { Way::of_sign(place, 1) } else { down }])
    }
}

impl<D: Count> Density for Truncated<D> {
    fn predictors(&self) -> Vec<Predictor> {
        Density::predictors(&self.0)
    }

    fn link(&self) -> Link {
        self.0.link()
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        self.0.minus_log(o, eta) + log_above_zero(&self.0, eta)
    }

    fn constant(&self, o: Observation) -> f64 {
        Density::constant(&self.0, o)
    }

    fn conditional<T: Smooth>(&self, eta: &[T]) -> T {
        truncated_mean(&self.0, eta)
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        truncated_moments(&self.0, eta).1
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        let zero = "is zero, which a truncated count cannot be (zero_inflation= makes a hurdle model of it)";
        Density::outside(&self.0, o).or((o.y == 0.0).then_some(zero))
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        Density::start(&self.0, rows, weights)
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        Some(vec![least_count(self.link(), o, 1.0)])
    }
}

/// The least count that there can be is certain in the limit of a mean of zero, which a log link reaches at no end.
fn least_count(link: Link, o: Observation, least: f64) -> Way {
    Way::of_sign(0, -i8::from(link == Link::Log && o.y == least))
}

/// The predictors of a density, and that of a zero part.
pub fn with_zero(density: &impl Density) -> Vec<Predictor> {
    let mut all = Density::predictors(density);
    all.push(Predictor::Zero);
    all
}

/// μ / (1 - f(0)).
fn truncated_mean<D: Count, T: Smooth>(density: &D, eta: &[T]) -> T {
    density.conditional(eta) * (-log_above_zero(density, eta)).exp()
}

/// Mean and variance above zero.
fn truncated_moments<D: Count>(density: &D, eta: &[f64]) -> (f64, f64) {
    let (mean, own) = (truncated_mean(density, eta), density.conditional(eta));
    let square = (Density::variance(density, eta, 1.0) + own * own) * (-log_above_zero(density, eta)).exp();
    (mean, square - mean * mean)
}

/// The variance of a mixture with a point at zero of a logit.
pub fn mixture_variance(mean: f64, variance: f64, logit: f64) -> f64 {
    let (zero, rest) = (logit.logistic(), (-logit).logistic());
    rest * (variance + zero * mean * mean)
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, total};
    use super::super::negative_binomial::{NegativeBinomial1, NegativeBinomial2};
    use super::super::poisson::Poisson;
    use super::super::with_zeros::WithZeros;
    use super::*;

    const LINK: Link = Link::Log;

    fn all() -> impl Iterator<Item = (Observation, f64)> {
        (0..600).map(|y| (count(f64::from(y)), 1.0))
    }

    fn moments<D: Density>(density: &D, eta: &[f64], from: usize) -> (f64, f64) {
        let p = |o: Observation| (-density.minus_log(o, eta) - Density::constant(density, o)).exp();
        let mean: f64 = all().skip(from).map(|(o, _)| o.y * p(o)).sum();
        (mean, all().skip(from).map(|(o, _)| (o.y - mean).powi(2) * p(o)).sum())
    }

    fn holds<D: Density>(density: &D, eta: &[f64], above_zero: bool) {
        for y in [0.0, 1.0, 4.0] {
            if y > 0.0 || !above_zero {
                check(density, count(y), eta, 1e-7);
            }
        }
        let from = usize::from(above_zero);
        assert!((total(density, eta, all().skip(from)) - 1.0).abs() < 1e-12);
        let (mean, variance) = moments(density, eta, from);
        assert!((density.response(eta) - mean).abs() < 1e-9);
        assert!((Density::variance(density, eta, 1.0) - variance).abs() < 1e-7);
    }

    #[test]
    fn every_zero_part_has_the_derivatives_mass_and_moments_of_its_law() {
        holds(&ZeroInflated(Poisson { link: LINK }), &[0.7, -0.5], false);
        holds(&ZeroInflated(NegativeBinomial2 { link: LINK }), &[0.7, 0.2, -0.5], false);
        holds(&ZeroInflated(NegativeBinomial1 { link: LINK }), &[0.7, 0.2, 0.5], false);
        holds(&WithZeros(Truncated(Poisson { link: LINK })), &[0.7, -0.5], false);
        holds(&WithZeros(Truncated(NegativeBinomial2 { link: LINK })), &[0.7, 0.2, -0.5], false);
        holds(&WithZeros(Truncated(NegativeBinomial1 { link: LINK })), &[0.7, 0.2, -0.5], false);
        for eta in [-2.0, 0.7] {
            holds(&Truncated(Poisson { link: LINK }), &[eta], true);
            holds(&Truncated(NegativeBinomial2 { link: LINK }), &[eta, 0.2], true);
            holds(&Truncated(NegativeBinomial1 { link: LINK }), &[eta, 0.2], true);
        }
    }

    #[test]
    fn truncated_counts_of_tiny_means_are_finite() {
        for eta in [-30.0, -300.0, -690.0] {
            let own = Truncated(Poisson { link: LINK }).minus_log(count(1.0), &[eta]);
            assert!(own.abs() < 1e-10, "{eta}: {own}"); // one is certain then
            let two = Truncated(NegativeBinomial2 { link: LINK }).minus_log(count(1.0), &[eta, 0.5]);
            let one = Truncated(NegativeBinomial1 { link: LINK }).minus_log(count(1.0), &[eta, -0.5]);
            assert!(two.abs() < 1e-9 && one.is_finite(), "{eta}: {two} {one}");
        }
    }
}
