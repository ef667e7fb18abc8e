//! The covariance of the free parameters (θ, φ), 2H⁻¹ for the curvature H of the profiled criterion, and that of log σ², which
//! follows its profile r²/m and deviates from it with variance 2/m, unless it is known.

use crate::Result;
use crate::linalg::dense::{self, eigen};
use crate::model::curvature::{SMALL, hessian};
use crate::model::{LmmEvaluator, Scale};

/// Curvature, in units of the parameters themselves, below which the data say next to nothing: relative to the
/// largest, and in itself.
const NO_CURVATURE: (f64, f64) = (1e-9, 1e-7);
/// Rounding is this much larger.
const NOISE: f64 = 1e3;

/// At the optimum x of a model's coordinates: the covariance of (θ, φ) and of log σ² beside its profile, (n + 1) x (n + 1), and
/// how many directions bend downwards, zero at an optimum.
///
/// # Errors
/// Those of the curvature.
pub fn beside_profile(evaluator: &mut LmmEvaluator, x: &[f64]) -> Result<(Vec<f64>, usize)> {
    let (own, n_negative) = free_covariance(evaluator, x)?;
    let beside = match evaluator.model.scale {
        Scale::Parameter => return Ok((own, n_negative)),
        Scale::Profiled => 2.0 / evaluator.model.denominator(),
        Scale::Known(_) => 0.0,
    };
    Ok((bordered(&own, x.len(), beside), n_negative))
}

/// At the optimum: the covariance of (θ, φ, log σ²).
///
/// # Errors
/// Those of the curvature.
pub fn with_log_variance(evaluator: &mut LmmEvaluator, x: &[f64]) -> Result<Vec<f64>> {
    let (mut w, _) = beside_profile(evaluator, x)?;
    if evaluator.model.scale != Scale::Profiled {
        return Ok(w);
    }
    let (slopes, n) = (log_variance_slopes(evaluator, x)?, x.len());
    let with_slopes: Vec<f64> = (0..n).map(|i| (0..n).map(|j| w[j * (n + 1) + i] * slopes[j]).sum::<f64>()).collect();
    for i in 0..n {
        (w[n * (n + 1) + i], w[i * (n + 1) + n]) = (with_slopes[i], with_slopes[i]);
    }
    w[(n + 1) * (n + 1) - 1] += with_slopes.iter().zip(&slopes).map(|(v, s)| v * s).sum::<f64>();
    Ok(w)
}

/// Of a model's coordinates, those of its free directions alone where parameters are held.
fn free_covariance(evaluator: &mut LmmEvaluator, x: &[f64]) -> Result<(Vec<f64>, usize)> {
    evaluator.hold_at(x)?;
    let (h, n) = (hessian(evaluator, x)?, x.len());
    if evaluator.model.held.is_empty() {
        let (inverse, n_negative) = inverse(&h, x);
        return Ok((inverse.iter().map(|v| 2.0 * v).collect(), n_negative));
    }
    let free = evaluator.model.free_directions(x);
    let (k, directions) = (free.len(), dense::view(&free.concat(), n, free.len()).to_owned());
    let inner = dense::product(
        directions.transpose(),
        dense::view(&dense::product(dense::view(&h, n, n), directions.as_ref()), n, k),
    );
    let (own, n_negative) = inverse(&inner, &vec![1.0; k]);
    let outer = dense::product(directions.as_ref(), dense::view(&own, k, k));
    let covariance = dense::product(dense::view(&outer, n, k), directions.transpose());
    Ok((covariance.iter().map(|v| 2.0 * v).collect(), n_negative))
}

/// With one more row and column of zeros, but for the corner.
fn bordered(m: &[f64], n: usize, corner: f64) -> Vec<f64> {
    let mut out = vec![0.0; (n + 1) * (n + 1)];
    m.iter().enumerate().for_each(|(e, v)| out[e / n * (n + 1) + e % n] = *v);
    out[(n + 1) * (n + 1) - 1] = corner;
    out
}

/// d log σ̂² / dx along the profile, dr² / r².
fn log_variance_slopes(evaluator: &mut LmmEvaluator, x: &[f64]) -> Result<Vec<f64>> {
    let terms = evaluator.evaluate(x)?;
    Ok(evaluator.pwrss_slopes()?.iter().map(|r| r / terms.pwrss).collect())
}

/// The inverse of a curvature, and how many directions bend downwards, which count as known; one without curvature
/// is unknown.
fn inverse(h: &[f64], theta: &[f64]) -> (Vec<f64>, usize) {
    let n = theta.len();
    let unit: Vec<f64> = theta.iter().map(|t| t.abs().max(SMALL)).collect();
    let scaled: Vec<f64> = h.iter().enumerate().map(|(k, v)| v * unit[k % n] * unit[k / n]).collect();
    let (values, vectors) = eigen(&scaled, n);
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let least = (NO_CURVATURE.0 * largest).max(NO_CURVATURE.1);
    let mut inverse = vec![0.0; n * n];
    for k in (0..n).filter(|&k| values[k] >= -NOISE * least) {
        let v = &vectors[k * n..(k + 1) * n];
        let add = |i: usize| v[i / n] * v[i % n] * unit[i / n] * unit[i % n] / values[k].max(least);
        (0..n * n).for_each(|i| inverse[i] += add(i));
    }
    (inverse, values.iter().filter(|v| **v < -NOISE * least).count())
}
