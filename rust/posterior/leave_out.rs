//! Leave-one-out densities of rows, or of all rows of a group: exact given ψ, so that importance weights are over ψ alone.
//!
//! With C the rows' block of the hat matrix and e their residuals, y_S | y_-S, ψ has the residuals (I - C)⁻¹e and the covariance
//! σ²(I - C)⁻¹ (Bürkner, Gabry and Vehtari 2021, Computational Statistics 36, 1243-1261, section 2); the weights of ψ are those of
//! Vehtari, Gelman and Gabry (2017, Statistics and Computing 27, 1413-1432).

use std::f64::consts::TAU;
use std::sync::atomic::AtomicBool;

use faer::{Mat, Side};
use rayon::prelude::*;

use super::draws::Drawn;
use super::linear::LinearPosterior;
use super::psis::{log_sum_exp, smooth};
use crate::design::Rows;
use crate::influence::point::{DeletionPoint, exact};
use crate::influence::row_set::RowSet;
use crate::rows::StoredRows;
use crate::{Result, check_stop};

/// Draws that are used, and how many numbers of them and the sets at most.
const MOST_DRAWS: usize = 1000;
const LEAST_DRAWS: usize = 100;
const MOST_NUMBERS: usize = 40_000_000;
/// Rows of a group that are not compressed.
const LARGEST: usize = 4000;

/// By set of rows.
#[derive(Debug, Clone, Default)]
pub struct LeaveOut {
    /// log p(y_S | y_-S).
    pub elpd: Vec<f64>,
    /// Shape of the tail of its weights.
    pub k: Vec<f64>,
    /// log of the mean of p(y_S | y_-S, ψ) over the posterior of all rows.
    pub log_mean: Vec<f64>,
}

/// Leaves every set of rows out; without sets, every row.
///
/// # Errors
/// `Design` for models whose residuals have parameters, or with too many crossed effects; `Numerical`, `Interrupted`.
pub fn leave_out(
    posterior: &LinearPosterior,
    points: &[Vec<f64>],
    source: &Rows,
    sets: Option<&[Vec<u32>]>,
    stop: &AtomicBool,
) -> Result<LeaveOut> {
    posterior.model.plain("leave-one-out densities")?;
    let rows = posterior.model.a.stored_rows(source)?;
    let single: Vec<Vec<u32>> = if sets.is_some() { Vec::new() } else { (0..rows.n as u32).map(|i| vec![i]).collect() };
    let sets = sets.unwrap_or(&single);
    let wanted = (MOST_NUMBERS / sets.len().max(1)).clamp(LEAST_DRAWS, MOST_DRAWS).min(points.len());
    let thinned: Vec<&Vec<f64>> = (0..wanted).map(|k| &points[k * points.len() / wanted]).collect();
    let densities: Vec<Vec<f64>> =
        thinned.into_par_iter().map(|psi| of_point(posterior, psi, &rows, sets, stop)).collect::<Result<_>>()?;
    let of_set = |s: usize| {
        let own: Vec<f64> = densities.iter().map(|point| point[s]).collect();
        let smoothed = smooth(&own.iter().map(|l| -l).collect::<Vec<f64>>());
        let weighted: Vec<f64> = own.iter().zip(&smoothed.log_weights).map(|(l, w)| l + w).collect();
        (log_sum_exp(&weighted), smoothed.k, log_sum_exp(&own) - (own.len() as f64).ln())
    };
    let all: Vec<(f64, f64, f64)> = (0..sets.len()).into_par_iter().map(of_set).collect();
    Ok(LeaveOut {
        elpd: all.iter().map(|v| v.0).collect(),
        k: all.iter().map(|v| v.1).collect(),
        log_mean: all.iter().map(|v| v.2).collect(),
    })
}

/// log p(y_S | y_-S, ψ) of every set.
fn of_point(
    posterior: &LinearPosterior,
    psi: &[f64],
    rows: &StoredRows,
    sets: &[Vec<u32>],
    stop: &AtomicBool,
) -> Result<Vec<f64>> {
    check_stop(stop)?;
    let model = exact(&posterior.model)?;
    let x = posterior.coordinates().to_engine(psi)?;
    let (theta, rest) = x.split_at(model.theta_map.n_parameters);
    let variance = model.known_variance().unwrap_or_else(|| rest[0].exp());
    let mut work = model.workspace();
    let terms = model.evaluate_under_prior(theta, variance, &mut work)?;
    let point = DeletionPoint::at(&model, terms, work);
    let of_set = |set: &Vec<u32>| {
        let set = RowSet::new(rows, set, &model.theta_map.widths, LARGEST);
        set.map_or(f64::NAN, |set| log_density(&point, &set, variance))
    };
    Ok(sets.iter().map(of_set).collect())
}

fn log_density(point: &DeletionPoint, set: &RowSet, variance: f64) -> f64 {
    let (k, hat) = (set.k, point.hat(set));
    let without = Mat::from_fn(k, k, |i, j| f64::from(u8::from(i == j)) - hat[(i, j)]);
    let Ok(factor) = without.llt(Side::Lower) else { return f64::NAN };
    let l = factor.L().to_owned();
    let e = point.residuals(set);
    let mut half = Mat::from_fn(k, 1, |i, _| e[i]);
    faer::linalg::triangular_solve::solve_lower_triangular_in_place(l.as_ref(), half.as_mut(), faer::Par::Seq);
    let square = (0..k).map(|i| half[(i, 0)].powi(2)).sum::<f64>() + set.rest;
    let logdet: f64 = (0..k).map(|i| 2.0 * l[(i, i)].ln()).sum();
    0.5 * (logdet + set.sum_log_weights - set.n_rows as f64 * (TAU * variance).ln() - square / variance)
}
