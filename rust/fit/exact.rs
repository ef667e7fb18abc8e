//! Where an iterative trailing block gives way to one that is factored exactly.

use crate::objective::Problem;
use crate::penalized_ls::TrailingKind;

/// A criterion estimated with a larger standard error is computed exactly, where that is affordable.
const MOST_ERROR: f64 = 1e-2;
/// An exact evaluation with its gradient may take this long, in seconds.
const MOST_SECONDS: f64 = 10.0;

/// The exact kind of which one evaluation is worth its time and memory, for a problem whose kind is not exact.
pub fn finishing_kind(problem: &Problem) -> Option<TrailingKind> {
    let (system, kind) = (&problem.system, problem.system.exact_kind()?);
    let seconds = system.predicted_seconds(kind)?;
    (system.kind == TrailingKind::Iterative && seconds < MOST_SECONDS).then_some(kind)
}

/// The problem to fit in its place, where a criterion with this standard error, or none, is not good enough: with an
/// exact trailing block where that is affordable, or else the same with a word on why it stays an estimate.
pub fn instead(problem: &Problem, std_error: Option<f64>) -> Option<Problem> {
    if problem.system.kind != TrailingKind::Iterative || std_error.is_some_and(|e| e <= MOST_ERROR) {
        return None;
    }
    let why = std_error.map_or("the iterative log-determinant cannot be evaluated".into(), |e| {
        format!("the iterative log-determinant has a standard error of {e:.1e}, above {MOST_ERROR}")
    });
    match finishing_kind(problem) {
        Some(kind) => {
            let name = if kind == TrailingKind::Sparse { "sparse" } else { "dense" };
            Some(problem.with_trailing(kind).because(format!("The crossed factors have a {name} block: {why}.")))
        }
        None if problem.system.reason.is_none() && std_error.is_some() => {
            Some(problem.because(format!("The criterion is an estimate: {why}, and {}.", cost(problem))))
        }
        None => None,
    }
}

/// What an exact evaluation would take.
fn cost(problem: &Problem) -> String {
    let system = &problem.system;
    match system.exact_kind().and_then(|kind| system.predicted_seconds(kind)) {
        Some(seconds) => format!("an exact evaluation would take some {seconds:.0} s"),
        None => "memory holds no exact factor".into(),
    }
}
