//! Rows in memory, in the order of the data: what new responses are made on, and sets of rows are taken from.

use super::block::{RowBlock, WorkingRows};
use super::order::WorkingBasis;
use crate::design::Rows;
use crate::linalg::memory;
use crate::{Error, Result};

/// All rows of a source, X dense; none of it in a basis without columns of X.
pub struct StoredRows {
    pub n: usize,
    pub p: usize,
    /// One block of all rows.
    pub block: RowBlock,
}

impl StoredRows {
    /// Reads all rows in a basis whose columns are `Fitted`.
    ///
    /// # Errors
    /// Those of reading; `Data` where memory does not hold them.
    pub fn read(source: &Rows, basis: &WorkingBasis) -> Result<Self> {
        let (n, p) = (source.n_rows(), basis.columns.extended().n_dense());
        let width = p + 1 + basis.factors.iter().map(|f| f.width).sum::<usize>();
        let mut all = Self::room(n, p, basis).ok_or_else(|| Error::no_memory("the rows", n, width))?;
        WorkingRows::new(source, basis).visit(0..n, &mut RowBlock::default(), |_, block| {
            all.dense.extend_from_slice(&block.dense);
            all.weights.extend_from_slice(&block.weights);
            for ((z, levels), (more, codes)) in all.z.iter_mut().zip(&block.z) {
                z.extend_from_slice(more);
                levels.extend_from_slice(codes);
            }
        })?;
        Ok(Self { n, p, block: all })
    }

    /// A block without rows, and room for them; None where memory does not hold them.
    fn room(n: usize, p: usize, basis: &WorkingBasis) -> Option<RowBlock> {
        let of_factor = |width: usize| Some((memory::room(n, width)?, memory::room(n, 1)?));
        let z = basis.factors.iter().map(|f| of_factor(f.width)).collect::<Option<_>>()?;
        Some(RowBlock { n, dense: memory::room(n, p + 1)?, z, ..RowBlock::default() })
    }

    pub fn weight(&self, i: usize) -> f64 {
        self.block.weight(i)
    }

    /// Row i of [X y]: X in the basis, the response less offset and X origin.
    pub fn xy(&self, i: usize) -> &[f64] {
        &self.block.dense[i * (self.p + 1)..(i + 1) * (self.p + 1)]
    }

    pub fn x(&self, i: usize) -> &[f64] {
        &self.xy(i)[..self.p]
    }

    pub fn y(&self, i: usize) -> f64 {
        self.xy(i)[self.p]
    }

    /// The response less offset and X origin.
    pub fn response(&self) -> Vec<f64> {
        (0..self.n).map(|i| self.y(i)).collect()
    }

    /// The columns of a block in row i.
    pub fn z(&self, block: usize, i: usize) -> &[f64] {
        let z = &self.block.z[block].0;
        let width = z.len() / self.n;
        &z[i * width..(i + 1) * width]
    }

    /// The level of every row, by block.
    pub fn levels(&self, block: usize) -> &[u32] {
        &self.block.z[block].1
    }
}
