//! How β̂(θ) and the conditional modes move with θ: what predictions owe to the estimation of the variance parameters
//! (Kackar and Harville 1984, J. Am. Statist. Assoc. 79, 853-862), by central differences of the solution.

use super::satterthwaite::satterthwaite;
use crate::Result;
use crate::fit::Fit;
use std::sync::atomic::AtomicBool;

const STEP: f64 = 1e-3;
const SMALL: f64 = 0.05;

/// Slopes per θ, in the user's units, and the covariance of θ.
pub struct ModeSlopes {
    /// Per θ: β (p).
    pub beta: Vec<Vec<f64>>,
    /// Per θ and random term: modes (n_levels rows of r).
    pub modes: Vec<Vec<Vec<f64>>>,
    /// K x K.
    pub covariance: Vec<f64>,
}

/// Computes them at the optimum.
///
/// # Errors
/// Those of Satterthwaite's curvature.
pub fn mode_slopes(fit: &Fit, stop: &AtomicBool) -> Result<ModeSlopes> {
    let n = fit.theta.len();
    let full = satterthwaite(fit, stop)?.covariance;
    let covariance = (0..n * n).map(|k| full[k / n * (n + 1) + k % n]).collect();
    let mut out = ModeSlopes { beta: Vec::new(), modes: Vec::new(), covariance };
    let mut work = fit.model.workspace();
    for k in 0..n {
        let h = STEP * fit.theta[k].abs().max(SMALL);
        let mut at = |shift: f64| -> Result<Fit> {
            let mut theta = fit.theta.clone();
            theta[k] += shift * h;
            fit.model.evaluate(&theta, &mut work)?;
            let beta = work.factor.beta();
            let modes = work.factor.modes(&fit.model.symbolic, &beta);
            Ok(Fit { theta, beta, modes, ..fit.clone() })
        };
        let (up, down) = (at(1.0)?, at(-1.0)?);
        let slope = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) / (2.0 * h)).collect::<Vec<f64>>();
        out.beta.push(slope(&up.user_beta(), &down.user_beta()));
        out.modes.push(up.user_modes().iter().zip(&down.user_modes()).map(|(a, b)| slope(a, b)).collect());
    }
    Ok(out)
}
