//! Influence of every set: rows taken out in closed form at θ and beside it, and one Newton step in θ from there.
//!
//! d(θ) without the rows is that of all rows and a change known in closed form.  The Newton step takes its slope and
//! curvature, central differences of the change beside the exact curvature of all rows (Pregibon 1981, Ann. Statist. 9,
//! 705-724, for one-step estimates), and is bent by the third derivatives of all rows' criterion, which cost nothing per
//! set.  What else depends on θ (β, its covariance, σ) is followed to second order along the step.

use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::deletion::{Deleted, DeletionMethod, DeletionRequest, FullData, Measures, measures};
use super::from_sums::{AllRows, one_by_one};
use super::of_residuals::of_residuals;
use super::point::{DeletionChange, DeletionPoint, LARGEST_TRAILING, exact_leverage};
use super::row_set::RowSet;
use super::stencil::{second_differences, shifts, taylor_weights};
use super::step::{MOST_BENDING, is_too_long, solve};
use crate::design::Rows;
use crate::fit::Fit;
use crate::model::curvature::hessian;
use crate::model::{Criterion, Lmm, LmmEvaluator, Parameter};
use crate::{Result, check_stop};

/// Differences, relative to the parameter; parameters below `SMALL` as if they were as large.
const STEP: f64 = 2e-3;
const SMALL: f64 = 0.05;
const MODEL_STEPS: usize = 20;
/// With more rows left than this a set is cheaper to take off the sums: its time grows with their cube.
const LARGEST_SET: usize = 600;

/// Deletes every set in turn; None where nothing can be estimated without it.
///
/// # Errors
/// Those of reading the rows; `Interrupted`.
pub fn influence(
    fit: &Fit,
    source: &Rows,
    parameters: &[Parameter],
    request: &DeletionRequest,
) -> Result<Vec<Option<Measures>>> {
    let rows = fit.model.a.stored_rows(source)?;
    if fit.model.residual.is_some() {
        return of_residuals(fit, &rows, parameters, request);
    }
    if fit.model.symbolic.n_trailing > LARGEST_TRAILING {
        return one_by_one(fit, &rows, parameters, request);
    }
    let model = exact_leverage(&fit.model)?;
    let stencil = Stencil::new(&model, &fit.theta, request)?;
    let full = FullData::at(&model, &stencil.points[0].factor);
    let optimal = model.value(&stencil.points[0].terms);
    let sums = AllRows { model: &model, free: &fit.theta, optimal, work: model.workspace(), step: None };
    (0..request.n_sets())
        .into_par_iter()
        .map(|k| {
            check_stop(request.stop)?;
            let stepped = match request.method {
                DeletionMethod::Refit => None,
                method => RowSet::new(&rows, request.rows(k), &model.theta_map.widths, LARGEST_SET)
                    .and_then(|set| stencil.deleted(&set, method)),
            };
            let deleted = stepped.map_or_else(|| sums.without(&rows, k, request), Ok)?;
            request.done.fetch_add(1, Ordering::Relaxed);
            Ok(deleted.map(|deleted| measures(&model, &full, fit.sigma, &deleted, parameters)))
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
            check_stop(request.stop)?;
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
        (cost < MOST_BENDING && !is_too_long(self.model, &self.theta, &step)).then_some(step)
    }

    /// d without the rows, less d with them, but for a constant.
    fn change_of_criterion(&self, change: &DeletionChange, point: &DeletionPoint, m: f64) -> f64 {
        let all = self.model.denominator();
        let fixed = if self.model.criterion == Criterion::Reml { change.logdet_fixed } else { 0.0 };
        let residual = self.model.known_variance().map_or_else(
            || m * (-change.explained / point.terms.pwrss).ln_1p() - (all - m) * point.terms.pwrss.ln(),
            |variance| -change.explained / variance,
        );
        change.logdet_random + fixed + residual
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
        let sigma = self.model.known_variance().unwrap_or_else(|| log_rss.exp() / m).sqrt();
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
