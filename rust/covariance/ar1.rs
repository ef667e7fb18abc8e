//! `ar1()`: correlation ρ^|i-j| between columns i and j, in their order; ρ = sin φ, θ = (sd, φ).

use super::structure::scale_rows;
use crate::linalg::dual::Real;

/// The Cholesky factor: ρ^i in the first column, ρ^(i-j) sqrt(1 - ρ²) in column j; sqrt(1 - ρ²) = cos φ.
pub fn factor<T: Real>(theta: &[T], r: usize, lambda: &mut [T]) {
    let phi = theta.get(1).copied().unwrap_or(T::from(0.0));
    let (rho, innovation) = (phi.sin(), phi.cos());
    for j in 0..r {
        let mut entry = if j == 0 { T::from(1.0) } else { innovation };
        for i in j..r {
            lambda[j * r + i] = entry;
            entry = entry * rho;
        }
    }
    scale_rows(lambda, |_| theta[0], r);
}
