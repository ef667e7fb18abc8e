//! Priors of linear combinations.

use serde::Deserialize;

use super::Prior;
use crate::{Error, Result};

/// A linear combination of coefficients, or of what they are made of, with its prior.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Combination {
    pub along: Vec<f64>,
    pub prior: Prior,
}

/// Fails unless every combination is of `n` coefficients.
///
/// # Errors
/// `Design`.
pub fn same_length(all: &[Combination], n: usize) -> Result<()> {
    match all.iter().find(|one| one.along.len() != n) {
        None => Ok(()),
        Some(one) => Err(Error::Design(format!(
            "a prior is of a combination of {} coefficients where the model has {n}",
            one.along.len()
        ))),
    }
}
