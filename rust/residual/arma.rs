//! `arma(t | g, p=, q=)`: residuals of a stationary ARMA(p, q) process at whole times.  Its two polynomials have
//! partial autocorrelations tanh x, so that it is stationary and invertible.

use super::ar1::Ar1;
use super::boundary::{Limit, NEAR_ONE, limit_of};
use super::correlation::{CorrelationStructure, Correlations, Natural, PlaceKind, Places};
use super::moments::Moments;
use super::unrestricted::tanh;
use crate::linalg::dual::Dual;

pub struct Arma {
    pub p: usize,
    pub q: usize,
}

impl CorrelationStructure for Arma {
    fn place(&self) -> PlaceKind {
        PlaceKind::Whole
    }

    fn n_parameters(&self, _places: &Places) -> usize {
        self.p + self.q
    }

    fn at(&self, x: &[f64], places: &Places) -> Correlations {
        let n = places.span as usize + 1;
        let lags = |k: Option<usize>| -> Vec<Dual> {
            let numbers: Vec<Dual> = x.iter().enumerate().map(|(i, &x)| tanh(x, k == Some(i))).collect();
            autocorrelations(&numbers[..self.p], &coefficients(&numbers[self.p..]), n)
        };
        let slopes = (0..x.len()).map(|k| lags(Some(k)).iter().map(|d| d.slope).collect()).collect();
        Correlations::of_lags(lags(None).iter().map(|d| d.value).collect(), slopes)
    }

    /// The coefficients: e_t = Σ ar_k e_(t-k) + a_t + Σ ma_k a_(t-k).
    fn natural(&self, x: &[f64], _places: &Places) -> Vec<Natural> {
        let all = |k: Option<usize>| -> Vec<Dual> {
            let numbers: Vec<Dual> = x.iter().enumerate().map(|(i, &x)| tanh(x, k == Some(i))).collect();
            let ma = coefficients(&numbers[self.p..]).into_iter().map(|c| T0 - c);
            coefficients(&numbers[..self.p]).into_iter().chain(ma).collect()
        };
        let (values, slopes) = (all(None), (0..x.len()).map(|k| all(Some(k))).collect::<Vec<_>>());
        let name = |k: usize| if k < self.p { format!("ar{}", k + 1) } else { format!("ma{}", k - self.p + 1) };
        let of = |k: usize| {
            let slopes = slopes.iter().map(|s| s[k].slope).collect();
            Natural { name: name(k), value: values[k].value, slopes, bounds: (f64::NEG_INFINITY, f64::INFINITY) }
        };
        (0..x.len()).map(of).collect()
    }

    fn any_point(&self, places: &Places) -> Vec<f64> {
        let mut x: Vec<f64> = (0..self.p + self.q).map(|k| 0.3 + 0.1 * k as f64).collect();
        if self.p > 0 {
            x[0] = Ar1.any_point(places)[0];
        }
        x
    }

    /// The first number has the correlation of neighbours, which is that of the shocks before with its sign turned.
    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64> {
        let mut x = vec![0.0; self.p + self.q];
        x[0] = Ar1.start(moments, places)[0] * if self.p > 0 { 1.0 } else { -1.0 };
        x
    }

    fn other_starts(&self, start: &[f64], places: &Places) -> Vec<Vec<f64>> {
        let with_first = |own: Vec<f64>| [&own[..], &start[1..]].concat();
        Ar1.other_starts(&start[..1], places).into_iter().map(with_first).collect()
    }

    fn limit(&self, x: &[f64], places: &Places) -> Option<Limit> {
        let limit = limit_of(&self.at(x, places), self.place(), places, x.len());
        limit.or(x.iter().any(|x| x.tanh().abs() > NEAR_ONE).then_some(Limit::UnitRoot))
    }
}

const T0: Dual = Dual { value: 0.0, slope: 0.0 };

