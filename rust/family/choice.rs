//! A family by its name.

use std::sync::Arc;

use super::beta::{Beta, BetaBinomial};
use super::binomial::Binomial;
use super::density::{Count, Density};
use super::gaussian::{Gaussian, Lognormal};
use super::generalized_poisson::GeneralizedPoisson;
use super::kernel::Kernel;
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

    /// Every family with a link that takes all predictors, and the least that the likelihood of has numbers for.
    fn families() -> Vec<(FamilySpec, f64)> {
        let spec = |name: &str, link: Link, zero: Zero| FamilySpec {
            name: name.into(),
            link,
            zero,
            n_categories: 4,
            thresholds: Thresholds::Flexible,
            has_scale: false,
        };
        let mut all = Vec::new();
        for link in [Link::Logit, Link::Probit, Link::Cloglog, Link::Cauchit] {
            for name in ["binomial", "betabinomial", "cumulative"] {
                all.push((spec(name, link, Zero::None), -700.0));
            }
        }
        for zero in [Zero::None, Zero::Part] {
            for name in ["poisson", "nbinom2", "nbinom1", "genpois"] {
                all.push((spec(name, Link::Log, zero), -700.0));
                all.push((spec(&format!("truncated_{name}"), Link::Log, zero), -700.0));
            }
            all.push((spec("gamma", Link::Log, zero), -700.0));
            // μ⁻² is no number below
            all.push((spec("inverse_gaussian", Link::Log, zero), -350.0));
            all.push((spec("lognormal", Link::Identity, zero), -700.0));
            all.push((spec("beta", Link::Logit, zero), -700.0));
        }
        for (name, link) in [("tweedie", Link::Log), ("gaussian", Link::Identity), ("student", Link::Identity)] {
            all.push((spec(name, link, Zero::None), -700.0));
        }
        all.push((spec("ordbeta", Link::Logit, Zero::None), -700.0));
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

    /// -log density and its derivatives in one predictor.
    fn along(family: &Family, o: Observation, eta: &[f64], place: usize) -> [f64; 4] {
        let eta: Vec<Vec<f64>> = eta.iter().map(|&v| vec![v]).collect();
        let mut out = RowDerivatives::default();
        family.derivatives(&[o], &eta, &[place], &mut out);
        [family.total(&[o], &[], &eta), out.g[0], out.d[0], out.t[0]]
    }

    #[test]
    fn derivatives_are_differences_over_the_whole_domain_of_every_family() {
        let mut wrong = Vec::new();
        for (spec, least) in families() {
            let family = spec.family().unwrap();
            let possible = |y: &f64| family.outside(Observation { y: *y, trials: 3.0 }).is_none();
            let places: Vec<usize> = (0..family.predictors().len())
                .filter(|&k| matches!(family.predictors()[k], Predictor::Conditional | Predictor::Zero))
                .collect();
            for y in [0.0, 1.0, 2.0, 3.0, 0.3, 7.0].into_iter().filter(possible) {
                let o = Observation { y, trials: 3.0 };
                for (&place, eta) in places.iter().flat_map(|p| PREDICTORS.iter().map(move |eta| (p, *eta))) {
                    let at = |eta: f64| {
                        let mut all: Vec<f64> = family.predictors().iter().map(|&p| beside(p, 0.5)).collect();
                        all[place] = eta;
                        along(&family, o, &all, place)
                    };
                    if eta < least {
                        continue;
                    }
                    let (own, up, down) = (at(eta), at(eta + STEP), at(eta - STEP));
                    let slope = |k: usize| (up[k - 1] - down[k - 1]) / (2.0 * STEP);
                    let allowed = |k: usize| 1e-6 * slope(k).abs() + 1e-9 * own[k - 1].abs().max(own[0].abs()) + 1e-8;
                    let is_close = |k: usize| (own[k] - slope(k)).abs() < allowed(k);
                    if !(own[0].is_finite() && (1..4).all(is_close)) {
                        wrong.push(format!(
                            "{} {:?} {:?} {y} predictor {place} at {eta}: {own:?}, by differences {:?}",
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

    /// Asymptotic forms: differences of numbers near 10^304 have few digits.
    #[test]
    fn far_derivatives_are_those_of_the_limits() {
        let spec = |name: &str, link: Link, zero: Zero| FamilySpec {
            name: name.into(),
            link,
            zero,
            n_categories: 4,
            thresholds: Thresholds::Flexible,
            has_scale: false,
        };
        let of = |name: &str, link: Link, zero: Zero| spec(name, link, zero).family().unwrap();
        let close = |own: [f64; 4], expected: [f64; 4]| {
            own.iter().zip(expected).all(|(own, expected)| (own - expected).abs() <= 1e-12 * expected.abs())
        };
        let (zero, two) = (Observation { y: 0.0, trials: 3.0 }, Observation { y: 2.0, trials: 3.0 });
        for eta in [600.0, 700.0] {
            let mean = f64::exp(eta);
            // zeros are of the zero part: -log π = log(1 + exp(-z))
            let inflated = of("poisson", Link::Log, Zero::Part);
            assert!(close(along(&inflated, zero, &[eta, 3.0], 0), [f64::exp(-3.0).ln_1p(), 0.0, 0.0, 0.0]));
            // θ = μ/√φ, and log θ of each count but one
            let own = along(&of("genpois", Link::Log, Zero::None), two, &[eta, 0.4], 0);
            let theta = mean * f64::exp(-0.2);
            assert!(own[1..].iter().all(|v| (v - theta).abs() < 1e-12 * theta), "{own:?}");
            // three failures of a probability of failure whose logarithm is -exp(η) are one draw
            let own = along(&of("betabinomial", Link::Cloglog, Zero::None), zero, &[eta, 0.4], 0);
            assert!(own.iter().all(|v| (v - mean).abs() < 1e-12 * mean), "{own:?}");
            // the category begins at the threshold below, -1.1: its log-complement is -exp(-1.1 - η)
            let own = along(
                &of("cumulative", Link::Cloglog, Zero::None),
                Observation { y: 1.0, trials: 1.0 },
                &[-eta, 1.2, -1.1],
                0,
            );
            let rate = f64::exp(eta - 1.1);
            let signs = [1.0, -1.0, 1.0, -1.0];
            assert!(own.iter().zip(signs).all(|(v, sign)| (v - sign * rate).abs() < 1e-12 * rate), "{own:?}");
        }
    }
}
