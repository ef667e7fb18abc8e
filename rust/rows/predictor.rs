//! The linear predictor Xβ + Zb, of rows that are read, of new rows and of stored ones: the only place where it is computed.

use std::ops::Range;

use rayon::prelude::*;

use super::stored::StoredRows;
use crate::Result;
use crate::design::{Batch, FixedLayout, NewRows, Rows};
use crate::table::NO_LEVEL;

/// Rows of one task.
const ROWS: usize = 2048;

/// A random term that counts: its place, the level of every row, and its modes (n_levels x r, row-major).
struct TermModes<'a> {
    term: usize,
    codes: &'a [u32],
    modes: &'a [f64],
    r: usize,
}

/// Xβ + Zb over the rows, without the offset; `modes[t]` is row-major (n_levels x r), None to leave a term out.
///
/// # Errors
/// Those of reading the rows.
pub fn linear_predictor(source: &Rows, beta: &[f64], modes: &[Option<&[f64]>]) -> Result<Vec<f64>> {
    let used = modes.iter().enumerate().filter_map(|(term, modes)| Some((term, (*modes)?)));
    let of_term = |(term, modes)| {
        let layout = &source.random[term];
        TermModes { term, codes: source.factors[layout.factor].codes(), modes, r: layout.columns.len() }
    };
    let terms: Vec<TermModes> = used.map(of_term).collect();
    predict(source.fixed(), beta, &terms, source.n_rows(), |rows, batch, _| source.read(rows, batch))
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
        let of_term = |term: usize| {
            let codes = self.term_codes(term)?;
            Ok(TermModes { term, codes, modes: modes[term], r: self.width(term) })
        };
        let used = (0..modes.len()).filter(|&t| use_terms[t]);
        let terms: Vec<TermModes> = used.map(of_term).collect::<Result<_>>()?;
        let mut eta = predict(self.fixed(), beta, &terms, self.n_rows(), |rows, batch, eta| {
            self.read(rows, use_terms, batch)?;
            eta.iter_mut().zip(&batch.offset).for_each(|(eta, offset)| *eta = *offset);
            Ok(())
        })?;
        self.blank(use_terms, &mut eta)?;
        Ok(eta)
    }
}

/// What the random effects of a term multiply in new rows.
pub struct EffectRows {
    /// n x r, row-major; NaN in rows that miss a value.
    pub z: Vec<f64>,
    pub r: usize,
    /// The level of every row; those that the fit did not see are numbered on from its own.
    codes: Vec<u32>,
    pub n_levels: usize,
}

impl EffectRows {
    /// # Errors
    /// `Data` where the rows lack a column of the term, or memory does not hold its z.
    pub fn of_term(rows: &NewRows, t: usize) -> Result<Self> {
        let (z, r) = rows.term_matrix(t)?;
        let (codes, n_levels) = rows.all_term_codes(t)?;
        Ok(Self { z, r, codes, n_levels })
    }

    /// y += Zb for modes of every level (n_levels x r).
    pub fn add(&self, modes: &[f64], y: &mut [f64]) {
        add_modes(&self.z, &self.codes, modes, self.r, y);
    }
}

impl StoredRows {
    /// Xβ for coefficients in the basis.
    pub fn fixed(&self, beta: &[f64]) -> Vec<f64> {
        (0..self.n).map(|i| self.x(i).iter().zip(beta).map(|(x, b)| x * b).sum()).collect()
    }

    /// y - Xβ - Zb of a response; blocks without modes are left out.
    pub fn residuals(&self, y: &[f64], beta: &[f64], b: &[Vec<f64>]) -> Vec<f64> {
        let mut fitted = self.fixed(beta);
        self.add_modes(&mut fitted, b);
        y.iter().zip(fitted).map(|(y, fitted)| y - fitted).collect()
    }

    /// y += Zb for modes by block, in the basis.
    pub fn add_modes(&self, y: &mut [f64], b: &[Vec<f64>]) {
        for ((z, levels), b) in self.block.z.iter().zip(b) {
            add_modes(z, levels, b, z.len() / self.n, y);
        }
    }
}

/// Xβ + Zb on top of what `read` writes beside a batch.
fn predict(
    layout: &FixedLayout,
    beta: &[f64],
    terms: &[TermModes],
    n: usize,
    read: impl Fn(Range<usize>, &mut Batch, &mut [f64]) -> Result<()> + Sync,
) -> Result<Vec<f64>> {
    let effects = cell_effects(layout, beta);
    let mut eta = vec![0.0; n];
    eta.par_chunks_mut(ROWS).enumerate().try_for_each(|(k, eta)| -> Result<()> {
        let (rows, mut batch) = (k * ROWS..k * ROWS + eta.len(), Batch::default());
        read(rows.clone(), &mut batch, eta)?;
        add_fixed(layout, &effects, &batch, eta);
        for t in terms {
            add_modes(&batch.z[t.term], &t.codes[rows.clone()], t.modes, t.r, eta);
        }
        Ok(())
    })?;
    Ok(eta)
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
fn add_modes(z: &[f64], codes: &[u32], modes: &[f64], r: usize, eta: &mut [f64]) {
    for ((eta, z), &code) in eta.iter_mut().zip(z.chunks_exact(r)).zip(codes) {
        if code != NO_LEVEL {
            let b = &modes[code as usize * r..(code as usize + 1) * r];
            *eta += z.iter().zip(b).map(|(z, b)| z * b).sum::<f64>();
        }
    }
}
