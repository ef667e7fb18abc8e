//! Bernoulli and binomial: P(y) = C(n, y) p^y (1 - p)^(n - y); mean p, variance p (1 - p) of one trial.

use super::density::{Density, Derivatives, Observation, Predictor, Predictors, Way, mean_of};
use super::functions::Functions;
use super::lanes::sum_with_logarithms;
use super::link::Link;
use super::poisson::log_factorial;
use crate::linalg::jet::{Jet, Smooth};
use crate::special::exp;

#[derive(Debug, Clone, Copy)]
pub struct Binomial {
    pub link: Link,
}

impl Binomial {
    /// Whether the link is the logit, and every row a single trial of weight one.
    fn is_single_logit(&self, rows: &[Observation], weights: &[f64]) -> bool {
        self.link == Link::Logit && weights.is_empty() && rows.iter().all(|o| o.trials == 1.0)
    }
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

    fn closed_derivatives(&self, rows: &[Observation], eta: Predictors, _: &[usize], out: Derivatives) -> bool {
        if self.link == Link::Logit {
            pulp::Arch::new().dispatch(|| logit_derivatives(rows, eta[0], out));
        }
        self.link == Link::Logit
    }

    fn closed_total(&self, rows: &[Observation], weights: &[f64], eta: Predictors) -> Option<f64> {
        let is_plain = self.is_single_logit(rows, weights);
        is_plain.then(|| pulp::Arch::new().dispatch(|| logit_total(rows, eta[0])))
    }

    fn closed_both(
        &self,
        rows: &[Observation],
        weights: &[f64],
        eta: Predictors,
        _: &[usize],
        out: Derivatives,
    ) -> Option<f64> {
        let is_plain = self.is_single_logit(rows, weights);
        is_plain.then(|| pulp::Arch::new().dispatch(|| logit_both(rows, eta[0], out)))
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

/// With p = 1/(1 + e^-η) and q = 1 - p: (n - y) p - y q, n p q and n p q (q - p); and of a single trial a term and the factor whose
/// logarithm make log(1 + e^η) - y η.
#[inline(always)]
fn logit_row(o: &Observation, eta: f64) -> ([f64; 3], [f64; 2]) {
    let small = exp(-eta.abs());
    let (large, less) = (1.0 / (1.0 + small), small / (1.0 + small));
    let (p, q) = if eta < 0.0 { (less, large) } else { (large, less) };
    let d = o.trials * large * less;
    let above = if eta < 0.0 { 0.0 } else { eta };
    ([(o.trials - o.y) * p - o.y * q, d, d * (q - p)], [above - o.y * eta, 1.0 + small])
}

#[inline(always)]
fn logit_derivatives(rows: &[Observation], eta: &[f64], out: Derivatives) {
    let Derivatives { g, d, t } = out;
    for ((((o, &eta), g), d), t) in rows.iter().zip(eta).zip(g).zip(d).zip(t) {
        [*g, *d, *t] = logit_row(o, eta).0;
    }
}

#[inline(always)]
fn logit_total(rows: &[Observation], eta: &[f64]) -> f64 {
    sum_with_logarithms(rows.len(), |range, terms, factors| {
        for (((o, &eta), term), factor) in rows[range.clone()].iter().zip(&eta[range]).zip(terms).zip(factors) {
            [*term, *factor] = logit_row(o, eta).1;
        }
    })
}

#[inline(always)]
fn logit_both(rows: &[Observation], eta: &[f64], out: Derivatives) -> f64 {
    let Derivatives { g, d, t } = out;
    sum_with_logarithms(rows.len(), |range, terms, factors| {
        let (g, d, t) = (&mut g[range.clone()], &mut d[range.clone()], &mut t[range.clone()]);
        let out = terms.iter_mut().zip(factors).zip(g.iter_mut().zip(d).zip(t));
        for ((o, &eta), ((term, factor), ((g, d), t))) in rows[range.clone()].iter().zip(&eta[range]).zip(out) {
            ([*g, *d, *t], [*term, *factor]) = logit_row(o, eta);
        }
    })
}

/// -log C(n, y).
pub fn log_choose(o: Observation) -> f64 {
    if o.trials == 1.0 {
        return 0.0;
    }
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
        use super::super::kernel::Kernel;
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
    fn the_closed_form_of_the_logit_is_that_of_the_jet() {
        use super::super::kernel::Kernel;
        let family = Binomial { link: Link::Logit };
        let eta: Vec<f64> = (0..1400).map(|k| f64::from(k - 700) + 0.137 * f64::from(k % 5)).collect();
        for (trials, weights) in [(1.0, vec![]), (1.0, vec![1.5; 1400]), (5.0, vec![])] {
            let y = |k: usize| if trials == 1.0 { f64::from(u8::from(k.is_multiple_of(3))) } else { (k % 6) as f64 };
            let rows: Vec<Observation> = (0..1400).map(|k| Observation { y: y(k), trials }).collect();
            let mut out = super::super::RowDerivatives::default();
            family.derivatives(&rows, std::slice::from_ref(&eta), &[0], &mut out);
            let (mut sum, mut size) = (0.0, 0.0);
            for (k, (&o, &eta)) in rows.iter().zip(&eta).enumerate() {
                let jet = family.minus_log(o, &[Jet::<1>::variable(eta, 0)]);
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-14 * trials.max(b.abs());
                assert!(close(out.g[k], jet.first[0]), "{eta} {o:?}");
                assert!(close(out.d[k], jet.second[0][0]) && close(out.t[k], jet.third[0][0][0]), "{eta} {o:?}");
                let w = weights.get(k).copied().unwrap_or(1.0);
                (sum, size) = (sum + w * jet.value, size + w * jet.value.abs());
            }
            assert!((family.total(&rows, &weights, std::slice::from_ref(&eta)) - sum).abs() < 1e-14 * size);
        }
        assert!(family.total(&[Observation { y: 1.0, trials: 1.0 }], &[], &[vec![f64::NAN]]).is_nan());
    }

    #[test]
    fn extreme_predictors_give_finite_numbers() {
        let jets = |link: Link, eta: f64, y: f64| {
            let mut out = super::super::RowDerivatives::default();
            use super::super::kernel::Kernel;
            let (rows, eta) = ([Observation { y, trials: 1.0 }], [vec![eta]]);
            Binomial { link }.derivatives(&rows, &eta, &[0], &mut out);
            (Binomial { link }.total(&rows, &[], &eta), out)
        };
        for (link, largest) in [(Link::Logit, 700.0), (Link::Probit, 40.0), (Link::Cloglog, 700.0)] {
            for eta in [-largest, largest] {
                for y in [0.0, 1.0] {
                    let (value, out) = jets(link, eta, y);
                    let finite = [value, out.g[0], out.d[0]].iter().all(|v| v.is_finite());
                    assert!(finite && out.d[0] >= 0.0, "{link:?} {eta} {y} {out:?}");
                }
            }
        }
    }
}
