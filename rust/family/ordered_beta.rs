//! Ordered beta (Kubinec 2023, Political Analysis 31, 519-536), for shares from 0 to 1 with both ends, as glmmTMB's ordbeta.
//!
//! With F the logistic function and cut points c < d: P(0) = 1 - F(η - c), P(1) = F(η - d), and between them beta with mean
//! μ = F(η) and precision φ.  The predictors are η, log φ, c and d.

use super::beta::Beta;
use super::density::{Density, Observation, Predictor, Way, mean_of};
use super::functions::Functions;
use super::link::Link;
use crate::linalg::jet::Smooth;

const BETA: Beta = Beta { link: Link::Logit };

#[derive(Debug, Clone, Copy)]
pub struct OrderedBeta;

impl Density for OrderedBeta {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion, Predictor::Shape, Predictor::SecondShape]
    }

    fn link(&self) -> Link {
        Link::Logit
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let (above_low, above_high) = (eta[0] - eta[2], eta[0] - eta[3]);
        if o.y == 0.0 {
            return above_low.softplus();
        }
        if o.y == 1.0 {
            return (-above_high).softplus();
        }
        let gap = eta[3] - eta[2];
        if gap.value().is_nan() || gap.value() <= 0.0 {
            return T::from(f64::INFINITY); // cut points out of order
        }
        (-above_low).softplus() + above_high.softplus() - gap.log1m_exp() + BETA.minus_log(o, &eta[..2])
    }

    fn constant(&self, o: Observation) -> f64 {
        if o.y > 0.0 && o.y < 1.0 { Density::constant(&BETA, o) } else { 0.0 }
    }

    fn response<T: Smooth>(&self, eta: &[T]) -> T {
        let (not_low, high) = ((eta[0] - eta[2]).logistic(), (eta[0] - eta[3]).logistic());
        high + (not_low - high) * eta[0].logistic()
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        let (not_low, high) = ((eta[0] - eta[2]).logistic(), (eta[0] - eta[3]).logistic());
        let (mean, own) = (self.response(eta), eta[0].logistic());
        high + (not_low - high) * (Density::variance(&BETA, &eta[..2], 1.0) + own * own) - mean * mean
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        (o.y.is_nan() || o.y < 0.0 || o.y > 1.0).then_some("is not from 0 to 1")
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        Some(vec![Way::of_sign(0, i8::from(o.y == 1.0) - i8::from(o.y == 0.0))])
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let is_between = |o: &Observation| o.y > 0.0 && o.y < 1.0;
        let between: Vec<Observation> = rows.iter().copied().filter(is_between).collect();
        let own: Vec<f64> = rows.iter().zip(weights).filter(|(o, _)| is_between(o)).map(|(_, w)| *w).collect();
        let mut start = if between.is_empty() { vec![0.0, 1.0] } else { Density::start(&BETA, &between, &own) };
        let logit = |p: f64| (p / (1.0 - p)).ln();
        let share = |y: f64| mean_of(rows, weights, |o| f64::from(u8::from(o.y == y))).clamp(0.01, 0.98);
        let (zeros, ones) = (share(0.0), share(1.0));
        let all = (zeros + ones).max(0.99) / 0.99;
        start.push(start[0] + logit(zeros / all));
        start.push(start[0] - logit(ones / all));
        start
    }
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, grid};
    use super::*;

    #[test]
    fn derivatives_are_differences() {
        for y in [0.0, 0.1, 0.7, 1.0] {
            check(&OrderedBeta, count(y), &[0.4, 1.2, -1.5, 1.1], 1e-7);
            check(&OrderedBeta, count(y), &[-2.0, 0.3, 0.5, 0.9], 1e-7);
        }
    }

    #[test]
    fn mass_mean_and_variance_are_those_of_the_parts_together() {
        for eta in [[0.4, 2.0, -1.5, 1.1], [-1.0, 1.5, -0.2, 3.0]] {
            let p = |o: Observation| (-OrderedBeta.minus_log(o, &eta) - OrderedBeta.constant(o)).exp();
            let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
                let ends = [0.0, 1.0].map(|y| f(y) * p(count(y))).iter().sum::<f64>();
                ends + grid(0.0, 1.0, 100_000).map(|(o, h)| h * f(o.y) * p(o)).sum::<f64>()
            };
            let (mass, mean, square) = (sum(&|_| 1.0), sum(&|y| y), sum(&|y| y * y));
            assert!((mass - 1.0).abs() < 1e-6, "{mass}");
            assert!((mean - OrderedBeta.response(&eta)).abs() < 1e-6);
            assert!((square - mean * mean - Density::variance(&OrderedBeta, &eta, 1.0)).abs() < 1e-6);
        }
    }

    #[test]
    fn without_ends_it_is_beta_and_far_predictors_are_finite() {
        let (own, limit) = (OrderedBeta.minus_log(count(0.3), &[0.4, 1.2, -800.0, 800.0]), [0.4, 1.2]);
        assert!((own - BETA.minus_log(count(0.3), &limit)).abs() < 1e-12);
        for eta in [-700.0, 700.0] {
            for y in [0.0, 1.0] {
                assert!(OrderedBeta.minus_log(count(y), &[eta, 1.0, -1.0, 1.0]).is_finite());
            }
        }
    }
}
