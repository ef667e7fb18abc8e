//! `toep()`: a correlation for every lag; θ = (t_1, ..., t_r, φ_1, ..., φ_{r-1}), standard deviations t².
//!
//! sin φ_k is the partial autocorrelation of lag k, so that every θ is a valid covariance
//! (Barndorff-Nielsen and Schou 1973, J. Multivariate Analysis 3, 408-419).

use super::cholesky::correlation_factor;
use super::roles::{Columns, Role};
use super::structure::scale_rows;
use super::{CovarianceStructure, Decay, Invariance, LinearDirection, RandomBasis, Shape};
use crate::linalg::dual::Real;

#[derive(Debug, Clone, Copy)]
pub struct Toeplitz;

impl CovarianceStructure for Toeplitz {
    const NAME: &'static str = "toep";
    const INVARIANCE: Invariance = Invariance::Scaling;
    const ORDERED: bool = true;
    const DECAY: Option<Decay> = None;
    const IS_LINEAR: bool = false;
    const SATURATES: bool = false;
    const CONTAINS: &'static [&'static str] = &["cs", "homcs", "ar1", "diag"];

    fn roles(self, shape: &Shape) -> Vec<Role> {
        let r = shape.r;
        let sds = (0..r).map(|column| Role::Scale { of: Columns::One(column), power: 2 });
        sds.chain((1..r).map(|lag| Role::Partial { lag })).collect()
    }

    fn factor<T: Real>(self, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
        let rho = autocorrelations(&theta[shape.r..]);
        correlation_factor(|i, j| rho[i - j], (shape.r, stride), lambda);
        scale_rows(lambda, |i| theta[i] * theta[i], (shape.r, stride));
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        (r <= 2).then(|| LinearDirection::all(sigma, r))
    }

    fn to_user(self, theta: &[f64], (shape, basis): (&Shape, &RandomBasis)) -> Vec<f64> {
        let r = shape.r;
        let sds = self.roles(shape).into_iter().zip(&theta[..r]).map(|(role, &x)| role.to_user(x, basis, shape));
        sds.chain(autocorrelations(&theta[r..]).into_iter().skip(1)).collect()
    }

    fn to_working(self, user: &[f64], (shape, basis): (&Shape, &RandomBasis)) -> Vec<f64> {
        let r = shape.r;
        let own = self.roles(shape).into_iter().zip(&user[..r]);
        let sds = own.map(|(role, &value)| role.to_working(value, basis, shape));
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
