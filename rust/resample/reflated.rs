//! The residual bootstrap's ingredients: modes and residuals, centred and reflated so that their covariances are the
//! model's (Carpenter, Goldstein and Rasbash 2003, J. R. Statist. Soc. C 52, 431-443).

use crate::covariance::square;
use crate::fit::Fit;
use crate::linalg::dense::eigen;
use crate::rows::StoredRows;

pub struct Reflated {
    /// Per block (n_levels r), reflated.
    pub modes: Vec<Vec<f64>>,
    /// Times the root of the weight (n).
    pub residuals: Vec<f64>,
}

impl Reflated {
    pub fn new(fit: &Fit, rows: &StoredRows) -> Self {
        let widths = &fit.model.theta_map.widths;
        let mut modes = fit.modes.b.clone();
        for term in &fit.model.theta_map.terms {
            let target = fit.scaled(&square(&term.relative_factor(&fit.theta), term.width));
            reflate(&mut modes[term.block], widths[term.block], term.offset, term.width, &target);
        }
        let mut residuals = rows.residuals(&rows.response(), &fit.beta, &fit.modes.b);
        residuals.iter_mut().enumerate().for_each(|(i, e)| *e *= rows.weight(i).sqrt());
        reflate(&mut residuals, 1, 0, 1, &[fit.residual_variance()]);
        Self { modes, residuals }
    }
}

/// Centres columns `offset..offset + r` of `rows` (rows of `full`) and gives them the covariance `target`.
fn reflate(rows: &mut [f64], full: usize, offset: usize, r: usize, target: &[f64]) {
    let n = (rows.len() / full) as f64;
    for k in offset..offset + r {
        let mean = rows.iter().skip(k).step_by(full).sum::<f64>() / n;
        rows.iter_mut().skip(k).step_by(full).for_each(|v| *v -= mean);
    }
    let mut s = vec![0.0; r * r];
    for row in rows.chunks_exact(full) {
        (0..r * r).for_each(|k| s[k] += row[offset + k % r] * row[offset + k / r] / n);
    }
    let (down, up) = (power(&s, r, -0.5), power(target, r, 0.5));
    let a: Vec<f64> = (0..r * r).map(|k| (0..r).map(|l| down[l * r + k % r] * up[k / r * r + l]).sum()).collect();
    for row in rows.chunks_exact_mut(full) {
        let old = row[offset..offset + r].to_vec();
        (0..r).for_each(|j| row[offset + j] = (0..r).map(|i| old[i] * a[j * r + i]).sum());
    }
}

/// A power of a symmetric matrix over its positive eigenvalues.
fn power(s: &[f64], r: usize, exponent: f64) -> Vec<f64> {
    let (values, vectors) = eigen(s, r);
    let least = 1e-12 * values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let mut out = vec![0.0; r * r];
    for k in (0..r).filter(|&k| values[k] > least) {
        let v = &vectors[k * r..(k + 1) * r];
        (0..r * r).for_each(|i| out[i] += values[k].powf(exponent) * v[i % r] * v[i / r]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflated_rows_have_mean_zero_and_the_target_covariance() {
        let mut rows: Vec<f64> = (0..40).map(|k| f64::from((k * k * 7 + 3 * k) % 11)).collect();
        let target = [2.0, -0.5, -0.5, 1.0];
        reflate(&mut rows, 2, 0, 2, &target);
        for j in 0..2 {
            assert!(rows.iter().skip(j).step_by(2).sum::<f64>().abs() < 1e-12);
            for i in 0..2 {
                let s: f64 = rows.chunks_exact(2).map(|row| row[i] * row[j] / 20.0).sum();
                assert!((s - target[j * 2 + i]).abs() < 1e-12);
            }
        }
    }
}
