//! Independent normal priors of coefficients of the mean: a penalty that the criterion has beside the likelihood.

use super::model::PartCoefficients;

/// The prior of the coefficient of a column of the mean's design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalPrior {
    pub column: usize,
    pub mean: f64,
    pub sd: f64,
}

/// Half the sum of ((b - mean) / sd)² over coefficients b of the user's columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Penalty {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    /// The user's coefficient over those of the rows' columns.
    along: Vec<f64>,
    mean: f64,
    sd: f64,
}

impl Term {
    fn deviation(&self, coefficients: &[f64]) -> f64 {
        (inner(&self.along, coefficients) - self.mean) / self.sd
    }
}

impl Penalty {
    /// Of the mean's coefficients; those that are not estimated have none.  `transform` as that of the model, with `n_user` rows.
    pub fn new(priors: &[NormalPrior], mean: &PartCoefficients, transform: &[f64], n_user: usize) -> Self {
        let term = |prior: &NormalPrior| {
            let row = mean.first + mean.kept.iter().position(|&k| k == prior.column)?;
            let along = transform.iter().skip(row).step_by(n_user.max(1)).copied().collect();
            Some(Term { along, mean: prior.mean, sd: prior.sd })
        };
        Self { terms: priors.iter().filter_map(term).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn value(&self, coefficients: &[f64]) -> f64 {
        0.5 * self.terms.iter().map(|term| term.deviation(coefficients).powi(2)).sum::<f64>()
    }

    /// Adds `factor` times the slope.
    pub fn add_slope(&self, coefficients: &[f64], factor: f64, out: &mut [f64]) {
        for term in &self.terms {
            let slope = factor * term.deviation(coefficients) / term.sd;
            out.iter_mut().zip(&term.along).for_each(|(out, a)| *out += slope * a);
        }
    }

    /// Adds `factor` times the curvature (p x p).
    pub fn add_curvature(&self, factor: f64, out: &mut [f64]) {
        for term in &self.terms {
            let (p, weight) = (term.along.len(), factor * term.sd.powi(-2));
            out.iter_mut().enumerate().for_each(|(e, out)| *out += weight * term.along[e % p] * term.along[e / p]);
        }
    }

    /// The logarithm of the priors' density.
    pub fn log_density(&self, coefficients: &[f64]) -> f64 {
        let constant = |term: &Term| term.sd.ln() + 0.5 * std::f64::consts::TAU.ln();
        -self.value(coefficients) - self.terms.iter().map(constant).sum::<f64>()
    }

    /// Whether it grows along a direction, so that nothing goes there without end.
    pub fn holds(&self, direction: &[f64]) -> bool {
        let largest = direction.iter().fold(f64::MIN_POSITIVE, |a, v| a.max(v.abs()));
        self.terms.iter().any(|term| inner(&term.along, direction).abs() > 1e-9 * largest)
    }
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
