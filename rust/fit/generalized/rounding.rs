//! A log-likelihood so large that its rounding hides the optimum, and the row that makes it so.

use crate::fit::verdict::{Status, Verdict};
use crate::model::Evaluator;
use crate::model::generalized::{Glmm, GlmmEvaluator};
use crate::{Error, Result};

/// Rounding of the criterion that leaves estimates within a hundredth of a standard error or so.
const LOST: f64 = 1e-3;

/// Says so where the criterion at x has too few digits to tell an optimum.
///
/// # Errors
/// Those of the criterion.
pub fn check_rounding(objective: &mut GlmmEvaluator, x: &[f64], verdict: &mut Verdict) -> Result<()> {
    let rounding = objective.accuracy(x)?.rounding;
    if rounding > LOST {
        let eta = objective.evaluate(x)?.1.eta.clone();
        verdict.status = Status::Rounded;
        verdict.reason =
            format!("-2 log-likelihood is known to {rounding:.1e} only, {}", cause(&objective.model, &eta));
    }
    Ok(())
}

/// The error of a search that found no number, with the row to blame where the log-likelihood at its start has too few digits.
pub fn explained(model: &Glmm, error: Error) -> Error {
    if !matches!(error, Error::Numerical(_)) {
        return error;
    }
    let eta = model.rows.fixed(&model.initial);
    let total = model.family.total(&model.observations, &model.weights, &eta);
    let is_lost = 4.0 * f64::EPSILON * (3.0 * total.abs() + model.constant.abs()) > LOST;
    let said = || format!("rounding hides the likelihood, {}; correct it or leave the row out", cause(model, &eta));
    if is_lost { Error::Numerical(said()) } else { error }
}

/// The row whose part in the log-likelihood is the largest, in words.
fn cause(model: &Glmm, eta: &[Vec<f64>]) -> String {
    let mut values = Vec::new();
    model.family.values(&model.observations, eta, &mut values);
    let weight = |i: usize| model.weights.get(i).copied().unwrap_or(1.0);
    let size = |i: usize| {
        let constant = model.family.constant(model.observations[i]);
        weight(i) * (values[i].abs() + constant.abs())
    };
    let row = (0..values.len()).max_by(|&a, &b| size(a).total_cmp(&size(b))).unwrap_or(0);
    let weighted = if weight(row) == 1.0 { String::new() } else { format!(" of weight {:e}", weight(row)) };
    format!("for a row{weighted} with the response {} has a part of {:.1e} in it", written(model, row), size(row))
}

/// A response in the user's units.
fn written(model: &Glmm, row: usize) -> String {
    let o = model.observations[row];
    let y = o.y * model.unit.response;
    if y.abs() < 1e6 { format!("{y}") } else { format!("{y:e}") }
}
