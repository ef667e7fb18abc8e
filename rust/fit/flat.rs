//! Directions in which the criterion does not change: the data do not identify the parameters along them.
//!
//! Of a ridge the curvature tells the direction only: θ_1² + θ_2² = c is a circle.  So a candidate, a direction of (nearly)
//! no curvature in parameters scaled to their size, is followed: a step along it, then Newton steps in all others.

use serde::{Deserialize, Serialize};

use super::boundary::PROBE;
use crate::Result;
use crate::covariance::{TermCovariance, ThetaMap, square};
use crate::error::computed;
use crate::linalg::dense::eigen;
use crate::model::Evaluator;
use crate::optimize::{Objective, Outcome, Point, Settings, trust_region};

/// Curvature below which a direction may be flat, where its parameters change by their own size.
const CURVATURE: f64 = 1e-4;
/// The step along it, and the change of the criterion that is none.
const STEP: f64 = 0.1;
const SAME: f64 = 1e-7;
const ROUNDING: f64 = 1e-11;
/// Newton steps back to a ridge, in directions whose curvature is at least this part of the largest.
const NEWTON_STEPS: usize = 6;
const CURVED: f64 = 1e-3;
/// Part of a step by which covariances change at least.
const MOVES: f64 = 0.1;
/// Beside a scale of zero, and the slope in the relative variance that says that the criterion rises from there.
const BESIDE: f64 = 0.03;
const RISES: f64 = 1e-2;
/// A relative variance below this is none.  So is a scale.
const SMALLEST: f64 = 1e-6;
const NO_SIZE: f64 = 1e-4;
/// A term of which this part of the direction is made takes part in it.
const PART: f64 = 3e-3;

/// Terms that the data do not identify, and those of them that can be left out of the same model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flat {
    pub terms: Vec<usize>,
    pub redundant: Vec<usize>,
}

/// The flat directions at an optimum with its slope.
///
/// # Errors
/// `Interrupted`.
pub fn flat(objective: &mut dyn Evaluator, optimum: &Outcome, slope: &Point) -> Result<Flat> {
    let Some(at) = off_level_zeros(objective, optimum, slope)? else { return Ok(Flat::default()) };
    let (values, vectors) = scaled_eigen(objective.parameters().theta, &at);
    let mut terms = Vec::new();
    for (value, v) in values.iter().zip(&vectors) {
        if value.abs() <= CURVATURE && stays(objective, &at, v)? {
            terms.extend(terms_along(objective.parameters().theta, &at.x, v));
        }
    }
    terms.sort_unstable();
    terms.dedup();
    let mut redundant = Vec::new();
    for &term in terms.iter().rev() {
        if without(objective, &at, term)?.is_some_and(|value| value <= at.value + 10.0 * SAME) {
            redundant.push(term);
            break;
        }
    }
    Ok(Flat { terms, redundant })
}

/// A scale of zero beside which the criterion is the same is looked at there; None where that fails.
fn off_level_zeros(objective: &mut dyn Evaluator, optimum: &Outcome, slope: &Point) -> Result<Option<Point>> {
    let mut x = optimum.x.clone();
    for k in objective.parameters().theta.scale_parameters() {
        let rises = slope.x[k].abs() >= PROBE && slope.gradient[k] / slope.x[k] > RISES;
        if optimum.x[k] == 0.0 && !rises && is_level(objective, optimum, k)? {
            x[k] = BESIDE;
        }
    }
    if x == optimum.x {
        return Ok(Some(Point { x, value: optimum.value, ..slope.clone() }));
    }
    let Some(value) = computed(objective.value(&x))? else { return Ok(None) };
    let (gradient, curvature) = objective.slope(&x)?;
    Ok(Some(Point { x, value, gradient, curvature }))
}

fn is_level(objective: &mut dyn Evaluator, optimum: &Outcome, k: usize) -> Result<bool> {
    let mut x = optimum.x.clone();
    x[k] = BESIDE;
    Ok(computed(objective.value(&x))?.is_some_and(|value| (value - optimum.value).abs() < SAME))
}

/// The size of every parameter: of a scale or an entry of Λ the largest of its row, of an angle 1; of what has no effect 0.
pub fn sizes(map: &ThetaMap, x: &[f64]) -> Vec<f64> {
    let mut sizes = vec![1.0; x.len()];
    for term in &map.terms {
        let (roles, own) = (term.structure.roles(term.width), term.parameters(x));
        let of_row = |row: Option<usize>| -> f64 {
            let same =
                roles.iter().zip(own).filter(|(role, _)| role.row().is_some() && (row.is_none() || role.row() == row));
            same.map(|(_, v)| v.abs()).fold(0.0, f64::max)
        };
        for (size, role) in sizes[term.first..].iter_mut().zip(&roles) {
            *size = if role.row().is_some() { of_row(role.row()) } else { f64::from(u8::from(of_row(None) > NO_SIZE)) };
        }
    }
    sizes
}

