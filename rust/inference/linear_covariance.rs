//! V = W^-1 + Σ γ_r G_r: a model's covariance as linear in its parameters, relative to σ².
//! G_r = Z A_r Z', A_r the same symmetric pattern in every level of a term's grouping factor.

use crate::covariance::{LinearDirection, Structure, TermCovariance, square};
use crate::fit::Fit;
use crate::{Error, Result};

/// One γ: a symmetric pattern (width x width) of a term.
#[derive(Debug, Clone, PartialEq)]
pub struct Direction<'a> {
    pub term: &'a TermCovariance,
    pub pattern: Vec<f64>,
    pub gamma: f64,
}

/// The directions of every random term, in the working basis.
///
/// # Errors
/// `Design` for a structure that is not linear in its parameters.
pub fn directions(fit: &Fit) -> Result<Vec<Direction<'_>>> {
    let mut all = Vec::new();
    for term in &fit.model.theta_map.terms {
        let sigma = square(&term.relative_factor(&fit.theta), term.width);
        let own = term.structure.linear_directions(&sigma, term.width).ok_or_else(|| refusal(term.structure))?;
        all.extend(own.into_iter().map(|LinearDirection { pattern, gamma }| Direction { term, pattern, gamma }));
    }
    Ok(all)
}

fn refusal(structure: Structure) -> Error {
    let is_linear = |s: &&Structure| s.linear_directions(&[0.0; 9], 3).is_some();
    let linear: Vec<&str> = Structure::ALL.iter().filter(is_linear).map(|s| s.name()).collect();
    Error::Design(format!(
        "Kenward-Roger's adjustment is defined for covariances that are linear in their parameters ({}); \
         {}() with three or more columns is not; use ddf='satterthwaite'",
        linear.join(", "),
        structure.name()
    ))
}
