//! ψ, in which the posterior is drawn from: standard deviations of free sign, correlations without ends.
//!
//! The density is smooth in a standard deviation through zero, so that a variance that may be zero is an ordinary place.  ψ and
//! its reflections, where standard deviations of either sign take the signs of correlations with them, are the same covariance.

mod log_prior;
mod of_term;
mod reflections;

pub use reflections::Reflections;

use crate::covariance::{RandomBasis, TermCovariance, ThetaMap};
use crate::linalg::fourth_order;
use crate::model::{Glmm, Lmm, Parameters};
use crate::prior::Prior;
use crate::residual::ResidualLayout;
use crate::{Error, Result};
use of_term::{from_natural, natural};

/// Of differences of ψ: their step, beside one.
const STEP: f64 = 1e-3;

#[derive(Debug, Clone)]
pub struct Coordinates {
    bases: Vec<RandomBasis>,
    theta_map: ThetaMap,
    residual: Option<ResidualLayout>,
    n_phi: usize,
    scale: Scale,
    /// Further coordinates of the engine, which are ψ as they are.
    n_rest: usize,
    /// By slot, and of one matrix by term where its correlations are any.
    priors: Vec<Prior>,
    /// Of further coordinates.
    combinations: Vec<Combination>,
}

/// A prior of a linear combination of the further coordinates.
#[derive(Debug, Clone)]
pub struct Combination {
    pub along: Vec<f64>,
    pub prior: Prior,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// log σ is the last coordinate.
    Free,
    /// log σ².
    Known(f64),
    /// Covariances are absolute.
    None,
}

impl Coordinates {
    /// # Errors
    /// `Design` for structures that are not determined by what users read of them.
    pub fn of_linear(model: &Lmm, priors: Vec<Prior>) -> Result<Self> {
        let scale = model.known_variance().map_or(Scale::Free, |variance| Scale::Known(variance.ln()));
        let residual = model.residual.as_ref().map(|own| own.residual.layout.clone());
        if let Some(layout) = &residual
            && layout.natural(model.phi()).len() != layout.n_correlation()
        {
            return Err(Error::Design(
                "the posterior of this structure of the residuals is not offered: it has more parameters than are free"
                    .into(),
            ));
        }
        Self::new(model.parameters(), (residual, model.phi().len()), (scale, 0), (priors, Vec::new()))
    }

    /// # Errors
    /// Those of a linear model.
    pub fn of_generalized(model: &Glmm, priors: Vec<Prior>, combinations: Vec<Combination>) -> Result<Self> {
        Self::new(model.parameters(), (None, 0), (Scale::None, model.n_coefficients()), (priors, combinations))
    }

    fn new(
        parameters: Parameters,
        (residual, n_phi): (Option<ResidualLayout>, usize),
        (scale, n_rest): (Scale, usize),
        (priors, combinations): (Vec<Prior>, Vec<Combination>),
    ) -> Result<Self> {
        let terms = &parameters.theta.terms;
        if let Some(term) = terms.iter().find(|term| term.shape.rank.is_some()) {
            return Err(Error::Design(format!(
                "the posterior of a random term of structure {} is not offered: its parameters are not those that users read",
                term.structure.name()
            )));
        }
        log_prior::check(terms, (n_phi, scale == Scale::Free), &priors)?;
        Ok(Self {
            bases: parameters.bases.to_vec(),
            theta_map: parameters.theta.clone(),
            residual,
            n_phi,
            scale,
            n_rest,
            priors,
            combinations,
        })
    }

    fn n_theta(&self) -> usize {
        self.theta_map.n_parameters
    }

    /// Columns of every random term.
    pub fn widths(&self) -> Vec<usize> {
        self.theta_map.terms.iter().map(|term| term.width).collect()
    }

    /// Coordinates.
    pub fn dim(&self) -> usize {
        self.n_theta() + self.n_phi + usize::from(self.scale == Scale::Free) + self.n_rest
    }

