//! Estimates without some rows, and how far they are from those with them.
//!
//! Cook (1977), Belsley, Kuh and Welsch (1980); for mixed models Christensen, Pearson and Johnson (1992), and for the
//! likelihood displacement Cook (1986, J. R. Statist. Soc. B 48, 133-169), restricted under REML.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use crate::linalg::dense;
use crate::model::{Criterion, Lmm, Parameter};
use crate::penalized_ls::CholeskyFactor;
use crate::{Error, Result};

/// How θ without the rows is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionMethod {
    /// It stays.
    Fixed,
    /// By one Newton step; where the criterion is no parabola as far as that leads, as `Refit`.
    OneStep,
    /// By a search.
    Refit,
}

impl DeletionMethod {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Fixed, "fixed-theta"), (Self::OneStep, "one-step"), (Self::Refit, "refit")];

    /// # Errors
    /// `Design` for another name.
    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == name).map(|(method, _)| *method);
        known.ok_or_else(|| Error::Design(format!("there is no method '{name}'")))
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(method, _)| *method == self).map_or("", |(_, name)| name)
    }
}

/// Rows to delete, and how: set k has the rows `members[ptr[k]..ptr[k + 1]]`.
pub struct DeletionRequest<'a> {
    pub ptr: &'a [usize],
    pub members: &'a [u32],
    pub method: DeletionMethod,
    /// Sets that are done.
    pub done: &'a AtomicUsize,
    pub stop: &'a AtomicBool,
}

impl DeletionRequest<'_> {
    pub fn n_sets(&self) -> usize {
        self.ptr.len() - 1
    }

    pub fn rows(&self, set: usize) -> &[u32] {
        &self.members[self.ptr[set]..self.ptr[set + 1]]
    }
}

/// Estimates without a set of rows, in the working basis of the fit.
#[derive(Debug, Clone)]
pub struct Deleted {
    pub how: DeletionMethod,
    pub beta: Vec<f64>,
    /// The free parameters: θ, then those of the residuals.
    pub theta: Vec<f64>,
    pub sigma: f64,
    /// (X'V^-1X)^-1 without the rows (p x p).
    pub covariance: Vec<f64>,
    /// Twice the fall of the (restricted) log-likelihood of all rows.
    pub displacement: f64,
}

/// One row of the table of influence.
#[derive(Debug, Clone)]
pub struct Measures {
    pub how: DeletionMethod,
    pub cooks_distance: f64,
    pub mdffits: f64,
    pub covariance_ratio: f64,
    pub displacement: f64,
    /// The parameters without the rows, and the standard errors of β, in the user's units.
    pub values: Vec<f64>,
    pub std_errors: Vec<f64>,
}

/// What holds for all rows at some θ.
pub struct FullData {
    pub logdet_fixed: f64,
    pub pwrss: f64,
    pub beta: Vec<f64>,
    /// X'V^-1X (p x p).
    pub precision: Vec<f64>,
}

impl FullData {
    /// How much higher -2 log-likelihood of all rows (restricted under REML) is at β and σ of this θ than at the
    /// optimum; `rise` is that of the criterion at the best σ, or at the one that is known.
    pub fn displacement(&self, model: &Lmm, rise: f64, beta: &[f64], sigma: f64) -> f64 {
        let (m, p) = (model.denominator(), beta.len());
        let ratio = self.pwrss / (m * sigma.powi(2));
        let is_known = model.known_variance().is_some();
        let of_sigma = if is_known { 0.0 } else { m * (ratio - 1.0 - ratio.ln()) };
        if model.criterion == Criterion::Reml {
            return rise + of_sigma;
        }
        let d: Vec<f64> = beta.iter().zip(&self.beta).map(|(a, b)| a - b).collect();
        let square: f64 = (0..p * p).map(|e| self.precision[e] * d[e % p] * d[e / p]).sum();
        rise + of_sigma + square / sigma.powi(2)
    }

    pub fn at(model: &Lmm, factor: &CholeskyFactor) -> Self {
        let (p, stride) = (model.a.n_fixed(), model.a.n_fixed() + 1);
        let l = |i: usize, j: usize| if j <= i { factor.xx[j * stride + i] } else { 0.0 };
        Self {
            logdet_fixed: factor.logdet_fixed,
            pwrss: factor.pwrss,
            beta: factor.beta(),
            precision: (0..p * p).map(|e| (0..p).map(|k| l(e % p, k) * l(e / p, k)).sum()).collect(),
        }
    }
}

/// The measures of one set against the fit, whose `full` is at the optimum.
pub fn measures(model: &Lmm, full: &FullData, sigma: f64, d: &Deleted, parameters: &[Parameter]) -> Measures {
    let p = full.beta.len();
    // without fixed effects there is nothing of theirs to measure
    let shift: Vec<f64> = full.beta.iter().zip(&d.beta).map(|(a, b)| a - b).collect();
    let quadratic = |m: &[f64]| (0..p * p).map(|e| m[e] * shift[e % p] * shift[e / p]).sum::<f64>();
    let count = if p > 0 { p as f64 } else { f64::NAN };
    let mut root = d.covariance.clone();
    let (mdffits, logdet) = match dense::cholesky_lower(&mut root, p) {
        Ok(()) => {
            let mut half = shift.clone();
            dense::solve_lower(&root, &mut half, p, 1);
            (half.iter().map(|v| v * v).sum::<f64>() / count / d.sigma.powi(2), dense::logdet(&root, p, p))
        }
        Err(_) => (f64::NAN, f64::NAN),
    };
    let user = model.a.fixed.covariance(&d.covariance);
    let (theta, phi) = d.theta.split_at(model.theta_map.n_parameters);
    let values = model.parameters().values(&model.a.fixed.beta(&d.beta), theta, d.sigma, parameters);
    Measures {
        how: d.how,
        cooks_distance: quadratic(&full.precision) / count / sigma.powi(2),
        mdffits,
        covariance_ratio: (logdet + full.logdet_fixed + 2.0 * count * (d.sigma / sigma).ln()).exp(),
        displacement: d.displacement,
        values: model.with_residuals(values, parameters, phi, d.sigma),
        std_errors: (0..p).map(|j| d.sigma * user[j * p + j].sqrt()).collect(),
    }
}
