//! Influence of every set: rows taken out in closed form at θ and beside it, and one Newton step in θ from there.
//!
//! d(θ) without the rows is that of all rows and a change known in closed form.  The Newton step takes its slope and
//! curvature, central differences of the change beside the exact curvature of all rows (Pregibon 1981, Ann. Statist. 9,
//! 705-724, for one-step estimates), and is bent by the third derivatives of all rows' criterion, which cost nothing per
//! set.  What else depends on θ (β, its covariance, σ) is followed to second order along the step.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::DeletionRequest;
use super::deletion::{Deleted, DeletionMethod, FullData, Measures, measures};
use super::from_sums::one_by_one;
use super::point::{DeletionChange, DeletionPoint, LARGEST_TRAILING, exact};
use super::refits::from_sums;
use super::row_set::RowSet;
use super::stencil::{second_differences, shifts, taylor_weights};
use crate::design::RowSource;
use crate::fit::Fit;
use crate::linalg::dense::eigen;
use crate::model::curvature::hessian;
use crate::model::{Criterion, Lmm, LmmEvaluator, Parameter};
use crate::{Error, Result};

/// Differences, relative to the parameter; parameters below `SMALL` as if they were as large.
const STEP: f64 = 2e-3;
const SMALL: f64 = 0.05;
/// Relative to the largest curvature: none, and one that bends down.
const NO_CURVATURE: f64 = 1e-9;
const DOWNWARDS: f64 = -1e-5;
/// A step is trusted while bending it matters less than this to the criterion, and it moves no scale by more than this
/// share of itself.
pub const MOST_BENDING: f64 = 0.005;
pub const LONGEST_STEP: f64 = 0.5;
const MODEL_STEPS: usize = 20;
/// With more rows left than this a set is cheaper to take off the sums: its time grows with their cube.
const LARGEST_SET: usize = 600;

/// Deletes every set in turn.
///
/// # Errors
/// Those of reading the rows; `Interrupted`.
pub fn influence(
    fit: &Fit,
    source: &dyn RowSource,
    parameters: &[Parameter],
    request: &DeletionRequest,
) -> Result<Vec<Measures>> {
    let rows = fit.model.a.stored_rows(source)?;
    if fit.model.symbolic.n_trailing > LARGEST_TRAILING {
        return one_by_one(fit, &rows, parameters, request);
    }
    let model = exact(&fit.model)?;
    let stencil = Stencil::new(&model, &fit.theta, request)?;
    let sigma = fit.sigma;
    let full = FullData::at(&model, &stencil.points[0].factor);
    let optimum = (fit.theta.as_slice(), stencil.points[0].terms.profiled());
    (0..request.len())
        .into_par_iter()
        .map(|k| {
            if request.stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            let members = request.rows(k);
            let stepped = match request.method {
                DeletionMethod::Refit => None,
                method => RowSet::new(&rows, members, &model.theta_map.widths, LARGEST_SET)
                    .and_then(|set| stencil.deleted(&set, method)),
            };
            let deleted = match stepped {
                Some(deleted) => deleted,
                None => from_sums(&model, optimum, &rows, members, request.method, request.stop)?,
            };
            request.done.fetch_add(1, Ordering::Relaxed);
            Ok(measures(&model, &full, sigma, deleted.as_ref(), parameters))
        })
        .collect()
}

/// θ and its neighbours: θ itself, ±h in every parameter, and ±(h, h) in every pair.
struct Stencil<'a> {
    model: &'a Lmm,
    theta: Vec<f64>,
    h: Vec<f64>,
    points: Vec<DeletionPoint<'a>>,
    full: Vec<FullData>,
    /// The curvature of the criterion of all rows (K x K), and its derivatives (K x K by parameter).
    curvature: Vec<f64>,
    third: Vec<Vec<f64>>,
}

impl<'a> Stencil<'a> {
    fn new(model: &'a Lmm, theta: &[f64], request: &DeletionRequest) -> Result<Self> {
        let n = theta.len();
        let h: Vec<f64> = theta.iter().map(|t| STEP * t.abs().max(SMALL)).collect();
        let (shifts, curvature) = match request.method {
            DeletionMethod::OneStep => (shifts(n), hessian(&mut LmmEvaluator::new(model, request.stop), theta)?),
            DeletionMethod::Fixed | DeletionMethod::Refit => (vec![vec![0.0; n]], Vec::new()),
        };
        let (mut points, mut gradients) = (Vec::with_capacity(shifts.len()), Vec::new());
        for shift in shifts {
            check(request.stop)?;
            let x: Vec<f64> = (0..n).map(|k| theta[k] + shift[k] * h[k]).collect();
            let mut work = model.workspace();
            if request.method == DeletionMethod::OneStep {
                model.evaluate(&x, &mut work)?;
                gradients.push(model.gradient(&x, &mut work).theta);
            }
            points.push(DeletionPoint::new(model, &x, work)?);
        }
        let full = points.iter().map(|point| FullData::at(model, &point.factor)).collect();
        let mut stencil = Self { model, theta: theta.to_vec(), h, points, full, curvature, third: Vec::new() };
        if request.method == DeletionMethod::OneStep {
            stencil.third = (0..n).map(|j| second_differences(&stencil.h, &|i| gradients[i][j])).collect();
        }
        Ok(stencil)
    }

    /// The estimates without a set; the outer None asks for the sums, the inner means that nothing can be estimated.
    fn deleted(&self, set: &RowSet, method: DeletionMethod) -> Option<Option<Deleted>> {
        let m = self.model.denominator() - set.n_rows as f64;
        let base = if m > 0.0 { self.points[0].delete(set) } else { None };
        let Some(base) = base else { return Some(None) };
        let mut changes = vec![base];
        for point in &self.points[1..] {
            changes.push(point.delete(set)?);
        }
        let step =
            if method == DeletionMethod::Fixed { vec![0.0; self.theta.len()] } else { self.newton(&changes, m)? };
        Some(Some(self.along(&changes, &step, m, method)))
    }

