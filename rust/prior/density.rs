//! Densities of priors, normalized over where the parameter can be.

use std::f64::consts::{LN_2, PI, TAU};

use serde::{Deserialize, Serialize};

use crate::special::beta::log_gamma;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Prior {
    /// Constant: improper where the parameter has no ends.
    Flat,
    Normal {
        mean: f64,
        sd: f64,
    },
    StudentT {
        df: f64,
        mean: f64,
        sd: f64,
    },
    HalfStudentT {
        df: f64,
        scale: f64,
    },
    HalfNormal {
        scale: f64,
    },
    HalfCauchy {
        scale: f64,
    },
    Exponential {
        rate: f64,
    },
    Gamma {
        shape: f64,
        rate: f64,
    },
    InverseGamma {
        shape: f64,
        scale: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    /// Of coefficients whose standard deviations are `scale` times a half-Cauchy one of all, times one of each.
    Horseshoe {
        scale: f64,
    },
    /// Of a correlation matrix.
    Lkj {
        eta: f64,
    },
}

impl Prior {
    /// The logarithm of the density at x; of a flat one zero.
    pub fn log_density(self, x: f64) -> f64 {
        let positive = |value: f64| if x >= 0.0 { value } else { f64::NEG_INFINITY };
        match self {
            Self::Flat => 0.0,
            Self::Normal { mean, sd } => normal((x - mean) / sd) - sd.ln(),
            Self::StudentT { df, mean, sd } => student((x - mean) / sd, df) - sd.ln(),
            Self::HalfStudentT { df, scale } => positive(LN_2 + student(x / scale, df) - scale.ln()),
            Self::HalfNormal { scale } => positive(LN_2 + normal(x / scale) - scale.ln()),
            Self::HalfCauchy { scale } => positive(LN_2 - PI.ln() - scale.ln() - (x / scale).powi(2).ln_1p()),
            Self::Exponential { rate } => positive(rate.ln() - rate * x),
            Self::Gamma { shape, rate } => {
                positive(shape * rate.ln() - log_gamma(shape) + times_log(shape - 1.0, x) - rate * x)
            }
            Self::InverseGamma { shape, scale } if x > 0.0 => {
                shape * scale.ln() - log_gamma(shape) - (shape + 1.0) * x.ln() - scale / x
            }
            Self::InverseGamma { .. } => f64::NEG_INFINITY,
            Self::Uniform { low, high } if (low..=high).contains(&x) => -(high - low).ln(),
            Self::Uniform { .. } => f64::NEG_INFINITY,
            Self::Horseshoe { .. } | Self::Lkj { .. } => f64::NAN,
        }
    }

    /// The same of a parameter between two ends, where a flat one is uniform, and a uniform one ends there at the latest.
    pub fn log_density_within(self, x: f64, (low, high): (f64, f64)) -> f64 {
        match self {
            Self::Flat => -(high - low).ln(),
            Self::Uniform { low: from, high: to } => {
                Self::Uniform { low: from.max(low), high: to.min(high) }.log_density(x)
            }
            _ => self.log_density(x),
        }
    }

    /// A value near x that it has a density at, off its ends.
    pub fn near(self, x: f64) -> f64 {
        match self {
            Self::Uniform { low, high } => {
                let margin = 0.05 * (high - low);
                x.clamp(low + margin, high - margin)
            }
            _ => x,
        }
    }
}

/// c log x, where 0 log 0 is 0.
fn times_log(c: f64, x: f64) -> f64 {
    if c == 0.0 { 0.0 } else { c * x.ln() }
}

fn normal(z: f64) -> f64 {
    -0.5 * (z * z + TAU.ln())
}

fn student(t: f64, df: f64) -> f64 {
    log_gamma(0.5 * (df + 1.0)) - log_gamma(0.5 * df) - 0.5 * (df * PI).ln() - 0.5 * (df + 1.0) * (t * t / df).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ∫ density over the positive numbers by the midpoint rule in log x, and over the others in sinh.
    fn integral(prior: Prior) -> f64 {
        let (n, h) = (40_000, 1e-3);
        let at = |k: usize| (k as f64 + 0.5 - n as f64 / 2.0) * h * 2.0;
        (0..n).map(|k| prior.log_density(at(k).sinh()).exp() * at(k).cosh() * 2.0 * h).sum()
    }

    #[test]
    fn densities_integrate_to_one() {
        let all = [
            Prior::Normal { mean: 0.4, sd: 1.7 },
            Prior::StudentT { df: 3.0, mean: -0.2, sd: 2.0 },
            Prior::HalfStudentT { df: 3.0, scale: 2.0 },
            Prior::HalfNormal { scale: 0.7 },
            Prior::HalfCauchy { scale: 1.5 },
            Prior::Exponential { rate: 0.8 },
            Prior::Gamma { shape: 2.0, rate: 0.5 },
            Prior::InverseGamma { shape: 3.0, scale: 2.0 },
            Prior::Uniform { low: 0.5, high: 3.0 },
        ];
        for prior in all {
            let (total, tolerance) =
                (integral(prior), if matches!(prior, Prior::Uniform { .. }) { 2e-3 } else { 2e-6 });
            assert!((total - 1.0).abs() < tolerance, "{prior:?}: {total}");
        }
    }

    #[test]
    fn a_uniform_one_is_cut_at_the_ends_of_the_parameter() {
        let prior = Prior::Uniform { low: -0.5, high: 0.5 };
        assert!((prior.log_density_within(0.1, (-0.25, 1.0)) + 0.75f64.ln()).abs() < 1e-15);
        assert!(prior.log_density_within(-0.3, (-0.25, 1.0)) == f64::NEG_INFINITY);
        assert!((prior.near(3.0) - 0.45).abs() < 1e-15 && prior.near(0.2) == 0.2);
    }

    #[test]
    fn they_are_read_by_their_kinds() {
        let read: Prior = serde_json::from_str(r#"{"kind": "half_student_t", "df": 3, "scale": 2.5}"#).unwrap();
        assert_eq!(read, Prior::HalfStudentT { df: 3.0, scale: 2.5 });
        assert_eq!(serde_json::from_str::<Prior>(r#"{"kind": "flat"}"#).unwrap(), Prior::Flat);
    }
}
