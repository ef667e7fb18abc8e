//! The deviance and the REML criterion from what one factorization leaves, at any σ (Bates, Maechler, Bolker and
//! Walker 2015, J. Statistical Software 67(1), equations 34, 35, 41 and 42).

use std::f64::consts::TAU;

use super::lmm::{Criterion, Lmm, Workspace};
use super::one_factor::OneFactor;
use crate::Result;

/// What one θ gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearTerms {
    pub criterion: Criterion,
    /// Denominator of σ²: n, or n - p.
    pub m: f64,
    /// Penalized weighted residual sum of squares, r²(θ).
    pub pwrss: f64,
    /// log|Λ'Z'WZΛ + I|.
    pub logdet_random: f64,
    /// log|X'V^-1 X| in the user's units, V relative to σ².
    pub logdet_fixed: f64,
    /// Σ log w.
    pub sum_log_weights: f64,
    /// Standard error of the criterion where a log-determinant is estimated, 0 where it is exact.
    pub std_error: f64,
}

impl LinearTerms {
    /// d = log|M| [+ log|X'V^-1 X|] + m (1 + log(2π r² / m)) - Σ log w: σ at its best.
    pub fn profiled(&self) -> f64 {
        self.with(self.m * (1.0 + (TAU * self.pwrss / self.m).ln()))
    }

    /// d = log|M| [+ log|X'V^-1 X|] + m log(2πσ²) + r²/σ² - Σ log w.
    pub fn at_variance(&self, variance: f64) -> f64 {
        self.with(self.m * (TAU * variance).ln() + self.pwrss / variance)
    }

    /// σ̂(θ).
    pub fn sigma(&self) -> f64 {
        (self.pwrss / self.m).sqrt()
    }

    fn with(&self, residual: f64) -> f64 {
        let d = self.logdet_random + residual - self.sum_log_weights;
        if self.criterion == Criterion::Reml { d + self.logdet_fixed } else { d }
    }
}

impl Lmm {
    /// σ² where it is known, else at its best.
    pub fn variance(&self, terms: &LinearTerms) -> f64 {
        self.known_variance().unwrap_or_else(|| terms.sigma().powi(2))
    }

    /// The criterion at that σ².
    pub fn value(&self, terms: &LinearTerms) -> f64 {
        self.known_variance().map_or_else(|| terms.profiled(), |variance| terms.at_variance(variance))
    }

    /// Factors for θ and evaluates the criterion.
    ///
    /// # Errors
    /// `Numerical` where the factorization fails.
    pub fn evaluate(&self, theta: &[f64], work: &mut Workspace) -> Result<LinearTerms> {
        self.theta_map.factors(theta, &mut work.factor.lambda);
        work.factor.update(&self.a, &self.panels, &self.symbolic)?;
        Ok(self.terms_of(work, 0.0))
    }

    /// The same from sums over levels; None where they do not give it.
    ///
    /// # Errors
    /// `Numerical` where the last block is not positive definite.
    pub fn evaluate_sums(
        &self,
        theta: &[f64],
        sums: &mut OneFactor,
        work: &mut Workspace,
    ) -> Result<Option<LinearTerms>> {
        self.theta_map.factors(theta, &mut work.factor.lambda);
        if sums.update(&mut work.factor).is_none() {
            return Ok(None);
        }
        work.factor.finish()?;
        Ok(Some(self.terms_of(work, 0.0)))
    }

    /// The same under the prior of the coefficients, which is worth more beside the data the larger σ² is.
    ///
    /// # Errors
    /// `Numerical` where the factorization fails.
    pub fn evaluate_under_prior(&self, theta: &[f64], variance: f64, work: &mut Workspace) -> Result<LinearTerms> {
        let Some(prior) = &self.coefficient_prior else { return self.evaluate(theta, work) };
        self.theta_map.factors(theta, &mut work.factor.lambda);
        work.factor.update_random(&self.a, &self.panels, &self.symbolic)?;
        prior.add(variance, &mut work.factor.xx);
        work.factor.finish()?;
        Ok(self.terms_of(work, prior.constant))
    }

    fn terms_of(&self, work: &Workspace, constant: f64) -> LinearTerms {
        let factor = &work.factor;
        LinearTerms {
            criterion: self.criterion,
            m: self.denominator(),
            pwrss: factor.pwrss,
            logdet_random: factor.logdet_random,
            logdet_fixed: factor.logdet_fixed - 2.0 * self.a.fixed.logdet,
            sum_log_weights: self.a.sum_log_weights - constant,
            std_error: factor.trailing.std_error(),
        }
    }
}
