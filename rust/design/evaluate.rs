//! Computes the parts of a model on rows: columns of X and Z, offsets.

use std::ops::Range;

use rayon::prelude::*;

use super::encoding::Encoding;
use super::inputs::Inputs;
use super::layout::Batch;
use super::model_matrix::{ModelMatrix, TermVariables};
use super::rows::BATCH_ROWS;
use super::variable::Variable;
use crate::linalg::memory;
use crate::table::NO_LEVEL;
use crate::{Error, Result};

impl Encoding {
    /// Fills offset, values and cells of the fixed terms, and the random terms for which `uses` holds.
    ///
    /// # Errors
    /// `Data` where a product of columns is infinite.
    pub fn read(
        &self,
        inputs: &Inputs,
        rows: Range<usize>,
        uses: impl Fn(usize) -> bool,
        batch: &mut Batch,
    ) -> Result<()> {
        let n_terms = self.fixed.plans.len();
        batch.n = rows.len();
        self.read_offset(inputs, rows.clone(), &mut batch.offset);
        batch.values.resize_with(n_terms, Vec::new);
        batch.cells.resize_with(n_terms, Vec::new);
        for (t, (values, cells)) in batch.values.iter_mut().zip(&mut batch.cells).enumerate() {
            self.read_term(&self.fixed, t, inputs, rows.clone(), values, cells)?;
        }
        batch.z.resize_with(self.random.len(), Vec::new);
        for (t, z) in batch.z.iter_mut().enumerate().filter(|(t, _)| uses(*t)) {
            z.resize(batch.n * self.random[t].layout.columns.len(), 0.0);
            self.expand(&self.random[t].matrix, inputs, rows.clone(), z, &mut batch.term)?;
        }
        Ok(())
    }

    /// out = the model matrix, coded and row-major (n x p).
    fn expand(
        &self,
        matrix: &ModelMatrix,
        inputs: &Inputs,
        rows: Range<usize>,
        out: &mut [f64],
        scratch: &mut (Vec<f64>, Vec<u32>),
    ) -> Result<()> {
        self.write(matrix, rows.len(), out, scratch, |term, values, cells| {
            self.read_term(matrix, term, inputs, rows.clone(), values, cells)
        })
    }

    /// The same of `n` rows, whose numeric values and cells of a term are as `read_term` fills them.
    ///
    /// # Errors
    /// Those of `read_term`.
    pub fn write(
        &self,
        matrix: &ModelMatrix,
        n: usize,
        out: &mut [f64],
        (values, cells): &mut (Vec<f64>, Vec<u32>),
        read_term: impl Fn(usize, &mut Vec<f64>, &mut Vec<u32>) -> Result<()>,
    ) -> Result<()> {
        let p = matrix.layout.columns.len();
        let mut read = None;
        for (c, column) in matrix.layout.columns.iter().enumerate() {
            if read != Some(column.term) {
                read_term(column.term, values, cells)?;
                read = Some(column.term);
            }
            let values = &values[column.numeric * n..(column.numeric + 1) * n];
            let out = out.chunks_exact_mut(p).map(|row| &mut row[c]).zip(values);
            match &matrix.layout.terms[column.term].coding {
                None => out.for_each(|(o, v)| *o = *v),
                Some(coding) => out.zip(&*cells).for_each(|((o, v), &cell)| *o = v * coding.value(column.coded, cell)),
            }
        }
        Ok(())
    }

    /// A model matrix on all rows, row-major (n x p).
    ///
    /// # Errors
    /// `Data` where a product of columns is infinite, or memory does not hold the matrix.
    pub fn dense(&self, matrix: &ModelMatrix, inputs: &Inputs) -> Result<Vec<f64>> {
        let p = matrix.layout.columns.len();
        let n = inputs.n_rows();
        let mut out = memory::zeros(n, p).ok_or_else(|| Error::no_memory("the model matrix", n, p))?;
        if p > 0 {
            out.par_chunks_mut(BATCH_ROWS * p).enumerate().try_for_each(|(k, out)| {
                let start = k * BATCH_ROWS;
                self.expand(matrix, inputs, start..start + out.len() / p, out, &mut Default::default())
            })?;
        }
        Ok(out)
    }

    /// out = the sum of the offsets; empty without one.
    pub fn read_offset(&self, inputs: &Inputs, rows: Range<usize>, out: &mut Vec<f64>) {
        out.clear();
        if self.offsets.is_empty() {
            return;
        }
        out.resize(rows.len(), 0.0);
        let mut offset = vec![0.0; rows.len()];
        for expression in &self.offsets {
            expression.read(inputs, rows.clone(), &mut offset);
            out.iter_mut().zip(&offset).for_each(|(o, v)| *o += v);
        }
    }

    /// values = the numeric columns of a term (n x n_numeric, column-major): products, the first fastest.
    fn read_term(
        &self,
        matrix: &ModelMatrix,
        term: usize,
        inputs: &Inputs,
        rows: Range<usize>,
        values: &mut Vec<f64>,
        cells: &mut Vec<u32>,
    ) -> Result<()> {
        let (n, layout, plan) = (rows.len(), &matrix.layout.terms[term], &matrix.plans[term]);
        values.clear();
        values.resize(n * layout.n_numeric, 1.0);
        let mut width = 0;
        for &v in &plan.variables {
            let Variable::Numeric { basis, .. } = &self.variables[v] else { continue };
            if width == 0 {
                width = basis.width();
                basis.read(inputs, rows.clone(), &mut values[..n * width]);
            } else {
                let mut next = vec![0.0; n * basis.width()];
                basis.read(inputs, rows.clone(), &mut next);
                multiply(&mut values[..n * width * basis.width()], width, &next, n);
                width *= basis.width();
                require_finite_product(&layout.name, inputs, rows.clone(), &values[..n * width])?;
            }
        }
        self.read_cells(plan, inputs, rows, cells);
        Ok(())
    }

    /// out = the cell of every row (n); empty for a term without categorical variables.
    pub fn read_cells(&self, plan: &TermVariables, inputs: &Inputs, rows: Range<usize>, out: &mut Vec<u32>) {
        out.clear();
        let mut stride = 1;
        for &v in &plan.variables {
            let Variable::Categorical { category, .. } = &self.variables[v] else { continue };
            let codes = &inputs.codes(*category)[rows.clone()];
            // A row of new data without a level is blanked later; any cell will do.
            let codes = codes.iter().map(|&c| if c == NO_LEVEL { 0 } else { c });
            if stride == 1 {
                out.extend(codes);
            } else {
                out.iter_mut().zip(codes).for_each(|(cell, c)| *cell += stride * c);
            }
            stride *= self.categories[*category].levels.len() as u32;
        }
    }
}

fn require_finite_product(name: &str, inputs: &Inputs, rows: Range<usize>, values: &[f64]) -> Result<()> {
    // Missing values of new data are NaN here, and stay so.
    let Some(k) = values.iter().position(|v| v.is_infinite()) else { return Ok(()) };
    let row = inputs.row_number(rows.start + k % rows.len());
    Err(Error::Data(format!("the product '{name}' is infinite at row {row}; rescale its columns")))
}

/// values[:, a + width b] = values[:, a] * next[:, b]
pub fn multiply(values: &mut [f64], width: usize, next: &[f64], n: usize) {
    let n_next = next.len().checked_div(n).unwrap_or(0);
    for b in (0..n_next).rev() {
        for a in 0..width {
            for i in 0..n {
                values[(a + width * b) * n + i] = values[a * n + i] * next[b * n + i];
            }
        }
    }
}
