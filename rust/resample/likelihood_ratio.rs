//! The exact null distribution of the (restricted) likelihood ratio of a single variance component (Crainiceanu and
//! Ruppert 2004, J. R. Statist. Soc. B 66, 165-185), by simulation from its spectral form:
//!
//!   sup over λ >= 0 of  m log(1 + N(λ)/D(λ)) - Σ log(1 + λ ν_s),
//!   N = Σ λμ_s/(1 + λμ_s) w_s,   D = Σ w_s/(1 + λμ_s) + w_0,   w_s ~ χ²(1), w_0 ~ χ²(n - p - K),
//!
//! μ the eigenvalues of Z'P_0Z, P_0 = W - WX(X'WX)^-1X'W, K of them not zero; m = n - p and ν = μ under REML, m = n
//! and ν the eigenvalues of Z'WZ under maximum likelihood.

use std::sync::atomic::AtomicBool;

use faer::prelude::Solve;
use rand_distr::{ChiSquared, Distribution};
use rayon::prelude::*;

use crate::fit::Fit;
use crate::fit::simulate::stream;
use crate::linalg::dense;
use crate::linalg::dense::eigen;
use crate::model::{Criterion, Lmm};
use crate::{Error, Result, check_stop};

/// Levels, at most: their eigenvalues take time in their cube.
const LARGEST: usize = 3000;
/// Eigenvalues as close as this, relative to the largest, are equal; below it, zero.
const SAME: f64 = 1e-9;
/// λ times the largest eigenvalue runs from e^-12 to e^14.
const GRID: (f64, f64, usize) = (-12.0, 14.0, 105);
const REFINEMENTS: usize = 40;

/// Distinct eigenvalues and how often each occurs.
type Spectrum = Vec<(f64, f64)>;

struct Null {
    mu: Spectrum,
    nu: Spectrum,
    m: f64,
    rest: f64,
}

/// `n` draws of the statistic, were the variance of the model's only random term zero.
///
/// # Errors
/// `Design` for several variance components or too many levels, `Interrupted` when `stop` is set.
pub fn exact_null(fit: &Fit, n: usize, seed: u64, stop: &AtomicBool) -> Result<Vec<f64>> {
    let null = Null::new(&fit.model)?;
    (0..n)
        .into_par_iter()
        .map(|k| {
            check_stop(stop)?;
            let mut rng = stream(seed, k);
            let mut chi =
                |df: f64| if df > 0.0 { ChiSquared::new(df).expect("a positive df").sample(&mut rng) } else { 0.0 };
            let w: Vec<f64> = null.mu.iter().map(|&(_, count)| chi(count)).collect();
            let rest = chi(null.rest);
            Ok(null.supremum(&w, rest))
        })
        .collect()
}

impl Null {
    fn new(model: &Lmm) -> Result<Self> {
        if model.known_variance().is_some() {
            return Err(Error::Design("the exact distribution is that of a model whose sigma is estimated".into()));
        }
        let a = &*model.a;
        let [factor] = a.factors.as_slice() else { return Err(refusal()) };
        if factor.width != 1 {
            return Err(refusal());
        }
        let (k, p) = (factor.n_levels, a.n_fixed());
        if k > LARGEST {
            return Err(Error::Design(format!(
                "the exact distribution needs the eigenvalues of {k} levels; it is offered for up to {LARGEST}"
            )));
        }
        let stride = p + 1;
        // B = Z'WX, C = X'WX
        let b: Vec<f64> = (0..k * p).map(|i| factor.zx[i % k * stride + i / k]).collect();
        let c: Vec<f64> = (0..p * p).map(|i| a.xx[i / p.max(1) * stride + i % p.max(1)]).collect();
        let bt: Vec<f64> = (0..k * p).map(|i| b[i % p.max(1) * k + i / p.max(1)]).collect();
        let solved = dense::view(&c, p, p).partial_piv_lu().solve(dense::view(&bt, p, k));
        let mut z: Vec<f64> = vec![0.0; k * k];
        (0..k).for_each(|i| z[i * k + i] = factor.zz[i]);
        if p > 0 {
            let solved: Vec<f64> = (0..p * k).map(|i| solved[(i % p, i / p)]).collect();
            let out = dense::view_mut(&mut z, k, k);
            dense::multiply(out, faer::Accum::Add, dense::view(&b, k, p), dense::view(&solved, p, k), -1.0);
        }
        let mu = spectrum(&eigen(&z, k).0);
        let reml = model.criterion == Criterion::Reml;
        let nu = if reml { mu.clone() } else { spectrum(&factor.zz) };
        let rest = (a.n_obs - p) as f64 - mu.iter().map(|&(_, count)| count).sum::<f64>();
        Ok(Self { mu, nu, m: model.denominator(), rest })
    }

