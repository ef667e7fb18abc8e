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
    check_rows(a, source)?;
    if y.len() != a.n_obs {
        return Err(not_these());
    }
    let mut sums = ResponseSums::new(a, has_mean(a, source), y);
    let mut rows = ResponseRows::default();
    for start in (0..a.n_obs).step_by(BATCH_ROWS) {
        let end = a.n_obs.min(start + BATCH_ROWS);
        rows.read(a, source, start..end)?;
        sums.add(&rows, &y[start..end]);
    }
    Ok(sums.finish(a))
}

/// The rows of a design as any response meets them: weighted, in the working basis.
#[derive(Debug, Clone, Default)]
pub struct ResponseRows {
    n: usize,
    /// w x (n x p, row-major).
    x: Vec<f64>,
    weights: Vec<f64>,
    /// By factor, in order: w z (n x width, row-major) and codes.
    z: Vec<(Vec<f64>, Vec<u32>)>,
}

/// A design that responses are fitted over, one after the other.
#[derive(Debug, Clone)]
pub struct ResponseDesign {
    rows: ResponseRows,
    has_mean: bool,
}

impl ResponseDesign {
    /// # Errors
    /// Those of `with_response`.
    pub fn new(a: &CrossProducts, source: &dyn RowSource) -> Result<Self> {
        check_rows(a, source)?;
        let mut rows = ResponseRows::default();
        rows.read(a, source, 0..a.n_obs)?;
        Ok(Self { rows, has_mean: has_mean(a, source) })
    }

    /// The cross-products with y replaced.
    pub fn with(&self, a: &CrossProducts, y: &[f64]) -> CrossProducts {
        let mut sums = ResponseSums::new(a, self.has_mean, y);
        sums.add(&self.rows, y);
        sums.finish(a)
    }
}

impl ResponseRows {
    fn read(&mut self, a: &CrossProducts, source: &dyn RowSource, range: std::ops::Range<usize>) -> Result<()> {
        let mut batch = Batch::default();
        source.read(range.clone(), &mut batch)?;
        let p = a.n_fixed();
        self.n = batch.n;
        self.x.clear();
        self.weights = if batch.weights.is_empty() { vec![1.0; batch.n] } else { std::mem::take(&mut batch.weights) };
        for i in 0..batch.n {
            let row = user_row(source, a, &batch, i);
            let column = |j: usize| (0..p).map(|k| a.fixed.transform[j * p + k] * row[k]).sum::<f64>();
            self.x.extend((0..p).map(|j| self.weights[i] * column(j)));
        }
        self.z = a.factors.iter().map(|f| (Vec::with_capacity(batch.n * f.width), vec![])).collect();
        for (block, (z, codes)) in a.factors.iter().zip(&mut self.z) {
            codes.extend_from_slice(&source.factors()[block.factor].codes()[range.clone()]);
            for i in 0..batch.n {
                let own = source.random().iter().enumerate().filter(|(_, term)| term.factor == block.factor);
                for (t, term) in own {
                    let (first, r) = (z.len(), term.columns.len());
                    z.extend_from_slice(&batch.z[t][i * r..(i + 1) * r]);
                    a.random[t].encode(&mut z[first..]);
                    z[first..].iter_mut().for_each(|v| *v *= self.weights[i]);
                }
            }
        }
        Ok(())
    }
}

/// X'Wy, Z'Wy and y'Wy for y less its mean, where there is an intercept to take that up.
struct ResponseSums {
    mean: f64,
    xy: Vec<f64>,
    zy: Vec<Vec<f64>>,
}

impl ResponseSums {
    fn new(a: &CrossProducts, has_mean: bool, y: &[f64]) -> Self {
        let mean = if has_mean { y.iter().map(|v| v / y.len() as f64).sum() } else { 0.0 };
        let zy = a.factors.iter().map(|f| vec![0.0; f.n_levels * f.width]).collect();
        Self { mean, xy: vec![0.0; a.n_fixed() + 1], zy }
    }

    fn add(&mut self, rows: &ResponseRows, y: &[f64]) {
        let p = self.xy.len() - 1;
        for (i, y) in y.iter().enumerate() {
            let residual = y - self.mean;
            self.xy.iter_mut().zip(&rows.x[i * p..(i + 1) * p]).for_each(|(s, x)| *s += x * residual);
            self.xy[p] += rows.weights[i] * residual * residual;
        }
        for (zy, (z, codes)) in self.zy.iter_mut().zip(&rows.z) {
            let width = z.len() / rows.n.max(1);
            for ((z, &code), y) in z.chunks_exact(width).zip(codes).zip(y) {
                let sums = &mut zy[code as usize * width..][..width];
                sums.iter_mut().zip(z).for_each(|(s, z)| *s += z * (y - self.mean));
            }
        }
    }

    fn finish(self, a: &CrossProducts) -> CrossProducts {
        let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
        let mut out = a.clone();
        out.fixed.origin = vec![0.0; p];
        if self.mean != 0.0 {
            out.fixed.origin[0] = self.mean;
        }
        for k in 0..=p {
            out.xx[k * stride + p] = self.xy[k];
            out.xx[p * stride + k] = self.xy[k];
        }
        for (factor, zy) in out.factors.iter_mut().zip(self.zy) {
            factor.zx.chunks_exact_mut(stride).zip(zy).for_each(|(row, v)| row[p] = v);
        }
        out
    }
}

/// Whether the first coefficient is the intercept's: the mean of y can be its origin.
fn has_mean(a: &CrossProducts, source: &dyn RowSource) -> bool {
    source.fixed().has_intercept && a.fixed.kept.first() == Some(&0)
}

fn check_rows(a: &CrossProducts, source: &dyn RowSource) -> Result<()> {
    match source.n_rows() == a.n_obs && source.fixed().columns.len() == a.fixed.n_columns {
        true => Ok(()),
        false => Err(not_these()),
    }
}

fn not_these() -> Error {
    Error::Design("these are not the rows that the model was fitted to".into())
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
