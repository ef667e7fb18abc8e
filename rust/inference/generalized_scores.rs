//! What clusters of rows, within which all groups lie, contribute to the estimates of a generalized model.
//!
//! The log-likelihood is a sum over such clusters; H⁻¹s of the score s of a cluster, H the information of all rows, is how far its
//! rows move the estimates.  White (1982), Econometrica 50, 1-25: the sum of their squares is the robust covariance.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use crate::Result;
use crate::fit::GlmmFit;
use crate::model::Evaluator;
use crate::model::generalized::{DrawnRows, Glmm, GlmmEvaluator};

/// The contribution of every cluster to the user's coefficients of all parts (clusters rows of coefficients); NaN for those
/// that have no end.
///
/// # Errors
/// Those of the criterion; `Interrupted`.
pub fn cluster_contributions(
    fit: &GlmmFit,
    clusters: &[u32],
    n_clusters: usize,
    stop: &AtomicBool,
) -> Result<Vec<Vec<f64>>> {
    fit.require_all_parameters()?;
    let mut rows = vec![Vec::new(); n_clusters];
    clusters.iter().enumerate().for_each(|(i, &c)| rows[c as usize].push(i));
    let without_end = fit.without_end();
    let of_cluster = |rows: Vec<usize>| {
        let own = fit.model.of_rows(&DrawnRows::with_own_levels(&fit.model, rows))?;
        // a prior is of no cluster
        let model = Glmm { penalty: Default::default(), ..own };
        let slope = GlmmEvaluator::new(&model, stop).gradient(&fit.x)?;
        let n = slope.len();
        // the criterion is -2 times the log-likelihood
        let moved = |i: usize| -> f64 { (0..n).map(|j| -0.5 * fit.covariance[j * n + i] * slope[j]).sum() };
        let mut own = fit.model.user_coefficients(&(0..n).map(moved).collect::<Vec<f64>>());
        without_end.iter().for_each(|&j| own[j] = f64::NAN);
        Ok(own)
    };
    rows.into_par_iter().map(of_cluster).collect()
}
