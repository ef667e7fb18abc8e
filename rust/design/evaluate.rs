//! Computes the parts of a model on rows: columns of X and Z, offsets, linear predictors.

use std::ops::Range;

use rayon::prelude::*;

use super::encoding::Encoding;
use super::inputs::Inputs;
use super::layout::Coding;
use super::model_matrix::ModelMatrix;
use super::rows::BATCH_ROWS;
use crate::Result;

impl Encoding {
    /// Fills the numeric values and the cells of every fixed term.
    pub fn read_fixed(
        &self,
        inputs: &Inputs,
        rows: Range<usize>,
        values: &mut Vec<Vec<f64>>,
        cells: &mut Vec<Vec<u32>>,
    ) -> Result<()> {
        let n_terms = self.fixed.layout.terms.len();
        values.resize_with(n_terms, Vec::new);
        cells.resize_with(n_terms, Vec::new);
        for (t, (values, cells)) in values.iter_mut().zip(cells).enumerate() {
            self.read_term(&self.fixed, t, inputs, rows.clone(), values, cells)?;
        }
        Ok(())
    }

    fn read_term(
        &self,
        matrix: &ModelMatrix,
        term: usize,
        inputs: &Inputs,
        rows: Range<usize>,
        values: &mut Vec<f64>,
        cells: &mut Vec<u32>,
    ) -> Result<()> {
        matrix.read_values(term, &self.variables, inputs, rows.clone(), values)?;
        matrix.read_cells(term, &self.variables, &self.categories, inputs, rows, cells);
        Ok(())
    }

    /// out = the model matrix, coded and row-major (n x p).
    pub fn expand(&self, matrix: &ModelMatrix, inputs: &Inputs, rows: Range<usize>, out: &mut [f64]) -> Result<()> {
        let (n, p) = (rows.len(), matrix.layout.columns.len());
        let (mut values, mut cells) = (Vec::new(), Vec::new());
        let mut read = None;
        for (c, column) in matrix.layout.columns.iter().enumerate() {
            if read != Some(column.term) {
                self.read_term(matrix, column.term, inputs, rows.clone(), &mut values, &mut cells)?;
                read = Some(column.term);
            }
            let values = &values[column.numeric * n..(column.numeric + 1) * n];
            let column_of_out = out.chunks_exact_mut(p).map(|row| &mut row[c]);
            match &matrix.layout.terms[column.term].coding {
                None => column_of_out.zip(values).for_each(|(o, v)| *o = *v),
                Some(coding) => {
                    let table = coded_column(coding, column.coded);
                    let rows = values.iter().zip(&cells);
                    column_of_out.zip(rows).for_each(|(o, (v, &c))| *o = v * table[c as usize]);
                }
            }
        }
        Ok(())
    }

    /// A model matrix on all rows, row-major (n x p).
    pub fn dense(&self, matrix: &ModelMatrix, inputs: &Inputs) -> Result<Vec<f64>> {
        let p = matrix.layout.columns.len();
        let mut out = vec![0.0; inputs.n_rows() * p];
        if p > 0 {
            out.par_chunks_mut(BATCH_ROWS * p).enumerate().try_for_each(|(k, out)| {
                let start = k * BATCH_ROWS;
                self.expand(matrix, inputs, start..start + out.len() / p, out)
            })?;
        }
        Ok(out)
    }

    /// out += the offsets
    pub fn add_offset(&self, inputs: &Inputs, rows: Range<usize>, out: &mut [f64]) {
        if self.offsets.is_empty() {
            return;
        }
        let mut offset = vec![0.0; out.len()];
        for expression in &self.offsets {
            expression.read(inputs, rows.clone(), &mut offset);
            out.iter_mut().zip(&offset).for_each(|(o, v)| *o += v);
        }
    }
}

/// One coded column over all cells.
fn coded_column(coding: &Coding, coded: usize) -> Vec<f64> {
    let mut table = vec![0.0; coding.n_cells];
    for &(cell, value) in &coding.columns[coded] {
        table[cell as usize] = value;
    }
    table
}
