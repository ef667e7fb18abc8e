//! From a start to a verified optimum.

use std::sync::atomic::AtomicBool;

use super::objective::Interruptible;
use super::result::Fit;
use super::start;
use super::units;
use super::verdict::{self, Status, Verdict};
use crate::Result;
use crate::objective::Problem;
use crate::optimize::{Objective, Outcome, Settings, Stop, bobyqa, trust_region};
use crate::penalized_ls::TrailingKind;

/// Escapes from a boundary that is no optimum, at most.
const MOST_RESTARTS: usize = 4;
/// A criterion estimated with a larger standard error is computed exactly, where that is affordable.
const MOST_ERROR: f64 = 1e-2;
/// An exact evaluation with its gradient may take this long, in seconds.
const MOST_SECONDS: f64 = 10.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    #[default]
    TrustRegion,
    Bobyqa,
}

/// What the user may choose about the search.
#[derive(Debug, Clone, Default)]
pub struct Control {
    pub method: Method,
    pub settings: Settings,
    /// θ in the user's units.
    pub start: Option<Vec<f64>>,
}

/// Fits the model: minimizes the criterion and says what the result is.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated at the start, `Interrupted` when `stop` is set.
pub fn fit(problem: &Problem, control: &Control, stop: &AtomicBool) -> Result<Fit> {
    let start = match &control.start {
        Some(user) => units::from_user(problem, user)?,
        None => start::by_factor(problem, stop)?,
    };
    let start = away_from_zero(problem, start);
    let mut objective = Interruptible::new(problem, stop);
    if problem.system.kind == TrailingKind::Iterative
        && objective.evaluate(&start)?.std_error > MOST_ERROR
        && is_affordable(problem)
    {
        return fit(&problem.with_trailing(problem.system.exact_kind()), control, stop);
    }
    let (theta, verdict) = search(&mut objective, &start, control)?;
    if finishes_exactly(problem) {
        let exact = problem.with_trailing(problem.system.exact_kind());
        let mut work = exact.workspace();
        let evaluation = exact.evaluate(&theta, &mut work)?;
        return Ok(Fit::at(exact, theta, verdict, evaluation, &work));
    }
    let evaluation = objective.evaluate(&theta)?;
    Ok(Fit::at(problem.clone(), theta, verdict, evaluation, &objective.work))
}

/// Whether the last evaluation is exact where the others are not.
pub fn finishes_exactly(problem: &Problem) -> bool {
    problem.system.kind == TrailingKind::Iterative && is_affordable(problem)
}

/// One exact evaluation is worth its time and memory.
fn is_affordable(problem: &Problem) -> bool {
    problem.system.predicted_seconds(problem.system.exact_kind()).is_some_and(|seconds| seconds < MOST_SECONDS)
}

/// A start at a scale of zero would stay there: the criterion is even in it.
fn away_from_zero(problem: &Problem, mut theta: Vec<f64>) -> Vec<f64> {
    for k in problem.theta_map.scale_parameters() {
        if theta[k].abs() < 1e-3 {
            theta[k] = 1e-2;
        }
    }
    theta
}

fn search(objective: &mut Interruptible, start: &[f64], control: &Control) -> Result<(Vec<f64>, Verdict)> {
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

fn minimize(objective: &mut Interruptible, start: &[f64], control: &Control) -> Result<Outcome> {
    match control.method {
        Method::TrustRegion => trust_region::minimize(objective, start, control.settings),
        Method::Bobyqa => {
            let mut lower = vec![f64::NEG_INFINITY; objective.n_parameters()];
            objective.problem.theta_map.scale_parameters().into_iter().for_each(|k| lower[k] = 0.0);
            let start: Vec<f64> = start.iter().zip(&lower).map(|(x, l)| if *l == 0.0 { x.abs() } else { *x }).collect();
            let mut outcome = bobyqa::minimize(objective, &start, &lower, control.settings)?;
            if outcome.stop == Stop::NoProgress {
                outcome.stop = Stop::Converged; // the verdict looks at the gradient itself
            }
            Ok(outcome)
        }
    }
}
