//! `us()`: Λ is any lower triangle; θ lists it by columns, as lme4 does.

use crate::linalg::dual::Real;

pub fn factor<T: Real>(theta: &[T], r: usize, lambda: &mut [T]) {
    let mut k = 0;
    for j in 0..r {
        for i in j..r {
            lambda[j * r + i] = theta[k];
            k += 1;
        }
    }
}

/// Positions of the diagonal of Λ in θ.
pub fn diagonal_parameters(r: usize) -> Vec<usize> {
    (0..r)
        .scan(0, |next, j| {
            let k = *next;
            *next += r - j;
            Some(k)
        })
        .collect()
}
