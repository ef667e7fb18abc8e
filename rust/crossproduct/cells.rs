//! Cross-products of the fixed part with an indicator for every cell of its terms, whatever their contrasts.
//!
//! Column `offset(t) + numeric * n_cells(t) + cell` belongs to the cell of term t, times its numeric column; the last
//! column is the constant.  Every hypothesis matrix that depends on the data alone comes from these.

use std::ops::Range;

use rayon::prelude::*;

use crate::design::{Batch, FixedLayout, Rows};
use crate::linalg::memory;
use crate::{Error, Result};

const ROWS: usize = 8192;
const MOST_COLUMNS: usize = 6000;

/// Z'Z over the rows used (columns + 1 squared, symmetric), weights left out.
///
/// # Errors
/// `Design` where there are too many cells; those of reading the rows.
pub fn cell_crossproduct(source: &Rows) -> Result<Vec<f64>> {
    let n_columns = n_cell_columns(source.fixed()) + 1;
    if n_columns > MOST_COLUMNS {
        return Err(Error::Design(format!(
            "the terms have {n_columns} cells in all; tests of terms and marginal means take at most {MOST_COLUMNS}"
        )));
    }
    let n = source.n_rows();
    let ranges: Vec<Range<usize>> = (0..n).step_by(ROWS).map(|start| start..n.min(start + ROWS)).collect();
    let empty = || vec![0.0; n_columns * n_columns];
    // fixed blocks of batches, added in order: the sums do not depend on the number of threads
    let block = ranges.len().div_ceil(16).max(1);
    let parts: Vec<Result<Vec<f64>>> = ranges
        .par_chunks(block)
        .map(|ranges| {
            let (mut sums, mut batch) = (empty(), Batch::default());
            for range in ranges {
                source.read(range.clone(), &mut batch)?;
                add_batch(source.fixed(), &batch, n_columns, &mut sums);
            }
            Ok(sums)
        })
        .collect();
    let mut total = empty();
    for part in parts {
        total.iter_mut().zip(part?).for_each(|(t, v)| *t += v);
    }
    for j in 0..n_columns {
        (0..j).for_each(|i| total[j * n_columns + i] = total[i * n_columns + j]);
    }
    Ok(total)
}

/// Columns of the fixed part with an indicator for every cell.
pub fn n_cell_columns(layout: &FixedLayout) -> usize {
    layout.terms.iter().map(|term| term.n_numeric * term.n_cells()).sum()
}

/// First column of every term, and one past the last.
pub fn cell_starts(layout: &FixedLayout) -> Vec<usize> {
    let mut starts = vec![0];
    for term in &layout.terms {
        starts.push(starts[starts.len() - 1] + term.n_numeric * term.n_cells());
    }
    starts
}

/// M of X = Z M, row-major (columns of Z by columns of X).
///
/// # Errors
/// `Data` where memory does not hold it.
pub fn cell_mapping(layout: &FixedLayout) -> Result<Vec<f64>> {
    let (starts, p) = (cell_starts(layout), layout.columns.len());
    let n = n_cell_columns(layout);
    let mut mapping = memory::zeros(n, p).ok_or_else(|| Error::no_memory("the cells of the model matrix", n, p))?;
    for (j, column) in layout.columns.iter().enumerate() {
        let term = &layout.terms[column.term];
        let start = starts[column.term] + column.numeric * term.n_cells();
        match &term.coding {
            None => mapping[start * p + j] = 1.0,
            Some(coding) => {
                coding.columns[column.coded].iter().for_each(|&(cell, v)| mapping[(start + cell as usize) * p + j] = v);
            }
        }
    }
    Ok(mapping)
}

fn add_batch(layout: &FixedLayout, batch: &Batch, n_columns: usize, sums: &mut [f64]) {
    let mut row: Vec<(usize, f64)> = Vec::new();
    for i in 0..batch.n {
        row.clear();
        let mut offset = 0;
        for (t, term) in layout.terms.iter().enumerate() {
            let cell = if term.coding.is_some() { batch.cells[t][i] as usize } else { 0 };
            for numeric in 0..term.n_numeric {
                row.push((offset + numeric * term.n_cells() + cell, batch.values[t][numeric * batch.n + i]));
            }
            offset += term.n_numeric * term.n_cells();
        }
        row.push((n_columns - 1, 1.0));
        for (k, &(a, x)) in row.iter().enumerate() {
            row[k..].iter().for_each(|&(b, y)| sums[a * n_columns + b] += x * y);
        }
    }
}
