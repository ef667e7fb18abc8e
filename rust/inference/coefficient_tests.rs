//! Standard errors and degrees of freedom of the coefficients, one by one: what a table of many fits needs.

use std::sync::atomic::AtomicBool;

use super::kenward_roger::{Adjustment, kenward_roger};
use super::satterthwaite::satterthwaite;
use crate::Result;
use crate::fit::Fit;

/// How degrees of freedom are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ddf {
    Satterthwaite,
    KenwardRoger { second_order: bool },
    Residual,
    Normal,
}

/// Standard errors, in the user's units, and degrees of freedom.
///
/// # Errors
/// Those of the method.
pub fn coefficient_tests(fit: &Fit, ddf: Ddf, stop: &AtomicBool) -> Result<(Vec<f64>, Vec<f64>)> {
    let p = fit.beta.len();
    let errors = |covariance: &[f64]| (0..p).map(|j| covariance[j * p + j].max(0.0).sqrt()).collect::<Vec<f64>>();
    let df = match ddf {
        Ddf::Normal => vec![f64::INFINITY; p],
        Ddf::Residual => vec![(fit.model.a.n_obs - p) as f64; p],
        Ddf::Satterthwaite => {
            let parts = satterthwaite(fit, stop)?;
            matched(&fit.vcov(), &parts.derivatives, &parts.covariance, p)
        }
        Ddf::KenwardRoger { second_order } => {
            let parts = kenward_roger(fit, Adjustment { second_order, ..Adjustment::default() }, stop)?;
            let df = matched(&fit.unscaled_vcov, &parts.sandwiches, &parts.covariance, p);
            return Ok((errors(&parts.adjusted), df));
        }
    };
    Ok((errors(&fit.vcov()), df))
}

/// 2 v² / Var(v) = 2 / Var(log v) for the variance v of every coefficient.
fn matched(vcov: &[f64], slopes: &[Vec<f64>], covariance: &[f64], p: usize) -> Vec<f64> {
    let n = slopes.len();
    let spread = |j: usize| -> f64 {
        let at = |k: usize| slopes[k][j * p + j] / vcov[j * p + j];
        (0..n * n).map(|k| at(k / n) * covariance[k] * at(k % n)).sum()
    };
    (0..p).map(|j| 2.0 / spread(j)).collect()
}
