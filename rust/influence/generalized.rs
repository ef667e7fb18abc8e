//! Sets of rows left out of a generalized model: refits from the optimum, or one step.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::fit::{GlmmFit, Moved};
use crate::model::generalized::{DrawnRows, GlmmEvaluator};
use crate::optimize::Objective;
use crate::{Result, computed};

/// Estimates without a set of rows.
pub struct WithoutRows {
    pub x: Vec<f64>,
    /// The covariance of the user's coefficients of all parts.
    pub covariance: Vec<f64>,
    pub is_step: bool,
    /// How much the criterion of all rows rises there.
    pub displacement: f64,
}

/// Sets of rows: set k has `members[ptr[k]..ptr[k + 1]]`.
pub struct Sets<'a> {
    pub ptr: &'a [usize],
    pub members: &'a [u32],
    /// Sets that are done.
    pub done: &'a AtomicUsize,
    pub stop: &'a AtomicBool,
}

/// The estimates without each set; None where there are none.
///
/// # Errors
/// Those of the criterion; `Interrupted`.
pub fn without_rows(fit: &GlmmFit, sets: &Sets, by_steps: bool) -> Result<Vec<Option<WithoutRows>>> {
    fit.require_all_parameters()?;
    let mut whole = GlmmEvaluator::new(&fit.model, sets.stop);
    whole.set_from(fit.u.clone());
    whole.value(&fit.x)?;
    let (_, before) = whole.slope(&fit.x)?;
    let without = |k: usize| {
        let mut stays = vec![true; fit.model.rows.n];
        sets.members[sets.ptr[k]..sets.ptr[k + 1]].iter().for_each(|&i| stays[i as usize] = false);
        let rows = (0..stays.len()).filter(|&i| stays[i]).collect();
        let model = fit.model.of_rows(&DrawnRows::with_own_levels(&fit.model, rows))?;
        let moved = match by_steps {
            true => fit.stepped(&model, &before, sets.stop)?,
            false => fit.refitted(&model, sets.stop)?,
        };
        let measured = moved.map(|moved| measured(fit, moved, sets.stop)).transpose()?.flatten();
        sets.done.fetch_add(1, Ordering::Relaxed);
        Ok(measured)
    };
    (0..sets.ptr.len() - 1).into_par_iter().map(without).collect()
}

fn measured(fit: &GlmmFit, moved: Moved, stop: &AtomicBool) -> Result<Option<WithoutRows>> {
    let mut whole = GlmmEvaluator::new(&fit.model, stop);
    whole.set_from(fit.u.clone());
    let (k, n) = (fit.model.n_theta(), moved.x.len());
    let p = n - k;
    let own: Vec<f64> = (0..p * p).map(|e| moved.covariance[(k + e / p) * n + k + e % p]).collect();
    let displacement = computed(whole.value(&moved.x))?.map(|value| value - fit.criterion);
    Ok(displacement.map(|displacement| WithoutRows {
        covariance: fit.model.user_covariance(&own),
        is_step: moved.is_step,
        x: moved.x,
        displacement,
    }))
}
