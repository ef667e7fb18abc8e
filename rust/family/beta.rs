//! Beta and beta-binomial, mean μ (of one trial) and precision φ: shapes μφ and (1 - μ)φ; the second predictor is log φ.
//!
//! Variance of beta μ (1 - μ) / (1 + φ); of n beta-binomial trials n μ (1 - μ) (1 + (n - 1) / (1 + φ)).  A beta-binomial probability is the binomial one times products of 1 + k/(μφ),
//! 1 + k/((1 - μ)φ) over that of 1 + k/φ, which tend to one for large φ.

use super::binomial::{log_choose, outside_trials, share, ways_of_trials};
use super::density::{Density, Observation, Predictor, Way};
use super::functions::Functions;
use super::link::Link;
use super::negative_binomial::log_rising;
use super::positive::moments;
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy)]
pub struct Beta {
    pub link: Link,
}

#[derive(Debug, Clone, Copy)]
pub struct BetaBinomial {
    pub link: Link,
}

impl Density for Beta {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let (log_a, log_b) = (self.link.log_probability(eta[0]) + eta[1], self.link.log_complement(eta[0]) + eta[1]);
        let (a, b) = (log_a.exp(), log_b.exp());
        // log Γ(a) = log Γ(a + 1) - log a, so that small shapes have finite derivatives
        let log_gamma = |shape: T, log: T| (shape + T::from(1.0)).log_gamma() - log;
        log_gamma(a, log_a) + log_gamma(b, log_b)
            - log_gamma(eta[1].exp(), eta[1])
            - a.times(o.y.ln())
            - b.times((-o.y).ln_1p())
    }

    fn constant(&self, o: Observation) -> f64 {
        o.y.ln() + (-o.y).ln_1p()
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        (self.link.log_probability(eta[0]) + self.link.log_complement(eta[0])).exp() / (1.0 + eta[1].exp())
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        (o.y.is_nan() || o.y <= 0.0 || o.y >= 1.0)
            .then_some("is not between 0 and 1, both excluded (family 'ordbeta' has them)")
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, variance) = moments(rows, weights);
        let precision = (mean * (1.0 - mean) / variance - 1.0).max(0.5);
        vec![self.link.of_mean(mean), precision.ln()]
    }
}

impl Density for BetaBinomial {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let (success, failure) = (self.link.log_probability(eta[0]), self.link.log_complement(eta[0]));
        let failures = o.trials - o.y;
        let part = |log: T, n: f64| if n > 0.0 { log.times(n) + log_rising(n, log + eta[1]) } else { T::from(0.0) };
        log_rising(o.trials, eta[1]) - part(success, o.y) - part(failure, failures)
    }

    fn constant(&self, o: Observation) -> f64 {
        log_choose(o)
    }

    fn variance(&self, eta: &[f64], trials: f64) -> f64 {
        let one = (self.link.log_probability(eta[0]) + self.link.log_complement(eta[0])).exp();
        one * (1.0 + (trials - 1.0) / (1.0 + eta[1].exp()))
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        let whole = o.y.fract() == 0.0 && o.trials.fract() == 0.0;
        outside_trials(o).or((!whole).then_some("is no whole number of successes and trials"))
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        Some(ways_of_trials(o))
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        vec![self.link.of_mean(share(rows, weights)), 1.5]
    }
}

#[cfg(test)]
mod tests {
    use super::super::binomial::Binomial;
    use super::super::density::tests::{check, count, grid, total};
    use super::*;

    #[test]
    fn derivatives_are_differences() {
        for link in [Link::Logit, Link::Probit, Link::Cloglog] {
            check(&Beta { link }, count(0.3), &[0.4, 1.2], 1e-7);
            check(&Beta { link }, count(0.98), &[-1.0, 2.5], 1e-7);
            for y in [0.0, 2.0, 9.0] {
                check(&BetaBinomial { link }, Observation { y, trials: 9.0 }, &[0.4, 1.2], 1e-7);
            }
        }
    }

    #[test]
    fn probabilities_sum_to_one_and_tend_to_the_binomial_ones() {
        let link = Link::Logit;
        assert!((total(&Beta { link }, &[0.4, 2.0], grid(0.0, 1.0, 20_000)) - 1.0).abs() < 1e-5);
        let counts = || (0..=12).map(|y| Observation { y: f64::from(y), trials: 12.0 });
        let sum = total(&BetaBinomial { link }, &[0.4, 0.7], counts().map(|o| (o, 1.0)));
        assert!((sum - 1.0).abs() < 1e-13);
        for o in counts() {
            let (own, limit) =
                (BetaBinomial { link }.minus_log(o, &[0.4, 1e19f64.ln()]), Binomial { link }.minus_log(o, &[0.4]));
            assert!((own - limit).abs() < 1e-12 * limit.abs(), "{o:?} {own} {limit}");
        }
    }

    #[test]
    fn moments_are_those_of_the_counts() {
        for (eta, n) in [([0.4, 0.7], 12), ([-1.0, -1.5], 5), ([2.0, 3.0], 1)] {
            let (density, trials) = (BetaBinomial { link: Link::Logit }, f64::from(n));
            let p = |y: f64| {
                let o = Observation { y, trials };
                (-density.minus_log(o, &eta) - Density::constant(&density, o)).exp()
            };
            let mean: f64 = (0..=n).map(|y| f64::from(y) * p(f64::from(y))).sum();
            let variance: f64 = (0..=n).map(|y| (f64::from(y) - mean).powi(2) * p(f64::from(y))).sum();
            assert!((mean - trials * density.response(&eta)).abs() < 1e-12 * trials);
            assert!((variance - trials * density.variance(&eta, trials)).abs() < 1e-12 * variance, "{eta:?} {n}");
        }
    }
}
