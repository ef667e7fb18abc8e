//! The fixed effects of the mean beside the random effects, found with them and integrated out with a flat prior: what restricted
//! maximum likelihood is to a linear model (Stiratelli, Laird and Ware 1984, Biometrics 40, 961-971).
//!
//! With the columns of X in the chart in which their curvature is about one, β is the effect of one level that all rows share, with
//! Λ = τ I for a τ so large that its penalty is below rounding:
//!   F_R = 2 h(û, β̂) + log|M| - 2 p log τ - p log 2π - 2 log|∂β/∂b|
//! The same inner model without the determinant of β is the criterion of penalized fixed effects (lme4's nAGQ = 0).

use std::f64::consts::PI;
use std::sync::Arc;

use super::build::exact;
use super::model::{Approximation, Glmm, PartName, product};
use crate::crossproduct::Reweighting;
use crate::ids::{BlockId, FactorId};
use crate::linalg::memory;
use crate::penalized_ls::SymbolicFactor;
use crate::rows::{BlockRows, Effects, PartColumns, PartRows, PartedRows};
use crate::{Error, Result};

/// τ: its square is below rounding beside the curvature of a column, and its logarithm is exact in binary.
const TAU: f64 = (1u64 << 30) as f64;

/// Fixed effects that are found with the random ones.
#[derive(Clone)]
pub struct Integrated {
    /// The model in which they are parameters.
    pub base: Arc<Glmm>,
    /// Their block, and how many there are.
    pub block: BlockId,
    pub p: usize,
    /// From the block's effects to coefficients of the rows' columns (p x p, column-major).
    pub chart: Vec<f64>,
    /// What the criterion has beside Laplace's.
    pub constant: f64,
}

impl Integrated {
    /// Λ of the block.
    pub fn set_lambda(&self, lambda: &mut [Vec<f64>]) {
        (0..self.p).for_each(|j| lambda[self.block.0][j * (self.p + 1)] = TAU);
    }

    /// Spherical effects of the model without random effects.
    pub fn start(&self) -> Vec<f64> {
        let p = self.p;
        let mut b = self.base.initial[..p].to_vec();
        for i in (0..p).rev() {
            let sum: f64 = (i + 1..p).map(|k| self.chart[k * p + i] * b[k]).sum();
            b[i] = (b[i] - sum) / self.chart[i * p + i];
        }
        b.iter().map(|b| b / TAU).collect()
    }

    /// The effects b of spherical ones.
    pub fn effects(&self, u: &Effects) -> Vec<f64> {
        u[self.block.0].iter().map(|u| TAU * u).collect()
    }

    /// Coefficients of the base model's columns, from the effects b and the other coefficients.
    pub fn joined(&self, b: &[f64], others: &[f64]) -> Vec<f64> {
        let mut all = product(&self.chart, b);
        all.extend_from_slice(others);
        all
    }

    /// What the curvature of the base model, in (θ, its coordinates), leaves when the coefficients of the mean are best for each
    /// of the others.
    pub fn profiled(&self, curvature: &[f64], n_theta: usize) -> Vec<f64> {
        let n = curvature.len().isqrt();
        let own = n_theta..n_theta + self.p;
        let mut a = curvature.to_vec();
        for k in own.clone() {
            let pivot = a[k * n + k];
            if pivot <= 0.0 {
                continue;
            }
            let row: Vec<f64> = (0..n).map(|j| a[j * n + k]).collect();
            for j in 0..n {
                (0..n).filter(|&i| i != k && j != k).for_each(|i| a[j * n + i] -= row[i] * row[j] / pivot);
            }
        }
        let left: Vec<usize> = (0..n).filter(|k| !own.contains(k)).collect();
        left.iter().flat_map(|&j| left.iter().map(move |&i| (i, j))).map(|(i, j)| a[j * n + i]).collect()
    }
}

