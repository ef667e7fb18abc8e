//! Positive numbers, or counts above zero (hurdle models), with zeros of another source: P(0) = π, and else the law of what is
//! positive; the last predictor is logit π.

use super::density::{Density, Observation, Predictor, Way, mean_of};
use super::functions::Functions;
use super::link::Link;
use super::zero::{mixture_variance, with_zero};
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy)]
pub struct WithZeros<D>(pub D);

impl<D: Density> Density for WithZeros<D> {
    fn predictors(&self) -> Vec<Predictor> {
        with_zero(&self.0)
    }

    fn link(&self) -> Link {
        self.0.link()
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let (own, zero) = (&eta[..eta.len() - 1], eta[eta.len() - 1]);
        if o.y == 0.0 { (-zero).softplus() } else { zero.softplus() + self.0.minus_log(o, own) }
    }

    fn constant(&self, o: Observation) -> f64 {
        if o.y == 0.0 { 0.0 } else { self.0.constant(o) }
    }

    fn conditional<T: Smooth>(&self, eta: &[T]) -> T {
        self.0.conditional(&eta[..eta.len() - 1])
    }

    fn response<T: Smooth>(&self, eta: &[T]) -> T {
        self.0.response(&eta[..eta.len() - 1]) * (-eta[eta.len() - 1]).logistic()
    }

    fn variance(&self, eta: &[f64], trials: f64) -> f64 {
        let own = &eta[..eta.len() - 1];
        mixture_variance(self.0.response(own), self.0.variance(own, trials), eta[eta.len() - 1])
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        if o.y == 0.0 { None } else { self.0.outside(o) }
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        let place = self.0.predictors().len();
        if o.y == 0.0 {
            return Some(vec![Way::of_sign(place, 1)]);
        }
        // a law that says nothing of its mean has a best one
        let mut own = self.0.ways(o).unwrap_or_else(|| vec![Way::of_sign(0, 0)]);
        own.push(Way::of_sign(place, -1));
        Some(own)
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let positive: Vec<Observation> = rows.iter().copied().filter(|o| o.y != 0.0).collect();
        let own: Vec<f64> = rows.iter().zip(weights).filter(|(o, _)| o.y != 0.0).map(|(_, w)| *w).collect();
        let zeros = mean_of(rows, weights, |o| f64::from(u8::from(o.y == 0.0))).clamp(0.01, 0.99);
        let mut start = self.0.start(&positive, &own);
        start.push((zeros / (1.0 - zeros)).ln());
        start
    }
}

#[cfg(test)]
mod tests {
    use super::super::beta::Beta;
    use super::super::density::tests::{check, count, grid};
    use super::super::gaussian::Lognormal;
    use super::super::positive::Gamma;
    use super::*;

    fn holds<D: Density>(density: &D, eta: &[f64], largest: f64) {
        for y in [0.0, 0.2, 0.9] {
            check(density, count(y), eta, 1e-7);
        }
        let p = |o: Observation| (-density.minus_log(o, eta) - density.constant(o)).exp();
        let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
            f(0.0) * p(count(0.0)) + grid(0.0, largest, 200_000).map(|(o, h)| h * f(o.y) * p(o)).sum::<f64>()
        };
        let (mass, mean, square) = (sum(&|_| 1.0), sum(&|y| y), sum(&|y| y * y));
        assert!((mass - 1.0).abs() < 1e-5, "{mass}");
        assert!((mean - density.response(eta)).abs() < 1e-5);
        assert!((square - mean * mean - density.variance(eta, 1.0)).abs() < 1e-4);
    }

    #[test]
    fn derivatives_mass_and_moments_are_those_of_the_two_parts_together() {
        holds(&WithZeros(Gamma { link: Link::Log }), &[0.3, 1.2, -0.5], 40.0);
        holds(&WithZeros(Lognormal), &[0.3, -1.0, 0.4], 40.0);
        holds(&WithZeros(Beta { link: Link::Logit }), &[0.3, 2.0, -0.5], 1.0);
    }
}
