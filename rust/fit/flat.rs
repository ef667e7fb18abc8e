//! Directions in which the criterion does not change: the data do not identify the parameters along them.
//!
//! The information is a Gram matrix: of a ridge it has a null direction at every point, exactly.  So variances that are
//! small are looked at where they are large.  At the optimum itself a direction of nearly no curvature is followed, for
//! the curvature tells its direction only: θ_1² + θ_2² = c is a circle.

use serde::{Deserialize, Serialize};

use super::held::least_without;
use super::null_directions::Information;
use crate::Result;
use crate::covariance::{TermCovariance, ThetaMap, square};
use crate::error::computed;
use crate::model::Evaluator;
use crate::optimize::{Outcome, Point};

/// A relative standard deviation below this is small, and looked at where it is 1.
const SMALL: f64 = 0.1;
/// Curvature, of parameters scaled to unit curvature, below which a direction may be flat; and that of a parameter by
/// itself, scaled to its size.
const CURVATURE: f64 = 1e-3;
const OWN_CURVATURE: f64 = 1e-4;
/// The same where variances are large, and the slope of the criterion along the direction there.
const EXACTLY: f64 = 1e-8;
const LEVEL: f64 = 1e-6;
/// Curvature beside the optimum, without what its slope adds, that has to be computed again at the optimum itself.
const SUSPICIOUS: f64 = 0.3;
/// The step along a direction, and the change of the criterion that is none.
const STEP: f64 = 0.1;
const SAME: f64 = 1e-7;
const ROUNDING: f64 = 1e-11;
/// Newton steps back to a ridge, in directions whose curvature is at least this part of the largest.
const NEWTON_STEPS: usize = 10;
const CURVED: f64 = 1e-6;
/// Part of a step by which covariances change at least.
const MOVES: f64 = 0.02;
/// A relative variance below this is none.
const SMALLEST: f64 = 1e-6;

/// Terms that the data do not identify, and one of them that can be left out of the same model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flat {
    pub terms: Vec<usize>,
    pub redundant: Option<usize>,
}

/// The flat directions at an optimum with a slope close to it.
///
/// # Errors
/// `Interrupted`.
pub fn flat(objective: &mut dyn Evaluator, optimum: &Outcome, slope: &Point) -> Result<Flat> {
    let mut terms = where_variances_are_large(objective, &optimum.x)?;
    terms.extend(at_the_optimum(objective, optimum, slope)?);
    terms.sort_unstable();
    terms.dedup();
    for &term in terms.iter().rev() {
        let least = least_without(objective, &optimum.x, term)?;
        if least.is_some_and(|least| least <= optimum.value + 10.0 * same(optimum.value)) {
            return Ok(Flat { terms, redundant: Some(term) });
        }
    }
    Ok(Flat { terms, redundant: None })
}

/// Terms along directions without any curvature, where terms with a variance that is small at the optimum have Λ = I.
fn where_variances_are_large(objective: &mut dyn Evaluator, optimum: &[f64]) -> Result<Vec<usize>> {
    let map = objective.parameters().theta.clone();
    let mut x = optimum.to_vec();
    for term in &map.terms {
        let (roles, own) = (term.roles(), term.parameters(optimum));
        if roles.iter().zip(own).any(|(role, x)| role.is_scale() && x.abs() < SMALL) {
            x = term.with(&x, &term.start());
        }
    }
    if x == optimum {
        return Ok(Vec::new());
    }
    let Some((gradient, information)) = computed(objective.information(&x))? else { return Ok(Vec::new()) };
    let information = Information::new(&map, &x, &information, 0.0);
    // with fewer levels than effects the response says nothing of some covariances, but the criterion changes with them
    let is_level = |v: &Vec<f64>| v.iter().zip(&gradient).map(|(v, g)| v * g).sum::<f64>().abs() < LEVEL;
    if information.null_directions(EXACTLY, EXACTLY).iter().all(is_level) {
        Ok(information.terms_of_null_directions(&map, EXACTLY, EXACTLY))
    } else {
        Ok(Vec::new())
    }
}

/// Terms along directions that are followed, among parameters that are not small.
fn at_the_optimum(objective: &mut dyn Evaluator, optimum: &Outcome, slope: &Point) -> Result<Vec<usize>> {
    let map = objective.parameters().theta.clone();
    let close = Information::new(&map, &slope.x, &slope.curvature, SMALL);
    let suspicious = SUSPICIOUS + close.most_bend(&slope.gradient);
    if close.null_directions(suspicious, suspicious).is_empty() {
        return Ok(Vec::new());
    }
    let Some((_, information)) = computed(objective.information(&optimum.x))? else { return Ok(Vec::new()) };
    let information = Information::new(&map, &optimum.x, &information, SMALL);
    for direction in information.null_directions(CURVATURE, OWN_CURVATURE) {
        if stays(objective, optimum, &direction)? {
            return Ok(information.terms_of_null_directions(&map, CURVATURE, OWN_CURVATURE));
        }
    }
    Ok(Vec::new())
}

/// A change of the criterion that is none.
fn same(value: f64) -> f64 {
    SAME.max(ROUNDING * value.abs())
}

/// Whether the criterion stays the same along a curve that begins in the direction, while covariances change.
fn stays(objective: &mut dyn Evaluator, at: &Outcome, direction: &[f64]) -> Result<bool> {
    for step in [STEP, -STEP] {
        let x: Vec<f64> = at.x.iter().zip(direction).map(|(x, d)| x + step * d).collect();
        let Some((x, value)) = computed(return_to_ridge(objective, x, at.value))? else { return Ok(false) };
        let is_same = (value - at.value).abs() < same(at.value);
        if !is_same || change(objective.parameters().theta, &at.x, &x) < MOVES * STEP {
            return Ok(false);
        }
    }
    Ok(true)
}

/// From a point beside a ridge down to it: Newton steps in the directions that curve.
fn return_to_ridge(objective: &mut dyn Evaluator, mut x: Vec<f64>, target: f64) -> Result<(Vec<f64>, f64)> {
    let mut value = objective.value(&x)?;
    for _ in 0..NEWTON_STEPS {
        if (value - target).abs() < 0.1 * SAME {
            break;
        }
        let (gradient, information) = objective.information(&x)?;
        let information = Information::new(objective.parameters().theta, &x, &information, 0.0);
        let next = information.newton_step(&x, &gradient, CURVED);
        let next_value = objective.value(&next)?;
        if next_value.is_nan() || next_value >= value {
            break;
        }
        (x, value) = (next, next_value);
    }
    Ok((x, value))
}

/// The largest change of a covariance, relative to the largest of its term.
fn change(map: &ThetaMap, from: &[f64], to: &[f64]) -> f64 {
    let of = |t: &TermCovariance| {
        let (a, b) = (square(&t.relative_factor(from), t.width), square(&t.relative_factor(to), t.width));
        let largest = a.iter().chain(&b).fold(SMALLEST, |m, v| m.max(v.abs()));
        a.into_iter().zip(b).map(|(a, b)| (a - b).abs() / largest).fold(0.0, f64::max)
    };
    map.terms.iter().map(of).fold(0.0, f64::max)
}
