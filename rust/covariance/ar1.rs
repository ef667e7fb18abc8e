//! `ar1()`: correlation ρ^|i-j| between columns i and j, in their order, and one variance; θ = (sd, φ), ρ = sin φ.

use super::angle::Angle;
use super::compound_symmetry::homogeneous_roles;
use super::roles::Role;
use super::structure::scale_rows;
use super::{CovarianceStructure, Invariance, LinearDirection};
use crate::linalg::dual::Real;

#[derive(Debug, Clone, Copy)]
pub struct Ar1;

impl CovarianceStructure for Ar1 {
    const NAME: &'static str = "ar1";
    const INVARIANCE: Invariance = Invariance::CommonScaling;
    const ORDERED: bool = true;
    const IS_LINEAR: bool = false;
    const SATURATES: bool = false;
    const CONTAINS: &'static [&'static str] = &[];

    fn roles(self, r: usize) -> Vec<Role> {
        homogeneous_roles(Angle::Full, r)
    }

    /// The Cholesky factor: ρ^i in the first column, ρ^(i-j) sqrt(1 - ρ²) in column j; sqrt(1 - ρ²) = cos φ.
    fn factor<T: Real>(self, theta: &[T], (r, stride): (usize, usize), lambda: &mut [T]) {
        let phi = theta.get(1).copied().unwrap_or(T::from(0.0));
        let (rho, innovation) = (phi.sin(), phi.cos());
        for j in 0..r {
            let mut entry = if j == 0 { T::from(1.0) } else { innovation };
            for i in j..r {
                lambda[j * stride + i] = entry;
                entry = entry * rho;
            }
        }
        scale_rows(lambda, |_| theta[0], (r, stride));
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        (r <= 2).then(|| LinearDirection::exchangeable(sigma, r))
    }
}