/// Coefficients of the autoregression with these partial autocorrelations.
fn coefficients(partials: &[Dual]) -> Vec<Dual> {
    let mut ar: Vec<Dual> = Vec::new();
    for &partial in partials {
        let reversed: Vec<Dual> = ar.iter().rev().copied().collect();
        ar.iter_mut().zip(reversed).for_each(|(a, b)| *a = *a - partial * b);
        ar.push(partial);
    }
    ar
}

/// Autocorrelations of lags below n of the autoregression with these partial ones: r_k = z_k (1 - Σ a_j r_j) + Σ a_j r_(k-j)
/// with the coefficients of order k - 1 (Durbin 1960, Revue de l'Institut International de Statistique 28, 233-244).
fn of_autoregression(partials: &[Dual], n: usize) -> Vec<Dual> {
    let (mut ar, mut r): (Vec<Dual>, Vec<Dual>) = (Vec::new(), vec![Dual::from(1.0)]);
    for k in 1..n {
        let next = |ar: &[Dual], r: &[Dual]| ar.iter().enumerate().fold(T0, |sum, (j, &a)| sum + a * r[k - 1 - j]);
        let own = match partials.get(k - 1) {
            Some(&partial) => {
                let left = ar.iter().zip(&r[1..]).fold(Dual::from(1.0), |left, (&a, &r)| left - a * r);
                let own = partial * left + next(&ar, &r);
                ar = coefficients(&partials[..k]);
                own
            }
            None => next(&ar, &r),
        };
        r.push(own);
    }
    r
}

/// Correlations of lags below n: Σ_ij θ_i θ_j r_(lag + i - j), r those of the autoregression and θ = (1, -`ma`).
fn autocorrelations(partials: &[Dual], ma: &[Dual], n: usize) -> Vec<Dual> {
    let r = of_autoregression(partials, n + ma.len());
    let theta: Vec<Dual> = [Dual::from(1.0)].into_iter().chain(ma.iter().map(|&c| T0 - c)).collect();
    let gamma = |lag: usize| {
        let pairs =
            theta.iter().enumerate().flat_map(|(i, &a)| theta.iter().enumerate().map(move |(j, &b)| (i, j, a * b)));
        pairs.fold(T0, |sum, (i, j, both)| sum + both * r[(lag + i).abs_diff(j)])
    };
    let variance = gamma(0);
    (0..n).map(|lag| if lag == 0 { Dual::from(1.0) } else { gamma(lag) / variance }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ ψ_j ψ_(j+lag) / Σ ψ_j², ψ the weights of past shocks.
    fn of_shocks(ar: &[f64], ma: &[f64], n: usize) -> Vec<f64> {
        let mut psi = vec![1.0];
        for j in 1..5_000 {
            let own = if j <= ma.len() { -ma[j - 1] } else { 0.0 };
            psi.push((0..ar.len().min(j)).fold(own, |sum, k| sum + ar[k] * psi[j - 1 - k]));
        }
        let gamma = |lag: usize| psi.iter().zip(&psi[lag..]).map(|(a, b)| a * b).sum::<f64>();
        (0..n).map(|lag| gamma(lag) / gamma(0)).collect()
    }

    #[test]
    fn correlations_are_those_of_the_weights_of_past_shocks() {
        let partials: Vec<Dual> = [0.7, -0.4, 0.3].map(Dual::from).to_vec();
        let values = |of: Vec<Dual>| of.iter().map(|d| d.value).collect::<Vec<f64>>();
        for (p, q) in [(0, 1), (0, 3), (1, 0), (1, 1), (2, 1), (3, 0), (3, 2), (2, 3)] {
            let ma = coefficients(&partials[..q]);
            let found = values(autocorrelations(&partials[..p], &ma, 6));
            let expected = of_shocks(&values(coefficients(&partials[..p])), &values(ma), 6);
            found.iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{p} {q}: {a} {b}"));
        }
    }

    #[test]
    fn a_root_close_to_one_keeps_its_digits() {
        let rho = 1.0 - 1e-9;
        let found = autocorrelations(&[Dual::from(rho)], &[], 4);
        assert!((found[3].value - rho.powi(3)).abs() < 1e-15);
    }
}
