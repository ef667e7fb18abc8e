//! Variances of zero and correlations at the end of their range: moving there, leaving, and what has no variance then.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::covariance::{Role, TermCovariance, square};
use crate::error::computed;
use crate::linalg::dense::eigen;
use crate::model::{Evaluator, Parameters};
use crate::optimize::{Outcome, Point};

/// A parameter this close to a boundary is tried there.
const NEAR_BOUNDARY: f64 = 2e-3;
/// An entry of Λ off its diagonal, which has no boundary, is tried at zero below this.
const NOTHING: f64 = 1e-8;
/// A criterion this much higher still counts as the same; or by this part of it, which is rounding.
const SAME: f64 = 1e-8;
const ROUNDING: f64 = 1e-14;
/// How far from a boundary its slope is taken.
const PROBE: f64 = 1e-3;
/// A move that changes the criterion by less leaves its slope as it is.
const STILL: f64 = 1e-7;

/// A correlation of neighbours below this is none.
const NO_CORRELATION: f64 = 1e-4;

/// A combination of a term's random effects without variance, in the user's units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullSpace {
    pub term: usize,
    /// Rank of the term's covariance.
    pub rank: usize,
    /// Orthonormal in the working basis; weights of the term's columns, largest 1.
    pub directions: Vec<Vec<f64>>,
}

/// Moves scales that are nearly zero to zero, correlations that are nearly ±1 there, and entries of Λ that are nothing but
/// rounding to zero, where that costs nothing.
pub fn snap(objective: &mut dyn Evaluator, mut outcome: Outcome) -> Result<Outcome> {
    for (k, role) in objective.parameters().theta.roles().into_iter().enumerate() {
        let x = outcome.x[k];
        let Some(target) = near(role, x) else { continue };
        let mut trial = outcome.x.clone();
        trial[k] = target;
        let Some(value) = computed(objective.value(&trial))? else { continue };
        if value <= outcome.value + same(outcome.value) {
            outcome.x = trial;
            outcome.value = outcome.value.min(value);
            let n = outcome.x.len();
            let is_still = |at: &Point| at.curvature[k * n + k].abs() * (at.x[k] - target).powi(2) < STILL;
            outcome.slope = outcome.slope.filter(is_still);
        }
    }
    Ok(outcome)
}

/// Where a parameter is tried: the boundary that it is close to, or zero for an entry that has none.
fn near(role: Role, x: f64) -> Option<f64> {
    let (target, distance) = role.boundary(x).map_or((0.0, NOTHING), |boundary| (boundary, NEAR_BOUNDARY));
    (x != target && (x - target).abs() < distance).then_some(target)
}

fn same(value: f64) -> f64 {
    SAME.max(ROUNDING * value.abs())
}

/// A point off the boundary from which the criterion descends, if a boundary is no optimum (the KKT conditions).
pub fn escape(objective: &mut dyn Evaluator, outcome: &Outcome) -> Result<Option<Vec<f64>>> {
    let zeros: Vec<usize> =
        objective.parameters().theta.scale_parameters().into_iter().filter(|&k| outcome.x[k] == 0.0).collect();
    if zeros.is_empty() || outcome.slope.as_ref().is_some_and(|at| rises(at, &zeros)) {
        return Ok(None);
    }
    let mut probe = outcome.x.clone();
    zeros.iter().for_each(|&k| probe[k] = PROBE);
    let Some(value) = computed(objective.value(&probe))? else { return Ok(None) };
    let (gradient, _) = objective.slope(&probe)?;
    let descends = |&&k: &&usize| gradient[k] < -1e-2 * PROBE;
    if value < outcome.value - same(outcome.value) || zeros.iter().any(|k| descends(&k)) {
        let mut from = outcome.x.clone();
        zeros.iter().for_each(|&k| from[k] = if gradient[k] < 0.0 { 0.1 } else { PROBE });
        return Ok(Some(from));
    }
    Ok(None)
}

/// Whether the slope at a point close to zeros of scales already says that the criterion rises from them.
fn rises(at: &Point, zeros: &[usize]) -> bool {
    zeros.iter().all(|&k| at.x[k] != 0.0 && at.x[k].abs() <= PROBE && at.gradient[k] / at.x[k] > -1e-2)
}

/// Terms whose correlations fall with the distance, and are none even at the smallest.
pub fn independent(parameters: Parameters, theta: &[f64]) -> Vec<usize> {
    let is_independent = |term: &TermCovariance| {
        let has_variance =
            term.roles().iter().zip(term.parameters(theta)).any(|(role, &x)| role.is_scale() && x != 0.0);
        has_variance && term.nearest_correlation(theta).is_some_and(|nearest| nearest < NO_CORRELATION)
    };
    let terms = parameters.theta.terms.iter().enumerate();
    terms.filter(|(_, term)| is_independent(term)).map(|(k, _)| k).collect()
}

/// Combinations of random effects without variance, by term.
pub fn null_spaces(parameters: Parameters, theta: &[f64]) -> Vec<NullSpace> {
    let terms = parameters.theta.terms.iter().zip(parameters.bases).enumerate();
    terms
        .filter_map(|(index, (term, basis))| {
            let r = term.width;
            let (values, vectors) = eigen(&square(&term.relative_factor(theta), r), r);
            let largest = values.iter().fold(0.0f64, |m, v| m.max(*v));
            let none: Vec<usize> = (0..r).filter(|&k| values[k] <= 1e-9 * largest.max(1e-3)).collect();
            if none.len() + term.shape.rank() == r {
                return None; // by its structure
            }
            if term.structure.decay().is_some() && none.len() + 1 < r {
                return None; // smooth in the distance, not at an end
            }
            let directions = none
                .iter()
                .map(|&k| {
                    // v in the basis; T^-T v in the user's units: (T^-T v)' b = v' b_basis
                    let mut v = vectors[k * r..(k + 1) * r].to_vec();
                    basis.solve_transposed(&mut v);
                    let largest = v.iter().fold(0.0f64, |m, x| if x.abs() > m.abs() { *x } else { m });
                    v.iter().map(|x| x / largest).collect()
                })
                .collect();
            (!none.is_empty()).then_some(NullSpace { term: index, rank: r - none.len(), directions })
        })
        .collect()
}
