//! The profiled deviance and the profiled REML criterion (Bates, Maechler, Bolker and Walker 2015,
//! J. Statistical Software 67(1), equations 34, 35, 41 and 42).

use super::lmm::{Criterion, Lmm, Workspace};
use crate::Result;

/// What one θ gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// d(θ), or the REML criterion.
    pub objective: f64,
    /// Penalized weighted residual sum of squares, r²(θ).
    pub pwrss: f64,
    /// log|Λ'Z'WZΛ + I|.
    pub logdet_random: f64,
    /// log|X'V^-1 X| in the user's units, V relative to σ².
    pub logdet_fixed: f64,
    /// σ̂(θ).
    pub sigma: f64,
    /// Standard error of the criterion where a log-determinant is estimated, 0 where it is exact.
    pub std_error: f64,
}

impl Lmm {
    /// Factors for θ and evaluates the criterion.
    ///
    /// # Errors
    /// `Numerical` where the factorization fails.
    pub fn evaluate(&self, theta: &[f64], work: &mut Workspace) -> Result<Evaluation> {
        self.theta_map.factors(theta, &mut work.factor.lambda);
        work.factor.update(&self.a, &self.panels, &self.symbolic)?;
        let factor = &work.factor;
        let m = self.denominator();
        let logdet_fixed = factor.logdet_fixed - 2.0 * self.a.fixed.logdet;
        // d = log|M| [+ log|X'V^-1 X|] + m (1 + log(2π r² / m)) - Σ log w
        let mut objective =
            factor.logdet_random + m * (1.0 + (std::f64::consts::TAU * factor.pwrss / m).ln()) - self.a.sum_log_weights;
        if self.criterion == Criterion::Reml {
            objective += logdet_fixed;
        }
        Ok(Evaluation {
            objective,
            pwrss: factor.pwrss,
            logdet_random: factor.logdet_random,
            logdet_fixed,
            sigma: (factor.pwrss / m).sqrt(),
            std_error: factor.iterative.as_ref().map_or(0.0, |i| i.std_error),
        })
    }
}
