//! A standard deviation or a correlation of random effects that is no coordinate: its distance from a value.

use crate::covariance::{RandomBasis, Reported, TermCovariance};

#[derive(Debug, Clone)]
pub struct HeldEffects {
    pub term: TermCovariance,
    pub basis: RandomBasis,
    pub reported: Reported,
    /// Where log σ² is among the coordinates, and σ where it is none; a correlation depends on neither.
    pub log_variance: Option<usize>,
    pub sigma: f64,
}

impl HeldEffects {
    pub fn gap(&self, x: &[f64], value: f64) -> f64 {
        let own = self.term.value(self.reported, x, &self.term.relative_covariance(&self.basis, x));
        if !self.reported.is_sd() {
            return own - value;
        }
        let log_sigma = self.log_variance.map_or(self.sigma.ln(), |k| 0.5 * x[k]);
        own.ln() + log_sigma - value.ln()
    }

    pub fn slopes(&self, x: &[f64]) -> Vec<f64> {
        let mut slopes = vec![0.0; x.len()];
        let own = self.term.slopes(self.reported, x, &self.basis);
        slopes[self.term.first..][..own.len()].copy_from_slice(&own);
        if let Some(k) = self.log_variance.filter(|_| self.reported.is_sd()) {
            slopes[k] = 0.5;
        }
        slopes
    }
}
