//! V = W^-1 + Σ γ_r G_r: a model's covariance as linear in its parameters, relative to σ².
//! G_r = Z A_r Z', A_r the same symmetric pattern in every level of a term's grouping factor.

use crate::covariance::{Structure, TermCovariance};
use crate::fit::Fit;
use crate::fit::units::square;
use crate::{Error, Result};

/// One γ: a pattern within the term's columns of its grouping factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Direction {
    pub block: usize,
    pub offset: usize,
    pub width: usize,
    /// width x width, symmetric.
    pub pattern: Vec<f64>,
    pub gamma: f64,
}

/// The directions of every random term, in the working basis.
///
/// # Errors
/// `Design` for a structure that is not linear in its parameters.
pub fn directions(fit: &Fit) -> Result<Vec<Direction>> {
    let mut all = Vec::new();
    for term in &fit.model.theta_map.terms {
        all.extend(of_term(term, &square(&term.factor(&fit.theta), term.width))?);
    }
    Ok(all)
}

fn of_term(term: &TermCovariance, sigma: &[f64]) -> Result<Vec<Direction>> {
    let r = term.width;
    let direction =
        |pattern: Vec<f64>, gamma: f64| Direction { block: term.factor, offset: term.offset, width: r, pattern, gamma };
    let entry = |i: usize, j: usize| {
        let mut pattern = vec![0.0; r * r];
        pattern[j * r + i] = 1.0;
        pattern[i * r + j] = 1.0;
        direction(pattern, sigma[j * r + i])
    };
    let diagonal = || (0..r).map(|i| entry(i, i)).collect();
    let all = || (0..r).flat_map(|j| (0..=j).map(move |i| (i, j))).map(|(i, j)| entry(i, j)).collect();
    match term.structure {
        Structure::Diagonal => Ok(diagonal()),
        Structure::Unstructured => Ok(all()),
        _ if r == 1 => Ok(diagonal()),
        Structure::CompoundSymmetry | Structure::Toeplitz if r == 2 => Ok(all()),
        Structure::Ar1 if r > 2 => Err(refusal("ar1")),
        Structure::HomogeneousCompoundSymmetry | Structure::Ar1 => {
            let identity: Vec<f64> = (0..r * r).map(|k| f64::from(u8::from(k % r == k / r))).collect();
            Ok(vec![direction(identity, sigma[0] - sigma[1]), direction(vec![1.0; r * r], sigma[1])])
        }
        Structure::CompoundSymmetry => Err(refusal("cs")),
        Structure::Toeplitz => Err(refusal("toep")),
    }
}

fn refusal(name: &str) -> Error {
    Error::Design(format!(
        "Kenward-Roger's adjustment is defined for covariances that are linear in their parameters (us, diag, homcs); \
         {name}() with three or more columns is not; use ddf='satterthwaite'"
    ))
}
