//! Sums over rows in eight lanes, for vector units.

use std::ops::Range;

/// Rows whose terms are computed, then summed: a loop that does one of both is a loop over vectors.
pub const BUFFER: usize = 256;
const LANES: usize = 8;

/// The sum of a term of every row and of the logarithm of a factor of it, by the logarithms of products of 32 factors, which
/// have to be numbers; `of` fills in those of a range.
#[inline(always)]
pub fn sum_with_logarithms(n: usize, mut of: impl FnMut(Range<usize>, &mut [f64], &mut [f64])) -> f64 {
    let (mut terms, mut factors, mut total) = ([0.0; BUFFER], [1.0; BUFFER], 0.0);
    for first in (0..n).step_by(BUFFER) {
        let size = BUFFER.min(n - first);
        of(first..first + size, &mut terms[..size], &mut factors[..size]);
        terms[size..].fill(0.0);
        factors[size..].fill(1.0);
        let (mut sum, mut product) = ([0.0; LANES], [1.0f64; LANES]);
        for (terms, factors) in terms.as_chunks::<LANES>().0.iter().zip(factors.as_chunks::<LANES>().0) {
            (0..LANES).for_each(|k| sum[k] += terms[k]);
            (0..LANES).for_each(|k| product[k] *= factors[k]);
        }
        total += (0..LANES).map(|k| sum[k] + product[k].ln()).sum::<f64>();
    }
    total
}