/// The model in which the coefficients of the mean are found with the random effects.
///
/// # Errors
/// `Design` where thresholds stand for the intercept; `Data` where memory does not hold the columns again.
pub fn integrated(base: Glmm, approximation: Approximation) -> Result<Glmm> {
    if base.parts.iter().any(|part| part.name == PartName::Thresholds) {
        return Err(Error::Design(
            "thresholds are not integrated out: fit ordered responses by maximum likelihood (reml=False)".into(),
        ));
    }
    let p = base.rows.parts[0].p;
    if p == 0 {
        return Ok(Glmm { approximation, ..base });
    }
    let all = base.n_coefficients();
    let chart: Vec<f64> = (0..p * p).map(|e| base.chart[e / p * all + e % p]).collect();
    let rows = Arc::new(beside(&base.rows, &chart)?);
    let block = BlockId(base.rows.blocks.len());
    let reweighting = Reweighting::new(&rows);
    let mut factors = base.factors.clone();
    factors.push(FactorId(factors.iter().map(|f| f.0 + 1).max().unwrap_or(0)));
    let unfilled = || reweighting.unfilled(&rows, 0, &factors, &base.bases);
    let symbolic = exact(SymbolicFactor::new(&unfilled()), unfilled)?;
    let mut theta_map = base.theta_map.clone();
    theta_map.widths.push(p);
    let q = all - p;
    let users = base.n_user();
    let constant = -2.0 * p as f64 * TAU.ln() - p as f64 * (2.0 * PI).ln() - 2.0 * log_volume(&base, &chart, p)?;
    let penalized = Approximation::Penalized == approximation;
    Ok(Glmm {
        reweighting: Arc::new(reweighting),
        factors,
        symbolic: Arc::new(symbolic),
        theta_map,
        transform: base.transform[p * users..].to_vec(),
        chart: (0..q * q).map(|e| base.chart[(p + e / q) * all + p + e % q]).collect(),
        initial: base.initial[p..].to_vec(),
        approximation,
        integrated: Some(Arc::new(Integrated {
            block,
            p,
            chart,
            constant: if penalized { 0.0 } else { constant },
            base: Arc::new(base.clone()),
        })),
        rows,
        ..base
    })
}

/// Rows with the columns of the mean as a block of one level, in their chart.
fn beside(rows: &PartedRows, chart: &[f64]) -> Result<PartedRows> {
    let (n, p) = (rows.n, rows.parts[0].p);
    let PartColumns::Dense(x) = &rows.parts[0].columns else {
        return Err(Error::Design("the columns of the mean are not dense".into()));
    };
    let mut z = memory::zeros(n, p).ok_or_else(|| Error::no_memory("the columns of the mean", n, p))?;
    for (z, x) in z.chunks_exact_mut(p).zip(x.chunks_exact(p)) {
        z.iter_mut().zip(chart.chunks_exact(p)).for_each(|(z, w)| *z = w.iter().zip(x).map(|(w, x)| w * x).sum());
    }
    let mut out = rows.clone();
    out.n_coefficients -= p;
    out.parts[0] =
        PartRows { first: 0, p: 0, columns: PartColumns::Dense(Vec::new()), offset: rows.parts[0].offset.clone() };
    out.parts[1..].iter_mut().for_each(|part| part.first -= p);
    out.blocks.push(BlockRows { n_levels: 1, width: p, z, codes: vec![0; n], part: vec![0; p] });
    if !out.random_parts.contains(&0) {
        out.random_parts.insert(0, 0);
    }
    Ok(out)
}

/// log of the volume of the user's coefficients over that of the block's effects.
fn log_volume(base: &Glmm, chart: &[f64], p: usize) -> Result<f64> {
    let (users, first) = (base.n_user(), base.parts[0].first);
    let column =
        |j: usize| product(&base.transform[..p * users], &chart[j * p..(j + 1) * p])[first..first + p].to_vec();
    let log = log_determinant((0..p).flat_map(column).collect(), p);
    if log.is_finite() { Ok(log) } else { Err(Error::Numerical("the columns of the mean depend on each other".into())) }
}

/// log|det A| by elimination with pivots from each column, which is exact for triangular matrices of any scale.
fn log_determinant(mut a: Vec<f64>, p: usize) -> f64 {
    let mut log = 0.0;
    for k in 0..p {
        let pivot = (k..p).fold(k, |best, i| if a[k * p + i].abs() > a[k * p + best].abs() { i } else { best });
        (k..p).for_each(|j| a.swap(j * p + k, j * p + pivot));
        log += a[k * p + k].abs().ln();
        for j in k + 1..p {
            let share = a[j * p + k] / a[k * p + k];
            (k + 1..p).for_each(|i| a[j * p + i] -= share * a[k * p + i]);
        }
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn determinants_of_matrices_of_any_scale() {
        // columns (1e-9, 0, 0), (3, 1e6, 0), (5, 7, 2)
        let upper = vec![1e-9, 0.0, 0.0, 3.0, 1e6, 0.0, 5.0, 7.0, 2.0];
        assert!((log_determinant(upper, 3) - (2e-3f64).ln()).abs() < 1e-14);
        // rows (0, 2), (3, 4)
        assert!((log_determinant(vec![0.0, 3.0, 2.0, 4.0], 2) - 6f64.ln()).abs() < 1e-14);
        assert_eq!(log_determinant(vec![1.0, 2.0, 2.0, 4.0], 2), f64::NEG_INFINITY);
    }
}
