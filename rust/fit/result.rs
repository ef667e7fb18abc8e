//! The fitted model, in the user's units.

use super::verdict::Verdict;
use crate::linalg::dense;
use crate::model::{LinearTerms, Lmm, Parameter, Scale, Workspace};
use crate::penalized_ls::Modes;
use crate::{Error, Result};

#[derive(Debug, Clone)]
pub struct Fit {
    pub model: Lmm,
    /// θ in the working basis.
    pub theta: Vec<f64>,
    /// The criterion there, and its standard error where it is an estimate.
    pub criterion: f64,
    pub std_error: f64,
    pub sigma: f64,
    /// β in the working basis.
    pub beta: Vec<f64>,
    /// Conditional modes in the working basis.
    pub modes: Modes,
    /// (X'V^-1 X)^-1 relative to σ², in the user's units.
    pub unscaled_vcov: Vec<f64>,
    pub verdict: Verdict,
    /// β, σ and Var(β̂) are those of other rows.
    pub is_adapted: bool,
}

impl Fit {
    /// The fit at θ, where `work` was evaluated, and at a σ² that is not at its best for θ, if there is one.
    pub fn at(
        model: Lmm,
        theta: Vec<f64>,
        verdict: Verdict,
        (terms, variance): (LinearTerms, Option<f64>),
        work: &Workspace,
    ) -> Self {
        let beta = work.factor.beta();
        let modes = work.factor.modes(&model.symbolic, &beta);
        let unscaled_vcov = model.a.fixed.covariance(&work.factor.fixed_covariance());
        let criterion = variance.map_or_else(|| model.value(&terms), |variance| terms.at_variance(variance));
        let (std_error, sigma) = (terms.std_error, variance.unwrap_or_else(|| model.variance(&terms)).sqrt());
        Self { model, theta, criterion, std_error, sigma, beta, modes, unscaled_vcov, verdict, is_adapted: false }
    }

    /// A workspace evaluated at the optimum.
    ///
    /// # Errors
    /// `Numerical` where the factor cannot be rebuilt.
    pub fn workspace(&self) -> Result<Workspace> {
        let mut work = self.model.workspace();
        self.model.evaluate(&self.theta, &mut work)?;
        Ok(work)
    }

    pub fn values(&self, parameters: &[Parameter]) -> Vec<f64> {
        let values = self.model.parameters().values(&self.user_beta(), &self.theta, self.sigma, parameters);
        self.model.with_residuals(values, parameters, self.model.phi(), self.sigma)
    }

    /// θ in the user's units, relative to the user's σ.
    pub fn user_theta(&self) -> Vec<f64> {
        let user = self.model.parameters().to_user(&self.theta);
        if self.model.residual.is_none() {
            return user;
        }
        let terms = self.model.theta_map.terms.iter();
        let ratio = self.sigma / self.user_sigma();
        terms.flat_map(|t| t.scaled(t.parameters(&user), ratio)).collect()
    }

    /// β of the columns kept.
    pub fn user_beta(&self) -> Vec<f64> {
        self.model.a.fixed.beta(&self.beta)
    }

    /// Parameters estimated: fixed effects, θ, those of the residuals, and σ unless it is known; less what is held.
    pub fn n_params(&self) -> usize {
        self.beta.len() + self.model.n_free() + usize::from(self.model.known_variance().is_none())
            - self.model.held.len()
    }

    /// θ in the working basis, then the parameters of the residuals.
    pub fn free(&self) -> Vec<f64> {
        self.theta.iter().chain(self.model.phi()).copied().collect()
    }

    /// Where the criterion of its model is evaluated: the same, and log σ² where that is a coordinate.
    pub fn point(&self) -> Vec<f64> {
        let last = (self.model.scale == Scale::Parameter).then(|| 2.0 * self.sigma.ln());
        self.free().into_iter().chain(last).collect()
    }

    /// σ² of terms at another θ: at its best there, or what it is where θ does not determine it.
    pub fn variance_at(&self, terms: &LinearTerms) -> f64 {
        if self.model.scale == Scale::Profiled { terms.sigma().powi(2) } else { self.residual_variance() }
    }

    /// The residual standard deviation of a row of weight one, at zero of the columns of its dispersion.
    pub fn user_sigma(&self) -> f64 {
        self.sigma * self.model.sigma_unit(self.model.phi())
    }

    /// σ², in which variances of the fit are stated.
    pub fn residual_variance(&self) -> f64 {
        self.sigma.powi(2)
    }

    /// A covariance from one that is relative to σ².
    pub fn scaled(&self, relative: &[f64]) -> Vec<f64> {
        let variance = self.residual_variance();
        relative.iter().map(|v| v * variance).collect()
    }

    pub fn vcov(&self) -> Vec<f64> {
        self.scaled(&self.unscaled_vcov)
    }

    /// (X'WX)^-1: what the covariance of β would be over σ² without random effects.
    ///
    /// # Errors
    /// `Numerical` where X'WX is singular.
    pub fn ordinary_covariance(&self) -> Result<Vec<f64>> {
        let (a, p) = (&self.model.a, self.beta.len());
        let mut root: Vec<f64> = (0..p * p).map(|e| a.xx[e / p * (p + 1) + e % p]).collect();
        dense::cholesky_lower(&mut root, p)
            .map_err(|_| Error::Numerical("columns of the fixed part depend on each other".into()))?;
        let mut inverse = vec![0.0; p * p];
        dense::inverse_from_cholesky(&mut inverse, &root, p);
        Ok(a.fixed.covariance(&inverse))
    }

    /// Covariance of each term's random effects (r x r).
    pub fn covariances(&self) -> Vec<Vec<f64>> {
        self.model.parameters().relative_covariances(&self.theta).iter().map(|own| self.scaled(own)).collect()
    }

    /// Per random term the conditional modes b (n_levels rows of r).
    pub fn user_modes(&self) -> Vec<Vec<f64>> {
        let terms = self.model.theta_map.terms.iter().zip(&self.model.a.random);
        terms
            .map(|(term, basis)| {
                let full = self.model.theta_map.widths[term.block];
                let levels = self.modes.b[term.block].chunks_exact(full);
                levels.flat_map(|b| basis.decode(&b[term.offset..term.offset + term.width])).collect()
            })
            .collect()
    }

    /// Per random term Var(b | y) given θ and β (n_levels blocks r x r); `with_fixed`: Var(b̂ - b), to which the
    /// estimation of β adds.
    ///
    /// # Errors
    /// `Numerical` where the factor cannot be rebuilt.
    pub fn mode_covariances(&self, with_fixed: bool) -> Result<Vec<Vec<f64>>> {
        let mut work = self.workspace()?;
        work.inverse.update(&work.factor, &self.model.a, &self.model.panels, &self.model.symbolic, with_fixed);
        let terms = self.model.theta_map.terms.iter().zip(&self.model.a.random);
        Ok(terms
            .map(|(term, basis)| {
                let (full, r) = (self.model.theta_map.widths[term.block], term.width);
                let blocks = work.inverse.level_blocks(&work.factor, &self.model.symbolic, term.block.0);
                let own = |n: &[f64]| -> Vec<f64> {
                    (0..r * r).map(|k| n[(term.offset + k / r) * full + term.offset + k % r]).collect()
                };
                blocks.chunks_exact(full * full).flat_map(|n| basis.covariance(&self.scaled(&own(n)))).collect()
            })
            .collect())
    }
}
