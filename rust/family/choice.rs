//! A family by its name.

use std::sync::Arc;

use super::beta::{Beta, BetaBinomial};
use super::binomial::Binomial;
use super::density::{Count, Kernel};
use super::gaussian::{Gaussian, Lognormal};
use super::link::Link;
use super::negative_binomial::{NegativeBinomial1, NegativeBinomial2};
use super::ordinal::{Cumulative, Thresholds};
use super::poisson::Poisson;
use super::positive::{Gamma, InverseGaussian};
use super::student::Student;
use super::tweedie::Tweedie;
use super::zero::{Hurdle, Truncated, ZeroInflated};
use crate::{Error, Result};

/// A family as rows meet it.
pub type Family = Arc<dyn Kernel>;

/// Whether a model has a zero part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zero {
    None,
    Part,
}

/// What a user chose.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FamilySpec {
    pub name: String,
    pub link: Link,
    pub zero: Zero,
    /// Of an ordered response: its categories, what its thresholds are made of, and whether its scale is modelled.
    pub n_categories: usize,
    #[serde(default)]
    pub thresholds: Thresholds,
    #[serde(default)]
    pub has_scale: bool,
}

impl FamilySpec {
    /// The family.
    ///
    /// # Errors
    /// `Design` for a name that there is not, or a zero part of what is no count.
    pub fn family(&self) -> Result<Family> {
        let (link, zero) = (self.link, self.zero);
        let plain: Family = match self.name.as_str() {
            "poisson" => return Ok(inflated(Poisson { link }, zero)),
            "nbinom2" => return Ok(inflated(NegativeBinomial2 { link }, zero)),
            "nbinom1" => return Ok(inflated(NegativeBinomial1 { link }, zero)),
            "truncated_poisson" => return Ok(truncated(Poisson { link }, zero)),
            "truncated_nbinom2" => return Ok(truncated(NegativeBinomial2 { link }, zero)),
            "truncated_nbinom1" => return Ok(truncated(NegativeBinomial1 { link }, zero)),
            "binomial" => Arc::new(Binomial { link }),
            "gaussian" => Arc::new(Gaussian { link }),
            "lognormal" => Arc::new(Lognormal),
            "gamma" => Arc::new(Gamma { link }),
            "inverse_gaussian" => Arc::new(InverseGaussian { link }),
            "beta" => Arc::new(Beta { link }),
            "betabinomial" => Arc::new(BetaBinomial { link }),
            "tweedie" => Arc::new(Tweedie { link }),
            "student" => Arc::new(Student { link }),
            "cumulative" => Arc::new(Cumulative { link, n_categories: self.n_categories, has_scale: self.has_scale }),
            other => return Err(Error::Design(format!("there is no family {other:?}"))),
        };
        if zero == Zero::Part {
            return Err(Error::Design(format!("zero_inflation is for counts, and family {:?} is of none", self.name)));
        }
        Ok(plain)
    }
}

fn inflated<D: Count + Copy + 'static>(density: D, zero: Zero) -> Family {
    match zero {
        Zero::None => Arc::new(density),
        Zero::Part => Arc::new(ZeroInflated(density)),
    }
}

fn truncated<D: Count + Copy + 'static>(density: D, zero: Zero) -> Family {
    match zero {
        Zero::None => Arc::new(Truncated(density)),
        Zero::Part => Arc::new(Hurdle(density)),
    }
}
