//! A verdict, not a hope: what the point that a search ended at is.

use serde::{Deserialize, Serialize};

use crate::covariance::{TermCovariance, ThetaMap, square};
use crate::linalg::dense::eigen;
use crate::model::{Evaluator, Parameters};
use crate::optimize::{Outcome, Point, Stop};
use crate::{Error, Result};

/// A parameter this close to a boundary is tried there.
const NEAR_BOUNDARY: f64 = 2e-3;
/// A criterion this much higher still counts as the same.
const SAME: f64 = 1e-8;
/// How far from a boundary its slope is taken.
const PROBE: f64 = 1e-3;
/// A move that changes the criterion by less leaves its slope as it is.
const STILL: f64 = 1e-7;
/// Curvature, in units of the criterion a unit of θ, below which a direction may be flat.
const FLAT_CURVATURE: f64 = 1e-4;
/// Decrease still expected of an optimum, at most; or this share of the standard error of an estimated criterion.
const EXPECTED: f64 = 1e-6;
const EXPECTED_OF_ERROR: f64 = 0.02;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Optimum,
    /// On the boundary: some combination of random effects has no variance.
    Boundary,
    /// The criterion does not change along some direction: the data do not identify these parameters.
    Flat,
    NotConverged,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Optimum => "optimum",
            Self::Boundary => "boundary",
            Self::Flat => "flat",
            Self::NotConverged => "not-converged",
        }
    }
}

/// A combination of a term's random effects without variance, in the user's units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullSpace {
    pub term: usize,
    /// Rank of the term's covariance.
    pub rank: usize,
    /// Orthonormal in the working basis; weights of the term's columns, largest 1.
    pub directions: Vec<Vec<f64>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub status: Status,
    /// Why a search did not converge; empty otherwise.
    pub reason: String,
    pub evaluations: usize,
    /// Decrease of the criterion that the last model still expects.
    pub expected_decrease: f64,
    pub boundary: Vec<NullSpace>,
    /// Terms along a flat direction.
    pub flat: Vec<usize>,
}

/// Moves scales that are nearly zero to zero, and correlations that are nearly ±1 there, where that costs nothing.
pub fn snap(objective: &mut dyn Evaluator, mut outcome: Outcome) -> Result<Outcome> {
    for (k, role) in objective.parameters().theta.roles().into_iter().enumerate() {
        let x = outcome.x[k];
        let Some(target) = role.boundary(x).filter(|&b| b != x && (x - b).abs() < NEAR_BOUNDARY) else { continue };
        let mut trial = outcome.x.clone();
        trial[k] = target;
        match objective.value(&trial) {
            Ok(value) if value <= outcome.value + SAME => {
                outcome.x = trial;
                outcome.value = outcome.value.min(value);
                let n = outcome.x.len();
                outcome.slope =
                    outcome.slope.filter(|at| at.curvature[k * n + k].abs() * (at.x[k] - target).powi(2) < STILL);
            }
            Ok(_) | Err(Error::Numerical(_)) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(outcome)
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
    let value = match objective.value(&probe) {
        Ok(value) => value,
        Err(Error::Numerical(_)) => return Ok(None),
        Err(e) => return Err(e),
    };
    let (gradient, _) = objective.slope(&probe)?;
    let descends = |&&k: &&usize| gradient[k] < -1e-2 * PROBE;
    if value < outcome.value - SAME || zeros.iter().any(|k| descends(&k)) {
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

/// Says what the point is.
pub fn judge(objective: &mut dyn Evaluator, outcome: &Outcome) -> Result<Verdict> {
    let n = outcome.x.len();
    let (gradient, curvature) = match &outcome.slope {
        Some(point) => (point.gradient.clone(), point.curvature.clone()),
        None => objective.slope(&outcome.x)?,
    };
    let (values, vectors) = eigen(&curvature, n);
    let along = |k: usize| -> f64 { vectors[k * n..(k + 1) * n].iter().zip(&gradient).map(|(v, g)| v * g).sum() };
    let expected_decrease: f64 =
        (0..n).filter(|&k| values[k] > FLAT_CURVATURE).map(|k| 0.5 * along(k).powi(2) / values[k]).sum();
    let mut flat = Vec::new();
    for k in (0..n).filter(|&k| values[k].abs() <= FLAT_CURVATURE) {
        let direction = &vectors[k * n..(k + 1) * n];
        if is_flat(objective, outcome, direction)? {
            flat.extend(terms_along(objective.parameters().theta, direction));
        }
    }
    flat.sort_unstable();
    flat.dedup();
    let boundary = null_spaces(objective.parameters(), &outcome.x);
    let allowed = EXPECTED.max(EXPECTED_OF_ERROR * objective.noise());
    let reason = reason(outcome.stop, expected_decrease, allowed, objective.evaluations());
    let status = match (reason.is_empty(), flat.is_empty(), boundary.is_empty()) {
        (false, _, _) => Status::NotConverged,
        (true, false, _) => Status::Flat,
        (true, true, false) => Status::Boundary,
        (true, true, true) => Status::Optimum,
    };
    Ok(Verdict { status, reason, evaluations: objective.evaluations(), expected_decrease, boundary, flat })
}

fn reason(stop: Stop, expected: f64, allowed: f64, evaluations: usize) -> String {
    match stop {
        _ if expected.is_nan() => "the gradient is not finite".into(),
        Stop::Converged | Stop::NoProgress if expected <= allowed => String::new(),
        Stop::EvaluationLimit => format!(
            "the limit of evaluations was reached after {evaluations}; the criterion can still fall by about {expected:.2e}"
        ),
        _ => format!("no further progress, though the criterion can still fall by about {expected:.2e}"),
    }
}

/// The criterion stays the same along the direction while the covariances change.
fn is_flat(objective: &mut dyn Evaluator, outcome: &Outcome, direction: &[f64]) -> Result<bool> {
    for sign in [-0.3, 0.3] {
        let x: Vec<f64> = outcome.x.iter().zip(direction).map(|(x, d)| x + sign * d).collect();
        let change: f64 = objective
            .parameters()
            .theta
            .terms
            .iter()
            .flat_map(|t| {
                let (a, b) = (square(&t.relative_factor(&x), t.width), square(&t.relative_factor(&outcome.x), t.width));
                a.into_iter().zip(b).map(|(a, b)| (a - b).abs())
            })
            .fold(0.0, f64::max);
        if change < 1e-3 {
            return Ok(false);
        }
        match objective.value(&x) {
            Ok(value) if (value - outcome.value).abs() < 1e-5 => {}
            Ok(_) | Err(Error::Numerical(_)) => return Ok(false),
            Err(e) => return Err(e),
        }
    }
    Ok(true)
}

fn terms_along(map: &ThetaMap, direction: &[f64]) -> Vec<usize> {
    let weight = |t: &TermCovariance| t.parameters(direction).iter().fold(0.0f64, |m, d| m.max(d.abs()));
    (0..map.terms.len()).filter(|&k| weight(&map.terms[k]) > 0.1).collect()
}

/// Combinations of random effects without variance, by term.
fn null_spaces(parameters: Parameters, theta: &[f64]) -> Vec<NullSpace> {
    let terms = parameters.theta.terms.iter().zip(parameters.bases).enumerate();
    terms
        .filter_map(|(index, (term, basis))| {
            let r = term.width;
            let (values, vectors) = eigen(&square(&term.relative_factor(theta), r), r);
            let largest = values.iter().fold(0.0f64, |m, v| m.max(*v));
            let none: Vec<usize> = (0..r).filter(|&k| values[k] <= 1e-9 * largest.max(1e-3)).collect();
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
