//! Kenward and Roger's adjusted covariance (1997, Biometrics 53, 983-997).
//!
//! Relative to σ², with Φ = (X'V^-1X)^-1, V_r = dV/dγ_r and W the covariance of γ:
//!   P_r = -X'V^-1V_rV^-1X,   Q_rs = X'V^-1V_rV^-1V_sV^-1X,   R_rs = X'V^-1V_rsV^-1X
//!   Φ_A = Φ + 2Φ [Σ W_rs (Q_rs - P_r Φ P_s - R_rs/4)] Φ
//! W is the inverse of the expected information I_rs = (t_rs - 2 tr(Φ Q_rs) + tr(Φ P_r Φ P_s)) / 2, t_rs = tr(V^-1V_rV^-1V_s), or
//! of the observed one, half the curvature of the criterion, by which SAS and mmrm go.
//!
//! `linear` has V linear in γ by sums over random effects, `of_rows` V whose residuals have parameters by sums over rows.

mod linear;
mod of_rows;

use std::sync::atomic::AtomicBool;

pub use linear::LARGEST;

use super::fixed_scores::{product, sandwich};
use super::free_covariance::with_log_variance;
use crate::fit::Fit;
use crate::linalg::dense::{eigen, inverse};
use crate::model::{Criterion, LmmEvaluator};
use crate::{Error, Result};

/// An eigenvalue of the information, relative to that with β known, that is none.
const NO_INFORMATION: f64 = 1e-10;

/// What W is the inverse of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Information {
    Expected,
    Observed,
}

/// Which adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    /// Default: observed where the residuals have parameters, expected elsewhere.
    pub information: Option<Information>,
    /// Whether R_rs counts.
    pub second_order: bool,
}

impl Default for Adjustment {
    fn default() -> Self {
        Self { information: None, second_order: true }
    }
}

/// What tests need, in the user's units; V relative to σ².
#[derive(Debug, Clone, PartialEq)]
pub struct KenwardRoger {
    /// σ²Φ_A (p x p).
    pub adjusted: Vec<f64>,
    /// ΦP_rΦ of every parameter (p x p), relative to σ², but for their sign.
    pub sandwiches: Vec<Vec<f64>>,
    /// Covariance of the parameters, relative to σ⁴.
    pub covariance: Vec<f64>,
}

/// Computes it at the optimum of a REML fit.
///
/// # Errors
/// `Design` for a fit by maximum likelihood, a structure that is not linear, or more connected random effects or rows than
/// memory and time allow; `Interrupted` when `stop` is set.
pub fn kenward_roger(fit: &Fit, how: Adjustment, stop: &AtomicBool) -> Result<KenwardRoger> {
    if fit.model.criterion == Criterion::Ml {
        return Err(Error::Design(
            "Kenward-Roger's adjustment is defined for REML; fit the model with reml=True".into(),
        ));
    }
    fit.model.require_rows("Kenward and Roger's adjustment")?;
    match &fit.model.residual {
        Some(own) => of_rows::adjustment(fit, own, how, stop),
        None => linear::adjustment(fit, how, stop),
    }
}

impl KenwardRoger {
    /// From Φ, the sum in brackets, and -P_r, in the working basis.
    fn new(fit: &Fit, phi: &[f64], middle: &[f64], b: &[Vec<f64>], covariance: Vec<f64>) -> Self {
        let (p, fixed) = (fit.model.a.n_fixed(), &fit.model.a.fixed);
        let correction = sandwich(phi, middle, p);
        let relative: Vec<f64> = phi.iter().zip(&correction).map(|(c, d)| c + 2.0 * d).collect();
        let sandwiches = b.iter().map(|b| fixed.covariance(&sandwich(phi, b, p))).collect();
        Self { adjusted: fixed.covariance(&fit.scaled(&relative)), sandwiches, covariance }
    }
}

/// The covariance of the free parameters and log σ² by the curvature of the criterion.
fn observed(fit: &Fit, stop: &AtomicBool) -> Result<Vec<f64>> {
    with_log_variance(&mut LmmEvaluator::new(&fit.model, stop), &fit.point())
}

/// I_rs, from Φ, -P_r, t_rs and tr(Φ Q_rs).
fn expected_information(phi: &[f64], b: &[Vec<f64>], traces: &[f64], trace_q: &[f64], p: usize) -> Vec<f64> {
    let n = b.len();
    let phi_p: Vec<Vec<f64>> = b.iter().map(|b| product(phi, b, p)).collect();
    let dot = |r: usize, s: usize| (0..p * p).map(|k| phi_p[r][k] * phi_p[s][k % p * p + k / p]).sum::<f64>();
    (0..n * n).map(|k| 0.5 * (traces[k] - 2.0 * trace_q[k] + dot(k % n, k / n))).collect()
}

/// Whether the observed information is meant: that of parameters which others hold is the only one there is.
fn is_observed(fit: &Fit, information: Option<Information>) -> Result<bool> {
    match information {
        Some(Information::Expected) if !fit.model.held.is_empty() => Err(Error::Design(
            "the expected information is not there beside parameters that are held (Control(fix=)); the observed one is".into(),
        )),
        Some(information) => Ok(information == Information::Observed),
        None => Ok(!fit.model.held.is_empty()),
    }
}

/// The inverse of the information about n parameters, of which σ² is the last; without variance where it is known.
fn covariance_of(fit: &Fit, information: &[f64], traces: &[f64], n: usize) -> Result<Vec<f64>> {
    let k = if fit.model.known_variance().is_some() { n - 1 } else { n };
    let first = |m: &[f64]| (0..k * k).map(|e| m[e / k * n + e % k]).collect::<Vec<f64>>();
    let information = first(information);
    if is_singular(&information, &first(traces), k) {
        return Err(no_information());
    }
    let inverse = inverse(&information, k);
    let mut covariance = vec![0.0; n * n];
    inverse.iter().enumerate().for_each(|(e, v)| covariance[e / k * n + e % k] = *v);
    Ok(covariance)
}

/// Whether the data say nothing of a combination of parameters, beside what they would say of it were β known.
fn is_singular(information: &[f64], traces: &[f64], n: usize) -> bool {
    let scale: Vec<f64> = (0..n).map(|k| (0.5 * traces[k * n + k]).sqrt()).collect();
    let scaled: Vec<f64> = information.iter().enumerate().map(|(k, v)| v / (scale[k % n] * scale[k / n])).collect();
    let (values, _) = eigen(&scaled, n);
    !values.iter().all(|&v| v > NO_INFORMATION)
}

fn no_information() -> Error {
    Error::Numerical(
        "the information about the variance parameters is singular: Kenward-Roger's adjustment does not exist".into(),
    )
}
