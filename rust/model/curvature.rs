//! The exact curvature of the criterion in θ: in closed form where the model has one, else by central differences of fourth
//! order of the exact gradient.

use super::Evaluator;
use crate::Result;
use crate::linalg::fourth_order;

/// Step, relative to the parameter.
const STEP: f64 = 2e-3;
/// Parameters below this step as if they were as large.
pub const SMALL: f64 = 0.05;

/// d²d/dθdθ' (K x K, symmetric).
///
/// # Errors
/// Those of the criterion beside θ.
pub fn hessian(evaluator: &mut dyn Evaluator, theta: &[f64]) -> Result<Vec<f64>> {
    if let Some(exact) = evaluator.exact_curvature(theta)? {
        return Ok(exact);
    }
    let n = theta.len();
    let mut rows = Vec::with_capacity(n);
    for k in 0..n {
        let h = STEP * theta[k].abs().max(SMALL);
        let mut slope = |shift: f64| -> Result<Vec<f64>> {
            let mut x = theta.to_vec();
            x[k] += shift * h;
            evaluator.gradient(&x)
        };
        let (far_up, up, down, far_down) = (slope(2.0)?, slope(1.0)?, slope(-1.0)?, slope(-2.0)?);
        rows.push((0..n).map(|l| fourth_order([up[l], down[l], far_up[l], far_down[l]], h)).collect::<Vec<f64>>());
    }
    Ok((0..n * n).map(|i| 0.5 * (rows[i / n][i % n] + rows[i % n][i / n])).collect())
}
