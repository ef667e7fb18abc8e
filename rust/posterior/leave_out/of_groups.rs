//! Densities of groups left out of a generalized model: given ψ groups that share no random effect are independent, so that a
//! group's density integrates over its own effects, as the model does, and importance weights are over ψ alone (Merkle, Furr and
//! Rabe-Hesketh 2019, Psychometrika 84, 802-829).

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::{LeaveOut, by_importance, used};
use crate::linalg::memory;
use crate::model::generalized::DrawnRows;
use crate::model::{Glmm, GlmmEvaluator};
use crate::optimize::Objective;
use crate::posterior::draws::Drawn;
use crate::posterior::generalized::GeneralizedPosterior;
use crate::{Error, Result, computed};

/// Leaves every set of rows out.
///
/// # Errors
/// `Design` where a random effect is of rows of two sets, or of one and of rows of none; `Data` where memory does not hold the
/// densities; `Numerical`, `Interrupted`.
pub fn leave_groups_out(
    posterior: &GeneralizedPosterior,
    points: &[Vec<f64>],
    sets: &[Vec<u32>],
    stop: &AtomicBool,
) -> Result<LeaveOut> {
    require_apart(&posterior.model, sets)?;
    let (n, wanted) = (sets.len(), used(sets.len(), points.len()));
    let at = |k: usize| posterior.coordinates().to_engine(&points[k * points.len() / wanted]);
    let x = (0..wanted).map(at).collect::<Result<Vec<_>>>()?;
    let mut densities = memory::zeros(n, wanted).ok_or_else(|| Error::no_memory("densities of groups", n, wanted))?;
    let of_set = |(set, out): (&Vec<u32>, &mut [f64])| {
        let rows = set.iter().map(|&i| i as usize).collect();
        let model = posterior.model.of_rows(&DrawnRows::with_own_levels(&posterior.model, rows))?;
        let mut evaluator = GlmmEvaluator::new(&model, stop);
        for (out, x) in out.iter_mut().zip(&x) {
            // the criterion is -2 times the log-likelihood
            *out = computed(evaluator.value(x))?.map_or(f64::NEG_INFINITY, |value| -0.5 * value);
        }
        Ok(())
    };
    sets.par_iter().zip(densities.par_chunks_mut(wanted.max(1))).map(of_set).collect::<Result<()>>()?;
    by_importance(n, wanted, |s| densities[s * wanted..(s + 1) * wanted].to_vec(), stop)
}

/// Fails unless no random effect is of rows of two sets, or of one and of rows of none.
fn require_apart(model: &Glmm, sets: &[Vec<u32>]) -> Result<()> {
    let mut set_of = vec![usize::MAX; model.rows.n];
    for (s, set) in sets.iter().enumerate() {
        set.iter().for_each(|&i| set_of[i as usize] = s);
    }
    for block in &model.rows.blocks {
        let mut of_level: Vec<Option<usize>> = vec![None; block.n_levels];
        for (&level, &own) in block.codes.iter().zip(&set_of) {
            let known = of_level[level as usize].get_or_insert(own);
            if *known != own {
                return Err(Error::Design(
                    "what is left out shares a random effect with other rows, so that it is not independent of them given the \
                     parameters: leave out the groups of the coarsest factor, in which all others are nested"
                        .into(),
                ));
            }
        }
    }
    Ok(())
}
