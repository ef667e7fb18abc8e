//! `diag()`: Λ = diag(θ).

use crate::linalg::dual::Real;

pub fn factor<T: Real>(theta: &[T], r: usize, lambda: &mut [T]) {
    for j in 0..r {
        lambda[j * r + j] = theta[j];
    }
}
