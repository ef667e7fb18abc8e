//! The adjustment for V linear in its parameters, whose residuals have none.
//!
//! With S = Z'V^-1X, D = Z'V^-1Z and V = W^-1 + Σ γ_r Z A_r Z':
//!   P_r = -S'A_rS,   Q_rs = S'A_r D A_s S,   t_rs = tr(D A_r D A_s)
//! The last parameter is σ²; W^-1 = V - Σ γ_r Z A_r Z' gives all that it needs.

use std::sync::atomic::AtomicBool;

use super::{Adjustment, KenwardRoger, covariance_of, expected_information, is_observed, observed};
use crate::covariance::{LinearDirection, square_slope};
use crate::fit::Fit;
use crate::inference::components::Components;
use crate::inference::fixed_scores::{FixedScores, product};
use crate::inference::linear_covariance::{Direction, directions};
use crate::inference::variance_sums::{VarianceSums, sums};
use crate::linalg::dense::{self, inverse};
use crate::{Error, Result};

/// Connected random effects, at most: memory grows with their square, time with their cube.
pub const LARGEST: usize = 5000;

/// # Errors
/// `Design` for a structure that is not linear, or more connected random effects than `LARGEST`.
pub fn adjustment(fit: &Fit, how: Adjustment, stop: &AtomicBool) -> Result<KenwardRoger> {
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
    let covariance = match how.information {
        information if is_observed(fit, information)? => Some(observed_covariance(fit, &gammas, stop)?),
        _ => None,
    };
    finish(fit, &parts, &sums, covariance)
}

/// The covariance of γ and σ² relative to σ⁴, from the curvature of the criterion: σ²γ(θ) moves with θ and with σ².
fn observed_covariance(fit: &Fit, gammas: &[Direction], stop: &AtomicBool) -> Result<Vec<f64>> {
    let w = observed(fit, stop)?;
    let (n, k) = (gammas.len() + 1, fit.theta.len() + 1);
    let mut jacobian = vec![0.0; n * k];
    for (r, gamma) in gammas.iter().map(|g| g.gamma).chain([1.0]).enumerate() {
        jacobian[(k - 1) * n + r] = gamma;
    }
    for j in 0..k - 1 {
        jacobian[j * n..(j + 1) * n - 1].copy_from_slice(&gamma_slopes(fit, j));
    }
    let view = dense::view(&jacobian, n, k);
    let jw = dense::product(view, dense::view(&w, k, k));
    Ok(dense::product(dense::view(&jw, n, k), view.transpose()))
}

/// dγ/dθ_k: the directions' coordinates of dΛ Λ' + Λ dΛ'.
fn gamma_slopes(fit: &Fit, k: usize) -> Vec<f64> {
    let mut all = Vec::new();
    for term in &fit.model.theta_map.terms {
        let (r, own) = (term.width, term.first..term.first + term.n_parameters);
        let slope = if own.contains(&k) {
            let d = term.derivative(&fit.theta, k - term.first);
            square_slope(&term.relative_factor(&fit.theta), &d, r)
        } else {
            vec![0.0; r * r]
        };
        let directions = term.structure.linear_directions(&slope, r).into_iter().flatten();
        all.extend(directions.map(|LinearDirection { gamma, .. }| gamma));
    }
    all
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

fn finish(fit: &Fit, parts: &FixedScores, sums: &VarianceSums, observed: Option<Vec<f64>>) -> Result<KenwardRoger> {
    let (p, n, phi) = (fit.model.a.n_fixed(), sums.b.len(), &parts.inverse);
    let trace_q: Vec<f64> = sums.q.iter().map(|q| trace_product(phi, q, p)).collect();
    let information = expected_information(phi, &sums.b, &sums.traces, &trace_q, p);
    let expected = covariance_of(fit, &information, &sums.traces, n)?;
    let covariance = observed.unwrap_or(expected);
    let phi_p: Vec<Vec<f64>> = sums.b.iter().map(|b| product(phi, b, p)).collect();
    let mut middle = vec![0.0; p * p];
    for (k, weight) in covariance.iter().enumerate() {
        let product = product(&sums.b[k % n], &phi_p[k / n], p);
        (0..p * p).for_each(|i| middle[i] += weight * (sums.q[k][i] - product[i]));
    }
    Ok(KenwardRoger::new(fit, phi, &middle, &sums.b, covariance))
}

/// tr(A B).
fn trace_product(a: &[f64], b: &[f64], n: usize) -> f64 {
    (0..n * n).map(|k| a[k] * b[k % n * n + k / n]).sum()
}
