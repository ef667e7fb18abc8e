//! From a start to a verified optimum.

use std::sync::atomic::AtomicBool;

use super::result::Fit;
use super::verdict::{self, Status, Verdict};
use crate::model::linear::exact_kind;
use crate::model::linear::start;
use crate::model::{Lmm, LmmEvaluator};
use crate::optimize::{Objective, Outcome, Settings, Stop, bobyqa, trust_region};
use crate::penalized_ls::TrailingKind;
use crate::{Error, Result};

/// Escapes from a boundary that is no optimum, at most.
const MOST_RESTARTS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Optimizer {
    #[default]
    TrustRegion,
    Bobyqa,
}

/// What the user may choose about the search.
#[derive(Debug, Clone, Default)]
pub struct Control {
    pub optimizer: Optimizer,
    pub settings: Settings,
    /// θ in the user's units.
    pub start: Option<Vec<f64>>,
}

/// Fits the model: minimizes the criterion and says what the result is.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated at the start, `Interrupted` when `stop` is set.
pub fn fit(model: &Lmm, control: &Control, stop: &AtomicBool) -> Result<Fit> {
    let start = match &control.start {
        Some(user) => model.parameters().from_user(user)?,
        None => start::by_factor(model, stop)?,
    };
    let start = away_from_zero(model, start);
    let mut objective = LmmEvaluator::new(model, stop);
    let is_estimate = model.symbolic.kind == TrailingKind::Iterative;
    if is_estimate
        && let Some(why) = exact_kind::doubt(estimate(&mut objective, &start)?)
        && let Some(other) = exact_kind::instead(model, &why)
    {
        return fit(&other, control, stop);
    }
    let (theta, verdict) = search(&mut objective, &start, control)?;
    let unsettled =
        (verdict.status == Status::NotConverged).then(|| "the search on an estimate did not converge".into());
    let doubt = exact_kind::doubt(Some(objective.noise())).or(unsettled).filter(|_| is_estimate);
    if let Some(other) = doubt.as_ref().and_then(|why| exact_kind::instead(model, why)) {
        // good enough where it began, but not where it ended
        let from = Control { start: Some(model.parameters().to_user(&theta)), ..control.clone() };
        return fit(&other, &from, stop);
    }
    if let Some(kind) = exact_kind::finishing_kind(model) {
        let exact = model.with_trailing(kind);
        let mut work = exact.workspace();
        let evaluation = exact.evaluate(&theta, &mut work)?;
        return Ok(Fit::at(exact, theta, verdict, evaluation, &work));
    }
    let evaluation = objective.evaluate(&theta)?;
    let model = doubt.map_or_else(|| model.clone(), |why| exact_kind::estimated(model, &why));
    Ok(Fit::at(model, theta, verdict, evaluation, &objective.work))
}

/// The criterion's standard error; None where it cannot be evaluated.
fn estimate(objective: &mut LmmEvaluator, theta: &[f64]) -> Result<Option<f64>> {
    match objective.evaluate(theta) {
        Ok(evaluation) => Ok(Some(evaluation.std_error)),
        Err(Error::Numerical(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// A start at a scale of zero would stay there: the criterion is even in it.
fn away_from_zero(model: &Lmm, mut theta: Vec<f64>) -> Vec<f64> {
    for k in model.theta_map.scale_parameters() {
        if theta[k].abs() < 1e-3 {
            theta[k] = 1e-2;
        }
    }
    theta
}

fn search(objective: &mut LmmEvaluator, start: &[f64], control: &Control) -> Result<(Vec<f64>, Verdict)> {
    let mut from = start.to_vec();
    for attempt in 0.. {
        let outcome = minimize(objective, &from, control)?;
        let snapped = verdict::snap(objective, outcome)?;
        match verdict::escape(objective, &snapped)? {
            Some(better) if attempt < MOST_RESTARTS => from = better,
            rest => {
                let mut verdict = verdict::judge(objective, &snapped)?;
                if rest.is_some() {
                    verdict.status = Status::NotConverged;
                    verdict.reason = "the search keeps returning to a boundary that is not an optimum".into();
                }
                return Ok((snapped.x, verdict));
            }
        }
    }
    unreachable!("the loop returns")
}

fn minimize(objective: &mut LmmEvaluator, start: &[f64], control: &Control) -> Result<Outcome> {
    match control.optimizer {
        Optimizer::TrustRegion => trust_region::minimize(objective, start, control.settings),
        Optimizer::Bobyqa => {
            let mut lower = vec![f64::NEG_INFINITY; objective.n_parameters()];
            objective.model.theta_map.scale_parameters().into_iter().for_each(|k| lower[k] = 0.0);
            let start: Vec<f64> = start.iter().zip(&lower).map(|(x, l)| if *l == 0.0 { x.abs() } else { *x }).collect();
            let mut outcome = bobyqa::minimize(objective, &start, &lower, control.settings)?;
            if outcome.stop == Stop::NoProgress {
                outcome.stop = Stop::Converged; // the verdict looks at the gradient itself
            }
            Ok(outcome)
        }
    }
}
