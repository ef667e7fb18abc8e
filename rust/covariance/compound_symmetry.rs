//! `cs()` and `homcs()`: one correlation ρ between all columns.
//!
//! ρ runs from -1/(r-1) to 1; with ρ = a + (1 - a)(1 + sin φ)/2, a = -1/(r-1), every φ is valid.

use super::structure::scale_rows;
use crate::linalg::dual::Real;

/// θ = (t_1, ..., t_r, φ) with standard deviations t²: their sign must not flip a covariance.
pub fn factor<T: Real>(theta: &[T], r: usize, lambda: &mut [T]) {
    correlation_factor(theta.get(r).copied(), r, lambda);
    scale_rows(lambda, |i| theta[i] * theta[i], r);
}

/// θ = (sd, φ).
pub fn homogeneous_factor<T: Real>(theta: &[T], r: usize, lambda: &mut [T]) {
    correlation_factor(theta.get(1).copied(), r, lambda);
    scale_rows(lambda, |_| theta[0], r);
}

/// The angle φ of a correlation.
pub fn angle_of(rho: f64, r: usize) -> f64 {
    let low = lowest(r);
    (2.0 * (rho - low) / (1.0 - low) - 1.0).clamp(-1.0, 1.0).asin()
}

/// The correlation of an angle φ.
pub fn correlation_of<T: Real>(phi: T, r: usize) -> T {
    let low = lowest(r);
    T::from(low) + T::from(0.5 * (1.0 - low)) * (T::from(1.0) + phi.sin())
}

fn lowest(r: usize) -> f64 {
    -1.0 / (r as f64 - 1.0)
}

/// The Cholesky factor of (1 - ρ)I + ρ11': below its diagonal each column is constant.
fn correlation_factor<T: Real>(phi: Option<T>, r: usize, lambda: &mut [T]) {
    let rho = phi.map_or(T::from(0.0), |phi| correlation_of(phi, r));
    let mut sum = T::from(0.0); // of the squares of a row's entries so far
    for j in 0..r {
        let diagonal = (T::from(1.0) - sum).sqrt();
        lambda[j * r + j] = diagonal;
        if diagonal.value() > 0.0 {
            let below = (rho - sum) / diagonal;
            for i in j + 1..r {
                lambda[j * r + i] = below;
            }
            sum = sum + below * below;
        }
    }
}
