//! `toep()`: a correlation for every lag; θ = (t_1, ..., t_r, φ_1, ..., φ_{r-1}), standard deviations t².
//!
//! sin φ_k is the partial autocorrelation of lag k, so that every θ is a valid covariance
//! (Barndorff-Nielsen and Schou 1973, J. Multivariate Analysis 3, 408-419).

use super::roles::{Columns, Role};
use super::structure::scale_rows;
use super::{CovarianceStructure, Invariance, LinearDirection, RandomBasis};
use crate::linalg::dual::Real;

#[derive(Debug, Clone, Copy)]
pub struct Toeplitz;

impl CovarianceStructure for Toeplitz {
    const NAME: &'static str = "toep";
    const INVARIANCE: Invariance = Invariance::Scaling;
    const ORDERED: bool = true;
    const IS_LINEAR: bool = false;
    const SATURATES: bool = false;
    const CONTAINS: &'static [&'static str] = &["cs", "homcs", "ar1", "diag"];

    fn roles(self, r: usize) -> Vec<Role> {
        let sds = (0..r).map(|column| Role::Scale { of: Columns::One(column), power: 2 });
        sds.chain((1..r).map(|lag| Role::Partial { lag })).collect()
    }

    fn factor<T: Real>(self, theta: &[T], size: (usize, usize), lambda: &mut [T]) {
        cholesky_toeplitz(&autocorrelations(&theta[size.0..]), size, lambda);
        scale_rows(lambda, |i| theta[i] * theta[i], size);
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        (r <= 2).then(|| LinearDirection::all(sigma, r))
    }

    fn to_user(self, theta: &[f64], basis: &RandomBasis) -> Vec<f64> {
        let r = basis.width;
        let sds = self.roles(r).into_iter().zip(&theta[..r]).map(|(role, &x)| role.to_user(x, basis));
        sds.chain(autocorrelations(&theta[r..]).into_iter().skip(1)).collect()
    }

    fn to_working(self, user: &[f64], basis: &RandomBasis) -> Vec<f64> {
        let r = basis.width;
        let sds = self.roles(r).into_iter().zip(&user[..r]).map(|(role, &value)| role.to_working(value, basis));
        sds.chain(angles(&user[r..])).collect()
    }
}

/// Correlations of lag 0, 1, ... from the angles of partial autocorrelations.
pub fn autocorrelations<T: Real>(phi: &[T]) -> Vec<T> {
    autocorrelations_of(&phi.iter().map(|angle| angle.sin()).collect::<Vec<T>>())
}

/// Correlations of lag 0, 1, ... from partial autocorrelations, by the Durbin-Levinson recursion.
pub fn autocorrelations_of<T: Real>(partials: &[T]) -> Vec<T> {
    let one = T::from(1.0);
    let mut rho = vec![one];
    let mut ar: Vec<T> = Vec::new(); // coefficients of the best linear prediction from k values
    let mut variance = one; // of its error
    for &partial in partials {
        let predicted = ar.iter().zip(rho.iter().skip(1).rev()).fold(T::from(0.0), |s, (&a, &r)| s + a * r);
        rho.push(predicted + partial * variance);
        let reversed: Vec<T> = ar.iter().rev().copied().collect();
        for (a, b) in ar.iter_mut().zip(reversed) {
            *a = *a - partial * b;
        }
        ar.push(partial);
        variance = variance * (one - partial * partial);
    }
    rho
}

/// Partial autocorrelations' angles from correlations of lag 1, 2, ...
pub fn angles(rho: &[f64]) -> Vec<f64> {
    let mut phi: Vec<f64> = Vec::new();
    for &target in rho {
        // the correlation of the next lag is linear in the next partial autocorrelation
        let at = |partial: f64| {
            let mut trial = phi.clone();
            trial.push(partial.asin());
            autocorrelations(&trial)[trial.len()]
        };
        let (low, high) = (at(-1.0), at(1.0));
        let partial = if high > low { (2.0 * (target - low) / (high - low) - 1.0).clamp(-1.0, 1.0) } else { 0.0 };
        phi.push(partial.asin());
    }
    phi
}

fn cholesky_toeplitz<T: Real>(rho: &[T], (r, stride): (usize, usize), lambda: &mut [T]) {
    for j in 0..r {
        for i in j..r {
            let mut sum = rho[i - j];
            for k in 0..j {
                sum = sum - lambda[k * stride + i] * lambda[k * stride + j];
            }
            lambda[j * stride + i] = if i == j {
                sum.sqrt()
            } else if lambda[j * stride + j].value() > 0.0 {
                sum / lambda[j * stride + j]
            } else {
                T::from(0.0)
            };
        }
    }
}
