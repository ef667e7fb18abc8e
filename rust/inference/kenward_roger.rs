//! Kenward and Roger's adjusted covariance (1997, Biometrics 53, 983-997), for V linear in its parameters.
//!
//! Relative to σ², with Φ = (X'V^-1X)^-1, S = Z'V^-1X, D = Z'V^-1Z and V = W^-1 + Σ γ_r Z A_r Z':
//!   P_r = -S'A_rS,   Q_rs = S'A_r D A_s S,   t_rs = tr(D A_r D A_s)
//!   I_rs = (t_rs - 2 tr(Φ Q_rs) + tr(Φ P_r Φ P_s)) / 2,   Φ_A = Φ + 2Φ [Σ (I^-1)_rs (Q_rs - P_r Φ P_s)] Φ
//! The last parameter is σ²; W^-1 = V - Σ γ_r Z A_r Z' gives all that it needs.

use std::sync::atomic::AtomicBool;

use super::components::Components;
use super::fixed_scores::{FixedScores, product, sandwich};
use super::linear_covariance::{Direction, directions};
use super::variance_sums::{VarianceSums, sums};
use crate::fit::Fit;
use crate::linalg::dense::{eigen, inverse};
use crate::model::Criterion;
use crate::{Error, Result};

/// Connected random effects, at most: memory grows with their square, time with their cube.
pub const LARGEST: usize = 5000;

/// An eigenvalue of the information, relative to that with β known, that is none.
const NO_INFORMATION: f64 = 1e-10;

/// What tests need, in the user's units; V relative to σ².
#[derive(Debug, Clone, PartialEq)]
pub struct KenwardRoger {
    /// σ²Φ_A (p x p).
    pub adjusted: Vec<f64>,
    /// ΦP_rΦ of every parameter (p x p), relative to σ².
    pub sandwiches: Vec<Vec<f64>>,
    /// Covariance of the parameters, relative to σ⁴.
    pub covariance: Vec<f64>,
}

/// Computes it at the optimum of a REML fit.
///
/// # Errors
/// `Design` for a fit by maximum likelihood, a structure that is not linear, or more connected random effects than
/// `LARGEST`; `Interrupted` when `stop` is set.
pub fn kenward_roger(fit: &Fit, stop: &AtomicBool) -> Result<KenwardRoger> {
    if fit.model.criterion == Criterion::Ml {
        return Err(Error::Design(
            "Kenward-Roger's adjustment is defined for REML; fit the model with reml=True".into(),
        ));
    }
    let gammas = directions(fit)?;
    let components = Components::new(&fit.model.a);
    if components.largest() > LARGEST {
        return Err(Error::Design(format!(
            "Kenward-Roger's adjustment needs a matrix over connected random effects: {} here, at most {LARGEST}; \
             use ddf='satterthwaite'",
            components.largest()
        )));
    }
    let work = fit.workspace()?;
    let parts = FixedScores::new(&fit.model, &work);
    let sums = with_residual(sums(fit, &work, &parts, &gammas, &components, stop)?, fit, &parts, &gammas);
    finish(fit, &parts, &sums)
}

