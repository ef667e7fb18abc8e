//! Variances as functions of the mean, and the quasi-likelihoods that they are of (McCullagh and Nelder 1989, table 9.1).

use crate::family::Link;
use crate::linalg::jet::Jet;
use crate::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Variance {
    Constant,
    /// μ(1 - μ).
    Binomial,
    Mean,
    Square,
    Cube,
    /// μ + μ²/size; an infinite size is `Mean`.
    NegativeBinomial {
        size: f64,
    },
}

/// Mean, its slope in the linear predictor, and the variance of weight and scale one.
#[derive(Debug, Clone, Copy)]
pub struct Moments {
    pub mean: f64,
    pub slope: f64,
    pub variance: f64,
}

impl Variance {
    /// # Errors
    /// `Design` for a family that has none.
    pub fn of_family(name: &str, size: f64) -> Result<Self> {
        match name {
            "gaussian" => Ok(Self::Constant),
            "binomial" => Ok(Self::Binomial),
            "poisson" => Ok(Self::Mean),
            "gamma" => Ok(Self::Square),
            "inverse_gaussian" => Ok(Self::Cube),
            "nbinom2" => Ok(Self::NegativeBinomial { size }),
            other => Err(Error::Design(format!("family {other:?} has no estimating equations here"))),
        }
    }

    pub fn at(self, mean: f64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Binomial => mean * (1.0 - mean),
            Self::Mean => mean,
            Self::Square => mean * mean,
            Self::Cube => mean.powi(3),
            Self::NegativeBinomial { size } => mean + mean * (mean / size),
        }
    }

    pub fn moments(self, link: Link, eta: f64) -> Moments {
        let jet = link.mean(Jet::<1>::variable(eta, 0));
        let variance = match self {
            // 1 - μ keeps its digits near one
            Self::Binomial => (link.log_probability(eta) + link.log_complement(eta)).exp(),
            _ => self.at(jet.value),
        };
        Moments { mean: jet.value, slope: jet.first[0], variance }
    }

    /// ∫ (y - t) / variance(t) dt up to the mean, without what the response alone determines.
    pub fn quasi_likelihood(self, y: f64, mean: f64) -> f64 {
        // 0 log 0 = 0
        let times_log = |a: f64, x: f64| if a == 0.0 { 0.0 } else { a * x.ln() };
        match self {
            Self::Constant => -0.5 * (y - mean).powi(2),
            Self::Binomial => times_log(y, mean) + times_log(1.0 - y, 1.0 - mean),
            Self::Mean => times_log(y, mean) - mean,
            Self::Square => -(y / mean) - mean.ln(),
            Self::Cube => -0.5 * y / (mean * mean) + 1.0 / mean,
            Self::NegativeBinomial { size } if size.is_infinite() => times_log(y, mean) - mean,
            Self::NegativeBinomial { size } => times_log(y, mean / (mean + size)) - size * (mean / size).ln_1p(),
        }
    }
}

impl Moments {
    pub fn is_valid(&self) -> bool {
        self.mean.is_finite() && self.slope.is_finite() && self.variance.is_finite() && self.variance > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Variance; 6] = [
        Variance::Constant,
        Variance::Binomial,
        Variance::Mean,
        Variance::Square,
        Variance::Cube,
        Variance::NegativeBinomial { size: 2.5 },
    ];

    #[test]
    fn quasi_scores_are_residuals_over_variances() {
        for variance in ALL {
            for (y, mean) in [(0.3, 0.6), (1.0, 0.2), (0.0, 0.4)] {
                let h = 1e-5;
                let slope =
                    (variance.quasi_likelihood(y, mean + h) - variance.quasi_likelihood(y, mean - h)) / (2.0 * h);
                let score = (y - mean) / variance.at(mean);
                assert!((slope - score).abs() < 1e-7 * (1.0 + score.abs()), "{variance:?} {y} {mean}");
            }
        }
    }

    #[test]
    fn slopes_of_means_are_differences() {
        let cases =
            [(Variance::Binomial, Link::Probit), (Variance::Square, Link::Inverse), (Variance::Mean, Link::Sqrt)];
        for (variance, link) in cases {
            let (eta, h) = (0.7, 1e-6);
            let slope = (link.mean(eta + h) - link.mean(eta - h)) / (2.0 * h);
            let at = variance.moments(link, eta);
            assert!((at.slope - slope).abs() < 1e-8);
            assert!((at.variance - variance.at(at.mean)).abs() < 1e-14);
        }
    }

    #[test]
    fn the_variance_of_a_probability_near_one_keeps_its_digits() {
        let at = Variance::Binomial.moments(Link::Logit, 40.0);
        assert!((at.variance / (-40f64).exp() - 1.0).abs() < 1e-12 && at.is_valid());
    }

    #[test]
    fn a_large_size_is_poisson() {
        let (large, limit) =
            (Variance::NegativeBinomial { size: 1e12 }, Variance::NegativeBinomial { size: f64::INFINITY });
        assert!((large.at(3.0) - 3.0).abs() < 1e-10 && limit.at(3.0) == 3.0);
        let shift = |v: Variance| v.quasi_likelihood(2.0, 3.0) - v.quasi_likelihood(2.0, 1.0);
        assert!((shift(large) - shift(limit)).abs() < 1e-9);
    }
}
