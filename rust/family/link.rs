//! Links: the mean, or a probability, of a linear predictor.

use super::functions::{Functions, log_cauchy, log_normal, log_one_less_gumbel, minus_exp, reflected, softplus};
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    Identity,
    Log,
    Inverse,
    Sqrt,
    /// 1/μ² is the linear predictor.
    InverseSquare,
    Logit,
    Probit,
    Cloglog,
    Cauchit,
}

impl Link {
    /// The mean.
    #[inline(always)]
    pub fn mean<T: Smooth>(self, eta: T) -> T {
        match self {
            Self::Identity => eta,
            Self::Inverse => T::from(1.0) / eta,
            Self::Sqrt => eta.square(),
            _ => self.log_mean(eta).exp(),
        }
    }

    /// The logarithm of the mean.
    #[inline(always)]
    pub fn log_mean<T: Smooth>(self, eta: T) -> T {
        match self {
            Self::Log => eta,
            Self::Identity => eta.ln(),
            Self::Inverse => -eta.ln(),
            Self::Sqrt => eta.square().ln(),
            Self::InverseSquare => eta.ln().times(-0.5),
            _ => self.log_probability(eta),
        }
    }

    /// log F(η).
    #[inline(always)]
    pub fn log_probability<T: Smooth>(self, eta: T) -> T {
        match self {
            Self::Probit => eta.compose(log_normal),
            Self::Cloglog => eta.compose(log_one_less_gumbel),
            Self::Cauchit => eta.compose(log_cauchy),
            Self::Logit => -(-eta).compose(softplus),
            _ => self.mean(eta).ln(),
        }
    }

    /// log(1 - F(η)).
    #[inline(always)]
    pub fn log_complement<T: Smooth>(self, eta: T) -> T {
        match self {
            Self::Probit => eta.compose(|x| reflected(log_normal(-x))),
            Self::Cloglog => eta.compose(minus_exp),
            Self::Cauchit => eta.compose(|x| reflected(log_cauchy(-x))),
            Self::Logit => -eta.compose(softplus),
            _ => (-self.mean(eta)).ln_1p(),
        }
    }

    /// The linear predictor of a mean.
    pub fn of_mean(self, mean: f64) -> f64 {
        match self {
            Self::Identity => mean,
            Self::Log => mean.ln(),
            Self::Inverse => 1.0 / mean,
            Self::Sqrt => mean.sqrt(),
            Self::InverseSquare => mean.powi(-2),
            Self::Logit => (mean / (1.0 - mean)).ln(),
            Self::Cloglog => (-(-mean).ln_1p()).ln(),
            Self::Cauchit => (std::f64::consts::PI * (mean - 0.5)).tan(),
            Self::Probit => self.by_newton(mean),
        }
    }

    /// The root of F(η) = mean: Newton steps on the logit of both sides, from which they differ little.
    fn by_newton(self, mean: f64) -> f64 {
        let target = (mean / (1.0 - mean)).ln();
        let mut eta = 0.6 * target;
        for _ in 0..60 {
            let (p, q) = (reflected_difference(self, eta), target);
            let step = (p[0] - q) / p[1];
            eta -= step.clamp(-2.0, 2.0);
            if step.abs() < 1e-13 * eta.abs().max(1.0) {
                break;
            }
        }
        eta
    }
}

/// log F - log(1 - F) and its slope.
fn reflected_difference(link: Link, eta: f64) -> [f64; 2] {
    let x = crate::linalg::jet::Jet::<1>::variable(eta, 0);
    let logit = link.log_probability(x) - link.log_complement(x);
    [logit.value, logit.first[0]]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Link; 9] = [
        Link::Identity,
        Link::Log,
        Link::Inverse,
        Link::Sqrt,
        Link::InverseSquare,
        Link::Logit,
        Link::Probit,
        Link::Cloglog,
        Link::Cauchit,
    ];

    #[test]
    fn a_mean_goes_to_its_predictor_and_back() {
        for link in ALL {
            for mean in [0.02, 0.3, 0.5, 0.9, 0.999] {
                let back = link.mean(link.of_mean(mean));
                assert!((back - mean).abs() < 1e-12, "{link:?} {mean} {back}");
                let sum =
                    link.log_probability(link.of_mean(mean)).exp() + link.log_complement(link.of_mean(mean)).exp();
                assert!((sum - 1.0).abs() < 1e-12, "{link:?} {mean}");
            }
        }
    }
}
