//! Another response over the same rows: only the y-blocks change.

use super::blocks::{CrossProducts, FactorBlock};
use crate::design::Rows;
use crate::rows::{Columns, OrderedFactor, RowBlock, StoredRows, WorkingBasis, WorkingRows};
use crate::{Error, Result};

/// Whether the first coefficient is the intercept's: the mean of y can be its origin.
pub fn has_mean(a: &CrossProducts, source: &Rows) -> bool {
    source.fixed().has_intercept && a.fixed.kept.first() == Some(&0)
}

pub fn mean(y: &[f64]) -> f64 {
    y.iter().map(|v| v / y.len() as f64).sum()
}

/// The cross-products with y replaced, in the same basis; `y` has the offset subtracted.  The rows are read again.
///
/// # Errors
/// Those of reading the rows; `Design` where the rows are not those of the cross-products.
pub fn with_response(a: &CrossProducts, source: &Rows, y: &[f64]) -> Result<CrossProducts> {
    let basis = a.working_basis(source)?;
    if y.len() != a.n_obs {
        return Err(other_rows());
    }
    let mut out = a.clone();
    let taken = if has_mean(a, source) { mean(y) } else { 0.0 };
    begin(&mut out, Some(taken));
    WorkingRows::new(source, &basis).visit(0..a.n_obs, &mut RowBlock::default(), |start, block| {
        add(&mut out, block, &y[start..start + block.n], taken);
    })?;
    mirror(&mut out);
    Ok(out)
}

/// Writes X'Wy, y'Wy and Z'Wy of a new response into the cross-products of these rows.  `mean` is taken off it and
/// becomes the origin of the intercept (zero without one); with none X origin is off it already.
pub fn set_response(a: &mut CrossProducts, rows: &StoredRows, y: &[f64], mean: Option<f64>) {
    begin(a, mean);
    add(a, &rows.block, y, mean.unwrap_or(0.0));
    mirror(a);
}

/// Empties the blocks of y, and sets its origin.
fn begin(a: &mut CrossProducts, mean: Option<f64>) {
    let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
    a.xx[p * stride..].fill(0.0);
    a.factors.iter_mut().for_each(|f| f.zx.iter_mut().skip(p).step_by(stride).for_each(|v| *v = 0.0));
    if let Some(mean) = mean {
        a.fixed.origin.fill(0.0);
        a.fixed.origin.iter_mut().take(1).for_each(|v| *v = mean);
    }
}

fn add(a: &mut CrossProducts, rows: &RowBlock, y: &[f64], taken: f64) {
    let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
    let xy = &mut a.xx[p * stride..];
    for (i, (x, y)) in rows.dense.chunks_exact(stride).zip(y).enumerate() {
        let y = y - taken;
        let wy = rows.weight(i) * y;
        xy.iter_mut().zip(&x[..p]).for_each(|(s, x)| *s += x * wy);
        xy[p] += y * wy;
    }
    for (f, (z, levels)) in a.factors.iter_mut().zip(&rows.z) {
        for (i, (z, &level)) in z.chunks_exact(f.width).zip(levels).enumerate() {
            let (wy, first) = (rows.weight(i) * (y[i] - taken), level as usize * f.width);
            z.iter().enumerate().for_each(|(k, z)| f.zx[(first + k) * stride + p] += z * wy);
        }
    }
}

fn mirror(a: &mut CrossProducts) {
    let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
    (0..p).for_each(|k| a.xx[k * stride + p] = a.xx[p * stride + k]);
}

impl CrossProducts {
    /// The basis in which the rows of these cross-products are read again.
    ///
    /// # Errors
    /// `Design` where the rows are others.
    pub fn working_basis(&self, source: &Rows) -> Result<WorkingBasis> {
        let columns = (source.fixed().columns.len(), source.random.len());
        if source.n_rows() != self.n_obs || columns != (self.fixed.n_columns, self.random.len()) {
            return Err(other_rows());
        }
        let terms = |f: &FactorBlock| {
            let own = source.random.iter().enumerate().filter(|(_, term)| term.factor == f.factor);
            own.map(|(t, _)| (t, self.random[t].clone())).collect()
        };
        let factor =
            |f: &FactorBlock| OrderedFactor { factor: f.factor, n_levels: f.n_levels, width: f.width, terms: terms(f) };
        let factors = self.factors.iter().map(factor).collect();
        Ok(WorkingBasis { columns: Columns::Fitted(self.fixed.clone()), factors })
    }

    /// The rows of these cross-products, read into memory.
    ///
    /// # Errors
    /// Those of reading; `Design` where the rows are others.
    pub fn stored_rows(&self, source: &Rows) -> Result<StoredRows> {
        StoredRows::read(source, &self.working_basis(source)?)
    }
}

impl StoredRows {
    /// Writes a response, less X origin already, into the cross-products of these rows.
    pub fn set_response(&self, a: &mut CrossProducts, y: &[f64]) {
        set_response(a, self, y, None);
    }
}

fn other_rows() -> Error {
    Error::Design("these are not the rows that the model was fitted to".into())
}
