//! New rows under the parameters of a fit: θ, β and σ stay, only the modes move.

use super::result::Fit;
use super::units;
use crate::objective::Problem;
use crate::{Error, Result};

impl Fit {
    /// The modes of the rows of `problem`, at the parameters of this fit.
    ///
    /// # Errors
    /// `Design` where the problem is not in the basis of this fit, `Numerical` where its factor cannot be computed.
    pub fn adapt(&self, problem: Problem) -> Result<Fit> {
        if problem.a.fixed != self.problem.a.fixed || problem.theta_map != self.problem.theta_map {
            return Err(Error::Design("the rows were not encoded as those of the fit".into()));
        }
        let theta = units::from_user(&problem, &self.user_theta())?;
        self.at_parameters(problem, theta, self.beta.clone(), self.evaluation.sigma, self.unscaled_vcov.clone())
    }

    /// A fit whose β, σ and Var(β̂)/σ² are given.
    pub fn at_parameters(
        &self,
        problem: Problem,
        theta: Vec<f64>,
        beta: Vec<f64>,
        sigma: f64,
        unscaled_vcov: Vec<f64>,
    ) -> Result<Fit> {
        let mut work = problem.workspace();
        let mut evaluation = problem.evaluate(&theta, &mut work)?;
        evaluation.sigma = sigma;
        let modes = work.factor.modes(&problem.system, &beta);
        let verdict = self.verdict.clone();
        Ok(Fit { problem, theta, evaluation, beta, modes, unscaled_vcov, verdict, is_adapted: true })
    }
}
