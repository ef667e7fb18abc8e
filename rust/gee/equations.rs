//! The equations at a point: what every cluster adds to them, and to their slope.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::correlation::Working;
use super::mean::Variance;
use super::model::Equations;
use crate::{Result, check_stop};

/// Rows of one task.
const ROWS: usize = 4096;

/// Means of the sorted rows, with residuals and slopes over standard deviations of weight and scale one.
#[derive(Debug, Clone, Default)]
pub struct Point {
    pub mean: Vec<f64>,
    pub residual: Vec<f64>,
    pub slope: Vec<f64>,
}

/// D'R⁻¹D (p x p) and D'R⁻¹r of a cluster or of all, the root of the weight in D and r, the scale left out.
#[derive(Debug, Clone)]
pub struct Sums {
    pub information: Vec<f64>,
    pub score: Vec<f64>,
}

impl Sums {
    pub fn zero(p: usize) -> Self {
        Self { information: vec![0.0; p * p], score: vec![0.0; p] }
    }

    pub fn add(&mut self, other: &Self) {
        self.information.iter_mut().zip(&other.information).for_each(|(s, v)| *s += v);
        self.score.iter_mut().zip(&other.score).for_each(|(s, v)| *s += v);
    }
}

/// The point of some coefficients; None where a mean is not one of the family.
pub fn point(model: &Equations, variance: Variance, beta: &[f64]) -> Option<Point> {
    let rows = &model.rows;
    let of_row = |i: usize| {
        let own: f64 = rows.x(i).iter().zip(beta).map(|(x, b)| x * b).sum();
        let at = variance.moments(model.link, own + rows.offset.get(i).copied().unwrap_or(0.0));
        at.is_valid().then(|| {
            let sd = at.variance.sqrt();
            (at.mean, (rows.y[i] - at.mean) / sd, at.slope / sd)
        })
    };
    let pieces: Vec<Option<Vec<(f64, f64, f64)>>> =
        chunks(rows.n()).into_par_iter().map(|own| own.map(of_row).collect()).collect();
    let mut out = Point::default();
    for piece in pieces {
        for (mean, residual, slope) in piece? {
            out.mean.push(mean);
            out.residual.push(residual);
            out.slope.push(slope);
        }
    }
    out.residual.iter().all(|r| r.is_finite()).then_some(out)
}

fn chunks(n: usize) -> Vec<Range<usize>> {
    (0..n).step_by(ROWS).map(|first| first..n.min(first + ROWS)).collect()
}

/// A cluster's own sums.
pub fn of_cluster(model: &Equations, at: &Point, working: &Working, c: usize) -> Sums {
    let (rows, p) = (&model.rows, model.rows.p);
    let (own, q) = (rows.cluster(c), model.rows.p + 1);
    let mut d = Vec::with_capacity(own.len() * q);
    for i in own.clone() {
        let root = rows.weight[i].sqrt();
        d.extend(rows.x(i).iter().map(|x| x * (root * at.slope[i])));
        d.push(root * at.residual[i]);
    }
    let mut b = d.clone();
    working.solve(c, &rows.wave[own], &mut b, q);
    let mut out = Sums::zero(p);
    for (d, b) in d.chunks_exact(q).zip(b.chunks_exact(q)) {
        for j in 0..p {
            (0..p).for_each(|k| out.information[j * p + k] += d[k] * b[j]);
            out.score[j] += d[j] * b[p];
        }
    }
    out
}

/// Folds the clusters' sums into one value a task; values come in order, whatever the threads.
///
/// # Errors
/// `Interrupted`, and those of `f`.
pub fn by_task<T: Send>(
    model: &Equations,
    at: &Point,
    working: &Working,
    stop: &AtomicBool,
    start: impl Fn() -> T + Sync,
    f: impl Fn(&mut T, usize, Sums) -> Result<()> + Sync,
) -> Result<Vec<T>> {
    model
        .rows
        .tasks()
        .into_par_iter()
        .map(|clusters| {
            let mut value = start();
            for c in clusters {
                check_stop(stop)?;
                f(&mut value, c, of_cluster(model, at, working, c))?;
            }
            Ok(value)
        })
        .collect()
}

/// The sums over all clusters.
///
/// # Errors
/// `Interrupted`.
pub fn total(model: &Equations, at: &Point, working: &Working, stop: &AtomicBool) -> Result<Sums> {
    let zero = || Sums::zero(model.rows.p);
    let pieces = by_task(model, at, working, stop, zero, |sum, _, own| {
        sum.add(&own);
        Ok(())
    })?;
    let mut out = zero();
    pieces.iter().for_each(|piece| out.add(piece));
    Ok(out)
}

/// The score of every cluster (clusters x p), in order.
///
/// # Errors
/// `Interrupted`.
pub fn scores(model: &Equations, at: &Point, working: &Working, stop: &AtomicBool) -> Result<Vec<f64>> {
    let pieces = by_task(model, at, working, stop, Vec::new, |all: &mut Vec<f64>, _, own| {
        all.extend(own.score);
        Ok(())
    })?;
    Ok(pieces.concat())
}
