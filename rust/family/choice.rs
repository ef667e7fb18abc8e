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
use super::zero::{Truncated, ZeroInflated};
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
            "truncated_poisson" => return Ok(with_zeros(Truncated(Poisson { link }), zero)),
            "truncated_nbinom2" => return Ok(with_zeros(Truncated(NegativeBinomial2 { link }), zero)),
            "truncated_nbinom1" => return Ok(with_zeros(Truncated(NegativeBinomial1 { link }), zero)),
            "truncated_genpois" => return Ok(with_zeros(Truncated(GeneralizedPoisson { link }), zero)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::{Observation, Predictor, RowDerivatives};

    const PREDICTORS: [f64; 18] = [
        -700.0, -300.0, -100.0, -40.0, -20.0, -10.0, -5.0, -2.0, -0.5, 0.5, 2.0, 5.0, 10.0, 20.0, 40.0, 100.0, 300.0,
        700.0,
    ];
    const STEP: f64 = 1e-4;

    fn families() -> Vec<(FamilySpec, f64)> {
        let spec = |name: &str, link: Link, zero: Zero| FamilySpec {
            name: name.into(),
            link,
            zero,
            n_categories: 4,
            thresholds: Thresholds::Flexible,
            has_scale: false,
        };
        let counts = ["poisson", "nbinom2", "nbinom1", "genpois"];
        let mut all = Vec::new();
        for (link, largest) in
            [(Link::Logit, 700.0), (Link::Probit, 40.0), (Link::Cloglog, 700.0), (Link::Cauchit, 700.0)]
        {
            for name in ["binomial", "betabinomial", "cumulative"] {
                // squares of the log-probability of a failure
                let squares = name == "betabinomial" && link == Link::Cloglog;
                all.push((spec(name, link, Zero::None), if squares { 300.0 } else { largest }));
            }
        }
        for zero in [Zero::None, Zero::Part] {
            for name in counts {
                all.push((spec(name, Link::Log, zero), 700.0));
                all.push((spec(&format!("truncated_{name}"), Link::Log, zero), 700.0));
            }
            for name in ["gamma", "inverse_gaussian"] {
                all.push((spec(name, Link::Log, zero), 300.0));
            }
            all.push((spec("lognormal", Link::Identity, zero), 700.0));
        }
        for (name, link) in [("tweedie", Link::Log), ("gaussian", Link::Identity), ("student", Link::Identity)] {
            all.push((spec(name, link, Zero::None), 700.0));
        }
        all.push((spec("ordbeta", Link::Logit, Zero::None), 700.0));
        for zero in [Zero::None, Zero::Part] {
            all.push((spec("beta", Link::Logit, zero), 700.0));
        }
        all
    }

    /// Other predictors than that of the mean.
    fn beside(predictor: Predictor, eta: f64) -> f64 {
        match predictor {
            Predictor::Conditional => eta,
            Predictor::Dispersion => 0.4,
            Predictor::Zero => -0.7,
            Predictor::Shape | Predictor::Lower => -1.1,
            Predictor::SecondShape | Predictor::Upper => 1.2,
            Predictor::Scale => 0.0,
        }
    }

    #[test]
    fn derivatives_are_differences_over_the_whole_domain_of_every_family() {
        let mut wrong = Vec::new();
        for (spec, largest) in families() {
            let family = spec.family().unwrap();
            let possible = |y: &f64| family.outside(Observation { y: *y, trials: 3.0 }).is_none();
            for y in [0.0, 1.0, 2.0, 3.0, 0.3, 7.0].into_iter().filter(possible) {
                let o = Observation { y, trials: 3.0 };
                let at = |eta: f64| -> [f64; 4] {
                    let eta: Vec<Vec<f64>> = family.predictors().iter().map(|&p| vec![beside(p, eta)]).collect();
                    let mut out = RowDerivatives::default();
                    family.derivatives(&[o], &eta, &[0], &mut out);
                    [family.total(&[o], &[], &eta), out.g[0], out.d[0], out.t[0]]
                };
                for eta in PREDICTORS.into_iter().filter(|eta| eta.abs() <= largest) {
                    let (own, up, down) = (at(eta), at(eta + STEP), at(eta - STEP));
                    let slope = |k: usize| (up[k - 1] - down[k - 1]) / (2.0 * STEP);
                    let allowed = |k: usize| 1e-6 * slope(k).abs() + 1e-9 * own[k - 1].abs().max(own[0].abs()) + 1e-8;
                    let is_close = |k: usize| (own[k] - slope(k)).abs() < allowed(k);
                    // of the largest the squares are no numbers
                    let last = if eta.abs() > 350.0 { 3 } else { 4 };
                    if !(own[0].is_finite() && (1..last).all(is_close)) {
                        wrong.push(format!(
                            "{} {:?} {:?} {y} {eta}: {own:?}, by differences {:?}",
                            spec.name,
                            spec.link,
                            spec.zero,
                            [slope(1), slope(2), slope(3)]
                        ));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
