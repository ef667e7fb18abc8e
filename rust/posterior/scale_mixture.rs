//! Priors of coefficients that are normal given scales of their own, which are drawn with the variances.
//!
//! β ~ t_ν(m, s) is β | λ ~ N(m, s²λ) with λ ~ InverseGamma(ν/2, ν/2); the horseshoe is β | τ, λ ~ N(0, τ²λ²) with τ and λ
//! half-Cauchy (Carvalho, Polson and Scott 2010, Biometrika 97, 465-480).  Given the scales coefficients are integrated over
//! exactly.

use crate::model::{CoefficientPrior, CombinationRows, NormalCombination};
use crate::prior::{Combination, Prior, same_length};
use crate::rows::FixedBasis;
use crate::{Error, Result};

/// With more degrees of freedom Student's t is normal, to more digits than draws have.
const NORMAL: f64 = 1e6;

/// Combinations of coefficients, whose log variances are a constant and multiples of the logarithms of scales.
#[derive(Debug, Clone)]
pub struct ScaleMixture {
    rows: CombinationRows,
    /// By combination the scales that its variance has, with their powers.
    members: Vec<Vec<(usize, f64)>>,
    /// Of each scale.
    priors: Vec<Prior>,
}

impl ScaleMixture {
    /// Of combinations of the user's coefficients that are estimated; none where all are flat.
    ///
    /// # Errors
    /// `Design` for a prior that is no such mixture, or of another number of coefficients.
    pub fn new(combinations: &[Combination], basis: &FixedBasis) -> Result<Option<Self>> {
        same_length(combinations, basis.kept.len())?;
        let mut scales = Scales::default();
        let (mut normal, mut members) = (Vec::new(), Vec::new());
        for one in combinations {
            let Some(GivenScales { mean, sd, powers }) = scales.of(one.prior)? else { continue };
            normal.push(NormalCombination { along: one.along.clone(), mean, sd });
            members.push(powers);
        }
        let rows = CombinationRows::new(&normal, basis);
        Ok((!normal.is_empty()).then_some(Self { rows, members, priors: scales.priors }))
    }

    /// Priors of the scales.
    pub fn priors(&self) -> &[Prior] {
        &self.priors
    }

    /// The normal prior at the logarithms of scales.
    pub fn prior(&self, logs: &[f64]) -> CoefficientPrior {
        self.rows.prior(&self.log_scales(logs))
    }

    /// The criterion's slopes in the logarithms of scales.
    pub fn slopes(&self, logs: &[f64], at: (f64, &[f64], &[f64])) -> Vec<f64> {
        let mut slopes = vec![0.0; logs.len()];
        for (own, slope) in self.members.iter().zip(self.rows.slopes(&self.log_scales(logs), at)) {
            own.iter().for_each(|(scale, power)| slopes[*scale] += power * slope);
        }
        slopes
    }

    fn log_scales(&self, logs: &[f64]) -> Vec<f64> {
        self.members.iter().map(|own| own.iter().map(|(scale, power)| power * logs[*scale]).sum()).collect()
    }
}

/// A normal prior, and the scales of its variance with their powers.
struct GivenScales {
    mean: f64,
    sd: f64,
    powers: Vec<(usize, f64)>,
}

/// Scales as combinations ask for them.
#[derive(Default)]
struct Scales {
    priors: Vec<Prior>,
    /// That of all with a horseshoe.
    common: Option<usize>,
}

impl Scales {
    /// None of a flat one.
    fn of(&mut self, prior: Prior) -> Result<Option<GivenScales>> {
        match prior {
            Prior::Flat => Ok(None),
            Prior::Normal { mean, sd } => Ok(Some(GivenScales { mean, sd, powers: Vec::new() })),
            Prior::StudentT { df, mean, sd } if df > NORMAL => Ok(Some(GivenScales { mean, sd, powers: Vec::new() })),
            Prior::StudentT { df, mean, sd } => {
                let own = self.add(Prior::InverseGamma { shape: 0.5 * df, scale: 0.5 * df });
                Ok(Some(GivenScales { mean, sd, powers: vec![(own, 1.0)] }))
            }
            Prior::Horseshoe { scale } => {
                let common = match self.common {
                    Some(common) => common,
                    None => {
                        let common = self.add(Prior::HalfCauchy { scale: 1.0 });
                        *self.common.insert(common)
                    }
                };
                let own = self.add(Prior::HalfCauchy { scale: 1.0 });
                Ok(Some(GivenScales { mean: 0.0, sd: scale, powers: vec![(common, 2.0), (own, 2.0)] }))
            }
            _ => Err(Error::Design(
                "coefficients of a linear model have priors that are flat, Normal, StudentT or Horseshoe".into(),
            )),
        }
    }

    fn add(&mut self, prior: Prior) -> usize {
        self.priors.push(prior);
        self.priors.len() - 1
    }
}
