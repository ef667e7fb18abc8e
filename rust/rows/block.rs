//! A block of rows in the working basis, and its reader.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use super::basis::FixedBasis;
use super::columns::{Columns, ExtendedColumns};
use super::order::WorkingBasis;
use crate::design::{Batch, Rows};
use crate::{Result, check_stop};

/// Rows that are read at once.
pub const BLOCK_ROWS: usize = 1024;

/// Rows as every reader meets them, in the working basis.  Reused between reads.
#[derive(Debug, Clone, Default)]
pub struct RowBlock {
    pub n: usize,
    /// n rows of d + 1: the dense columns of X, then the response less its offset.
    pub dense: Vec<f64>,
    /// By block of cells: a value and a cell for every row.
    pub cells: Vec<(Vec<f64>, Vec<u32>)>,
    /// By grouping factor: its columns (n x width, row-major), and the level of every row.
    pub z: Vec<(Vec<f64>, Vec<u32>)>,
    /// Empty for weights of one.
    pub weights: Vec<f64>,
    /// A row of X in the user's columns, while it is encoded.
    pub x: Vec<f64>,
    /// As they were read, response and offset apart; its weights hold the roots of `weights` once rows are weighed.
    pub batch: Batch,
}

impl RowBlock {
    pub fn weight(&self, i: usize) -> f64 {
        self.weights.get(i).copied().unwrap_or(1.0)
    }

    /// Multiplies every row by the root of its weight: squares of rows are weighted then.
    pub fn weigh(&mut self) {
        if self.weights.is_empty() {
            return;
        }
        let root = &mut self.batch.weights;
        root.clear();
        root.extend(self.weights.iter().map(|w| w.sqrt()));
        scale_rows(&mut self.dense, root);
        self.cells.iter_mut().for_each(|(values, _)| scale_rows(values, root));
        self.z.iter_mut().for_each(|(z, _)| scale_rows(z, root));
    }
}

/// Multiplies the rows of a matrix.
fn scale_rows(rows: &mut [f64], by: &[f64]) {
    let width = rows.len() / by.len().max(1);
    for (row, w) in rows.chunks_exact_mut(width.max(1)).zip(by) {
        row.iter_mut().for_each(|v| *v *= w);
    }
}

/// The rows of a source in a working basis, read again at every visit.
pub struct WorkingRows<'a> {
    pub source: &'a Rows,
    pub basis: &'a WorkingBasis,
    /// In place of those of the source, for all its rows; a response has its offset subtracted.
    pub weights: Option<&'a [f64]>,
    pub y: Option<&'a [f64]>,
    /// Looked at before every block.
    pub stop: Option<&'a AtomicBool>,
}

impl<'a> WorkingRows<'a> {
    pub fn new(source: &'a Rows, basis: &'a WorkingBasis) -> Self {
        Self { source, basis, weights: None, y: None, stop: None }
    }

    /// The level of every row, by grouping factor in the order of elimination.
    pub fn levels(&self, factor: usize) -> &'a [u32] {
        self.source.factors[self.basis.factors[factor].factor].codes()
    }

    /// Reads rows into a block.
    ///
    /// # Errors
    /// Those of the source.
    pub fn read(&self, rows: Range<usize>, block: &mut RowBlock) -> Result<()> {
        let batch = &mut block.batch;
        self.source.read(rows.clone(), batch)?;
        if let Some(weights) = self.weights {
            batch.weights.clear();
            batch.weights.extend_from_slice(&weights[rows.clone()]);
        }
        if let Some(y) = self.y {
            batch.y.copy_from_slice(&y[rows.clone()]);
            batch.offset.clear();
        }
        block.n = rows.len();
        std::mem::swap(&mut block.weights, &mut block.batch.weights);
        match &self.basis.columns {
            Columns::Read(extended) => read_extended(extended, block),
            Columns::Fitted(basis) => self.read_dense(basis, block),
        }
        block.z.resize_with(self.basis.factors.len(), Default::default);
        for (k, ((z, levels), factor)) in block.z.iter_mut().zip(&self.basis.factors).enumerate() {
            factor.encoded_rows(&block.batch, z);
            levels.clear();
            levels.extend_from_slice(&self.levels(k)[rows.clone()]);
        }
        Ok(())
    }

    /// Calls `f` with one block after the other; `start` is its first row.
    ///
    /// # Errors
    /// Those of the source; `Interrupted`.
    pub fn visit(
        &self,
        rows: Range<usize>,
        block: &mut RowBlock,
        mut f: impl FnMut(usize, &mut RowBlock),
    ) -> Result<()> {
        for start in rows.clone().step_by(BLOCK_ROWS) {
            self.stop.map_or(Ok(()), check_stop)?;
            self.read(start..rows.end.min(start + BLOCK_ROWS), block)?;
            f(start, block);
        }
        Ok(())
    }

    /// X T and y - X origin.
    fn read_dense(&self, basis: &FixedBasis, block: &mut RowBlock) {
        let (p, batch) = (basis.kept.len(), &block.batch);
        block.cells.clear();
        block.dense.resize(batch.n * (p + 1), 0.0);
        block.x.resize(p, 0.0);
        for ((i, y), out) in batch.response().enumerate().zip(block.dense.chunks_exact_mut(p + 1)) {
            let x = &mut block.x;
            self.user_row(basis, batch, i, x);
            for (out, column) in out.iter_mut().zip(basis.transform.chunks_exact(p.max(1))) {
                *out = column.iter().zip(&*x).map(|(t, v)| t * v).sum::<f64>();
            }
            out[p] = y - basis.origin.iter().zip(&*x).map(|(b, v)| b * v).sum::<f64>();
        }
    }

    /// Row i of X: the columns kept.
    fn user_row(&self, basis: &FixedBasis, batch: &Batch, i: usize, x: &mut [f64]) {
        let layout = self.source.fixed();
        for (value, &k) in x.iter_mut().zip(&basis.kept) {
            let column = &layout.columns[k];
            let numeric = batch.values[column.term][column.numeric * batch.n + i];
            let coding = layout.terms[column.term].coding.as_ref();
            *value = coding.map_or(numeric, |c| c.value(column.coded, batch.cells[column.term][i]) * numeric);
        }
    }
}

fn read_extended(extended: &ExtendedColumns, block: &mut RowBlock) {
    let batch = &block.batch;
    extended.dense_rows(batch, &mut block.dense);
    block.cells.resize_with(extended.blocks.len(), Default::default);
    for ((values, cells), own) in block.cells.iter_mut().zip(&extended.blocks) {
        values.clear();
        values.extend_from_slice(&batch.values[own.term][own.numeric * batch.n..(own.numeric + 1) * batch.n]);
        cells.clear();
        cells.extend_from_slice(&batch.cells[own.term]);
    }
}
