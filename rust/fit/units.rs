//! θ in the working basis <-> θ as users read it.
//!
//! Outside, `us` is the lower triangle of the relative Cholesky factor by columns, its diagonal not
//! negative; the others are relative standard deviations, then correlations by lag.

use crate::covariance::compound_symmetry::{angle_of, correlation_of};
use crate::covariance::toeplitz::{angles, autocorrelations};
use crate::covariance::{RandomBasis, Structure, TermCovariance};
use crate::model::Lmm;
use crate::{Error, Result};

/// σ⁻² times the covariance of a term's random effects, in the user's units (r x r).
pub fn relative_covariance(term: &TermCovariance, basis: &RandomBasis, theta: &[f64]) -> Vec<f64> {
    basis.covariance(&square(&term.factor(theta), term.width))
}

/// Λ Λ'.
pub fn square(lambda: &[f64], r: usize) -> Vec<f64> {
    (0..r * r).map(|k| (0..r).map(|l| lambda[l * r + k % r] * lambda[l * r + k / r]).sum()).collect()
}

/// The user's θ.
pub fn to_user(model: &Lmm, theta: &[f64]) -> Vec<f64> {
    let terms = model.theta_map.terms.iter().zip(&model.a.random);
    terms.flat_map(|(term, basis)| term_to_user(term, basis, theta)).collect()
}

fn term_to_user(term: &TermCovariance, basis: &RandomBasis, theta: &[f64]) -> Vec<f64> {
    let (r, own) = (term.width, term.parameters(theta));
    let scale = |k: usize| basis.transform[k * r + k];
    match term.structure {
        Structure::Unstructured => {
            let lambda = term.factor(theta);
            let columns = (0..r).flat_map(|j| basis.decode(&lambda[j * r..(j + 1) * r])).collect::<Vec<f64>>();
            lower_triangle(&columns, r)
        }
        Structure::Diagonal => (0..r).map(|k| (own[k] * scale(k)).abs()).collect(),
        Structure::CompoundSymmetry => {
            let mut out: Vec<f64> = (0..r).map(|k| own[k].powi(2) * scale(k)).collect();
            out.extend(own.get(r).map(|&phi| correlation_of(phi, r)));
            out
        }
        Structure::HomogeneousCompoundSymmetry => {
            let mut out = vec![(own[0] * scale(0)).abs()];
            out.extend(own.get(1).map(|&phi| correlation_of(phi, r)));
            out
        }
        Structure::Ar1 => {
            let mut out = vec![(own[0] * scale(0)).abs()];
            out.extend(own.get(1).map(|phi| phi.sin()));
            out
        }
        Structure::Toeplitz => {
            let sd = (0..r).map(|k| own[k].powi(2) * scale(k));
            sd.chain(autocorrelations(&own[r..]).into_iter().skip(1)).collect()
        }
    }
}

/// The lower triangle, by columns, of a Cholesky factor of M M': rotations from the right (M = L Q).
pub fn lower_triangle(m: &[f64], r: usize) -> Vec<f64> {
    let mut a = m.to_vec();
    for i in 0..r {
        for j in i + 1..r {
            let (x, y) = (a[i * r + i], a[j * r + i]);
            let h = x.hypot(y);
            if y == 0.0 || h == 0.0 {
                continue;
            }
            let (c, s) = (x / h, y / h);
            for k in 0..r {
                let (u, v) = (a[i * r + k], a[j * r + k]);
                a[i * r + k] = c * u + s * v;
                a[j * r + k] = c * v - s * u;
            }
            a[j * r + i] = 0.0;
        }
        if a[i * r + i] < 0.0 {
            (i..r).for_each(|k| a[i * r + k] = -a[i * r + k]);
        }
    }
    (0..r).flat_map(|j| (j..r).map(move |i| (i, j))).map(|(i, j)| a[j * r + i]).collect()
}

/// θ in the working basis from the user's.
///
/// # Errors
/// `Design` for a wrong length, or values that are no covariance.
pub fn from_user(model: &Lmm, user: &[f64]) -> Result<Vec<f64>> {
    let n = model.theta_map.n_parameters;
    if user.len() != n || user.iter().any(|v| !v.is_finite()) {
        return Err(Error::Design(format!(
            "start must be {n} finite numbers, as theta of such a fit; it has {}",
            user.len()
        )));
    }
    let terms = model.theta_map.terms.iter().zip(&model.a.random);
    Ok(terms.flat_map(|(term, basis)| term_from_user(term, basis, term.parameters(user))).collect())
}

fn term_from_user(term: &TermCovariance, basis: &RandomBasis, own: &[f64]) -> Vec<f64> {
    let r = term.width;
    let scale = |k: usize| basis.transform[k * r + k];
    let root = |k: usize| (own[k] / scale(k)).max(0.0).sqrt();
    match term.structure {
        Structure::Unstructured => {
            let mut lambda = vec![0.0; r * r];
            Structure::Unstructured.factor(own, r, &mut lambda);
            // T^-1 Λ, T upper triangular
            for column in lambda.chunks_exact_mut(r) {
                for i in (0..r).rev() {
                    let sum: f64 = (i + 1..r).map(|k| basis.transform[k * r + i] * column[k]).sum();
                    column[i] = (column[i] - sum) / scale(i);
                }
            }
            lower_triangle(&lambda, r)
        }
        Structure::Diagonal => (0..r).map(|k| own[k] / scale(k)).collect(),
        Structure::CompoundSymmetry => {
            let mut out: Vec<f64> = (0..r).map(root).collect();
            out.extend(own.get(r).map(|&rho| angle_of(rho, r)));
            out
        }
        Structure::HomogeneousCompoundSymmetry => {
            let mut out = vec![own[0] / scale(0)];
            out.extend(own.get(1).map(|&rho| angle_of(rho, r)));
            out
        }
        Structure::Ar1 => {
            let mut out = vec![own[0] / scale(0)];
            out.extend(own.get(1).map(|rho| rho.clamp(-1.0, 1.0).asin()));
            out
        }
        Structure::Toeplitz => (0..r).map(root).chain(angles(&own[r..])).collect(),
    }
}
