//! A Newton step to the optimum without some rows, and whether it is trusted.

use crate::linalg::dense::eigen;
use crate::model::Lmm;

/// Relative to the largest curvature: none, and one that bends down.
const NO_CURVATURE: f64 = 1e-9;
const DOWNWARDS: f64 = -1e-5;
/// A step is trusted while bending it matters less than this to the criterion, and it moves no scale by more than this
/// share of itself.
pub const MOST_BENDING: f64 = 0.005;
const LONGEST_STEP: f64 = 0.5;

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

/// Whether a step moves a scale by more than a share of itself.
pub fn is_too_long(model: &Lmm, theta: &[f64], step: &[f64]) -> bool {
    let moves = |&k: &usize| theta[k] != 0.0 && step[k].abs() > LONGEST_STEP * theta[k].abs();
    model.theta_map.scale_parameters().iter().any(moves)
}
