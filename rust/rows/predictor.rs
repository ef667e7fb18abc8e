//! The linear predictor: offset + Xβ + Zb, the only place where it is computed.

use rayon::prelude::*;

use crate::Result;
use crate::design::{Batch, FixedLayout, NewRows, RowSource};
use crate::table::NO_LEVEL;

/// Rows of one task.
const ROWS: usize = 2048;

/// Xβ + Zb over the rows, without the offset; `modes[t]` is row-major (n_levels x r), None to leave a term out.
///
/// # Errors
/// Those of reading the rows.
pub fn linear_predictor(source: &dyn RowSource, beta: &[f64], modes: &[Option<&[f64]>]) -> Result<Vec<f64>> {
    let effects = cell_effects(source.fixed(), beta);
    let mut eta = vec![0.0; source.n_rows()];
    eta.par_chunks_mut(ROWS).enumerate().try_for_each(|(k, eta)| -> Result<()> {
        let (rows, mut batch) = (k * ROWS..k * ROWS + eta.len(), Batch::default());
        source.read(rows.clone(), &mut batch)?;
        add_fixed(source.fixed(), &effects, &batch, eta);
        for (t, modes) in modes.iter().enumerate().filter_map(|(t, m)| m.map(|m| (t, m))) {
            let term = &source.random()[t];
            let codes = &source.factors()[term.factor].codes()[rows.clone()];
            add_modes(&batch.z[t], codes, modes, term.columns.len(), eta);
        }
        Ok(())
    })?;
    Ok(eta)
}

impl NewRows {
    /// offset + Xβ + Σ z'b over the terms used; `modes[t]` is row-major (n_levels x r).
    ///
    /// NaN where a used value is missing; a level that the fit did not see adds nothing.
    ///
    /// # Errors
    /// `Design` where sizes do not fit, `Data` where the data lack a column that a term needs.
    pub fn linear_predictor(&self, beta: &[f64], modes: &[&[f64]], use_terms: &[bool]) -> Result<Vec<f64>> {
        self.check_shapes(beta, modes, use_terms)?;
        let effects = cell_effects(self.fixed(), beta);
        let mut eta = vec![0.0; self.n_rows()];
        eta.par_chunks_mut(ROWS).enumerate().try_for_each(|(k, eta)| -> Result<()> {
            let (rows, mut batch) = (k * ROWS..k * ROWS + eta.len(), Batch::default());
            self.read(rows.clone(), use_terms, &mut batch)?;
            eta.copy_from_slice(&batch.offset);
            add_fixed(self.fixed(), &effects, &batch, eta);
            for t in (0..modes.len()).filter(|&t| use_terms[t]) {
                add_modes(&batch.z[t], &self.term_codes(t)?[rows.clone()], modes[t], self.width(t), eta);
            }
            self.blank(rows, use_terms, eta)
        })?;
        Ok(eta)
    }
}

/// Per term, per numeric column, the slope in each cell: coding times coefficients.  A coefficient that is NaN (of a
/// dependent column) counts as zero.
fn cell_effects(layout: &FixedLayout, beta: &[f64]) -> Vec<Vec<f64>> {
    let mut effects: Vec<Vec<f64>> = layout.terms.iter().map(|t| vec![0.0; t.n_numeric * t.n_cells()]).collect();
    for (column, &b) in layout.columns.iter().zip(beta).filter(|(_, b)| !b.is_nan()) {
        let term = &layout.terms[column.term];
        let effects = &mut effects[column.term][column.numeric * term.n_cells()..][..term.n_cells()];
        match &term.coding {
            None => effects[0] += b,
            Some(coding) => coding.columns[column.coded].iter().for_each(|&(cell, v)| effects[cell as usize] += v * b),
        }
    }
    effects
}

/// eta += Xβ for the effects of cells.
fn add_fixed(layout: &FixedLayout, effects: &[Vec<f64>], batch: &Batch, eta: &mut [f64]) {
    for (t, (term, effects)) in layout.terms.iter().zip(effects).enumerate() {
        for (values, effects) in batch.values[t].chunks(batch.n.max(1)).zip(effects.chunks(term.n_cells().max(1))) {
            let rows = eta.iter_mut().zip(values);
            match &term.coding {
                None => rows.for_each(|(eta, v)| *eta += v * effects[0]),
                Some(_) => rows.zip(&batch.cells[t]).for_each(|((eta, v), &c)| *eta += v * effects[c as usize]),
            }
        }
    }
}

/// eta[i] += z[i]'b[codes[i]]; nothing without a level.
pub fn add_modes(z: &[f64], codes: &[u32], modes: &[f64], r: usize, eta: &mut [f64]) {
    for ((eta, z), &code) in eta.iter_mut().zip(z.chunks_exact(r)).zip(codes) {
        if code != NO_LEVEL {
            let b = &modes[code as usize * r..(code as usize + 1) * r];
            *eta += z.iter().zip(b).map(|(z, b)| z * b).sum::<f64>();
        }
    }
}
