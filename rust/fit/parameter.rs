//! What a user calls a parameter: coefficients, standard deviations, correlations, σ.

use super::result::Fit;
use super::units::relative_covariance;
use crate::model::Lmm;

/// Columns are those of the user; `term` counts the random terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    Fixed(usize),
    Sd { term: usize, column: usize },
    Correlation { term: usize, row: usize, column: usize },
    Sigma,
}

/// The parameters' values for β and θ in the working basis; NaN for a correlation of effects without variance.
pub fn values(model: &Lmm, beta: &[f64], theta: &[f64], sigma: f64, parameters: &[Parameter]) -> Vec<f64> {
    let beta = model.a.fixed.beta(beta);
    let terms = model.theta_map.terms.iter().zip(&model.a.random);
    let covariances: Vec<Vec<f64>> = terms.map(|(term, basis)| relative_covariance(term, basis, theta)).collect();
    let entry = |term: usize, i: usize, j: usize| covariances[term][j * model.theta_map.terms[term].width + i];
    parameters
        .iter()
        .map(|&parameter| match parameter {
            Parameter::Fixed(j) => beta[j],
            Parameter::Sd { term, column } => sigma * entry(term, column, column).max(0.0).sqrt(),
            Parameter::Correlation { term, row, column } => {
                let product = entry(term, row, row) * entry(term, column, column);
                if product > 0.0 { (entry(term, row, column) / product.sqrt()).clamp(-1.0, 1.0) } else { f64::NAN }
            }
            Parameter::Sigma => sigma,
        })
        .collect()
}

impl Fit {
    pub fn values(&self, parameters: &[Parameter]) -> Vec<f64> {
        values(&self.model, &self.beta, &self.theta, self.evaluation.sigma, parameters)
    }
}
