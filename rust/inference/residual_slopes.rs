//! How Var(β̂) and σ² change with the parameters of the residuals: in closed form without random effects, else by central
//! differences of fourth order.

use crate::Result;
use crate::fit::Fit;
use crate::linalg::fourth_order;
use crate::model::{LmmEvaluator, Scale};

/// The step, in parameters of which one is much.
const STEP: f64 = 1e-3;

/// Per parameter the slope of Var(β̂) (p x p, in the user's units), and that of σ² along its profile.
///
/// # Errors
/// Those of the criterion beside the optimum.
pub fn residual_slopes(fit: &Fit, evaluator: &mut LmmEvaluator) -> Result<Vec<(Vec<f64>, f64)>> {
    let (x, first) = (fit.free(), fit.theta.len());
    let terms = evaluator.evaluate(&x)?;
    if let Some(exact) = evaluator.fixed_slopes()? {
        // Var(β̂) = σ²Φ, σ² = r²/m unless it is known
        let (variance, relative) = (fit.variance_at(&terms), evaluator.work.factor.fixed_covariance());
        let is_known = fit.model.scale != Scale::Profiled;
        let whole = |(slope, r): (Vec<f64>, f64)| {
            let of_variance = if is_known { 0.0 } else { r / terms.m };
            let own: Vec<f64> = slope.iter().zip(&relative).map(|(s, c)| variance * s + of_variance * c).collect();
            (fit.model.a.fixed.covariance(&own), of_variance)
        };
        return Ok(exact.into_iter().map(whole).collect());
    }
    let slope = |k: usize| -> Result<(Vec<f64>, f64)> {
        let mut at = |shift: f64| -> Result<Vec<f64>> {
            let mut x = x.clone();
            x[k] += shift * STEP;
            let terms = evaluator.evaluate(&x)?;
            let variance = fit.variance_at(&terms);
            let relative = fit.model.a.fixed.covariance(&evaluator.work.factor.fixed_covariance());
            Ok(relative.iter().map(|v| v * variance).chain([variance]).collect())
        };
        let (far_up, up, down, far_down) = (at(2.0)?, at(1.0)?, at(-1.0)?, at(-2.0)?);
        let difference = |i: usize| fourth_order([up[i], down[i], far_up[i], far_down[i]], STEP);
        let mut slopes: Vec<f64> = (0..up.len()).map(difference).collect();
        let of_variance = slopes.pop().expect("the variance after the covariances");
        Ok((slopes, of_variance))
    };
    (first..x.len()).map(slope).collect()
}
