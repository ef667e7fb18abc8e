//! Influence in a model whose residuals have parameters: where these are held and sets are whole groups of correlated rows,
//! their whitened rows are taken off the sums; else the covariance of the rows left is made anew.

use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::deletion::{Deleted, DeletionMethod, DeletionRequest, Measures, measures};
use super::from_sums::AllRows;
use crate::fit::Fit;
use crate::model::{AtResidual, Lmm, Parameter};
use crate::rows::StoredRows;
use crate::{Result, check_stop};

/// Deletes every set in turn; None where nothing can be estimated without it.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated; `Interrupted`.
pub fn of_residuals(
    fit: &Fit,
    rows: &StoredRows,
    parameters: &[Parameter],
    request: &DeletionRequest,
) -> Result<Vec<Option<Measures>>> {
    let (model, free) = (&fit.model, fit.free());
    let (full, sums) = AllRows::new(model, &free, request)?;
    let held = match (&model.residual, request.method) {
        (Some(own), DeletionMethod::Fixed) => HeldResiduals::new(model, own, rows),
        _ => None,
    };
    let plain = held.as_ref().map(|held| AllRows { model: &held.model, free: &fit.theta, step: None, ..sums.clone() });
    let without = |k: usize| -> Result<Option<Deleted>> {
        match (&held, &plain) {
            (Some(held), Some(plain)) if held.is_whole(request.rows(k)) => {
                let mut found = plain.without(&held.rows, k, request)?;
                found.iter_mut().for_each(|deleted| deleted.theta.extend_from_slice(model.phi()));
                Ok(found)
            }
            _ => sums.without(rows, k, request),
        }
    };
    (0..request.n_sets())
        .into_par_iter()
        .map(|k| {
            check_stop(request.stop)?;
            let deleted = without(k)?;
            request.done.fetch_add(1, Ordering::Relaxed);
            Ok(deleted.map(|deleted| measures(model, &full, fit.sigma, &deleted, parameters)))
        })
        .collect()
}

/// The model of the whitened rows, which are independent, at parameters of the residuals that are held.
struct HeldResiduals {
    model: Lmm,
    rows: StoredRows,
    /// The group of every row of the data, and the rows of every group.
    group: Vec<u32>,
    sizes: Vec<usize>,
}

impl HeldResiduals {
    /// None where rows of one group lie in several levels of a grouping factor.
    fn new(model: &Lmm, own: &AtResidual, rows: &StoredRows) -> Option<Self> {
        if own.residual.spreads.contains(&true) {
            return None;
        }
        let (mut group, mut sizes) = (vec![0; rows.n], Vec::new());
        for (k, (_, members)) in own.residual.groups_of_rows().enumerate() {
            members.iter().for_each(|&row| group[row as usize] = k as u32);
            sizes.push(members.len());
        }
        let block = own.residual.whitened_rows(&own.whitened.factors, &rows.block);
        let rows = StoredRows { n: rows.n, p: rows.p, block };
        Some(Self { model: Lmm { residual: None, ..model.clone() }, rows, group, sizes })
    }

    /// Whether rows make up whole groups.
    fn is_whole(&self, members: &[u32]) -> bool {
        let mut found = rustc_hash::FxHashMap::<u32, usize>::default();
        members.iter().for_each(|&row| *found.entry(self.group[row as usize]).or_default() += 1);
        found.iter().all(|(&group, &n)| n == self.sizes[group as usize])
    }
}
