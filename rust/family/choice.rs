//! A family by its name.

use std::sync::Arc;

use super::beta::{Beta, BetaBinomial};
use super::binomial::Binomial;
use super::density::{Count, Density, Kernel};
use super::gaussian::{Gaussian, Lognormal};
use super::generalized_poisson::GeneralizedPoisson;
use super::link::Link;
use super::negative_binomial::{NegativeBinomial1, NegativeBinomial2};
use super::ordered_beta::OrderedBeta;
use super::ordinal::{Cumulative, Thresholds};
use super::poisson::Poisson;
use super::positive::{Gamma, InverseGaussian};
use super::student::Student;
use super::tweedie::Tweedie;
use super::with_zeros::WithZeros;
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
    /// `Design` for a name that there is not, or a zero part of what has none.
    pub fn family(&self) -> Result<Family> {
        let (link, zero) = (self.link, self.zero);
        let plain: Family = match self.name.as_str() {
            "poisson" => return Ok(inflated(Poisson { link }, zero)),
            "nbinom2" => return Ok(inflated(NegativeBinomial2 { link }, zero)),
            "nbinom1" => return Ok(inflated(NegativeBinomial1 { link }, zero)),
            "genpois" => return Ok(inflated(GeneralizedPoisson { link }, zero)),
            "truncated_poisson" => return Ok(truncated(Poisson { link }, zero)),
            "truncated_nbinom2" => return Ok(truncated(NegativeBinomial2 { link }, zero)),
            "truncated_nbinom1" => return Ok(truncated(NegativeBinomial1 { link }, zero)),
            "truncated_genpois" => return Ok(truncated(GeneralizedPoisson { link }, zero)),
            "lognormal" => return Ok(with_zeros(Lognormal, zero)),
            "gamma" => return Ok(with_zeros(Gamma { link }, zero)),
            "inverse_gaussian" => return Ok(with_zeros(InverseGaussian { link }, zero)),
            "beta" => return Ok(with_zeros(Beta { link }, zero)),
            "binomial" => Arc::new(Binomial { link }),
            "gaussian" => Arc::new(Gaussian { link }),
            "betabinomial" => Arc::new(BetaBinomial { link }),
            "ordbeta" => Arc::new(OrderedBeta),
            "tweedie" => Arc::new(Tweedie { link }),
            "student" => Arc::new(Student { link }),
            "cumulative" => Arc::new(Cumulative { link, n_categories: self.n_categories, has_scale: self.has_scale }),
            other => return Err(Error::Design(format!("there is no family {other:?}"))),
        };
        if zero == Zero::Part {
            return Err(Error::Design(format!(
                "zero_inflation is for counts and positive numbers, not for family {:?}",
                self.name
            )));
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

fn with_zeros<D: Density + Copy + 'static>(density: D, zero: Zero) -> Family {
    match zero {
        Zero::None => Arc::new(density),
        Zero::Part => Arc::new(WithZeros(density)),
    }
}

fn truncated<D: Count + Copy + 'static>(density: D, zero: Zero) -> Family {
    match zero {
        Zero::None => Arc::new(Truncated(density)),
        Zero::Part => Arc::new(Hurdle(density)),
    }
}
