//! Directions in which the criterion does not change: the data do not identify the parameters along them.
//!
//! The curvature is a Gram matrix: of a ridge it has a null direction at every point, exactly.  So variances that are
//! small are looked at where they are large.  At the optimum itself a direction of nearly no curvature is followed, for
//! the curvature tells its direction only: θ_1² + θ_2² = c is a circle.

use serde::{Deserialize, Serialize};

use super::held::least_without;
use crate::Result;
use crate::covariance::{TermCovariance, ThetaMap, square};
use crate::error::computed;
use crate::linalg::dense::eigen;
use crate::model::Evaluator;
use crate::optimize::{Outcome, Point};

/// A relative standard deviation below this is small, and looked at where it is 1.
const SMALL: f64 = 0.1;
/// Curvature, of parameters scaled to unit curvature, below which a direction may be flat; the same of a parameter by
/// itself, scaled to its size; and where they are taken at another point than the optimum,
/// with the slope of the criterion along the direction.
const CURVATURE: f64 = 1e-3;
const OWN_CURVATURE: f64 = 1e-4;
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
/// A relative variance below this is none.  So is a scale.
const SMALLEST: f64 = 1e-6;
const NO_SIZE: f64 = 1e-4;

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
        let (roles, own) = (term.structure.roles(term.width), term.parameters(optimum));
        if roles.iter().zip(own).any(|(role, x)| role.is_scale() && x.abs() < SMALL) {
            x = term.with(&x, &term.structure.start(term.width));
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

/// The curvature of parameters that have a size, at one point.
struct Information {
    n: usize,
    /// Parameters looked at, scaled to their size.
    own: Vec<usize>,
    size: Vec<f64>,
    /// n x n.
    scaled: Vec<f64>,
}

impl Information {
    /// Of parameters larger than `least`.
    fn new(map: &ThetaMap, x: &[f64], curvature: &[f64], least: f64) -> Self {
        let (n, size) = (x.len(), sizes(map, x));
        let own = (0..n).filter(|&k| size[k] > least.max(NO_SIZE)).collect();
        let scaled = (0..n * n).map(|e| curvature[e] * size[e % n] * size[e / n]).collect();
        Self { n, own, size, scaled }
    }

    /// Parameters without curvature of their own, and eigenvectors of the others where these are scaled to unit curvature:
    /// steps in θ, the largest by the size of its parameter.
    fn null_directions(&self, limit: f64, own_limit: f64) -> Vec<Vec<f64>> {
        self.null_directions_of(&self.own, limit, own_limit)
    }

    fn null_directions_of(&self, own: &[usize], limit: f64, own_limit: f64) -> Vec<Vec<f64>> {
        let curvature = |k: usize| self.scaled[k * self.n + k];
        let (alone, others): (Vec<usize>, Vec<usize>) = own.iter().partition(|&&k| curvature(k) <= own_limit);
        let single = alone.iter().map(|&k| {
            let mut step = vec![0.0; self.n];
            step[k] = self.size[k];
            step
        });
        let pairs = others.iter().flat_map(|&l| others.iter().map(move |&k| (k, l)));
        let unit: Vec<f64> =
            pairs.map(|(k, l)| self.scaled[l * self.n + k] / (curvature(k) * curvature(l)).sqrt()).collect();
        let (values, vectors) = eigen(&unit, others.len());
        let several =
            values.iter().zip(vectors.chunks_exact(others.len().max(1))).filter(|(value, _)| **value <= limit);
        let step = |v: &[f64]| {
            let change = |(&k, v): (&usize, &f64)| (k, v / curvature(k).sqrt());
            let largest = others.iter().zip(v).map(change).fold(0.0f64, |m, (_, change)| m.max(change.abs()));
            let mut step = vec![0.0; self.n];
            others.iter().zip(v).map(change).for_each(|(k, change)| step[k] = self.size[k] * change / largest);
            step
        };
        single.chain(several.map(|(_, v)| step(v))).collect()
    }

    /// What the curvature may have beside the information, of parameters scaled to unit curvature: for a variance θ²
    /// with the slope g it is g / θ.
    fn most_bend(&self, gradient: &[f64]) -> f64 {
        let bend = |&k: &usize| 2.0 * (gradient[k] * self.size[k] / self.scaled[k * self.n + k]).abs();
        self.own.iter().map(bend).filter(|bend| bend.is_finite()).fold(0.0, f64::max)
    }

    /// Terms without whose parameters there are fewer null directions.
    fn terms_of_null_directions(&self, map: &ThetaMap, limit: f64, own_limit: f64) -> Vec<usize> {
        let all = self.null_directions(limit, own_limit).len();
        let takes_part = |term: &TermCovariance| {
            let range = term.first..term.first + term.n_parameters;
            let others: Vec<usize> = self.own.iter().copied().filter(|k| !range.contains(k)).collect();
            self.null_directions_of(&others, limit, own_limit).len() < all
        };
        (0..map.terms.len()).filter(|&k| all > 0 && takes_part(&map.terms[k])).collect()
    }
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
        let next = newton_step(objective.parameters().theta, &x, &gradient, &information);
        let next_value = objective.value(&next)?;
        if next_value.is_nan() || next_value >= value {
            break;
        }
        (x, value) = (next, next_value);
    }
    Ok((x, value))
}

/// A Newton step in the directions that curve, in parameters scaled to their size.
fn newton_step(map: &ThetaMap, x: &[f64], gradient: &[f64], curvature: &[f64]) -> Vec<f64> {
    let Information { n, own, size, scaled } = Information::new(map, x, curvature, 0.0);
    let pairs = own.iter().flat_map(|&l| own.iter().map(move |&k| (k, l)));
    let (values, vectors) = eigen(&pairs.map(|(k, l)| scaled[l * n + k]).collect::<Vec<f64>>(), own.len());
    let largest = values.iter().copied().fold(0.0, f64::max);
    let mut next = x.to_vec();
    for (curvature, v) in values.iter().zip(vectors.chunks_exact(own.len().max(1))) {
        if *curvature > CURVED * largest {
            let along: f64 = own.iter().zip(v).map(|(&k, v)| v * size[k] * gradient[k]).sum();
            own.iter().zip(v).for_each(|(&k, v)| next[k] -= along / curvature * v * size[k]);
        }
    }
    next
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