    /// The step to the optimum without the rows; None where it is not to be trusted.
    fn newton(&self, changes: &[DeletionChange], m: f64) -> Option<Vec<f64>> {
        let n = self.theta.len();
        let d: Vec<f64> = changes.iter().zip(&self.points).map(|(c, p)| self.change_of_criterion(c, p, m)).collect();
        let gradient: Vec<f64> = (0..n).map(|k| (d[1 + 2 * k] - d[2 + 2 * k]) / (2.0 * self.h[k])).collect();
        let change = second_differences(&self.h, &|i| d[i]);
        let curvature: Vec<f64> = self.curvature.iter().zip(change).map(|(a, b)| a + b).collect();
        let plain = solve(&curvature, &gradient)?;
        // g + Hs + T[s, s] / 2 = 0
        let mut step = plain.clone();
        for _ in 0..MODEL_STEPS {
            let bent: Vec<f64> =
                (0..n * n).map(|e| curvature[e] + (0..n).map(|j| self.third[j][e] * step[j]).sum::<f64>()).collect();
            let product = |h: &[f64], i: usize| (0..n).map(|k| h[k * n + i] * step[k]).sum::<f64>();
            let slope: Vec<f64> =
                (0..n).map(|i| gradient[i] + 0.5 * (product(&curvature, i) + product(&bent, i))).collect();
            let correction = solve(&bent, &slope)?;
            step.iter_mut().zip(&correction).for_each(|(s, c)| *s += c);
        }
        let bending: Vec<f64> = step.iter().zip(&plain).map(|(a, b)| a - b).collect();
        let cost = 0.5 * (0..n * n).map(|e| curvature[e] * bending[e % n] * bending[e / n]).sum::<f64>();
        let too_long = |&k: &usize| self.theta[k] != 0.0 && step[k].abs() > LONGEST_STEP * self.theta[k].abs();
        let trusted = cost < MOST_BENDING && !self.model.theta_map.scale_parameters().iter().any(too_long);
        trusted.then_some(step)
    }

    /// d without the rows, less d with them, but for a constant.
    fn change_of_criterion(&self, change: &DeletionChange, point: &DeletionPoint, m: f64) -> f64 {
        let all = self.model.denominator();
        let share = (-change.explained / point.terms.pwrss).ln_1p();
        let fixed = if self.model.criterion == Criterion::Reml { change.logdet_fixed } else { 0.0 };
        change.logdet_random + fixed + m * share - (all - m) * point.terms.pwrss.ln()
    }

    /// d(θ + step) - d(θ) of all rows, to third order.
    fn rise(&self, step: &[f64]) -> f64 {
        let n = self.theta.len();
        let square = |h: &[f64]| (0..h.len()).map(|e| h[e] * step[e % n] * step[e / n]).sum::<f64>();
        let third: f64 = self.third.iter().zip(step).map(|(t, s)| s * square(t)).sum();
        0.5 * square(&self.curvature) + third / 6.0
    }

    /// What follows from the step, to second order.
    fn along(&self, changes: &[DeletionChange], step: &[f64], m: f64, method: DeletionMethod) -> Deleted {
        let n = self.theta.len();
        let weights = if method == DeletionMethod::Fixed { vec![1.0] } else { taylor_weights(n, &self.h, step) };
        let sum = |value: &dyn Fn(usize) -> f64| weights.iter().enumerate().map(|(i, w)| w * value(i)).sum::<f64>();
        let entries = |count: usize, value: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..count).map(|e| sum(&|i| value(i, e))).collect()
        };
        let (points, full, p) = (&self.points, &self.full, self.full[0].beta.len());
        let beta = entries(p, &|i, e| points[i].beta[e] - changes[i].shift[e]);
        let covariance = entries(p * p, &|i, e| points[i].covariance[e] + changes[i].covariance[e]);
        let log_rss = sum(&|i| (points[i].terms.pwrss - changes[i].explained).ln());
        let sigma = (log_rss.exp() / m).sqrt();
        let all = FullData {
            logdet_fixed: sum(&|i| full[i].logdet_fixed),
            pwrss: sum(&|i| full[i].pwrss.ln()).exp(),
            beta: entries(p, &|i, e| full[i].beta[e]),
            precision: entries(p * p, &|i, e| full[i].precision[e]),
        };
        let displacement = all.displacement(self.model, self.rise(step), &beta, sigma);
        let theta = self.theta.iter().zip(step).map(|(t, s)| t + s).collect();
        Deleted { how: method, beta, theta, sigma, covariance, displacement }
    }
}

/// -H^-1 g over directions that curve upwards; None where one bends down.
pub fn solve(h: &[f64], g: &[f64]) -> Option<Vec<f64>> {
    let n = g.len();
    let (values, vectors) = eigen(h, n);
    let largest = values.iter().fold(0.0f64, |a, v| a.max(v.abs()));
    if values.iter().any(|v| *v < DOWNWARDS * largest) {
        return None;
    }
    let mut step = vec![0.0; n];
    for k in (0..n).filter(|&k| values[k] > NO_CURVATURE * largest) {
        let v = &vectors[k * n..(k + 1) * n];
        let slope: f64 = v.iter().zip(g).map(|(v, g)| v * g).sum();
        step.iter_mut().zip(v).for_each(|(s, v)| *s -= slope / values[k] * v);
    }
    Some(step)
}

pub fn check(stop: &AtomicBool) -> Result<()> {
    if stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
}
