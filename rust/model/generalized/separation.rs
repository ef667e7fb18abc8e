//! Separation: a direction of the coefficients along which the likelihood of no row falls, so that none is the best.
//!
//! Newton's method for the model without random effects ends with steps that still move the separated rows, while the likelihood
//! no longer changes.  Such a step is a certificate when the rows that it leaves alone leave it free, and it moves all others
//! the way that raises their likelihood.

use super::model::Glmm;
use crate::linalg::dense::eigen;
use crate::rows::PartColumns;

/// A step that moves no row by more shows that there is an optimum.
const STILL: f64 = 0.3;
/// A row that moves by less counts as left alone.
const MOVED: f64 = 0.05;
/// Share of a column's square below which a direction is free.
const FREE: f64 = 1e-10;
const WRONG: f64 = 1e-7;

/// Which way a row's predictor goes along a direction that raises its likelihood: 0 where it may not move.
pub type Sign = i8;

#[derive(Debug, Clone, PartialEq)]
pub struct Separation {
    /// In coefficients of the rows' columns.
    pub direction: Vec<f64>,
    pub rows: Vec<usize>,
}

/// What the last step of the search without random effects shows.
pub fn separation(model: &Glmm, signs: &[Sign], step: &[f64]) -> Option<Separation> {
    let part = &model.rows.parts[0];
    let PartColumns::Dense(x) = &part.columns else { return None };
    let p = part.p;
    let own = &step[part.first..part.first + p];
    let moves = |d: &[f64]| -> Vec<f64> {
        x.chunks_exact(p.max(1)).map(|row| row.iter().zip(d).map(|(x, d)| x * d).sum()).collect()
    };
    let moved = moves(own);
    if moved.iter().fold(0.0f64, |a, v| a.max(v.abs())) < STILL {
        return None;
    }
    let is_moved = |i: usize| f64::from(signs[i]) * moved[i] > MOVED;
    let direction = free_part(x, p, |i| !is_moved(i), own);
    let along = moves(&direction);
    let raises = |i: usize| f64::from(signs[i]) * along[i];
    let stays = |i: usize| if signs[i] == 0 { along[i].abs() < WRONG } else { raises(i) > -WRONG };
    let rows: Vec<usize> = (0..along.len()).filter(|&i| raises(i) > 1e-3).collect();
    (!rows.is_empty() && (0..along.len()).all(stays)).then(|| {
        let mut whole = vec![0.0; step.len()];
        whole[part.first..part.first + p].copy_from_slice(&direction);
        Separation { direction: whole, rows }
    })
}

/// The part of a direction that the chosen rows leave free.
fn free_part(x: &[f64], p: usize, chosen: impl Fn(usize) -> bool, direction: &[f64]) -> Vec<f64> {
    let (mut xx, mut all) = (vec![0.0; p * p], vec![0.0; p]);
    for (i, row) in x.chunks_exact(p.max(1)).enumerate() {
        (0..p).for_each(|j| all[j] += row[j] * row[j]);
        if chosen(i) {
            (0..p * p).for_each(|e| xx[e] += row[e % p] * row[e / p]);
        }
    }
    let largest = all.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let (values, vectors) = eigen(&xx, p);
    let mut free = vec![0.0; p];
    for (value, v) in values.iter().zip(vectors.chunks_exact(p.max(1))) {
        if *value < FREE * largest {
            let along: f64 = v.iter().zip(direction).map(|(v, d)| v * d).sum();
            free.iter_mut().zip(v).for_each(|(f, v)| *f += along * v);
        }
    }
    free
}
