//! The Cholesky factor of correlations, which may be singular.

use crate::linalg::dual::Real;

/// What is left of a variance of one below this is rounding.
const ROUNDING: f64 = 1e-15;

/// Fills the lower triangle L with LL' = C for the correlations `of(i, j)`, i >= j.
pub fn correlation_factor<T: Real>(of: impl Fn(usize, usize) -> T, (r, stride): (usize, usize), lambda: &mut [T]) {
    for j in 0..r {
        let (before, own) = lambda.split_at_mut(j * stride);
        let column = &mut own[..r];
        (j..r).for_each(|i| column[i] = of(i, j));
        for earlier in before.chunks(stride) {
            let factor = earlier[j];
            (j..r).for_each(|i| column[i] = column[i] - earlier[i] * factor);
        }
        let pivot = column[j];
        let scale = if pivot.value() > ROUNDING { T::from(1.0) / pivot.sqrt() } else { T::from(0.0) };
        (j..r).for_each(|i| column[i] = column[i] * scale);
    }
}
