//! The mean of zz' over the rows of a random term: what its covariance adds to the variance of a mean row.

use rayon::prelude::*;

use crate::Result;
use crate::design::{BATCH_ROWS, Batch, Rows};

/// (1/n) Σ z z' (r x r).  Sums of batches are added in the order of the rows.
///
/// # Errors
/// Those of reading the rows.
pub fn mean_outer_product(source: &Rows, term: usize) -> Result<Vec<f64>> {
    let layout = &source.random[term];
    let (n, r) = (source.n_rows(), layout.columns.len());
    if r == 1 && layout.has_intercept {
        return Ok(vec![1.0]);
    }
    let parts: Vec<Vec<f64>> = (0..n.div_ceil(BATCH_ROWS))
        .into_par_iter()
        .map(|k| {
            let mut batch = Batch::default();
            source.read(k * BATCH_ROWS..((k + 1) * BATCH_ROWS).min(n), &mut batch)?;
            let mut sum = vec![0.0; r * r];
            for z in batch.z[term].chunks_exact(r) {
                sum.iter_mut().enumerate().for_each(|(i, s)| *s += z[i / r] * z[i % r]);
            }
            Ok(sum)
        })
        .collect::<Result<_>>()?;
    let mut total = vec![0.0; r * r];
    parts.iter().for_each(|part| total.iter_mut().zip(part).for_each(|(t, p)| *t += p));
    total.iter_mut().for_each(|t| *t /= n as f64);
    Ok(total)
}