    fn value(&self, lambda: f64, w: &[f64], rest: f64) -> f64 {
        let (mut numerator, mut denominator) = (0.0, rest);
        for (&(mu, _), w) in self.mu.iter().zip(w) {
            let shrunk = w / (1.0 + lambda * mu);
            numerator += lambda * mu * shrunk;
            denominator += shrunk;
        }
        let penalty: f64 = self.nu.iter().map(|&(nu, count)| count * (lambda * nu).ln_1p()).sum();
        self.m * (numerator / denominator).ln_1p() - penalty
    }

    /// The highest value over a grid of log λ and at zero, refined by golden section.
    fn supremum(&self, w: &[f64], rest: f64) -> f64 {
        let largest = self.mu.iter().fold(0.0f64, |m, &(mu, _)| m.max(mu));
        let (low, high, count) = GRID;
        let step = (high - low) / (count - 1) as f64;
        let at = |x: f64| self.value(x.exp() / largest, w, rest);
        let best = (0..count).map(|k| low + step * k as f64).map(|x| (x, at(x))).max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((x, value)) = best.filter(|_| largest > 0.0) else { return 0.0 };
        if x == low {
            return value.max(0.0); // zero itself, or next to it
        }
        let golden = 0.5 * (5.0f64.sqrt() - 1.0);
        let (mut a, mut b) = (x - step, x + step);
        for _ in 0..REFINEMENTS {
            let (c, d) = (b - golden * (b - a), a + golden * (b - a));
            if at(c) > at(d) { b = d } else { a = c }
        }
        at(0.5 * (a + b)).max(value).max(0.0)
    }
}

fn refusal() -> Error {
    Error::Design("the exact distribution is that of a model whose only random term has a single variance".into())
}

fn spectrum(values: &[f64]) -> Spectrum {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let largest = sorted.last().copied().unwrap_or(0.0);
    let mut out: Spectrum = Vec::new();
    for value in sorted.into_iter().filter(|v| *v > SAME * largest) {
        match out.last_mut() {
            Some((same, count)) if value - *same <= SAME * largest => *count += 1.0,
            _ => out.push((value, 1.0)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_eigenvalues_are_counted_and_zeros_left_out() {
        assert_eq!(spectrum(&[2.0, 0.0, 5.0, 2.0, 1e-12]), [(2.0, 2.0), (5.0, 1.0)]);
    }

    #[test]
    fn the_supremum_of_a_balanced_layout_is_in_closed_form() {
        // one eigenvalue of multiplicity k: the best λ has 1 + λμ = (w / k) / (rest / r)
        let (k, r) = (5.0, 24.0);
        let null = Null { mu: vec![(7.0, k)], nu: vec![(7.0, k)], m: k + r, rest: r };
        for (w, rest) in [(20.0, 21.0), (3.0, 24.0), (40.0, 9.0)] {
            let ratio: f64 = (w / k) / (rest / r);
            let want = if ratio <= 1.0 {
                0.0
            } else {
                (k + r) * ((w + rest) / (k + r)).ln() - k * (w / k).ln() - r * f64::ln(rest / r)
            };
            assert!((null.supremum(&[w], rest) - want).abs() < 1e-9, "{w} {rest}");
        }
    }
}
