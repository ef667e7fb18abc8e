//! ψ of one random term: standard deviations and correlations without ends, to what users read of the term, and back.

use crate::covariance::toeplitz::{angles, autocorrelations_of};
use crate::covariance::{Role, TermCovariance};
use crate::posterior::slots::is_unstructured;
use crate::prior::lkj;

/// How near to their ends correlations begin.
const INSIDE: f64 = 0.99;

/// The user's θ of a term, relative to σ.
pub fn natural(term: &TermCovariance, psi: &[f64], per_sigma: f64) -> Vec<f64> {
    if is_unstructured(term) {
        let r = term.width;
        let l = lkj::cholesky(&psi[r..], r);
        // the lower triangle by columns
        return (0..r)
            .flat_map(|j| (j..r).map(move |i| (i, j)))
            .map(|(i, j)| psi[i] * per_sigma * l[i * r + j])
            .collect();
    }
    let of = |(role, &value): (Role, &f64)| match role {
        Role::Scale { .. } | Role::Entry { .. } => value.abs() * per_sigma,
        Role::Angle(angle) => angle.least() + 0.5 * (1.0 - angle.least()) * (1.0 + value.tanh()),
        // of correlations by lag below
        Role::Partial { .. } => f64::NAN,
        Role::Range | Role::Rate => value.exp(),
    };
    let mut user: Vec<f64> = term.roles().into_iter().zip(psi).map(of).collect();
    let lags = correlations_of(&atanh_partials(term, psi));
    let first = user.len() - lags.len();
    user.splice(first.., lags);
    user
}

/// The numbers of a term that are atanh of partial correlations, by lag; they come last.
pub fn atanh_partials(term: &TermCovariance, psi: &[f64]) -> Vec<f64> {
    let own = term.roles().into_iter().zip(psi).filter(|(role, _)| matches!(role, Role::Partial { .. }));
    own.map(|(_, value)| *value).collect()
}

/// Correlations of lag 1, 2, ...
pub fn correlations_of(atanh_partials: &[f64]) -> Vec<f64> {
    autocorrelations_of(&atanh_partials.iter().map(|t| t.tanh()).collect::<Vec<f64>>()).split_off(1)
}

/// ψ of a term from its user's θ, or from its relative covariance where that is any.
pub fn from_natural(term: &TermCovariance, user: &[f64], covariance: &[f64], sigma: f64) -> Vec<f64> {
    if is_unstructured(term) {
        return from_covariance(covariance, term.width, sigma);
    }
    let within = |value: f64, low: f64| (2.0 * (value - low) / (1.0 - low) - 1.0).clamp(-INSIDE, INSIDE).atanh();
    let of = |(role, &value): (Role, &f64)| match role {
        Role::Scale { .. } | Role::Entry { .. } => value.abs() * sigma,
        Role::Angle(angle) => within(value, angle.least()),
        // of correlations by lag below
        Role::Partial { .. } => f64::NAN,
        Role::Range | Role::Rate => value.clamp(1e-8, 1e8).ln(),
    };
    let mut psi: Vec<f64> = term.roles().into_iter().zip(user).map(of).collect();
    let first = psi.len() - atanh_partials(term, user).len();
    let partials = angles(&user[first..]).into_iter().map(|angle| angle.sin().clamp(-INSIDE, INSIDE).atanh());
    psi.splice(first.., partials);
    psi
}

/// Standard deviations and partial correlations of a covariance, which may be singular.
fn from_covariance(covariance: &[f64], r: usize, sigma: f64) -> Vec<f64> {
    let sd = |k: usize| covariance[k * r + k].max(0.0).sqrt();
    let mut psi: Vec<f64> = (0..r).map(|k| sigma * sd(k)).collect();
    // rows of the Cholesky factor of the correlations, kept away from singular ones
    let mut l = vec![0.0; r * r];
    for i in 0..r {
        let mut left = 1.0f64;
        for j in 0..i {
            let product = sd(i) * sd(j);
            let correlation = if product > 0.0 { covariance[j * r + i] / product } else { 0.0 };
            let explained: f64 = (0..j).map(|k| l[i * r + k] * l[j * r + k]).sum();
            let partial = (correlation - explained) / (l[j * r + j] * left.sqrt());
            let z = if partial.is_finite() { partial.clamp(-INSIDE, INSIDE) } else { 0.0 };
            psi.push(z.atanh());
            l[i * r + j] = z * left.sqrt();
            left *= 1.0 - z * z;
        }
        l[i * r + i] = left.sqrt();
    }
    psi
}
