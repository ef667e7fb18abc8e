//! Standard errors from the Hessian over all parameters, and the directions in which estimates have no end.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use crate::linalg::dense::eigen;
use crate::model::Evaluator;
use crate::model::generalized::{Glmm, GlmmEvaluator};
use crate::optimize::Objective;
use crate::{Error, Result};

/// Steps of the Hessian's differences, in standard errors.
pub const STEP: f64 = 5e-4;
/// Rounding of the criterion above which steps are as much larger as makes the errors of differences least.
const ROUNDING: f64 = 1e-7;
/// Asymmetry of the Hessian's differences, relative to its diagonal, above which they are taken to both sides.
const ASYMMETRIC: f64 = 2e-4;
/// A step moves a linear predictor by no more.
const LARGEST_MOVE: f64 = 0.05;
/// Curvature of half the criterion, where a linear predictor moves by one, below which an estimate has no end.
const FLAT: f64 = 1e-3;
/// Of models with more rows one evaluator works at a time.
const MOST_ROWS_TOGETHER: usize = 100_000;

/// The covariance of the estimates, and the directions in which they have no end.
pub struct Uncertainty {
    pub covariance: Vec<f64>,
    pub unbounded: Vec<Vec<f64>>,
    /// Why there is no covariance.
    pub reason: Option<String>,
    /// How the effects of the mean that are found with the random ones move with x (p x n, column-major).
    pub fixed_slopes: Vec<f64>,
}

impl Uncertainty {
    /// Unknown where the criterion cannot be evaluated near the estimates: a fit is not lost for that.
    pub fn or_unknown(found: Result<Self>, n: usize) -> Result<Self> {
        match found {
            Err(Error::Numerical(reason)) => Ok(Self::unknown(n, reason)),
            other => other,
        }
    }

    fn unknown(n: usize, reason: String) -> Self {
        Self {
            covariance: vec![f64::NAN; n * n],
            unbounded: Vec::new(),
            reason: Some(reason),
            fixed_slopes: Vec::new(),
        }
    }
}

/// Twice the inverse of the Hessian of the criterion.
///
/// # Errors
/// Those of the criterion.
pub fn uncertainty(objective: &mut GlmmEvaluator, x: &[f64], stop: &AtomicBool) -> Result<Uncertainty> {
    let (n, scales) = (x.len(), objective.model.theta_map.scale_parameters());
    let free: Vec<usize> = (0..n).filter(|k| !(scales.contains(k) && x[*k] == 0.0)).collect();
    let slopes = slopes_of_gradient(objective, x, &free, stop)?;
    let m = free.len();
    let hessian: Vec<f64> =
        (0..m * m).map(|e| 0.25 * (slopes[e / m][free[e % m]] + slopes[e % m][free[e / m]])).collect();
    if hessian.iter().any(|v| !v.is_finite()) {
        return Ok(Uncertainty::unknown(n, "the curvature of the criterion is not finite".into()));
    }
    let p = slopes.first().map_or(0, |row| row.len() - n);
    let mut fixed_slopes = vec![0.0; p * n];
    free.iter().zip(&slopes).for_each(|(&k, row)| fixed_slopes[k * p..(k + 1) * p].copy_from_slice(&row[n..]));
    let (covariance, unbounded) = inverted(&objective.model, &hessian, &free, n);
    Ok(Uncertainty { covariance, unbounded, reason: None, fixed_slopes })
}

/// Slopes of the exact gradient, and of what stands behind it, in the free coordinates, by differences: to one side, which the
/// asymmetry of the Hessian checks, or to both.
fn slopes_of_gradient(
    objective: &mut GlmmEvaluator,
    x: &[f64],
    free: &[usize],
    stop: &AtomicBool,
) -> Result<Vec<Vec<f64>>> {
    let (n, scales) = (x.len(), objective.model.theta_map.scale_parameters());
    objective.value(x)?;
    let (gradient, curvature) = objective.slope(x)?;
    let here = [gradient, objective.fixed_effects(x)?].concat();
    let rounding = objective.accuracy(x)?.rounding;
    let share = if rounding > ROUNDING { rounding.cbrt() } else { STEP };
    let step = |&k: &usize| (k, step_of(&objective.model, x, k, share, curvature[k * n + k], scales.contains(&k)));
    let moves: Vec<(usize, f64)> = free.iter().map(step).collect();
    let difference = |a: &[f64], b: &[f64], h: f64| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| (a - b) / h).collect() };
    let above = moved_gradients(objective, x, &moves, stop)?;
    let slopes: Vec<Vec<f64>> = above.iter().zip(&moves).map(|(above, (_, h))| difference(above, &here, *h)).collect();
    if share == STEP && asymmetry(&slopes, free) <= ASYMMETRIC {
        return Ok(slopes);
    }
    let back: Vec<(usize, f64)> = moves.iter().map(|(k, h)| (*k, -h)).collect();
    let below = moved_gradients(objective, x, &back, stop)?;
    let both = above.iter().zip(&below).zip(&moves);
    Ok(both.map(|((above, below), (_, h))| difference(above, below, 2.0 * h)).collect())
}

