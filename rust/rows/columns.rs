//! How [X y] enters a row of sums.
//!
//! Before its categories are coded it has dense columns, then a column for every cell.  A row touches one cell of each categorical term, so its cost does not grow with the number of
//! categories; the few sums over cells are coded once, at the end.

use super::basis::FixedBasis;
use crate::design::{Batch, FixedLayout};

/// The columns of X in a row of sums.
#[derive(Debug, Clone, PartialEq)]
pub enum Columns {
    /// Columns as they were read, shifted and scaled; cells of categorical terms.
    Read(ExtendedColumns),
    /// The columns of a working basis, dense.
    Fitted(FixedBasis),
}

impl Columns {
    pub fn extended(&self) -> ExtendedColumns {
        match self {
            Columns::Read(extended) => extended.clone(),
            Columns::Fitted(basis) => ExtendedColumns::of_basis(basis.kept.len()),
        }
    }
}

/// One numeric column of a categorical term, spread over the term's cells.
#[derive(Debug, Clone, PartialEq)]
pub struct CellBlock {
    pub term: usize,
    pub numeric: usize,
    /// Its first cell among all cells.
    pub first: usize,
    pub n_cells: usize,
}

/// Where each piece of X stands in a row of sums: `[dense..., y, cells...]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtendedColumns {
    /// (term, numeric) of the dense columns.
    pub dense: Vec<(usize, usize)>,
    pub blocks: Vec<CellBlock>,
    pub n_cells: usize,
    /// Dense columns are centred and scaled while they are read: (x - shift) / scale; y last.
    pub shift: Vec<f64>,
    pub scale: Vec<f64>,
}

impl ExtendedColumns {
    pub fn new(layout: &FixedLayout) -> Self {
        let (mut dense, mut blocks, mut n_cells) = (Vec::new(), Vec::new(), 0);
        for (term, fixed) in layout.terms.iter().enumerate() {
            for numeric in 0..fixed.n_numeric {
                if fixed.coding.is_none() {
                    dense.push((term, numeric));
                } else {
                    blocks.push(CellBlock { term, numeric, first: n_cells, n_cells: fixed.n_cells() });
                    n_cells += fixed.n_cells();
                }
            }
        }
        let d = dense.len();
        Self { dense, blocks, n_cells, shift: vec![0.0; d + 1], scale: vec![1.0; d + 1] }
    }

    /// Columns that are read in a working basis: dense, neither shifted nor scaled.
    pub fn of_basis(p: usize) -> Self {
        let (shift, scale) = (vec![0.0; p + 1], vec![1.0; p + 1]);
        Self { dense: vec![(0, 0); p], blocks: vec![], n_cells: 0, shift, scale }
    }

    /// Dense columns, without y.
    pub fn n_dense(&self) -> usize {
        self.dense.len()
    }

    /// Length of a row of sums: dense columns, y, cells.
    pub fn width(&self) -> usize {
        self.n_dense() + 1 + self.n_cells
    }

    /// Centres on the mean and scales by the standard deviation of a sample of rows.
    pub fn set_scaling(&mut self, sample: &[Batch], has_intercept: bool) {
        for (k, &(term, numeric)) in self.dense.iter().enumerate() {
            let values = sample.iter().flat_map(|b| b.values[term][numeric * b.n..(numeric + 1) * b.n].iter());
            (self.shift[k], self.scale[k]) = location_scale(values, has_intercept);
        }
        let last = self.n_dense();
        let response: Vec<f64> = sample.iter().flat_map(Batch::response).collect();
        (self.shift[last], self.scale[last]) = location_scale(response.iter(), has_intercept);
        if has_intercept {
            (self.shift[0], self.scale[0]) = (0.0, 1.0);
        }
    }

    /// Fills `rows` (n x (d + 1), row-major) with the scaled dense columns and the response less its offset.
    pub fn dense_rows(&self, batch: &Batch, rows: &mut Vec<f64>) {
        let (n, width) = (batch.n, self.n_dense() + 1);
        rows.resize(n * width, 0.0);
        for (k, &(term, numeric)) in self.dense.iter().enumerate() {
            self.scaled_column(batch.values[term][numeric * n..(numeric + 1) * n].iter().copied(), k, rows);
        }
        self.scaled_column(batch.response(), width - 1, rows);
    }

    fn scaled_column(&self, column: impl Iterator<Item = f64>, k: usize, rows: &mut [f64]) {
        let (width, shift, inverse) = (self.n_dense() + 1, self.shift[k], 1.0 / self.scale[k]);
        rows.chunks_exact_mut(width).zip(column).for_each(|(row, x)| row[k] = (x - shift) * inverse);
    }

    /// For every column of X in the user's order, then y: its entries in a row of sums.
    pub fn coding(&self, layout: &FixedLayout) -> Vec<Vec<(usize, f64)>> {
        let d = self.n_dense();
        let mut columns: Vec<Vec<(usize, f64)>> = layout
            .columns
            .iter()
            .map(|column| match &layout.terms[column.term].coding {
                None => {
                    let place = self.dense.iter().position(|&p| p == (column.term, column.numeric));
                    vec![(place.expect("a dense column"), 1.0)]
                }
                Some(coding) => {
                    let block = self.blocks.iter().find(|b| (b.term, b.numeric) == (column.term, column.numeric));
                    let first = d + 1 + block.expect("a block of cells").first;
                    coding.columns[column.coded].iter().map(|&(cell, v)| (first + cell as usize, v)).collect()
                }
            })
            .collect();
        columns.push(vec![(d, 1.0)]);
        columns
    }
}

/// Mean and standard deviation; without centring zero and the root mean square.
pub fn location_scale<'a>(values: impl Iterator<Item = &'a f64> + Clone, centre: bool) -> (f64, f64) {
    let n = values.clone().count().max(1) as f64;
    let shift = if centre { values.clone().map(|v| v / n).sum() } else { 0.0 };
    let largest = values.clone().fold(0.0f64, |m, v| m.max((v - shift).abs()));
    if largest == 0.0 || !largest.is_finite() {
        return (shift, 1.0);
    }
    let square: f64 = values.map(|v| ((v - shift) / largest).powi(2)).sum();
    let scale = largest * (square / n).sqrt();
    // a constant column that is not quite constant by rounding has no scale of its own
    if scale <= 1e-14 * shift.abs() { (shift, 1.0) } else { (shift, scale) }
}
