//! A prior that keeps covariances of random effects off their boundary: density |Σ|^a over the covariance Σ of each term, relative
//! to σ² in a linear model (Chung, Rabe-Hesketh, Dorie, Gelman and Liu 2013, Psychometrika 78, 685-709, section 3; for several
//! effects Chung, Gelman, Rabe-Hesketh, Liu and Dorie 2015, J. Educational and Behavioral Statistics 40, 136-157, section 3).

use crate::covariance::ThetaMap;
use crate::{Error, Result};

/// a: with 3/4 a standard deviation has density sd^1.5, and r effects a Wishart prior with r + 2.5 degrees of freedom.
pub const AVOID_BOUNDARY: f64 = 0.75;

#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CovariancePrior {
    pub exponent: f64,
}

impl CovariancePrior {
    /// What it adds to the criterion, -2 a log|ΛΛ'|, over all terms.
    ///
    /// # Errors
    /// `Numerical` on the boundary, where the density is zero.
    pub fn value(self, map: &ThetaMap, theta: &[f64]) -> Result<f64> {
        let log_diagonal = |lambda: Vec<f64>, r: usize| (0..r).map(|j| lambda[j * r + j].abs().ln()).sum::<f64>();
        let total: f64 = map.terms.iter().map(|term| log_diagonal(term.relative_factor(theta), term.width)).sum();
        if total.is_finite() {
            return Ok(-4.0 * self.exponent * total);
        }
        Err(Error::Numerical("the prior of the covariances has no density where a variance is zero".into()))
    }

    /// Adds its slope, and its curvature where there is room for one: that of Λ's entries.
    pub fn add(self, map: &ThetaMap, theta: &[f64], gradient: &mut [f64], curvature: &mut [f64]) {
        let (n, weight, with_curvature) = (gradient.len(), 4.0 * self.exponent, !curvature.is_empty());
        for term in &map.terms {
            let (lambda, r) = (term.relative_factor(theta), term.width);
            let relative = |k: usize| -> Vec<f64> {
                let slope = term.derivative(theta, k);
                (0..r).map(|j| slope[j * r + j] / lambda[j * r + j]).collect()
            };
            let slopes: Vec<Vec<f64>> = (0..term.n_parameters).map(relative).collect();
            for (k, own) in slopes.iter().enumerate() {
                gradient[term.first + k] -= weight * own.iter().sum::<f64>();
                for (l, other) in slopes.iter().enumerate().filter(|_| with_curvature) {
                    let inner: f64 = own.iter().zip(other).map(|(a, b)| a * b).sum();
                    curvature[(term.first + l) * n + term.first + k] += weight * inner;
                }
            }
        }
    }
}
