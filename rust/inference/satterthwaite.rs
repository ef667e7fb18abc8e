//! What Satterthwaite's degrees of freedom need (Fai and Cornelius 1996, J. Statist. Comput. Simul. 54,
//! 363-378): the covariance of the variance parameters and the derivatives of Var(β̂) in them.
//!
//! The parameters are θ and those of the residuals, with σ² following along its profile σ²(θ) = r²(θ)/m, and the
//! deviation of log σ² from it.  Their covariance is block-diagonal, 2H^-1 for the profiled criterion's curvature H, and
//! 2/m; it has no unit, so that it is a number in any unit of the response.  Where σ² is known both are
//! zero; where it is a coordinate of its own, beside parameters that are held, it follows nothing.

use std::sync::atomic::AtomicBool;

use super::fixed_scores::FixedScores;
use super::free_covariance::beside_profile;
use super::residual_slopes::residual_slopes;
use crate::Result;
use crate::fit::Fit;
use crate::model::{LmmEvaluator, Scale};

/// Step of central differences of covariances, relative to θ.
const STEP: f64 = 1e-5;

/// Var(β̂)'s dependence on the variance parameters, in the user's units.
#[derive(Debug, Clone, PartialEq)]
pub struct Satterthwaite {
    /// Per parameter dVar(β̂) (p x p); θ in the working basis first, log σ² last.
    pub derivatives: Vec<Vec<f64>>,
    /// Covariance of the parameters.
    pub covariance: Vec<f64>,
    /// Per parameter the slopes of the variance components: the covariances (r x r) of all random terms, one after the
    /// other, then σ².
    pub component_slopes: Vec<Vec<f64>>,
    /// Directions in which the criterion bends downwards: zero at an optimum.
    pub n_negative: usize,
}

/// Computes it at the optimum.
///
/// # Errors
/// Those of the curvature.
pub fn satterthwaite(fit: &Fit, stop: &AtomicBool) -> Result<Satterthwaite> {
    let model = &fit.model;
    let work = fit.workspace()?;
    let parts = FixedScores::new(model, &work);
    let (n, m, variance) = (fit.theta.len(), model.denominator(), fit.residual_variance());
    let is_known = model.scale != Scale::Profiled;
    let mut derivatives = Vec::with_capacity(n + 1);
    let mut component_slopes = Vec::with_capacity(n + 1);
    let relative = relative_components(fit, &fit.theta);
    for k in 0..n {
        let (block, d) = model.theta_map.derivative(&fit.theta, k);
        let slope = if is_known { 0.0 } else { parts.pwrss_slope(model, block, &d) / m };
        let vcov = parts.vcov_slope(model, block, &d);
        let total: Vec<f64> = vcov.iter().zip(&parts.inverse).map(|(v, c)| variance * v + slope * c).collect();
        derivatives.push(model.a.fixed.covariance(&total));
        let own = relative_slopes(fit, k);
        component_slopes.push(relative.iter().zip(own).map(|(s, d)| variance * d + slope * s).collect());
    }
    let mut evaluator = LmmEvaluator::with_workspace(model, work, stop);
    for (vcov, slope) in residual_slopes(fit, &mut evaluator)? {
        derivatives.push(vcov);
        component_slopes.push(relative.iter().map(|s| slope * s).collect());
    }
    derivatives.push(fit.vcov());
    component_slopes.push(relative.iter().map(|s| variance * s).collect());
    let (covariance, n_negative) = beside_profile(&mut evaluator, &fit.point())?;
    Ok(Satterthwaite { derivatives, covariance, component_slopes, n_negative })
}

/// The covariances of all random terms relative to σ², and 1 for σ² itself.
fn relative_components(fit: &Fit, theta: &[f64]) -> Vec<f64> {
    let mut all: Vec<f64> = fit.model.parameters().relative_covariances(theta).into_iter().flatten().collect();
    all.push(1.0);
    all
}

/// Their slopes in θ_k by central differences, exact but for rounding where they are quadratic in θ.
fn relative_slopes(fit: &Fit, k: usize) -> Vec<f64> {
    let step = STEP * fit.theta[k].abs().max(1.0);
    let at = |sign: f64| {
        let mut theta = fit.theta.clone();
        theta[k] += sign * step;
        relative_components(fit, &theta)
    };
    at(1.0).iter().zip(at(-1.0)).map(|(up, down)| (up - down) / (2.0 * step)).collect()
}
