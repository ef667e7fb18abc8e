//! Defines what a source of rows must provide: the layout, the grouping factors, and batches of rows.

use std::ops::Range;

use super::layout::{FixedLayout, GroupingFactor, RandomLayout};
use crate::Result;

/// A batch of encoded rows.  Reused between reads: nothing is allocated once it has grown.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    pub n: usize,
    /// Response minus offset (n).
    pub y: Vec<f64>,
    /// Prior weights (n); empty for weights of one.
    pub weights: Vec<f64>,
    /// Per fixed term, numeric values, column-major (n x n_numeric).
    pub values: Vec<Vec<f64>>,
    /// Per fixed term, the cell of every row (n); empty for a term without categorical factors.
    pub cells: Vec<Vec<u32>>,
    /// Per random term, row-major (n x r).
    pub z: Vec<Vec<f64>>,
}

/// Rows that can be read again and again, in any order, from several threads.
pub trait RowSource: Sync {
    fn n_rows(&self) -> usize;
    fn fixed(&self) -> &FixedLayout;
    fn random(&self) -> &[RandomLayout];
    fn factors(&self) -> &[GroupingFactor];
    fn has_weights(&self) -> bool;
    /// Fills `batch` with the given rows, of the rows used.
    fn read(&self, rows: Range<usize>, batch: &mut Batch) -> Result<()>;
}
