//! Bernoulli and binomial: P(y) = C(n, y) p^y (1 - p)^(n - y); mean p, variance p (1 - p) of one trial.

use super::density::{Density, Observation, Predictor, Way, mean_of};
use super::functions::Functions;
use super::link::Link;
use crate::linalg::jet::{Jet, Smooth};
use crate::special::log_gamma_derivatives;

#[derive(Debug, Clone, Copy)]
pub struct Binomial {
    pub link: Link,
}

impl Density for Binomial {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        if self.link == Link::Logit {
            return eta[0].softplus().times(o.trials) - eta[0].times(o.y);
        }
        let failures = o.trials - o.y;
        // a term without weight may be infinite
        match (o.y > 0.0, failures > 0.0) {
            (true, false) => -self.link.log_probability(eta[0]).times(o.y),
            (false, true) => -self.link.log_complement(eta[0]).times(failures),
            (false, false) => T::from(0.0),
            _ => -self.link.log_probability(eta[0]).times(o.y) - self.link.log_complement(eta[0]).times(failures),
        }
    }

    fn constant(&self, o: Observation) -> f64 {
        log_choose(o)
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        (self.link.log_probability(eta[0]) + self.link.log_complement(eta[0])).exp()
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_trials(o)
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        vec![self.link.of_mean(share(rows, weights))]
    }

    /// n (dp/dη)² / (p (1 - p)): minus the product of the slopes of log p and of log(1 - p).
    fn expected(&self, o: Observation, eta: f64) -> Option<[f64; 2]> {
        let x = Jet::<1>::variable(eta, 0);
        let (p, q) = (self.link.log_probability(x), self.link.log_complement(x));
        let slope = p.second[0][0] * q.first[0] + p.first[0] * q.second[0][0];
        Some([-o.trials * p.first[0] * q.first[0], -o.trials * slope])
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        Some(ways_of_trials(o))
    }
}

/// Nothing but successes, or failures, have no best probability; without trials there is nothing to have one.
pub fn ways_of_trials(o: Observation) -> Vec<Way> {
    let sign = i8::from(o.y >= o.trials) - i8::from(o.y <= 0.0);
    if o.trials > 0.0 { vec![Way::of_sign(0, sign)] } else { vec![] }
}

/// -log C(n, y).
pub fn log_choose(o: Observation) -> f64 {
    if o.trials == 1.0 {
        return 0.0;
    }
    let log_factorial = |x: f64| log_gamma_derivatives(x + 1.0)[0];
    log_factorial(o.y) + log_factorial(o.trials - o.y) - log_factorial(o.trials)
}

/// The share of successes, off its ends.
pub fn share(rows: &[Observation], weights: &[f64]) -> f64 {
    let trials = mean_of(rows, weights, |o| o.trials);
    (mean_of(rows, weights, |o| o.y) / trials).clamp(1e-3, 1.0 - 1e-3)
}

pub fn outside_trials(o: Observation) -> Option<&'static str> {
    match () {
        () if o.trials < 0.0 || !o.trials.is_finite() => Some("has a negative or infinite number of trials"),
        () if o.y.is_nan() => Some("is no number"),
        () if o.y < 0.0 => Some("is negative"),
        () if o.y > o.trials * (1.0 + 1e-12) => Some("has more successes than trials"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, total};
    use super::*;

    const LINKS: [Link; 4] = [Link::Logit, Link::Probit, Link::Cloglog, Link::Cauchit];

    #[test]
    fn derivatives_are_differences_for_every_link() {
        for link in LINKS {
            for eta in [-6.0, -1.3, 0.2, 2.1] {
                for (y, trials) in [(0.0, 1.0), (1.0, 1.0), (3.0, 7.0)] {
                    check(&Binomial { link }, Observation { y, trials }, &[eta], 1e-7);
                }
            }
        }
    }

    #[test]
    fn probabilities_of_all_counts_sum_to_one() {
        for link in LINKS {
            let counts = (0..=9).map(|y| (Observation { y: f64::from(y), trials: 9.0 }, 1.0));
            assert!((total(&Binomial { link }, &[0.4], counts) - 1.0).abs() < 1e-13, "{link:?}");
        }
    }

    #[test]
    fn the_expected_information_is_the_mean_of_the_observed_one() {
        use super::super::density::Kernel;
        for link in LINKS {
            let family = Binomial { link };
            let mut mean = 0.0;
            for y in 0..=5 {
                let o = Observation { y: f64::from(y), trials: 5.0 };
                let mut out = super::super::RowDerivatives::default();
                family.derivatives(&[o], &[vec![0.7]], &[0], &mut out);
                mean += out.d[0] * (-family.minus_log(o, &[0.7]) - Density::constant(&family, o)).exp();
            }
            let at = |eta: f64| Density::expected(&family, Observation { y: 0.0, trials: 5.0 }, eta).unwrap();
            assert!((at(0.7)[0] - mean).abs() < 1e-12, "{link:?}");
            let slope = (at(0.7 + 1e-5)[0] - at(0.7 - 1e-5)[0]) / 2e-5;
            assert!((at(0.7)[1] - slope).abs() < 1e-7, "{link:?}");
        }
    }

    #[test]
    fn extreme_predictors_give_finite_numbers() {
        let jets = |link: Link, eta: f64, y: f64| {
            let mut out = super::super::RowDerivatives::default();
            use super::super::density::Kernel;
            Binomial { link }.derivatives(&[Observation { y, trials: 1.0 }], &[vec![eta]], &[0], &mut out);
            out
        };
        for (link, largest) in [(Link::Logit, 700.0), (Link::Probit, 40.0), (Link::Cloglog, 700.0)] {
            for eta in [-largest, largest] {
                for y in [0.0, 1.0] {
                    let out = jets(link, eta, y);
                    let finite = [&out.value, &out.g, &out.d].iter().all(|v| v[0].is_finite());
                    assert!(finite && out.d[0] >= 0.0, "{link:?} {eta} {y} {out:?}");
                }
            }
        }
    }
}
