//! One refit: from the fit's θ to the optimum for other cross-products.

use std::sync::atomic::AtomicBool;

use crate::fit::verdict::snap;
use crate::model::{Lmm, LmmEvaluator, Parameter, Workspace};
use crate::optimize::{Objective, Settings, trust_region};
use crate::{Error, Result};

/// The search ends well below what another draw changes.
const TOLERANCE: f64 = 1e-9;
/// A scale of zero is left by this much: the criterion is even in it.
const AWAY: f64 = 0.1;
/// A column of X with less of its square than this left depends on the others.
const DEPENDENT: f64 = 1e-11;

/// A start that no boundary traps.
pub fn start(model: &Lmm, theta: &[f64]) -> Vec<f64> {
    let mut start = theta.to_vec();
    for k in model.theta_map.scale_parameters() {
        if start[k].abs() < 1e-2 {
            start[k] = AWAY;
        }
    }
    start
}

/// The optimum for one set of data.
pub struct Optimum {
    pub beta: Vec<f64>,
    pub theta: Vec<f64>,
    pub sigma: f64,
    pub criterion: f64,
}

/// The optimum; None where there is none.  Hands the workspace back.
///
/// # Errors
/// `Interrupted` when `stop` is set.
pub fn refit(model: &Lmm, work: Workspace, start: &[f64], stop: &AtomicBool) -> Result<(Option<Optimum>, Workspace)> {
    let mut objective = LmmEvaluator::with_workspace(model, work, stop);
    match optimum(&mut objective, start) {
        Ok(optimum) => Ok((Some(optimum), objective.work)),
        Err(Error::Numerical(_)) => Ok((None, objective.work)),
        Err(e) => Err(e),
    }
}

/// What holds at a θ that is given; None where it cannot be evaluated.  Hands the workspace back.
pub fn at(model: &Lmm, mut work: Workspace, theta: &[f64]) -> (Option<Optimum>, Workspace) {
    let evaluation = model.evaluate(theta, &mut work);
    let found = evaluation.and_then(|e| estimates(model, &work, theta.to_vec(), e.objective));
    (found.ok(), work)
}

/// The parameters at an optimum; NaN where there is none.
pub fn parameters_at(model: &Lmm, optimum: Option<&Optimum>, parameters: &[Parameter]) -> Vec<f64> {
    match optimum {
        Some(o) => model.parameters().values(&model.a.fixed.beta(&o.beta), &o.theta, o.sigma, parameters),
        None => vec![f64::NAN; parameters.len()],
    }
}

fn optimum(objective: &mut LmmEvaluator, start: &[f64]) -> Result<Optimum> {
    let settings = Settings { tolerance: TOLERANCE, ..Settings::default() };
    let outcome = trust_region::minimize(objective, start, settings)?;
    let theta = snap(objective, outcome)?.x;
    let criterion = objective.value(&theta)?;
    estimates(objective.model, &objective.work, theta, criterion)
}

/// β and σ where `work` was evaluated.
fn estimates(model: &Lmm, work: &Workspace, theta: Vec<f64>, criterion: f64) -> Result<Optimum> {
    let factor = &work.factor;
    let stride = model.a.n_fixed() + 1;
    let depends = |j: usize| factor.xx[j * stride + j].powi(2) <= DEPENDENT * model.a.xx[j * stride + j];
    if (0..model.a.n_fixed()).any(depends) {
        return Err(Error::Numerical("columns of X depend on each other".into()));
    }
    let sigma = (factor.pwrss / model.denominator()).sqrt();
    Ok(Optimum { beta: factor.beta(), theta, sigma, criterion })
}
