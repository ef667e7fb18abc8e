//! The parameters of the residuals as users read them, with their covariance.

use std::sync::atomic::AtomicBool;

use super::free_covariance::with_log_variance;
use crate::fit::Fit;
use crate::model::{AtResidual, LmmEvaluator};
use crate::residual::Natural;
use crate::{Error, Result};

pub struct ResidualParameters {
    /// Correlations and their like, with standard errors.
    pub correlations: Vec<(Natural, f64)>,
    /// log σ, then the coefficients of log sd, in the user's units.
    pub log_sd: Vec<f64>,
    /// Their covariance.
    pub covariance: Vec<f64>,
    /// Names of the coefficients; those of visits first, without the first visit, of which log σ is.
    pub names: Vec<String>,
    pub n_visits: usize,
    pub first_visit: String,
}

/// Computes them at the optimum.
///
/// # Errors
/// `Design` for a fit without such parameters; those of the curvature.
pub fn residual_parameters(fit: &Fit, stop: &AtomicBool) -> Result<ResidualParameters> {
    let Some(own) = &fit.model.residual else {
        return Err(Error::Design("the residuals of this fit have no parameters beside sigma".into()));
    };
    let (layout, phi) = (&own.residual.layout, &own.phi);
    let (n, first) = (fit.free().len(), fit.theta.len());
    let joint =
        Joint { covariance: with_log_variance(&mut LmmEvaluator::new(&fit.model, stop), &fit.point())?, n: n + 1 };
    let correlations = layout.natural(phi).into_iter().map(|natural| {
        let mut slopes = vec![0.0; n + 1];
        slopes[first..first + phi.len()].copy_from_slice(&natural.slopes);
        let error = joint.of(&slopes, &slopes).sqrt();
        (natural, error)
    });
    let (n_correlation, scale) = (layout.n_correlation(), &layout.scale);
    // log σ of a row at zero of the columns, half of log σ² less its centres
    let mut slopes = vec![vec![0.0; n + 1]];
    slopes[0][n] = 0.5;
    for (k, (unit, centre)) in scale.unit.iter().zip(&scale.centre).enumerate() {
        let at = first + n_correlation + k;
        slopes[0][at] -= centre / unit;
        slopes.push((0..=n).map(|i| if i == at { 1.0 / unit } else { 0.0 }).collect());
    }
    let size = slopes.len();
    let covariance = (0..size * size).map(|e| joint.of(&slopes[e % size], &slopes[e / size])).collect();
    let mut log_sd = vec![fit.user_sigma().ln()];
    log_sd.extend(scale.to_user(layout.split(phi).1));
    let (correlations, names) = (correlations.collect(), scale.names.clone());
    let first_visit = scale.first_visit.clone();
    Ok(ResidualParameters { correlations, log_sd, covariance, names, n_visits: scale.n_visits, first_visit })
}

/// Standard errors of log σ and of the coefficients of log sd; empty where there is no dispersion beside that of visits.
///
/// # Errors
/// Those of the curvature.
pub fn dispersion_errors(fit: &Fit, stop: &AtomicBool) -> Result<Vec<f64>> {
    let has_dispersion = |own: &AtResidual| own.residual.layout.scale.n() > own.residual.layout.scale.n_visits;
    if !fit.model.residual.as_ref().is_some_and(has_dispersion) {
        return Ok(Vec::new());
    }
    let found = residual_parameters(fit, stop)?;
    let n = found.log_sd.len();
    Ok((0..n).map(|k| found.covariance[k * n + k].max(0.0).sqrt()).collect())
}

struct Joint {
    covariance: Vec<f64>,
    n: usize,
}

impl Joint {
    fn of(&self, a: &[f64], b: &[f64]) -> f64 {
        (0..self.n * self.n).map(|k| a[k % self.n] * self.covariance[k] * b[k / self.n]).sum()
    }
}
