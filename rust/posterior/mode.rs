//! The mode of the posterior, and a covariance to draw the first points with.

use rand_distr::{Distribution, StandardNormal};

use super::log_posterior::LogPosterior;
use super::random::{Purpose, stream};
use crate::error::computed;
use crate::linalg::dense::{self, eigen};
use crate::optimize::{Settings, trust_region};
use crate::{Error, Result};

const SETTINGS: Settings = Settings { tolerance: 1e-3, max_evaluations: 100 };
/// Points that are tried around a start that has no density.
const TRIES: usize = 200;
/// Standard deviations around the mode are between these.
const LEAST: f64 = 1e-3;
const LARGEST: f64 = 2.0;

/// A centre and the Cholesky factor of a covariance around it (lower, column-major).
#[derive(Debug, Clone)]
pub struct Centre {
    pub mean: Vec<f64>,
    pub root: Vec<f64>,
}

impl Centre {
    /// mean + root z.
    pub fn at(&self, z: &[f64]) -> Vec<f64> {
        let d = z.len();
        let along = |i: usize| (0..=i).map(|j| self.root[j * d + i] * z[j]).sum::<f64>();
        (0..d).map(|i| self.mean[i] + along(i)).collect()
    }
}

/// The mode, of those near some starts, with most of the posterior around it by Laplace's approximation.
///
/// # Errors
/// `Interrupted`, `Numerical` where no point with a density is found.
pub fn best_mode(density: &mut LogPosterior, starts: &[Vec<f64>], seed: u64) -> Result<Centre> {
    let mut best: Option<(f64, Centre)> = None;
    for start in starts {
        let Some(start) = with_density(density, start, seed)? else { continue };
        let found = mode(density, &start)?;
        let n = start.len();
        let mass = density.value(&found.mean)? + (0..n).map(|k| found.root[k * n + k].ln()).sum::<f64>();
        if best.as_ref().is_none_or(|(most, _)| mass > *most) {
            best = Some((mass, found));
        }
    }
    best.map(|(_, centre)| centre).ok_or_else(|| {
        Error::Numerical(
            "the posterior has no density near the fit or around it: a prior rules out what the data say; widen the prior that ends \
             first (Uniform), or one whose scale is far from that of the data"
                .into(),
        )
    })
}

/// A start, or a point around it, where there is a density.
fn with_density(density: &mut LogPosterior, start: &[f64], seed: u64) -> Result<Option<Vec<f64>>> {
    let mut rng = stream(seed, Purpose::Start);
    for k in 0..TRIES {
        let spread = 0.1 * k as f64;
        let at = start.iter().map(|x| {
            let z: f64 = StandardNormal.sample(&mut rng);
            x + spread * z
        });
        let at: Vec<f64> = at.collect();
        if density.value(&at)?.is_finite() {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// The mode near a start, and the covariance of its curvature.
///
/// # Errors
/// `Interrupted`, `Numerical` where the density is zero at the start.
fn mode(density: &mut LogPosterior, start: &[f64]) -> Result<Centre> {
    let found = computed(trust_region::minimize(density, start, SETTINGS))?;
    let mean = found.map_or_else(|| start.to_vec(), |outcome| outcome.x);
    let curvature = computed(density.curvature(&mean))?;
    let n = mean.len();
    let root =
        curvature.filter(|h| h.iter().all(|v| v.is_finite())).map_or_else(|| diagonal(n), |h| root_of_inverse(&h, n));
    Ok(Centre { mean, root })
}

/// The Cholesky factor of the inverse of a curvature, whose standard deviations are kept within reason.
fn root_of_inverse(curvature: &[f64], n: usize) -> Vec<f64> {
    let (values, vectors) = eigen(curvature, n);
    let variance = |value: f64| (1.0 / value.max(LARGEST.powi(-2))).max(LEAST.powi(2));
    let entry = |i: usize, j: usize| -> f64 {
        (0..n).map(|k| vectors[k * n + i] * vectors[k * n + j] * variance(values[k])).sum()
    };
    let mut covariance: Vec<f64> = (0..n * n).map(|e| entry(e % n, e / n)).collect();
    match dense::cholesky_lower(&mut covariance, n) {
        Ok(()) => covariance,
        Err(_) => diagonal(n),
    }
}

fn diagonal(n: usize) -> Vec<f64> {
    (0..n * n).map(|e| if e % n == e / n { 0.3 } else { 0.0 }).collect()
}