/// The largest difference of an entry and its mirror, relative to the diagonal.
fn asymmetry(slopes: &[Vec<f64>], free: &[usize]) -> f64 {
    let entry = |i: usize, j: usize| slopes[i][free[j]];
    let share = |i: usize, j: usize| {
        (entry(i, j) - entry(j, i)).abs() / (entry(i, i) * entry(j, j)).abs().sqrt().max(f64::MIN_POSITIVE)
    };
    (0..free.len()).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| share(i, j)).fold(0.0, f64::max)
}

/// The inverse of a Hessian of the free coordinates among n, and the directions in which it is level.
fn inverted(model: &Glmm, hessian: &[f64], free: &[usize], n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (m, mut covariance, mut unbounded) = (free.len(), vec![0.0; n * n], Vec::new());
    let (values, vectors) = eigen(hessian, m);
    for (value, own) in values.iter().zip(vectors.chunks_exact(m.max(1))) {
        let mut v = vec![0.0; n];
        free.iter().zip(own).for_each(|(&k, own)| v[k] = *own);
        if *value <= FLAT * largest_move(model, &v).powi(2) {
            unbounded.push(v);
        } else {
            (0..n * n).for_each(|e| covariance[e] += v[e % n] * v[e / n] / value);
        }
    }
    (covariance, unbounded)
}

/// The gradient at points moved in one coordinate, with the effects of the mean that are found with the random ones behind it.
fn moved_gradients(
    objective: &mut GlmmEvaluator,
    x: &[f64],
    moves: &[(usize, f64)],
    stop: &AtomicBool,
) -> Result<Vec<Vec<f64>>> {
    let at = |evaluator: &mut GlmmEvaluator, &(k, h): &(usize, f64)| -> Result<Vec<f64>> {
        let mut to = x.to_vec();
        to[k] += h;
        let mut gradient = evaluator.gradient(&to)?;
        gradient.extend(evaluator.fixed_effects(&to)?);
        Ok(gradient)
    };
    let modes = objective.evaluate(x)?.1.u.clone();
    if objective.model.rows.n <= MOST_ROWS_TOGETHER {
        let (model, near) = (&objective.model, objective.near());
        return side_by_side(model, moves, |of| at(&mut GlmmEvaluator::from_near(model, near.clone(), stop), of));
    }
    // one workspace for all
    objective.drop_working_model();
    let one_after_another = |of| {
        objective.set_from(modes.clone());
        at(objective, of)
    };
    moves.iter().map(one_after_another).collect()
}

/// What each of several tasks gives that evaluate the criterion: side by side, where their workspaces are small.
///
/// # Errors
/// Those of the tasks.
pub fn side_by_side<T: Sync, R: Send>(
    model: &Glmm,
    tasks: &[T],
    of: impl Fn(&T) -> Result<R> + Sync + Send,
) -> Result<Vec<R>> {
    if model.rows.n > MOST_ROWS_TOGETHER { tasks.iter().map(of).collect() } else { tasks.par_iter().map(of).collect() }
}

/// The step of one coordinate; a scale's stays on its side of zero.
fn step_of(model: &Glmm, x: &[f64], k: usize, share: f64, curvature: f64, is_scale: bool) -> f64 {
    let h = if curvature > 0.0 { share * (2.0 / curvature).sqrt() } else { share };
    if is_scale {
        return h.min(0.3 * x[k].abs());
    }
    let mut direction = vec![0.0; x.len()];
    direction[k] = 1.0;
    h.min(LARGEST_MOVE / largest_move(model, &direction).max(f64::MIN_POSITIVE))
}

/// How far a direction of x moves a linear predictor by its coefficients, at most.
fn largest_move(model: &Glmm, direction: &[f64]) -> f64 {
    model.rows.largest_move(&model.coefficients(direction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_criterion_that_fails_near_the_estimates_leaves_them_without_standard_errors() {
        let unknown = Uncertainty::or_unknown(Err(Error::Numerical("no mode".into())), 2).unwrap();
        assert!(unknown.covariance.len() == 4 && unknown.covariance.iter().all(|v| v.is_nan()));
        assert_eq!(unknown.reason.as_deref(), Some("no mode"));
        assert!(matches!(Uncertainty::or_unknown(Err(Error::Interrupted), 2), Err(Error::Interrupted)));
    }
}
