//! New rows under the parameters of a fit: θ, β and σ stay, only the modes move.

use super::result::Fit;
use crate::model::Lmm;
use crate::{Error, Result};

impl Fit {
    /// The modes of the rows of `model`, at the parameters of this fit.
    ///
    /// # Errors
    /// `Design` where the model is not in the basis of this fit, `Numerical` where its factor cannot be computed.
    pub fn adapt(&self, model: Lmm) -> Result<Fit> {
        if model.a.fixed != self.model.a.fixed || model.theta_map != self.model.theta_map {
            return Err(Error::Design("the rows were not encoded as those of the fit".into()));
        }
        let theta = model.parameters().to_working(&self.user_theta())?;
        self.at_parameters(model, theta, self.beta.clone(), self.sigma, self.unscaled_vcov.clone())
    }

    /// A fit whose β, σ and Var(β̂)/σ² are given.
    pub fn at_parameters(
        &self,
        model: Lmm,
        theta: Vec<f64>,
        beta: Vec<f64>,
        sigma: f64,
        unscaled_vcov: Vec<f64>,
    ) -> Result<Fit> {
        let mut work = model.workspace();
        let terms = model.evaluate(&theta, &mut work)?;
        let modes = work.factor.modes(&model.symbolic, &beta);
        let verdict = self.verdict.clone();
        let (criterion, std_error) = (terms.profiled(), terms.std_error);
        Ok(Fit { model, theta, criterion, std_error, sigma, beta, modes, unscaled_vcov, verdict, is_adapted: true })
    }
}
