//! What Satterthwaite's degrees of freedom need (Fai and Cornelius 1996, J. Statist. Comput. Simul. 54,
//! 363-378): the covariance of the variance parameters and the derivatives of Var(β̂) in them.
//!
//! The parameters are θ, with σ² following along its profile σ²(θ) = r²(θ)/m, and the deviation of σ² from
//! it.  Their covariance is block-diagonal, 2H^-1 for the profiled criterion's curvature H, and 2σ⁴/m.

use std::sync::atomic::AtomicBool;

use super::curvature::hessian;
use super::fixed_scores::FixedScores;
use crate::Result;
use crate::fit::Fit;
use crate::optimize::trust_region::eigen;

/// A curvature this much below the largest is none: the criterion does not depend on that combination.
const NO_CURVATURE: f64 = 1e-9;

/// Var(β̂)'s dependence on the variance parameters, in the user's units.
#[derive(Debug, Clone, PartialEq)]
pub struct Satterthwaite {
    /// Per parameter dVar(β̂) (p x p); θ in the working basis first, σ² last.
    pub derivatives: Vec<Vec<f64>>,
    /// Covariance of the parameters.
    pub covariance: Vec<f64>,
    /// Directions in which the criterion bends downwards: zero at an optimum.
    pub n_negative: usize,
}

/// Computes it at the optimum.
///
/// # Errors
/// Those of the curvature.
pub fn satterthwaite(fit: &Fit, stop: &AtomicBool) -> Result<Satterthwaite> {
    let problem = &fit.problem;
    let mut work = fit.workspace()?;
    let parts = FixedScores::new(problem, &work);
    let (n, m, variance) = (fit.theta.len(), problem.denominator(), fit.evaluation.sigma.powi(2));
    let mut derivatives = Vec::with_capacity(n + 1);
    for k in 0..n {
        let (block, d) = problem.theta_map.derivative(&fit.theta, k);
        let slope = parts.pwrss_slope(problem, block, &d) / m;
        let vcov = parts.vcov_slope(problem, block, &d);
        let total: Vec<f64> = vcov.iter().zip(&parts.inverse).map(|(v, c)| variance * v + slope * c).collect();
        derivatives.push(problem.a.fixed.covariance(&total));
    }
    derivatives.push(fit.unscaled_vcov.clone());
    let (inverse, n_negative) = pseudo_inverse(&hessian(problem, &fit.theta, &mut work, stop)?, n);
    let mut covariance = vec![0.0; (n + 1) * (n + 1)];
    for (i, value) in inverse.iter().enumerate() {
        covariance[i / n * (n + 1) + i % n] = 2.0 * value;
    }
    covariance[(n + 1) * (n + 1) - 1] = 2.0 * variance * variance / m;
    Ok(Satterthwaite { derivatives, covariance, n_negative })
}

/// The inverse over directions of positive curvature, and how many bend downwards.
fn pseudo_inverse(h: &[f64], n: usize) -> (Vec<f64>, usize) {
    let (values, vectors) = eigen(h, n);
    let least = NO_CURVATURE * values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let mut inverse = vec![0.0; n * n];
    for k in (0..n).filter(|&k| values[k] > least) {
        let v = &vectors[k * n..(k + 1) * n];
        (0..n * n).for_each(|i| inverse[i] += v[i / n] * v[i % n] / values[k]);
    }
    (inverse, values.iter().filter(|v| **v < -1e3 * least).count())
}
