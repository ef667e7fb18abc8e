//! A verdict, not a hope: what the point that a search ended at is.

use serde::{Deserialize, Serialize};

use super::boundary::{NullSpace, independent, null_spaces};
use super::flat::{Flat, flat};
use super::null_directions::sizes;
use super::vanishing::vanishes;
use crate::covariance::ThetaMap;
use crate::linalg::dense::eigen;
use crate::model::{Accuracy, Evaluator};
use crate::optimize::{Outcome, Point, Stop};
use crate::{Error, Result};

/// Decrease still expected of an optimum, at most; or this share of the standard error of an estimated criterion.
pub const EXPECTED: f64 = 1e-6;
const EXPECTED_OF_ERROR: f64 = 0.02;
/// A residual variance is named as one that rounding may hide where its relative error is above this, and is lost above
/// that.
pub const MOST_ROUNDING: f64 = 1e-5;
const LOST: f64 = 1e-2;
/// Curvature of a direction in which a decrease can be expected, where its parameters change by their own size.
const CURVED: f64 = 1e-5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Optimum,
    /// On the boundary: some combination of random effects has no variance, effects at places have no correlation, or
    /// residuals have no variance.
    Boundary,
    /// The criterion does not change along some direction: the data do not identify these parameters.
    Flat,
    /// The response is reproduced up to rounding: the criterion falls without end as σ goes to zero.
    Exact,
    /// Quadrature with more points has another criterion there: an optimum of the points, maybe not of the likelihood.
    Rough,
    /// The criterion falls without end to a point where Laplace's approximation breaks down: it has no optimum near by.
    Pole,
    /// The likelihood rises without end as the standard deviation of random effects grows: they predict every response.
    Unbounded,
    /// The criterion is so large that its rounding hides the optimum.
    Rounded,
    NotConverged,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Optimum => "optimum",
            Self::Boundary => "boundary",
            Self::Flat => "flat",
            Self::Exact => "exact",
            Self::Rough => "rough",
            Self::Pole => "pole",
            Self::Unbounded => "unbounded",
            Self::Rounded => "rounded",
            Self::NotConverged => "not-converged",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub status: Status,
    /// Why a search did not converge; empty otherwise.
    pub reason: String,
    /// Evaluations of the searches; those from further starts not counted.
    pub evaluations: usize,
    /// Decrease of the criterion that the last model still expects.
    pub expected_decrease: f64,
    pub boundary: Vec<NullSpace>,
    /// Terms whose effects lie at places and are not correlated, though they could be.
    #[serde(default)]
    pub independent: Vec<usize>,
    pub flat: Flat,
    /// Whether the residual variance goes to zero: random effects can stand for every row.
    #[serde(default)]
    pub sigma_vanishes: bool,
    /// Points far from the optimum from which a lower one was looked for.
    pub tried: usize,
}

/// Whether rounding may hide the residual variance.
///
/// # Errors
/// `Numerical` where it does.
pub fn is_exact(accuracy: Accuracy) -> Result<bool> {
    if accuracy.variance > LOST {
        return Err(Error::Numerical(
            "the model reproduces the response up to rounding: the likelihood has no maximum, for it grows without end as \
             the residual variance goes to zero; leave out terms, or look whether the response was computed from the \
             covariates"
                .into(),
        ));
    }
    Ok(accuracy.variance > MOST_ROUNDING)
}

/// Says what the point is, with how far the criterion can be trusted there.
///
/// # Errors
/// `Interrupted`; `Numerical` where the criterion has no slope, or rounding hides the residual variance.
pub fn judge(objective: &mut dyn Evaluator, outcome: &Outcome, accuracy: Accuracy) -> Result<Verdict> {
    let slope = match &outcome.slope {
        Some(point) => point.clone(),
        None => {
            let value = objective.value(&outcome.x)?;
            let (gradient, curvature) = objective.slope(&outcome.x)?;
            Point { x: outcome.x.clone(), value, noise: objective.noise(), gradient, curvature }
        }
    };
    let evaluations = objective.evaluations();
    let expected_decrease = expected_decrease(objective.parameters().theta, &slope);
    let allowed = EXPECTED.max(EXPECTED_OF_ERROR * accuracy.std_error).max(accuracy.rounding);
    let reason = reason(outcome.stop, expected_decrease, allowed, evaluations);
    let is_exact = is_exact(accuracy)?;
    let sigma_vanishes = reason.is_empty() && !is_exact && vanishes(objective, outcome, accuracy)?;
    let flat = if reason.is_empty() && !is_exact && !sigma_vanishes && accuracy.std_error == 0.0 {
        flat(objective, outcome, &slope)?
    } else {
        Flat::default()
    };
    let boundary = null_spaces(objective.parameters(), &outcome.x);
    let independent = independent(objective.parameters(), &outcome.x);
    let is_inside = boundary.is_empty() && independent.is_empty() && !sigma_vanishes;
    let status = match (is_exact, reason.is_empty(), flat.terms.is_empty(), is_inside) {
        (true, ..) => Status::Exact,
        (_, false, ..) => Status::NotConverged,
        (_, _, false, _) => Status::Flat,
        (_, _, _, false) => Status::Boundary,
        _ => Status::Optimum,
    };
    Ok(Verdict {
        status,
        reason,
        evaluations,
        expected_decrease,
        boundary,
        independent,
        flat,
        sigma_vanishes,
        tried: 0,
    })
}

/// g'H^-1 g / 2 over the directions that curve, in parameters scaled to their size; NaN where a number is not finite.
fn expected_decrease(map: &ThetaMap, at: &Point) -> f64 {
    let n = at.x.len();
    let size: Vec<f64> = sizes(map, &at.x).into_iter().map(|s| if s > 0.0 { s } else { 1.0 }).collect();
    let curvature: Vec<f64> = (0..n * n).map(|e| at.curvature[e] * size[e % n] * size[e / n]).collect();
    if curvature.iter().chain(&at.gradient).any(|v| !v.is_finite()) {
        return f64::NAN;
    }
    let (values, vectors) = eigen(&curvature, n);
    let along = |k: usize| -> f64 { (0..n).map(|i| vectors[k * n + i] * size[i] * at.gradient[i]).sum() };
    (0..n).filter(|&k| values[k] > CURVED).map(|k| 0.5 * along(k).powi(2) / values[k]).sum()
}

fn reason(stop: Stop, expected: f64, allowed: f64, evaluations: usize) -> String {
    match stop {
        _ if expected.is_nan() => {
            "the slope or the curvature of the criterion is not a finite number: divide the response by its spread"
                .into()
        }
        Stop::Converged | Stop::NoProgress if expected <= allowed => String::new(),
        Stop::EvaluationLimit if expected <= allowed => {
            format!("the limit of evaluations was reached after {evaluations}")
        }
        Stop::EvaluationLimit => format!(
            "the limit of evaluations was reached after {evaluations}; the criterion can still fall by about {expected:.2e}"
        ),
        _ => format!("no further progress, though the criterion can still fall by about {expected:.2e}"),
    }
}
