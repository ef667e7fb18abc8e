//! One refit: from the fit's θ to the optimum for other data.

use super::boundary::snap;
use super::search::{leave_zero, settled};
use crate::covariance::ThetaMap;
use crate::model::{Estimates, Evaluator, Lmm, Parameter};
use crate::optimize::{Settings, trust_region};
use crate::{Result, computed};

/// The search ends well below what another draw changes.
const TOLERANCE: f64 = 1e-9;

/// A start that no boundary traps, from free parameters: θ, then those of the residuals.
pub fn start(map: &ThetaMap, free: &[f64]) -> Vec<f64> {
    let mut start = free.to_vec();
    leave_zero(&mut start, &map.scale_parameters(), 1e-2, 0.1);
    start
}

/// The optimum for one set of data.
pub struct Optimum {
    pub beta: Vec<f64>,
    /// The free parameters.
    pub theta: Vec<f64>,
    pub sigma: f64,
    pub criterion: f64,
}

/// The optimum; None where there is none.
///
/// # Errors
/// `Interrupted`.
pub fn refit(evaluator: &mut dyn Evaluator, start: &[f64]) -> Result<Option<Optimum>> {
    let settings = Settings { tolerance: TOLERANCE, ..Settings::default() };
    let mut search = |evaluator: &mut dyn Evaluator, x: &[f64]| trust_region::minimize(evaluator, x, settings);
    let theta = search(evaluator, start)
        .and_then(|outcome| settled(evaluator, outcome, &mut search))
        .and_then(|outcome| snap(evaluator, outcome))
        .and_then(|outcome| settled(evaluator, outcome, &mut search));
    computed(theta.and_then(|outcome| optimum(evaluator, outcome.x)))
}

/// What holds at a θ that is given; None where it cannot be evaluated.
///
/// # Errors
/// `Interrupted`.
pub fn at(evaluator: &mut dyn Evaluator, theta: &[f64]) -> Result<Option<Optimum>> {
    computed(optimum(evaluator, theta.to_vec()))
}

fn optimum(evaluator: &mut dyn Evaluator, theta: Vec<f64>) -> Result<Optimum> {
    let criterion = evaluator.value(&theta)?;
    let Estimates { beta, sigma } = evaluator.estimates(&theta)?;
    Ok(Optimum { beta, theta, sigma, criterion })
}

/// The parameters at an optimum; NaN where there is none.
pub fn parameters_at(model: &Lmm, optimum: Option<&Optimum>, parameters: &[Parameter]) -> Vec<f64> {
    match optimum {
        Some(o) => {
            let (theta, phi) = o.theta[..model.n_free()].split_at(model.theta_map.n_parameters);
            let values = model.parameters().values(&model.a.fixed.beta(&o.beta), theta, o.sigma, parameters);
            model.with_residuals(values, parameters, phi, o.sigma)
        }
        None => vec![f64::NAN; parameters.len()],
    }
}
