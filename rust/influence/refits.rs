//! Estimates from the sums without some rows, whose cross-products are taken off: no row is read again.

use std::sync::atomic::AtomicBool;

use super::deletion::{Deleted, DeletionMethod, FullData};
use crate::Result;
use crate::crossproduct::CrossProducts;
use crate::fit::refit::{Optimum, at, refit, start};
use crate::model::{Lmm, LmmEvaluator, Workspace};
use crate::rows::StoredRows;

/// The sums without some rows.  Levels that lose all theirs stay, with sums of zero, which change no criterion.
pub fn without(a: &CrossProducts, rows: &StoredRows, members: &[u32]) -> CrossProducts {
    let mut out = a.clone();
    let stride = rows.p + 1;
    out.n_obs -= members.len();
    for &row in members {
        let (i, w) = (row as usize, rows.weight(row as usize));
        out.sum_log_weights -= w.ln();
        let x = rows.xy(i);
        let z: Vec<&[f64]> = (0..a.factors.len()).map(|b| rows.z(b, i)).collect();
        let levels: Vec<u32> = (0..a.factors.len()).map(|b| rows.levels(b)[i]).collect();
        subtract(&mut out.xx, x, x, w);
        for (f, (z_f, &level)) in out.factors.iter_mut().zip(z.iter().zip(&levels)) {
            let (r, level) = (f.width, level as usize);
            subtract(&mut f.zz[level * r * r..(level + 1) * r * r], z_f, z_f, w);
            subtract(&mut f.zx[level * r * stride..(level + 1) * r * stride], x, z_f, w);
        }
        for (i, links) in out.links.iter_mut().enumerate() {
            for (j, values) in links.iter_mut().enumerate() {
                let (at, size) = (a.patterns[i][j].position(levels[j], levels[i]), z[i].len() * z[j].len());
                subtract(&mut values[at * size..(at + 1) * size], z[i], z[j], w);
            }
        }
    }
    out
}

/// m (column-major) -= w a b'.
fn subtract(m: &mut [f64], a: &[f64], b: &[f64], w: f64) {
    for (column, b) in m.chunks_exact_mut(a.len()).zip(b) {
        column.iter_mut().zip(a).for_each(|(m, a)| *m -= w * a * b);
    }
}

/// The model without the rows; None where they are too many.
pub fn smaller(model: &Lmm, rows: &StoredRows, members: &[u32]) -> Option<Lmm> {
    let a = without(&model.a, rows, members);
    if a.n_obs <= a.n_fixed() {
        return None;
    }
    Some(model.with_products(a))
}

/// The estimates without the rows, by a search from θ, or at θ; `optimal` is the criterion of all rows there.  None
/// where nothing can be estimated.
///
/// # Errors
/// `Interrupted` when `stop` is set.
pub fn from_sums(
    model: &Lmm,
    (theta, optimal): (&[f64], f64),
    rows: &StoredRows,
    members: &[u32],
    method: DeletionMethod,
    stop: &AtomicBool,
) -> Result<Option<Deleted>> {
    let Some(smaller) = smaller(model, rows, members) else { return Ok(None) };
    let mut own = LmmEvaluator::new(&smaller, stop);
    let (optimum, how) = match method {
        DeletionMethod::Fixed => (at(&mut own, theta)?, method),
        DeletionMethod::OneStep | DeletionMethod::Refit => {
            (refit(&mut own, &start(&smaller.theta_map, theta))?, DeletionMethod::Refit)
        }
    };
    Ok(optimum.and_then(|optimum| deleted(&own.work, (model, model.workspace()), optimal, optimum, how)))
}

/// What holds at the optimum of the smaller model, of which `work` is; with a workspace of the whole.
pub fn deleted(
    work: &Workspace,
    (model, mut all): (&Lmm, Workspace),
    optimal: f64,
    optimum: Optimum,
    how: DeletionMethod,
) -> Option<Deleted> {
    let covariance = work.factor.fixed_covariance();
    let rise = model.evaluate(&optimum.theta, &mut all).ok()?.profiled() - optimal;
    let displacement = FullData::at(model, &all.factor).displacement(model, rise, &optimum.beta, optimum.sigma);
    let (beta, theta, sigma) = (optimum.beta, optimum.theta, optimum.sigma);
    Some(Deleted { how, beta, theta, sigma, covariance, displacement })
}
