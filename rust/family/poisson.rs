//! Poisson: P(y) = μ^y exp(-μ) / y!; mean and variance μ.

use super::density::{Count, Density, Derivatives, Observation, Predictor, Way, mean_of, outside_counts};
use super::functions::Functions;
use super::link::Link;
use crate::linalg::jet::{Jet, Smooth};
use crate::special::{exp, log_gamma_derivatives};

#[derive(Debug, Clone, Copy)]
pub struct Poisson {
    pub link: Link,
}

impl Density for Poisson {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let log_mean = self.link.log_mean(eta[0]);
        log_mean.exp() - log_mean.times(o.y)
    }

    fn closed_derivatives(&self, rows: &[Observation], eta: &[f64], out: Derivatives) -> bool {
        if self.link == Link::Log {
            pulp::Arch::new().dispatch(|| log_derivatives(rows, eta, out));
        }
        self.link == Link::Log
    }

    fn closed_total(&self, rows: &[Observation], weights: &[f64], eta: &[f64]) -> Option<f64> {
        let is_plain = self.link == Link::Log && weights.is_empty();
        is_plain.then(|| pulp::Arch::new().dispatch(|| log_total(rows, eta)))
    }

    fn constant(&self, o: Observation) -> f64 {
        log_factorial(o.y)
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        self.link.mean(eta[0])
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        outside_counts(o.y)
    }

    /// μ (d log μ/dη)².
    fn expected(&self, _: Observation, eta: f64) -> Option<[f64; 2]> {
        let log = self.link.log_mean(Jet::<1>::variable(eta, 0));
        let (mean, l1, l2) = (log.value.exp(), log.first[0], log.second[0][0]);
        Some([mean * l1 * l1, mean * l1 * (l1 * l1 + 2.0 * l2)])
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        (self.link == Link::Log).then(|| vec![Way::of_sign(0, -i8::from(o.y == 0.0))])
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        vec![self.link.of_mean(mean_count(rows, weights))]
    }
}

impl Count for Poisson {
    #[inline(always)]
    fn log_zero_rate<T: Smooth>(&self, eta: &[T]) -> T {
        self.link.log_mean(eta[0])
    }
}

/// μ - y, μ and μ.
#[inline(always)]
fn log_derivatives(rows: &[Observation], eta: &[f64], out: Derivatives) {
    let Derivatives { g, d, t } = out;
    for ((((o, &eta), g), d), t) in rows.iter().zip(eta).zip(g).zip(d).zip(t) {
        let mean = exp(eta);
        (*g, *d, *t) = (mean - o.y, mean, mean);
    }
}

/// Σ μ - y η, in eight lanes.
#[inline(always)]
fn log_total(rows: &[Observation], eta: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sum = [0.0f64; LANES];
    let (whole, rest) = eta.as_chunks::<LANES>();
    let (own, last) = rows.as_chunks::<LANES>();
    for (eta, own) in whole.iter().zip(own) {
        (0..LANES).for_each(|k| sum[k] += exp(eta[k]) - own[k].y * eta[k]);
    }
    sum.iter().sum::<f64>() + rest.iter().zip(last).map(|(&eta, o)| exp(eta) - o.y * eta).sum::<f64>()
}

/// log y!.
pub fn log_factorial(y: f64) -> f64 {
    log_gamma_derivatives(y + 1.0)[0]
}

/// The mean count, off zero.
pub fn mean_count(rows: &[Observation], weights: &[f64]) -> f64 {
    mean_of(rows, weights, |o| o.y).max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, total};
    use super::*;

    #[test]
    fn the_closed_form_of_the_log_link_is_that_of_the_jet() {
        use super::super::density::Kernel;
        let family = Poisson { link: Link::Log };
        let eta: Vec<f64> = (0..1405).map(|k| f64::from(k - 700) + 0.137 * f64::from(k % 5)).collect();
        let rows: Vec<Observation> = (0..1405).map(|k| count(f64::from(k % 4))).collect();
        let mut out = super::super::RowDerivatives::default();
        family.derivatives(&rows, std::slice::from_ref(&eta), &[0], &mut out);
        for (k, (&o, &eta)) in rows.iter().zip(&eta).enumerate() {
            let jet = family.minus_log(o, &[Jet::<1>::variable(eta, 0)]);
            let close =
                |a: f64, b: f64| (a - b).abs() <= 1e-15 * (4.0 + 4.0 * b.abs()) || (a.is_infinite() && b.is_infinite());
            assert!(close(out.g[k], jet.first[0]), "{eta} {o:?}");
            assert!(close(out.d[k], jet.second[0][0]) && close(out.t[k], jet.third[0][0][0]), "{eta} {o:?}");
        }
        let (few, own) = (vec![eta[690..713].to_vec()], &rows[690..713]);
        let plain: f64 = own.iter().zip(&few[0]).map(|(&o, &eta)| family.minus_log(o, &[eta])).sum();
        assert!((family.total(own, &[], &few) / plain - 1.0).abs() < 1e-14);
        assert!(family.total(&rows[..1], &[], &[vec![f64::NAN]]).is_nan());
    }

    #[test]
    fn derivatives_are_differences_and_probabilities_sum_to_one() {
        for (link, eta) in [(Link::Log, 0.7), (Link::Sqrt, 1.4), (Link::Identity, 2.0)] {
            for y in [0.0, 1.0, 6.0] {
                check(&Poisson { link }, count(y), &[eta], 1e-8);
            }
            let all = (0..80).map(|y| (count(f64::from(y)), 1.0));
            assert!((total(&Poisson { link }, &[eta], all) - 1.0).abs() < 1e-12);
        }
    }
}
