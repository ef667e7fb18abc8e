//! Another response over the same rows: only the y-blocks change.

use super::blocks::CrossProducts;
use crate::design::{Batch, RowSource};
use crate::{Error, Result};

const BATCH_ROWS: usize = 1024;

/// The cross-products with y replaced, in the same basis; `y` has the offset subtracted.
///
/// # Errors
/// Those of reading the rows; `Design` where the rows are not those of the cross-products.
pub fn with_response(a: &CrossProducts, source: &dyn RowSource, y: &[f64]) -> Result<CrossProducts> {
    if source.n_rows() != a.n_obs || y.len() != a.n_obs || source.fixed().columns.len() != a.fixed.n_columns {
        return Err(Error::Design("these are not the rows that the model was fitted to".into()));
    }
    let mut out = a.clone();
    let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
    // an origin of X'y alone: β = origin + Tβ_basis, and y less X origin
    let centre = centre(a, source, y)?;
    out.fixed.origin = centre;
    let mut xy = vec![0.0; p + 1];
    let mut zy: Vec<Vec<f64>> = a.factors.iter().map(|f| vec![0.0; f.n_levels * f.width]).collect();
    let mut batch = Batch::default();
    let mut x = vec![0.0; p];
    for start in (0..a.n_obs).step_by(BATCH_ROWS) {
        let end = a.n_obs.min(start + BATCH_ROWS);
        source.read(start..end, &mut batch)?;
        for i in 0..batch.n {
            let row = user_row(source, a, &batch, i);
            let fitted: f64 = row.iter().zip(&out.fixed.origin).map(|(x, b)| x * b).sum();
            let weight = batch.weights.get(i).copied().unwrap_or(1.0);
            let residual = y[start + i] - fitted;
            for (j, value) in x.iter_mut().enumerate() {
                *value = (0..p).map(|k| a.fixed.transform[j * p + k] * row[k]).sum();
                xy[j] += weight * *value * residual;
            }
            xy[p] += weight * residual * residual;
            add_random(a, source, &batch, (start, i), weight * residual, &mut zy);
        }
    }
    for k in 0..=p {
        out.xx[k * stride + p] = xy[k];
        out.xx[p * stride + k] = xy[k];
    }
    for (factor, zy) in out.factors.iter_mut().zip(zy) {
        factor.zx.chunks_exact_mut(stride).zip(zy).for_each(|(row, v)| row[p] = v);
    }
    Ok(out)
}

/// The mean of y as the intercept, where there is one.
fn centre(a: &CrossProducts, source: &dyn RowSource, y: &[f64]) -> Result<Vec<f64>> {
    let mut origin = vec![0.0; a.n_fixed()];
    if source.fixed().has_intercept && a.fixed.kept.first() == Some(&0) {
        origin[0] = y.iter().map(|v| v / y.len() as f64).sum();
    }
    Ok(origin)
}

/// Row i of X: the columns kept.
pub fn user_row(source: &dyn RowSource, a: &CrossProducts, batch: &Batch, i: usize) -> Vec<f64> {
    let layout = source.fixed();
    a.fixed
        .kept
        .iter()
        .map(|&k| {
            let column = &layout.columns[k];
            let numeric = batch.values[column.term][column.numeric * batch.n + i];
            layout.terms[column.term].coding.as_ref().map_or(numeric, |coding| {
                let cell = batch.cells[column.term][i];
                coding.columns[column.coded].iter().find(|(c, _)| *c == cell).map_or(0.0, |(_, v)| v * numeric)
            })
        })
        .collect()
}

/// Z'W residual of one row, in the working basis of each term.
fn add_random(
    a: &CrossProducts,
    source: &dyn RowSource,
    batch: &Batch,
    (start, i): (usize, usize),
    residual: f64,
    zy: &mut [Vec<f64>],
) {
    let mut offsets = vec![0; a.factors.len()];
    for (t, term) in source.random().iter().enumerate() {
        let block = a.factors.iter().position(|f| f.factor == term.factor).expect("a block of every factor");
        let r = term.columns.len();
        let mut z = batch.z[t][i * r..(i + 1) * r].to_vec();
        a.random[t].encode(&mut z);
        let level = source.factors()[term.factor].codes()[start + i] as usize;
        let first = level * a.factors[block].width + offsets[block];
        zy[block][first..first + r].iter_mut().zip(&z).for_each(|(s, z)| *s += z * residual);
        offsets[block] += r;
    }
}