    fn phi<'a>(&self, psi: &'a [f64]) -> &'a [f64] {
        &psi[self.n_theta()..self.n_theta() + self.n_phi]
    }

    /// log σ inside: of a row in the middle.
    fn log_sigma(&self, psi: &[f64]) -> f64 {
        match self.scale {
            Scale::Free => psi[self.n_theta() + self.n_phi] - self.log_unit(psi),
            Scale::Known(log_variance) => 0.5 * log_variance,
            Scale::None => 0.0,
        }
    }

    fn log_unit(&self, psi: &[f64]) -> f64 {
        self.residual.as_ref().map_or(0.0, |layout| layout.log_unit(self.phi(psi)))
    }

    /// The point of the search, (θ, φ, log σ², rest).
    ///
    /// # Errors
    /// `Design` for numbers that are not finite.
    pub fn to_engine(&self, psi: &[f64]) -> Result<Vec<f64>> {
        let log_sigma = self.log_sigma(psi);
        let own = |term: &TermCovariance| natural(term, term.parameters(psi), (-log_sigma).exp());
        let user: Vec<f64> = self.theta_map.terms.iter().flat_map(own).collect();
        let parameters = Parameters { theta: &self.theta_map, bases: &self.bases };
        let mut x = parameters.to_working(&user)?;
        x.extend_from_slice(self.phi(psi));
        if self.scale == Scale::Free {
            x.push(2.0 * log_sigma);
        }
        x.extend_from_slice(&psi[psi.len() - self.n_rest..]);
        Ok(x)
    }

    /// ψ of a point of the search.
    pub fn from_engine(&self, x: &[f64]) -> Vec<f64> {
        let (n, phi) = (self.n_theta(), &x[self.n_theta()..self.n_theta() + self.n_phi]);
        let log_sigma = match self.scale {
            Scale::Free => 0.5 * x[n + self.n_phi],
            Scale::Known(log_variance) => 0.5 * log_variance,
            Scale::None => 0.0,
        };
        let parameters = Parameters { theta: &self.theta_map, bases: &self.bases };
        let user = parameters.to_user(&x[..n]);
        let covariances = parameters.relative_covariances(&x[..n]);
        let terms = self.theta_map.terms.iter().zip(covariances);
        let mut psi: Vec<f64> = terms
            .flat_map(|(term, covariance)| from_natural(term, term.parameters(&user), &covariance, log_sigma.exp()))
            .collect();
        psi.extend_from_slice(phi);
        if self.scale == Scale::Free {
            psi.push(log_sigma + self.residual.as_ref().map_or(0.0, |layout| layout.log_unit(phi)));
        }
        psi.extend_from_slice(&x[x.len() - self.n_rest..]);
        psi
    }

    /// dx/dψ (engine x ψ, column-major) by differences of fourth order, and the slope of the log prior.
    ///
    /// # Errors
    /// `Design` for numbers that are not finite.
    pub fn slopes(&self, psi: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (mut jacobian, mut slope) = (Vec::with_capacity(psi.len() * psi.len()), Vec::with_capacity(psi.len()));
        let own = psi.len() - self.n_rest;
        for k in 0..psi.len() {
            if k >= own {
                jacobian.extend((0..psi.len()).map(|j| f64::from(u8::from(j == k))));
                let mut rest = psi[own..].to_vec();
                let at = |shift: f64| {
                    rest[k - own] = psi[k] + shift;
                    self.log_prior_of_rest(&rest)
                };
                slope.push(fourth_order([1.0, -1.0, 2.0, -2.0].map(|s| s * STEP).map(at), STEP));
                continue;
            }
            let h = STEP * psi[k].abs().clamp(0.1, 1.0);
            let at = |shift: f64| {
                let mut to = psi.to_vec();
                to[k] += shift * h;
                Ok((self.to_engine(&to)?, self.log_prior(&to)))
            };
            let ((a, pa), (b, pb), (c, pc), (d, pd)) = (at(1.0)?, at(-1.0)?, at(2.0)?, at(-2.0)?);
            jacobian.extend((0..a.len()).map(|j| fourth_order([a[j], b[j], c[j], d[j]], h)));
            slope.push(fourth_order([pa, pb, pc, pd], h));
        }
        Ok((jacobian, slope))
    }
}
