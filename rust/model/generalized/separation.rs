//! Separation: a direction of the coefficients along which the likelihood of no row falls, so that none is the best.
//!
//! Newton's method for the model without random effects ends with steps that still move the separated rows, while the likelihood
//! no longer changes, or with these far out.  Such a direction is a certificate when the rows that it leaves alone leave it free, and it moves all others
//! the way that raises their likelihood.  Rows say so of combinations of their predictors: a category of the thresholds beside
//! it, a zero of the zero part.

use super::model::Glmm;
use crate::family::{Course, Predictor, Way};
use crate::linalg::dense::eigen;

/// A step that moves no row by more shows that there is an optimum.
const STILL: f64 = 0.02;
/// A row that moves by less, or by a smaller part of the largest move, counts as left alone.
const MOVED: f64 = 0.05;
/// Share of a column's square below which a direction is free.
const FREE: f64 = 1e-10;
const WRONG: f64 = 1e-7;
const SEPARATED: f64 = 1e-3;
/// Predictors this far from zero may be on their way to infinity.
const FAR: [f64; 2] = [8.0, 3.0];

#[derive(Debug, Clone, PartialEq)]
pub struct Separation {
    /// In coefficients of the rows' columns.
    pub direction: Vec<f64>,
    pub rows: Vec<usize>,
}

/// What the search without random effects shows, by its last step, or by where its predictors went to.
pub fn separation(model: &Glmm, end: &[f64], step: &[f64]) -> Option<Separation> {
    let (end, step) = (of_locations(model, end), of_locations(model, step));
    let last = model.rows.largest_move(&step);
    let shown = if last < STILL { None } else { shown_by(model, &step, MOVED * last.min(1.0)) };
    // rows with one predictor have taken steps that are right
    if shown.is_some() || model.rows.parts.len() == 1 || model.rows.largest_move(&end) < FAR[0] {
        return shown;
    }
    FAR.into_iter().find_map(|far| shown_by(model, &end, far))
}

/// Whether a direction is a certificate, when all combinations of rows that go no further than `least` are left alone.
fn shown_by(model: &Glmm, own: &[f64], least: f64) -> Option<Separation> {
    let moved = model.rows.moves(own);
    let ways: Vec<Vec<Way>> = model.observations.iter().map(|&o| model.family.ways(o)).collect::<Option<_>>()?;
    let goes = |way: &Way, i: usize| way.course != Course::Stays && along(way, &moved, i) > least;
    let mut direction = free_part(model, &ways, goes, own);
    let scale = model.rows.largest_move(&direction).max(f64::MIN_POSITIVE);
    direction.iter_mut().for_each(|v| *v /= scale);
    let shifts = model.rows.moves(&direction);
    let fits = |(i, ways): (usize, &Vec<Way>)| {
        ways.iter().all(|way| match way.course {
            Course::Stays => along(way, &shifts, i).abs() < WRONG,
            _ => along(way, &shifts, i) > -WRONG,
        })
    };
    let rises = |i: &usize| ways[*i].iter().any(|w| w.course == Course::Rises && along(w, &shifts, *i) > SEPARATED);
    let rows: Vec<usize> = (0..ways.len()).filter(rises).collect();
    (!rows.is_empty() && ways.iter().enumerate().all(fits)).then_some(Separation { direction, rows })
}

/// A step without the coefficients of dispersion, scale and shape.
fn of_locations(model: &Glmm, step: &[f64]) -> Vec<f64> {
    let mut own = vec![0.0; step.len()];
    for (part, predictor) in model.rows.parts.iter().zip(model.family.predictors()) {
        if is_location(predictor) {
            own[part.first..part.first + part.p].copy_from_slice(&step[part.first..part.first + part.p]);
        }
    }
    own
}

fn is_location(predictor: Predictor) -> bool {
    !matches!(predictor, Predictor::Dispersion | Predictor::Scale | Predictor::Shape | Predictor::SecondShape)
}

fn along(way: &Way, moves: &[Vec<f64>], i: usize) -> f64 {
    way.weights.iter().zip(moves).map(|(&w, own)| f64::from(w) * own[i]).sum()
}

/// The part of a direction that leaves alone all combinations of rows but those that go.
fn free_part(model: &Glmm, ways: &[Vec<Way>], goes: impl Fn(&Way, usize) -> bool, direction: &[f64]) -> Vec<f64> {
    let p = direction.len();
    let (mut xx, mut all, mut row) = (vec![0.0; p * p], vec![0.0; p], vec![0.0; p]);
    for (i, way) in ways.iter().enumerate().flat_map(|(i, ways)| ways.iter().map(move |way| (i, way))) {
        row.fill(0.0);
        for (part, &w) in model.rows.parts.iter().zip(&way.weights).filter(|(_, w)| **w != 0) {
            part.each(i, |j, x| row[j] += f64::from(w) * x);
        }
        (0..p).for_each(|j| all[j] += row[j] * row[j]);
        if !goes(way, i) {
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
