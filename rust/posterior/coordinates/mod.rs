//! ψ, in which the posterior is drawn from: standard deviations of free sign, correlations without ends.
//!
//! The density is smooth in a standard deviation through zero, so that a variance that may be zero is an ordinary place; their
//! units are powers of two near those of the fit, so that they are near one in any unit of the response.  ψ and
//! its reflections, where standard deviations of either sign take the signs of correlations with them, are the same covariance.

mod log_prior;
mod of_term;
mod reflections;
mod slopes;
mod start;

pub use reflections::Reflections;

use crate::covariance::{RandomBasis, Role, TermCovariance, ThetaMap};
use crate::model::{Glmm, Lmm, Parameter, Parameters};
use crate::prior::{Combination, Prior};
use crate::residual::ResidualLayout;
use crate::{Error, Result};
use of_term::{from_natural, natural};

#[derive(Debug, Clone)]
pub struct Coordinates {
    bases: Vec<RandomBasis>,
    theta_map: ThetaMap,
    residual: Option<ResidualLayout>,
    n_phi: usize,
    scale: Scale,
    /// Further coordinates of the engine, which are ψ as they are.
    n_rest: usize,
    rest: Rest,
    /// By slot, and of one matrix by term where its correlations are any.
    priors: Vec<Prior>,
    /// What one is of each coordinate: of standard deviations a power of two near that of the data, of others one.
    units: Vec<f64>,
}

/// What is known of further coordinates.
#[derive(Debug, Clone)]
enum Rest {
    /// They are coefficients, of which combinations have priors.
    Coefficients(Vec<Combination>),
    /// They are logarithms of what has priors.
    Logarithms(Vec<Prior>),
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
    pub fn of_linear(model: &Lmm, priors: Vec<Prior>, scales: &[Prior]) -> Result<Self> {
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
        Self::new(
            model.parameters(),
            (residual, model.phi().len()),
            (scale, scales.len()),
            (priors, Rest::Logarithms(scales.to_vec())),
        )
    }

    /// # Errors
    /// Those of a linear model.
    pub fn of_generalized(model: &Glmm, priors: Vec<Prior>, combinations: Vec<Combination>) -> Result<Self> {
        Self::new(
            model.parameters(),
            (None, 0),
            (Scale::None, model.n_coefficients()),
            (priors, Rest::Coefficients(combinations)),
        )
    }

    fn new(
        parameters: Parameters,
        (residual, n_phi): (Option<ResidualLayout>, usize),
        (scale, n_rest): (Scale, usize),
        (priors, rest): (Vec<Prior>, Rest),
    ) -> Result<Self> {
        let terms = &parameters.theta.terms;
        if let Some(term) = terms.iter().find(|term| term.shape.rank.is_some()) {
            return Err(Error::Design(format!(
                "the posterior of a random term of structure {} is not offered: its parameters are not those that users read",
                term.structure.name()
            )));
        }
        log_prior::check(terms, (n_phi, scale == Scale::Free), &priors)?;
        let units = vec![1.0; parameters.theta.n_parameters + n_phi + usize::from(scale == Scale::Free) + n_rest];
        Ok(Self {
            bases: parameters.bases.to_vec(),
            theta_map: parameters.theta.clone(),
            residual,
            n_phi,
            scale,
            n_rest,
            priors,
            rest,
            units,
        })
    }

    fn n_theta(&self) -> usize {
        self.theta_map.n_parameters
    }

    /// Parameters with priors of their own.
    pub fn n_priors(&self) -> usize {
        self.priors.len()
    }

    /// Columns of every random term.
    pub fn widths(&self) -> Vec<usize> {
        self.theta_map.terms.iter().map(|term| term.width).collect()
    }

    /// Coordinates.
    pub fn dim(&self) -> usize {
        self.n_theta() + self.n_phi + usize::from(self.scale == Scale::Free) + self.n_rest
    }

    /// ψ with standard deviations in the user's units.
    pub fn in_user_units(&self, psi: &[f64]) -> Vec<f64> {
        psi.iter().zip(&self.units).map(|(psi, unit)| psi * unit).collect()
    }

    /// ψ from standard deviations in the user's units.
    pub fn from_user_units(&self, psi: &[f64]) -> Vec<f64> {
        psi.iter().zip(&self.units).map(|(psi, unit)| psi / unit).collect()
    }

    /// log of what one of ψ is in the user's units, of all coordinates together.
    pub fn log_unit_of_points(&self) -> f64 {
        self.units.iter().map(|unit| unit.ln()).sum()
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
        let psi = &self.in_user_units(psi);
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
        self.from_user_units(&psi)
    }

    /// Ranges and rates among the user's parameters, as ψ has them.
    pub fn with_distances(&self, mut values: Vec<f64>, parameters: &[Parameter], psi: &[f64]) -> Vec<f64> {
        for (value, parameter) in values.iter_mut().zip(parameters) {
            let Parameter::Random(t, reported) = parameter else { continue };
            if reported.is_of_distance() {
                let term = &self.theta_map.terms[*t];
                let place = term.roles().iter().position(|role| matches!(role, Role::Range | Role::Rate));
                *value = place.map_or(f64::NAN, |k| term.parameters(psi)[k].exp());
            }
        }
        values
    }
}
