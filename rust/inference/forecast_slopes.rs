//! How predictions of a model whose residuals have parameters, and their variances, move with θ and these parameters: central
//! differences of fourth order.

use std::sync::atomic::AtomicBool;

use crate::fit::Fit;
use crate::fit::forecast::NewRowsWithResiduals;
use crate::linalg::fourth_order;
use crate::model::LmmEvaluator;
use crate::{Result, check_stop};

/// The step, in parameters of the residuals, of which one is much, and relative to θ.
const STEP: f64 = 1e-3;
const SMALL: f64 = 0.05;

/// By parameter (θ, then those of the residuals) the slopes of all rows.
pub struct ForecastSlopes {
    pub values: Vec<Vec<f64>>,
    /// One more, of log σ².
    pub variances: Vec<Vec<f64>>,
}

/// `new_rows`: whether the variances count the residuals of the new rows.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated beside the optimum, `Interrupted` when `stop` is set.
pub fn forecast_slopes(
    fit: &Fit,
    rows: &NewRowsWithResiduals,
    new_rows: bool,
    stop: &AtomicBool,
) -> Result<ForecastSlopes> {
    let (free, n_theta, m) = (fit.free(), fit.theta.len(), rows.m);
    let mut evaluator = LmmEvaluator::new(&fit.model, stop);
    // values, then variances
    let mut at = |x: &[f64]| -> Result<Vec<f64>> {
        check_stop(stop)?;
        let terms = evaluator.evaluate(x)?;
        let (theta, variance) = (x[..n_theta].to_vec(), fit.variance_at(&terms));
        let moved =
            Fit::at(evaluator.model.clone(), theta, fit.verdict.clone(), (terms, Some(variance)), &evaluator.work);
        let found = moved.forecast(rows)?;
        let residual = found.residual.iter().map(|v| if new_rows { *v } else { 0.0 });
        let variances = found.variance.iter().zip(residual).map(|(v, own)| v + own);
        Ok(found.value.iter().copied().chain(variances).collect())
    };
    let mut out = ForecastSlopes { values: Vec::new(), variances: Vec::new() };
    for k in 0..free.len() {
        let h = if k < n_theta { STEP * free[k].abs().max(SMALL) } else { STEP };
        let mut shifted = |shift: f64| {
            let mut x = free.clone();
            x[k] += shift * h;
            at(&x)
        };
        let (far_up, up, down, far_down) = (shifted(2.0)?, shifted(1.0)?, shifted(-1.0)?, shifted(-2.0)?);
        let slope = |i: usize| fourth_order([up[i], down[i], far_up[i], far_down[i]], h);
        out.values.push((0..m).map(slope).collect());
        out.variances.push((m..2 * m).map(slope).collect());
    }
    out.variances.push(at(&free)?.split_off(m));
    Ok(out)
}
