//! Leverage of every row, and what its residuals' variances are made of.
//!
//! ŷ = Xβ̂ + Zb̂ = Hy: tr H are the effective degrees of freedom (Hodges and Sargent 2001, Biometrika 88, 367-379), of which
//! Xβ̂ has tr X(X'V⁻¹X)⁻¹X'V⁻¹ = p (Demidenko and Stukel 2005, Statist. Med. 24, 893-909).  Var(y - ŷ) = σ²W^-½(I - H)W^-½.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::point::{DeletionPoint, exact_leverage};
use super::row_set::RowSet;
use crate::design::Rows;
use crate::fit::Fit;
use crate::rows::StoredRows;
use crate::{Result, check_stop};

/// A value for every row.
#[derive(Debug, Clone, Default)]
pub struct Leverage {
    /// Diagonal of H.
    pub conditional: Vec<f64>,
    /// Share of the fixed effects.
    pub fixed: Vec<f64>,
    /// Var(y - Xβ̂) over σ².
    pub marginal_variance: Vec<f64>,
}

/// Computes it at the fit's θ.
///
/// # Errors
/// Those of reading the rows; `Design` for crossed designs that are too large; `Interrupted`.
pub fn leverage(fit: &Fit, source: &Rows, stop: &AtomicBool) -> Result<Leverage> {
    let rows = fit.model.a.stored_rows(source)?;
    let model = exact_leverage(&fit.model)?;
    let point = DeletionPoint::new(&model, &fit.theta, model.workspace())?;
    let of_rows: Vec<[f64; 3]> = (0..rows.n)
        .into_par_iter()
        .map(|row| check_stop(stop).map(|()| of_row(&point, &rows, row)))
        .collect::<Result<_>>()?;
    Ok(Leverage {
        conditional: of_rows.iter().map(|v| v[0]).collect(),
        fixed: of_rows.iter().map(|v| v[1]).collect(),
        marginal_variance: of_rows.iter().map(|v| v[2]).collect(),
    })
}

fn of_row(point: &DeletionPoint, rows: &StoredRows, row: usize) -> [f64; 3] {
    let (map, p) = (&point.model.theta_map, rows.p);
    let set = RowSet::plain(rows, &[row as u32], &map.widths);
    let projected = point.project(&set);
    let conditional = projected.square[0] + projected.fixed.iter().map(|f| f * f).sum::<f64>();
    let mut gain = projected.fixed;
    point.factor.solve_x_transposed(&mut gain);
    let fixed = gain.iter().zip(&set.x).map(|(q, x)| q * x).sum();
    let x = rows.x(row);
    let of_beta: f64 = (0..p * p).map(|e| point.covariance[e] * x[e % p] * x[e / p]).sum();
    // |Λ'z|²
    let of_modes: f64 = point
        .factor
        .lambda
        .iter()
        .enumerate()
        .map(|(b, lambda)| {
            let z = rows.z(b, row);
            lambda.chunks_exact(z.len()).map(|l| l.iter().zip(z).map(|(l, z)| l * z).sum::<f64>().powi(2)).sum::<f64>()
        })
        .sum();
    [conditional, fixed, 1.0 / rows.weight(row) + of_modes - of_beta]
}
