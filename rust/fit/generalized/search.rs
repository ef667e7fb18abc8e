//! From a start to the optimum, a verdict on it, and the fit there.

use std::sync::atomic::AtomicBool;

use super::GlmmFit;
use super::rounding::{check_rounding, explained};
use super::unbounded::check_bounds;
use super::uncertainty::{Uncertainty, uncertainty};
use crate::fit::quadrature_check::check_quadrature;
use crate::fit::search::{Control, leave_zero, search};
use crate::fit::verdict::{Status, Verdict};
use crate::model::generalized::{Glmm, GlmmEvaluator};
use crate::optimize::Objective;
use crate::{Error, Result, computed};

/// The pivot of a level's curvature, one without its rows, below which Laplace's approximation is far from the likelihood.
const LEAST_PIVOT: f64 = 0.2;
const POLE: &str = "it grows without end where a random effect has two modes that meet, and the likelihood does not";
/// Scales of further starts.
const FURTHER: [f64; 3] = [0.1, 0.4, 1.0];
/// Shares of a step that are tried one after the other.
const SHARES: [f64; 5] = [1.0, 0.5, 0.2, 0.05, 0.0];

/// Fits the model.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated at the start, `Interrupted` when `stop` is set.
pub fn fit_generalized(model: &Glmm, control: &Control, stop: &AtomicBool) -> Result<GlmmFit> {
    fit(model, control, stop).map_err(|error| explained(model, error))
}

fn fit(model: &Glmm, control: &Control, stop: &AtomicBool) -> Result<GlmmFit> {
    let (mut start, effects) = model.start_with_effects(stop)?;
    if let Some(user) = &control.start {
        start[..model.n_theta()].copy_from_slice(&model.parameters().to_working(user)?);
    }
    leave_zero(&mut start, &model.theta_map.scale_parameters(), 1e-3, 1e-2);
    let mut objective = GlmmEvaluator::new(model, stop);
    if let Some(effects) = effects {
        objective.set_from(effects);
    }
    let start = feasible(&mut objective, start)?;
    let (x, mut verdict) = optimum(&mut objective, &start, control)?;
    check_rounding(&mut objective, &x, &mut verdict)?;
    check_bounds(&mut objective, &x, &mut verdict, stop)?;
    check_quadrature(model, &x, objective.value(&x)?, &mut verdict, stop)?;
    let found = uncertainty(&mut objective, &x, stop);
    let uncertainty = Uncertainty::or_unknown(found, x.len())?;
    GlmmFit::at(&mut objective, x, uncertainty, verdict)
}

/// A start where the criterion is finite: nearer to the coefficients of the model without random effects, where it is not. Links
/// that do not take every predictor, such as the inverse, have such starts.
///
/// # Errors
/// `Interrupted`.
pub fn feasible(objective: &mut GlmmEvaluator, start: Vec<f64>) -> Result<Vec<f64>> {
    let (n, initial) = (objective.model.n_theta(), objective.model.coordinates(&objective.model.initial));
    for share in SHARES {
        let mut x = start.clone();
        x[n..].iter_mut().zip(&initial).for_each(|(x, initial)| *x = initial + share * (*x - initial));
        if computed(objective.value(&x))?.is_some() {
            return Ok(x);
        }
    }
    // smaller random effects leave the predictors of the fixed part
    for share in SHARES {
        let mut x = start.clone();
        x[..n].iter_mut().for_each(|theta| *theta *= share.max(0.01));
        x[n..].copy_from_slice(&initial);
        if computed(objective.value(&x))?.is_some() {
            return Ok(x);
        }
    }
    Ok(start)
}

/// The end of a search; where it is lost at a pole of Laplace's criterion, that of searches which keep away from it.
fn optimum(objective: &mut GlmmEvaluator, start: &[f64], control: &Control) -> Result<(Vec<f64>, Verdict)> {
    let first = search(objective, start, control);
    if !is_at_pole(objective, &first) {
        return first;
    }
    objective.refuse_below(LEAST_PIVOT);
    let second = lowest(objective, &further_starts(&objective.model), control)?;
    objective.refuse_below(0.0);
    let (x, mut verdict) = match second {
        Some(end) => end,
        None => first?,
    };
    if verdict.status == Status::NotConverged {
        (verdict.status, verdict.reason) = (Status::Pole, POLE.into());
    }
    Ok((x, verdict))
}

/// Whether a search did not converge as a level's curvature went to zero, or found no mode at its start.
fn is_at_pole(objective: &mut GlmmEvaluator, end: &Result<(Vec<f64>, Verdict)>) -> bool {
    objective.has_poles()
        && match end {
            Ok((x, verdict)) => {
                verdict.status == Status::NotConverged
                    && objective.value(x).is_ok_and(|_| objective.least_pivot() < LEAST_PIVOT)
            }
            Err(e) => matches!(e, Error::Numerical(_)),
        }
}

/// The lowest end of searches from several starts, of those that converged if there are any.
fn lowest(
    objective: &mut GlmmEvaluator,
    starts: &[Vec<f64>],
    control: &Control,
) -> Result<Option<(Vec<f64>, Verdict)>> {
    let (mut best, mut lowest) = (None, (true, f64::INFINITY));
    for start in starts {
        let Some(end) = computed(search(objective, start, control))? else { continue };
        let value = computed(objective.value(&end.0))?.unwrap_or(f64::INFINITY);
        let own = (end.1.status == Status::NotConverged, value);
        if best.is_none() || own < lowest {
            (best, lowest) = (Some(end), own);
        }
    }
    Ok(best)
}

/// Coefficients of the model without random effects, beside scales of several sizes.
pub fn further_starts(model: &Glmm) -> Vec<Vec<f64>> {
    let with_scales = |size: f64| {
        let mut x = model.theta_map.start();
        model.theta_map.scale_parameters().into_iter().for_each(|k| x[k] = size);
        x.extend(model.coordinates(&model.initial));
        x
    };
    FURTHER.map(with_scales).to_vec()
}
