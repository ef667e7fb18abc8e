//! Poisson: P(y) = μ^y exp(-μ) / y!; mean and variance μ.

use std::sync::LazyLock;

use super::density::{Count, Density, Derivatives, Observation, Predictor, Predictors, Way, mean_of, outside_counts};
use super::functions::Functions;
use super::lanes::sum_with_logarithms;
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

    fn closed_derivatives(&self, rows: &[Observation], eta: Predictors, _: &[usize], out: Derivatives) -> bool {
        if self.link == Link::Log {
            pulp::Arch::new().dispatch(|| log_derivatives(rows, eta[0], out));
        }
        self.link == Link::Log
    }

    fn closed_total(&self, rows: &[Observation], weights: &[f64], eta: Predictors) -> Option<f64> {
        let is_plain = self.link == Link::Log && weights.is_empty();
        is_plain.then(|| pulp::Arch::new().dispatch(|| log_total(rows, eta[0])))
    }

    fn closed_both(
        &self,
        rows: &[Observation],
        weights: &[f64],
        eta: Predictors,
        _: &[usize],
        out: Derivatives,
    ) -> Option<f64> {
        let is_plain = self.link == Link::Log && weights.is_empty();
        is_plain.then(|| pulp::Arch::new().dispatch(|| log_both(rows, eta[0], out)))
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

/// μ - y, μ and μ, the derivatives of μ - y η, and that.
#[inline(always)]
fn log_row(o: &Observation, eta: f64) -> ([f64; 3], f64) {
    let mean = exp(eta);
    ([mean - o.y, mean, mean], mean - o.y * eta)
}

#[inline(always)]
fn log_derivatives(rows: &[Observation], eta: &[f64], out: Derivatives) {
    let Derivatives { g, d, t } = out;
    for ((((o, &eta), g), d), t) in rows.iter().zip(eta).zip(g).zip(d).zip(t) {
        [*g, *d, *t] = log_row(o, eta).0;
    }
}

#[inline(always)]
fn log_total(rows: &[Observation], eta: &[f64]) -> f64 {
    sum_with_logarithms(rows.len(), |range, terms, _| {
        let of_rows = rows[range.clone()].iter().zip(&eta[range]).zip(terms);
        of_rows.for_each(|((o, &eta), term)| *term = log_row(o, eta).1);
    })
}

#[inline(always)]
fn log_both(rows: &[Observation], eta: &[f64], out: Derivatives) -> f64 {
    let Derivatives { g, d, t } = out;
    sum_with_logarithms(rows.len(), |range, terms, _| {
        let (g, d, t) = (&mut g[range.clone()], &mut d[range.clone()], &mut t[range.clone()]);
        let of_rows = rows[range.clone()].iter().zip(&eta[range]).zip(terms).zip(g.iter_mut().zip(d).zip(t));
        for (((o, &eta), term), ((g, d), t)) in of_rows {
            ([*g, *d, *t], *term) = log_row(o, eta);
        }
    })
}

/// log y!; of small counts from a table.
pub fn log_factorial(y: f64) -> f64 {
    static SMALL: LazyLock<[f64; 128]> =
        LazyLock::new(|| std::array::from_fn(|y| log_gamma_derivatives(y as f64 + 1.0)[0]));
    // what is no place in it is negative, a fraction, large, or no number
    match SMALL.get(y as usize) {
        Some(&known) if (y as usize) as f64 == y => known,
        _ => log_gamma_derivatives(y + 1.0)[0],
    }
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
        use super::super::kernel::Kernel;
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
