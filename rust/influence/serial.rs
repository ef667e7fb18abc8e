//! Whether residuals that follow each other are alike: the score of an autocorrelation ρ at zero, and its information
//! beside that of θ and σ.
//!
//! With L one for rows that follow each other, R = W^-½(I + ρL)W^-½, e the conditional residuals over σ and M = I - H
//! their covariance, the score is (e'Le - tr ML)/2.  What estimating θ and σ takes from it is taken off, as in a C(α)
//! test (Neyman 1959; Rao 1948): on σ and θ the restricted likelihood's scores are regressed, whose expectation is zero
//! wherever θ is.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::directions::{Directions, information};
use super::point::{DeletionPoint, exact_leverage};
use super::row_set::RowSet;
use crate::design::Rows;
use crate::fit::Fit;
use crate::linalg::dense::eigen;
use crate::model::Criterion;
use crate::rows::StoredRows;
use crate::{Result, check_stop};

/// Directions of θ and σ with less of the information than this share, in units of each, are left out.
const NOTHING_LEFT: f64 = 1e-9;

#[derive(Debug, Clone, Copy)]
pub struct Serial {
    /// ρ by one step from zero.
    pub estimate: f64,
    /// Of its score, beyond what θ and σ explain; NaN where nothing can vary.
    pub statistic: f64,
    pub pairs: usize,
}

/// Rows of group k, in their order, are `members[ptr[k]..ptr[k + 1]]`.
///
/// # Errors
/// Those of reading the rows; `Design` for crossed designs that are too large; `Interrupted`.
pub fn serial(fit: &Fit, source: &Rows, ptr: &[usize], members: &[u32], stop: &AtomicBool) -> Result<Serial> {
    let rows = fit.model.a.stored_rows(source)?;
    let model = exact_leverage(&fit.model)?.with_criterion(Criterion::Reml);
    let groups = ptr.windows(2).map(|w| &members[w[0]..w[1]]);
    let pairs: Vec<[u32; 2]> = groups.flat_map(|g| g.windows(2).map(|w| [w[0], w[1]])).collect();
    let directions = Directions::new(&model, &fit.theta, &rows, &pairs)?;
    let (mut score, trace) = (directions.scores(), 2.0 * neighbours(&directions.point, &rows, &pairs, stop)?);
    let k = fit.theta.len();
    score[k] -= 0.5 * trace;
    // σ first, whose score is zero at the estimate
    let of_sigma = directions.of_sigma(trace);
    let others = information(&directions, stop)?;
    let n = k + 2;
    let scores: Vec<f64> = [0.0].into_iter().chain(score).collect();
    let knows_sigma = model.known_variance().is_some();
    let entry = |a: usize, b: usize| match a.min(b) {
        0 if knows_sigma && a != b => 0.0,
        0 => of_sigma[a.max(b)],
        _ => others[(b - 1) * (k + 1) + a - 1],
    };
    let matrix: Vec<f64> = (0..n * n).map(|e| entry(e % n, e / n)).collect();
    let (score, information) = beyond(&matrix, &scores);
    Ok(Serial { estimate: score / information, statistic: score / information.sqrt(), pairs: pairs.len() })
}

/// Σ M_ij over pairs of rows.
fn neighbours(point: &DeletionPoint, rows: &StoredRows, pairs: &[[u32; 2]], stop: &AtomicBool) -> Result<f64> {
    let of_pairs: Vec<f64> = pairs
        .par_iter()
        .map(|pair| {
            check_stop(stop)?;
            Ok(-point.hat(&RowSet::plain(rows, pair, &point.model.theta_map.widths))[(0, 1)])
        })
        .collect::<Result<_>>()?;
    Ok(of_pairs.iter().sum())
}

/// The last score and its information, less their regression on the others.
fn beyond(information: &[f64], scores: &[f64]) -> (f64, f64) {
    let n = scores.len();
    let (last, m) = (n - 1, n - 1);
    let scale: Vec<f64> = (0..n).map(|k| information[k * n + k].sqrt()).collect();
    let known = |a: usize, b: usize| scale[a] > NOTHING_LEFT * scale[0] && scale[b] > NOTHING_LEFT * scale[0];
    let scaled = |a: usize, b: usize| match known(a, b) {
        true => information[b * n + a] / (scale[a] * scale[b]),
        false => 0.0,
    };
    let (values, vectors) = eigen(&(0..m * m).map(|e| scaled(e % m, e / m)).collect::<Vec<_>>(), m);
    let (mut score, mut left) = (scores[last], 1.0);
    for k in (0..m).filter(|&k| values[k] > NOTHING_LEFT * m as f64) {
        let v = &vectors[k * m..(k + 1) * m];
        let with: f64 = (0..m).map(|a| v[a] * scaled(a, last)).sum();
        let of_others: f64 = (0..m).filter(|&a| known(a, a)).map(|a| v[a] * scores[a] / scale[a]).sum();
        score -= scale[last] * with * of_others / values[k];
        left -= with * with / values[k];
    }
    let left = if left > NOTHING_LEFT { left } else { f64::NAN };
    (score, left * scale[last] * scale[last])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_that_others_share_is_what_they_leave() {
        let (score, information) = beyond(&[4.0, 1.0, 2.0, 1.0, 9.0, 3.0, 2.0, 3.0, 16.0], &[0.5, -1.0, 3.0]);
        // regression of the third on the first two, by hand: determinant 35
        let (a, b) = ((9.0 * 2.0 - 3.0) / 35.0, (4.0 * 3.0 - 2.0) / 35.0);
        assert!((score - (3.0 - 0.5 * a + b)).abs() < 1e-12);
        assert!((information - (16.0 - 2.0 * a - 3.0 * b)).abs() < 1e-12);
    }

    #[test]
    fn a_direction_without_information_takes_nothing() {
        let (score, information) = beyond(&[4.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 16.0], &[0.0, 0.0, 3.0]);
        assert!((score - 3.0).abs() < 1e-12 && (information - 15.0).abs() < 1e-12);
    }

    #[test]
    fn a_direction_has_nothing_left_by_its_share_of_the_information_of_sigma() {
        for unit in [1e-10, 1.0, 1e10] {
            // beside σ's the second direction has 1e-20 (nothing), then 1e-14 (enough to take its part)
            let of = |second: f64| {
                [unit, 0.0, 0.0, 0.0, second * unit, 0.5 * second.sqrt() * unit]
                    .into_iter()
                    .chain([0.0, 0.5 * second.sqrt() * unit, unit])
                    .collect::<Vec<_>>()
            };
            let (score, information) = beyond(&of(1e-20), &[0.0, 1.0, 3.0]);
            assert!((score - 3.0).abs() < 1e-9 && (information - unit).abs() < 1e-9 * unit);
            let (_, information) = beyond(&of(1e-14), &[0.0, 1.0, 3.0]);
            assert!((information - 0.75 * unit).abs() < 1e-9 * unit);
        }
    }
}
