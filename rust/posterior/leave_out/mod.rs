//! Leave-one-out densities of rows, or of all rows of a group: exact given ψ, so that importance weights are over ψ alone (Vehtari,
//! Gelman and Gabry 2017, Statistics and Computing 27, 1413-1432).

mod correlated;
mod independent;
pub mod of_groups;

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::linear::LinearPosterior;
use super::psis::{log_sum_exp, smooth};
use crate::design::Rows;
use crate::linalg::memory;
use crate::{Error, Result, check_stop};
use independent::Sets;

/// Draws that are used, and how many numbers of them and the sets at most.
const MOST_DRAWS: usize = 1000;
const LEAST_DRAWS: usize = 100;
const MOST_NUMBERS: usize = 40_000_000;
/// With less than this part of the precision of a row left the rows alone determine a coefficient.
const NOTHING_LEFT: f64 = 1e-9;

/// By set of rows.
#[derive(Debug, Clone, Default)]
pub struct LeaveOut {
    /// log p(y_S | y_-S); not a number where the rows alone determine a coefficient without prior, so that nothing predicts them.
    pub elpd: Vec<f64>,
    /// Shape of the tail of its weights.
    pub k: Vec<f64>,
    /// log of the mean of p(y_S | y_-S, ψ) over the posterior of all rows.
    pub log_mean: Vec<f64>,
    /// Monte Carlo standard error of `elpd`.
    pub error: Vec<f64>,
    pub n_draws: usize,
}

/// Leaves every set of rows out; without sets, every row.
///
/// # Errors
/// `Design` for models of sums over strata, with too many crossed effects, or too large groups; `Data` where memory does not hold the
/// densities; `Numerical`, `Interrupted`.
pub fn leave_out(
    posterior: &LinearPosterior,
    points: &[Vec<f64>],
    source: &Rows,
    sets: Option<&[Vec<u32>]>,
    stop: &AtomicBool,
) -> Result<LeaveOut> {
    let model = &posterior.model;
    model.require_rows("leave-one-out densities")?;
    let (mut rows, widths) = (model.a.stored_rows(source)?, &model.theta_map.widths);
    let n = sets.map_or(rows.n, <[_]>::len);
    if let Some(own) = &model.residual {
        rows.block.weights.clear();
        let unions = correlated::unions(&own.residual, &rows, widths, sets)?;
        return over_draws(points, n, |psi| correlated::of_point(posterior, psi, (&unions, n), stop), stop);
    }
    let sets = Sets::new(&rows, widths, sets)?;
    over_draws(points, n, |psi| independent::of_point(posterior, psi, &sets, stop), stop)
}

/// Of log densities of `n` sets at each of some points.
fn over_draws(
    points: &[Vec<f64>],
    n: usize,
    of_point: impl Fn(&[f64]) -> Result<Vec<f64>> + Sync,
    stop: &AtomicBool,
) -> Result<LeaveOut> {
    let wanted = used(n, points.len());
    let mut densities =
        memory::zeros(wanted, n).ok_or_else(|| Error::no_memory("leave-one-out densities", wanted, n))?;
    let of_draw = |(k, out): (usize, &mut [f64])| {
        out.copy_from_slice(&of_point(&points[k * points.len() / wanted])?);
        Ok(())
    };
    densities.par_chunks_mut(n.max(1)).enumerate().map(of_draw).collect::<Result<()>>()?;
    by_importance(n, wanted, |s| (0..wanted).map(|k| densities[k * n + s]).collect(), stop)
}

/// Of so many draws those that are used for `n` sets.
fn used(n: usize, n_draws: usize) -> usize {
    (MOST_NUMBERS / n.max(1)).clamp(LEAST_DRAWS, MOST_DRAWS).min(n_draws)
}

/// Leaves sets out by importance weights 1/p(y_S | ·), from log p(y_S | ·) at draws (sets x draws).
///
/// # Errors
/// `Interrupted`.
pub fn by_importance(
    n: usize,
    n_draws: usize,
    of_set: impl Fn(usize) -> Vec<f64> + Sync,
    stop: &AtomicBool,
) -> Result<LeaveOut> {
    let of = |s: usize| {
        check_stop(stop)?;
        let own = of_set(s);
        let smoothed = smooth(&own.iter().map(|l| -l).collect::<Vec<f64>>());
        let weighted: Vec<f64> = own.iter().zip(&smoothed.log_weights).map(|(l, w)| l + w).collect();
        let elpd = log_sum_exp(&weighted);
        // by the delta method, of a mean with weights
        let part = |(l, w): (&f64, &f64)| (2.0 * w).exp() * ((l - elpd).exp() - 1.0).powi(2);
        let error = own.iter().zip(&smoothed.log_weights).map(part).sum::<f64>().sqrt();
        Ok((elpd, smoothed.k, log_sum_exp(&own) - (own.len() as f64).ln(), error))
    };
    let all: Vec<(f64, f64, f64, f64)> = (0..n).into_par_iter().map(of).collect::<Result<_>>()?;
    Ok(LeaveOut {
        elpd: all.iter().map(|v| v.0).collect(),
        k: all.iter().map(|v| v.1).collect(),
        log_mean: all.iter().map(|v| v.2).collect(),
        error: all.iter().map(|v| v.3).collect(),
        n_draws,
    })
}
