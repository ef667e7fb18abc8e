//! A residual variance that goes to zero while the criterion converges: random effects that can stand for every row take
//! the residuals.
//!
//! V = σ²(I + ZΛΛ'Z') tends to a finite covariance where σ goes to zero and Λ grows as 1 / σ, so that a search follows θ
//! until rounding hides σ, though the criterion is level long before.

use super::verdict::{EXPECTED, MOST_ROUNDING};
use crate::Result;
use crate::covariance::ThetaMap;
use crate::model::{Accuracy, Evaluator};
use crate::optimize::Outcome;

/// Steps by which Λ is made smaller, at most.
const MOST_STEPS: usize = 12;
const STEP: f64 = 0.1;
/// Standard deviations relative to σ from which it may be vanishing, and what the criterion may then change by.
const LARGE: f64 = 100.0;
const LEVEL: f64 = 1e-3;
/// Errors by rounding are all of one sign where σ is lost, so that they add up to some times the estimate.
const TIMES: f64 = 4.0;
/// The relative error of σ² from which the criterion is compared with care.
const BEGINS: f64 = 1e-7;
/// σ² is to have this many times the digits that a warning asks for.
const CLEARLY: f64 = 10.0;

/// How far the criterion can be trusted where a search ended.  Where rounding hides σ there, the end moves to where its
/// digits suffice, if the criterion is level between them.
///
/// # Errors
/// Those of the criterion.
pub fn within_rounding(objective: &mut dyn Evaluator, end: &mut Outcome) -> Result<Accuracy> {
    let there = objective.accuracy(&end.x)?;
    if there.variance <= MOST_ROUNDING {
        return Ok(there);
    }
    let mut x = end.x.clone();
    for _ in 0..MOST_STEPS {
        x = scaled(objective.parameters().theta, &x, STEP);
        let accuracy = objective.accuracy(&x)?;
        if accuracy.variance <= MOST_ROUNDING / CLEARLY {
            let value = objective.value(&x)?;
            let before = scaled(objective.parameters().theta, &x, STEP);
            if (objective.value(&before)? - value).abs() > EXPECTED.max(TIMES * accuracy.rounding) {
                break;
            }
            *end = Outcome { x, value, slope: None, ..end.clone() };
            return Ok(accuracy);
        }
    }
    Ok(there)
}

/// What a criterion at which σ begins to vanish may be too low by.
pub fn uncertain(accuracy: Accuracy) -> f64 {
    if accuracy.variance > BEGINS { TIMES * accuracy.rounding } else { 0.0 }
}

/// Whether the residual variance goes to zero at the end of a search: the criterion is level from a tenth of Λ to ten times
/// it, and σ falls as Λ grows.
///
/// # Errors
/// Those of the criterion.
pub fn vanishes(objective: &mut dyn Evaluator, end: &Outcome, accuracy: Accuracy) -> Result<bool> {
    let map = objective.parameters().theta;
    let largest = map.scale_parameters().into_iter().map(|k| end.x[k].abs()).fold(0.0, f64::max);
    if accuracy.variance == 0.0 || largest < LARGE {
        return Ok(false);
    }
    let ends = [scaled(map, &end.x, STEP), scaled(map, &end.x, 1.0 / STEP)];
    let allowed = LEVEL.max(TIMES * accuracy.rounding / STEP.powi(2));
    for x in &ends {
        if (objective.value(x)? - end.value).abs() > allowed {
            return Ok(false);
        }
    }
    // where Λ says nothing, since fixed effects tell the levels apart, σ stays as it is
    let [less, more] = [objective.estimates(&ends[0])?.sigma, objective.estimates(&ends[1])?.sigma];
    Ok(more < STEP * less)
}

/// θ of c Λ, and the other coordinates as they are.
fn scaled(map: &ThetaMap, x: &[f64], c: f64) -> Vec<f64> {
    map.terms.iter().fold(x.to_vec(), |x, term| term.with(&x, &term.scaled(term.parameters(&x), c)))
}