/// Eigenvalues of the curvature in parameters scaled to their size, and the eigenvectors in θ; those without size are
/// left out.
fn scaled_eigen(map: &ThetaMap, at: &Point) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (n, size) = (at.x.len(), sizes(map, &at.x));
    let own: Vec<usize> = (0..n).filter(|&k| size[k] > NO_SIZE).collect();
    let pairs = own.iter().flat_map(|&l| own.iter().map(move |&k| (k, l)));
    let scaled: Vec<f64> = pairs.map(|(k, l)| at.curvature[l * n + k] * size[k] * size[l]).collect();
    let (values, vectors) = eigen(&scaled, own.len());
    let whole = |v: &[f64]| {
        let mut whole = vec![0.0; n];
        own.iter().zip(v).for_each(|(&k, v)| whole[k] = v * size[k]);
        whole
    };
    (values, vectors.chunks_exact(own.len().max(1)).map(whole).collect())
}

/// Whether the criterion stays the same along a curve that begins in the direction, while covariances change.
fn stays(objective: &mut dyn Evaluator, at: &Point, direction: &[f64]) -> Result<bool> {
    for step in [STEP, -STEP] {
        let x: Vec<f64> = at.x.iter().zip(direction).map(|(x, d)| x + step * d).collect();
        let Some((x, value)) = computed(return_to_ridge(objective, x, at.value))? else { return Ok(false) };
        let is_same = (value - at.value).abs() < SAME.max(ROUNDING * at.value.abs());
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
        let (gradient, curvature) = objective.slope(&x)?;
        let here = Point { x: x.clone(), value, gradient, curvature };
        let (values, vectors) = scaled_eigen(objective.parameters().theta, &here);
        let largest = values.iter().copied().fold(0.0, f64::max);
        let mut next = x.clone();
        for (curvature, v) in values.iter().zip(&vectors).filter(|(value, _)| **value > CURVED * largest) {
            let along: f64 = v.iter().zip(&here.gradient).map(|(v, g)| v * g).sum();
            next.iter_mut().zip(v).for_each(|(x, v)| *x -= along / curvature * v);
        }
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

fn terms_along(map: &ThetaMap, x: &[f64], direction: &[f64]) -> Vec<usize> {
    let size = sizes(map, x);
    let part: Vec<f64> = direction.iter().zip(&size).map(|(d, s)| if *s > NO_SIZE { d / s } else { 0.0 }).collect();
    let weight = |t: &TermCovariance| t.parameters(&part).iter().fold(0.0f64, |m, d| m.max(d.abs()));
    (0..map.terms.len()).filter(|&k| weight(&map.terms[k]) > PART).collect()
}

/// The least of the criterion without a term; None where it cannot be computed.
fn without(objective: &mut dyn Evaluator, at: &Point, term: usize) -> Result<Option<f64>> {
    let map = objective.parameters().theta;
    let left_out = &map.terms[term];
    let roles = left_out.structure.roles(left_out.width);
    let mut x = at.x.clone();
    for (k, role) in roles.iter().enumerate() {
        if role.row().is_some() {
            x[left_out.first + k] = 0.0;
        }
    }
    let own = left_out.first..left_out.first + roles.len();
    let free = (0..x.len()).filter(|k| !own.contains(k)).collect();
    let start: Vec<f64> = (0..x.len()).filter(|k| !own.contains(k)).map(|k| x[k]).collect();
    if start.is_empty() {
        return objective.value(&x).map(Some);
    }
    let mut held = Held { inner: objective, at: x, free };
    let settings = Settings { tolerance: 1e-9, max_evaluations: 100 };
    Ok(computed(trust_region::minimize(&mut held, &start, settings))?.map(|outcome| outcome.value))
}

/// An objective whose other coordinates are held.
struct Held<'a> {
    inner: &'a mut dyn Evaluator,
    at: Vec<f64>,
    free: Vec<usize>,
}

impl Held<'_> {
    fn whole(&self, x: &[f64]) -> Vec<f64> {
        let mut whole = self.at.clone();
        self.free.iter().zip(x).for_each(|(&k, &x)| whole[k] = x);
        whole
    }
}

impl Objective for Held<'_> {
    fn n_parameters(&self) -> usize {
        self.free.len()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let whole = self.whole(x);
        self.inner.value(&whole)
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let n = self.at.len();
        let (gradient, curvature) = self.inner.slope(&self.whole(x))?;
        let free = &self.free;
        let square = free.iter().flat_map(|&l| free.iter().map(move |&k| (k, l)));
        Ok((free.iter().map(|&k| gradient[k]).collect(), square.map(|(k, l)| curvature[l * n + k]).collect()))
    }
}