/// Adds σ² as the last parameter: G = V - Σ γ_r G_r, with σ² = 1.
fn with_residual(sums: VarianceSums, fit: &Fit, parts: &FixedScores, gammas: &[Direction]) -> VarianceSums {
    let (n, p) = (gammas.len(), fit.model.a.n_fixed());
    let gamma: Vec<f64> = gammas.iter().map(|g| g.gamma).collect();
    let information = inverse(&parts.inverse, p);
    let combine = |base: &[f64], of: &dyn Fn(usize) -> Vec<f64>| -> Vec<f64> {
        let mut out = base.to_vec();
        for (s, g) in gamma.iter().enumerate() {
            out.iter_mut().zip(of(s)).for_each(|(o, v)| *o -= g * v);
        }
        out
    };
    // X'V^-1 G V^-1 X and the products with it
    let b_last = combine(&information, &|s| sums.b[s].clone());
    let q_last: Vec<Vec<f64>> = (0..n).map(|r| combine(&sums.b[r], &|s| sums.q[s * n + r].clone())).collect();
    let q_corner = combine(&b_last, &|s| q_last[s].clone());
    let t_last: Vec<f64> =
        (0..n).map(|r| sums.trace[r] - (0..n).map(|s| gamma[s] * sums.traces[s * n + r]).sum::<f64>()).collect();
    let trace_last = fit.model.a.n_obs as f64 - gamma.iter().zip(&sums.trace).map(|(g, t)| g * t).sum::<f64>();
    let t_corner = trace_last - gamma.iter().zip(&t_last).map(|(g, t)| g * t).sum::<f64>();
    let full = n + 1;
    let mut out =
        VarianceSums { trace: vec![], traces: vec![0.0; full * full], b: sums.b, q: vec![vec![]; full * full] };
    for s in 0..full {
        for r in 0..full {
            let transposed = |q: &[f64]| (0..p * p).map(|k| q[k % p * p + k / p]).collect();
            (out.traces[s * full + r], out.q[s * full + r]) = match (r == n, s == n) {
                (false, false) => (sums.traces[s * n + r], sums.q[s * n + r].clone()),
                (false, true) => (t_last[r], q_last[r].clone()),
                (true, false) => (t_last[s], transposed(&q_last[s])),
                (true, true) => (t_corner, q_corner.clone()),
            };
        }
    }
    out.b.push(b_last);
    out
}

fn finish(fit: &Fit, parts: &FixedScores, sums: &VarianceSums) -> Result<KenwardRoger> {
    let (p, n, phi) = (fit.model.a.n_fixed(), sums.b.len(), &parts.inverse);
    let phi_p: Vec<Vec<f64>> = sums.b.iter().map(|b| product(phi, b, p)).collect();
    let information: Vec<f64> = (0..n * n)
        .map(|k| {
            let (r, s) = (k % n, k / n);
            0.5 * (sums.traces[k] - 2.0 * trace_product(phi, &sums.q[k], p) + trace_product(&phi_p[r], &phi_p[s], p))
        })
        .collect();
    let covariance = inverse(&information, n);
    if is_singular(&information, &sums.traces, n) {
        return Err(Error::Numerical(
            "the information about the variance parameters is singular: Kenward-Roger's adjustment does not exist"
                .into(),
        ));
    }
    let mut middle = vec![0.0; p * p];
    for (k, weight) in covariance.iter().enumerate() {
        let product = product(&sums.b[k % n], &phi_p[k / n], p);
        (0..p * p).for_each(|i| middle[i] += weight * (sums.q[k][i] - product[i]));
    }
    let correction = sandwich(phi, &middle, p);
    let relative: Vec<f64> = phi.iter().zip(&correction).map(|(c, d)| c + 2.0 * d).collect();
    let fixed = &fit.model.a.fixed;
    let sandwiches = sums.b.iter().map(|b| fixed.covariance(&sandwich(phi, b, p))).collect();
    Ok(KenwardRoger { adjusted: fixed.covariance(&fit.scaled(&relative)), sandwiches, covariance })
}

/// Whether the data say nothing of a combination of parameters, beside what they would say of it were β known.
fn is_singular(information: &[f64], traces: &[f64], n: usize) -> bool {
    let scale: Vec<f64> = (0..n).map(|k| (0.5 * traces[k * n + k]).sqrt()).collect();
    let scaled: Vec<f64> = information.iter().enumerate().map(|(k, v)| v / (scale[k % n] * scale[k / n])).collect();
    let (values, _) = eigen(&scaled, n);
    !values.iter().all(|&v| v > NO_INFORMATION)
}

/// tr(A B).
fn trace_product(a: &[f64], b: &[f64], n: usize) -> f64 {
    (0..n * n).map(|k| a[k] * b[k % n * n + k / n]).sum()
}
