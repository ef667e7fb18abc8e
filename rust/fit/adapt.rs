//! New rows under the parameters of a fit: θ, β and σ stay, only the modes move.

use super::result::Fit;
use crate::model::{Lmm, Workspace};
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
        let mut work = model.workspace();
        let terms = model.evaluate(&theta, &mut work)?;
        let fit = Fit::at(model, theta, self.verdict.clone(), (terms, None), &work);
        Ok(fit.with_parameters(&work, self.beta.clone(), self.sigma, self.unscaled_vcov.clone()))
    }

    /// The same with β, σ and Var(β̂)/σ² of other rows; `work` is where the fit was evaluated.
    pub fn with_parameters(self, work: &Workspace, beta: Vec<f64>, sigma: f64, unscaled_vcov: Vec<f64>) -> Fit {
        let modes = work.factor.modes(&self.model.symbolic, &beta);
        Fit { sigma, beta, modes, unscaled_vcov, is_adapted: true, ..self }
    }
}
