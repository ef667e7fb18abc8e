//! From a start to an optimum and a verdict, for any model.

use serde::Deserialize;

use super::boundary;
use super::starts;
use super::vanishing::{uncertain, within_rounding};
use super::verdict::{Status, Verdict, is_exact, judge};
use crate::Result;
use crate::error::computed;
use crate::model::{Accuracy, Evaluator};
use crate::optimize::{Outcome, Settings, Stop, bobyqa, trust_region};

/// Escapes from a boundary that is no optimum, at most.
const MOST_RESTARTS: usize = 4;
/// Optima, each lower than the one before, at most.
const MOST_OPTIMA: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// Moves scales nearer to zero than `near` to `by`: the criterion is even in them, so that zero would hold a search.
pub fn leave_zero(x: &mut [f64], scales: &[usize], near: f64, by: f64) {
    for &k in scales {
        if x[k].abs() < near {
            x[k] = by;
        }
    }
}

/// The optimum and what it is.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated at the start, or rounding hides the residual variance;
/// `Interrupted`.
pub fn search(objective: &mut dyn Evaluator, start: &[f64], control: &Control) -> Result<(Vec<f64>, Verdict)> {
    let mut end = nearest(objective, start, control)?;
    let (mut tried, mut elsewhere) = (0, 0);
    for _ in 0..MOST_OPTIMA {
        if end.outcome.stop == Stop::EvaluationLimit || is_exact(end.accuracy)? {
            break;
        }
        let (before, error) = (objective.evaluations(), end.accuracy.rounding.max(end.accuracy.std_error));
        let further = starts::look(objective, &end.outcome, error, before - elsewhere)?;
        elsewhere += objective.evaluations() - before;
        tried += further.tried;
        let Some(lower) = further.lower else { break };
        let Some(next) = computed(nearest(objective, &lower, control))? else { break };
        let is_lower = next.outcome.value + uncertain(next.accuracy) < end.outcome.value;
        if !is_lower || is_stuck(objective, &next)? && !is_stuck(objective, &end)? {
            break;
        }
        end = next;
    }
    let mut verdict = judge(objective, &end.outcome, end.accuracy)?;
    verdict.evaluations -= elsewhere;
    verdict.tried = tried;
    if end.returns && verdict.status != Status::Exact {
        verdict.status = Status::NotConverged;
        verdict.reason = "the search keeps returning to a boundary that is not an optimum".into();
    }
    Ok((end.outcome.x, verdict))
}

/// Where searches from one start end.
struct End {
    outcome: Outcome,
    accuracy: Accuracy,
    /// Whether they returned to a boundary that is no optimum.
    returns: bool,
}

/// Whether a search ended where the criterion could still fall.
fn is_stuck(objective: &mut dyn Evaluator, end: &End) -> Result<bool> {
    Ok(end.outcome.stop == Stop::NoProgress
        && judge(objective, &end.outcome, end.accuracy)?.status == Status::NotConverged)
}

/// The optimum that a search ends at, escapes from boundaries among it.
fn nearest(objective: &mut dyn Evaluator, start: &[f64], control: &Control) -> Result<End> {
    let mut from = start.to_vec();
    for attempt in 0.. {
        let mut again = |objective: &mut dyn Evaluator, x: &[f64]| minimize(objective, x, control);
        let outcome = again(objective, &from)?;
        let outcome = settled(objective, outcome, &mut again)?;
        let snapped = boundary::snap(objective, outcome)?;
        let snapped = settled(objective, snapped, &mut again)?;
        match boundary::escape(objective, &snapped)? {
            Some(better) if attempt < MOST_RESTARTS => from = better,
            rest => {
                let (mut outcome, returns) = (snapped, rest.is_some());
                let accuracy = within_rounding(objective, &mut outcome)?;
                return Ok(End { outcome, accuracy, returns });
            }
        }
    }
    unreachable!("the loop returns")
}

/// A search from a start.
pub type Search<'a> = dyn FnMut(&mut dyn Evaluator, &[f64]) -> Result<Outcome> + 'a;

/// The end of a search, and of further ones, until what is held has its values.
///
/// # Errors
/// Those of the searches; `Design` where parameters cannot have their values together.
pub fn settled(objective: &mut dyn Evaluator, mut outcome: Outcome, again: &mut Search) -> Result<Outcome> {
    loop {
        match objective.settle(&outcome.x)? {
            Some(x) if x == outcome.x => return Ok(outcome),
            Some(x) => return Ok(Outcome { value: objective.value(&x)?, x, slope: None, ..outcome }),
            None => outcome = again(objective, &outcome.x)?,
        }
    }
}

fn minimize(objective: &mut dyn Evaluator, start: &[f64], control: &Control) -> Result<Outcome> {
    match control.optimizer {
        Optimizer::TrustRegion => trust_region::minimize(objective, start, control.settings),
        Optimizer::Bobyqa => {
            let mut lower = vec![f64::NEG_INFINITY; objective.n_parameters()];
            objective.parameters().theta.scale_parameters().into_iter().for_each(|k| lower[k] = 0.0);
            let start: Vec<f64> = start.iter().zip(&lower).map(|(x, l)| if *l == 0.0 { x.abs() } else { *x }).collect();
            let mut outcome = bobyqa::minimize(objective, &start, &lower, control.settings)?;
            if outcome.stop == Stop::NoProgress {
                outcome.stop = Stop::Converged; // the verdict looks at the gradient itself
            }
            Ok(outcome)
        }
    }
}
