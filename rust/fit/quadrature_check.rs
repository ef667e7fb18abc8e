//! Whether quadrature resolves what it sums at an optimum: beside a rule of more points.

use std::sync::atomic::AtomicBool;

use super::verdict::{Status, Verdict};
use crate::model::Model;
use crate::model::generalized::{Approximation, Glmm, MOST_NODES};
use crate::{Result, computed};

/// Error of -2 log-likelihood at which an optimum may be one of the points and not of the likelihood.
const ROUGH: f64 = 1.0;

/// Calls an optimum rough at which about twice the points, an even number or an odd one, give another criterion: a step
/// between nodes moves the sums of the two kinds in different ways.
///
/// # Errors
/// `Interrupted`, and `Data` where memory does not suffice.
pub fn check_quadrature(
    model: &Glmm,
    x: &[f64],
    criterion: f64,
    verdict: &mut Verdict,
    stop: &AtomicBool,
) -> Result<()> {
    let Approximation::Quadrature(n) = model.approximation else { return Ok(()) };
    if matches!(
        verdict.status,
        Status::NotConverged | Status::Pole | Status::Unbounded | Status::Exact | Status::Rounded
    ) {
        return Ok(());
    }
    let possible = |k: &usize| k.checked_pow(model.n_dimensions()).is_some_and(|nodes| nodes <= MOST_NODES);
    for finer in (n + 1..=2 * n + 1).rev().filter(possible).take(2) {
        let Some(other) = criterion_with(model, finer, x, stop)? else { continue };
        if (other - criterion).abs() > ROUGH {
            let (before, after) = (-0.5 * criterion, -0.5 * other);
            verdict.status = Status::Rough;
            verdict.reason =
                format!("{finer} points instead of {n} change its log-likelihood from {before:.2} to {after:.2}");
            break;
        }
    }
    Ok(())
}

/// The criterion with so many points; None where it cannot be computed.
fn criterion_with(model: &Glmm, n: usize, x: &[f64], stop: &AtomicBool) -> Result<Option<f64>> {
    let other = model.clone().with_approximation(Approximation::Quadrature(n))?;
    let found = other.evaluator(stop).value(x);
    computed(found)
}
