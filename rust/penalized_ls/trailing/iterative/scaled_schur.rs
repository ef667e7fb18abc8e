//! S scaled by its own diagonal blocks, S = R (I + E) R': all that E is made of.
//!
//! With T = R^-1 Λ' by level, H = T B for a lead's panel B, and C of its levels:
//!   I + E = T A T' + R^-1 R^-T - Σ H C C' H' over the leads.

use std::sync::Arc;

use rayon::prelude::*;

use super::operator::multiply_in_place;
use super::row_blocks::RowBlocks;
use crate::crossproduct::CrossProducts;
use crate::linalg::small;
use crate::penalized_ls::factor::{LeadFactor, view};
use crate::penalized_ls::panel::Panels;
use crate::penalized_ls::row_index::place_of;
use crate::penalized_ls::symbolic::{SymbolicFactor, TrailingGroup};
use crate::{Error, Result};

/// Levels of one task.
const GRAIN: usize = 512;

/// Everything about S that depends on θ.
#[derive(Debug, Clone, Default)]
pub struct ScaledSchur {
    /// The panels by blocks of rows.
    pub row_blocks: Arc<RowBlocks>,
    /// Per trailing factor, r x r blocks by level: R, R^-1, T, and the diagonal blocks of Σ H C C' H'.
    root: Vec<Vec<f64>>,
    inverse_root: Vec<Vec<f64>>,
    pub t: Vec<Vec<f64>>,
    pub own: Vec<Vec<f64>>,
    /// Per lead, H in the pattern of its panel, and row by row in the order of the index.
    pub h: Vec<Vec<f64>>,
    pub h_rows: Vec<Vec<f64>>,
    /// H in the order of the blocks of rows, r numbers for every entry.
    pub blocked: Vec<Vec<f32>>,
    /// C C' of every lead's levels (r x r).
    pub squares: Vec<Vec<f64>>,
    /// 2 log|R|.
    pub logdet: f64,
}

impl ScaledSchur {
    pub fn new(row_blocks: Arc<RowBlocks>) -> Self {
        Self { row_blocks, ..Self::default() }
    }

    /// Makes it for another Λ.
    ///
    /// # Errors
    /// `Numerical` where a block is not positive definite.
    pub fn update(
        &mut self,
        a: &CrossProducts,
        panels: &Panels,
        symbolic: &SymbolicFactor,
        leads: &[LeadFactor],
        lambda: &[Vec<f64>],
    ) -> Result<()> {
        let explained = diagonal_of_products(symbolic, leads);
        let n = symbolic.groups.len();
        let blocks = |values: &mut Vec<Vec<f64>>| values.resize(n, Vec::new());
        [&mut self.root, &mut self.inverse_root, &mut self.t, &mut self.own].into_iter().for_each(blocks);
        self.logdet = 0.0;
        for (k, t) in symbolic.groups.iter().enumerate() {
            self.scale_factor(k, t, &a.factors[t.block].zz, &explained[k], &lambda[t.block])?;
        }
        self.h.resize(leads.len(), Vec::new());
        for (i, factor) in leads.iter().enumerate() {
            let mut h = std::mem::take(&mut self.h[i]);
            h.clear();
            h.extend_from_slice(view(&factor.reduced, a, panels, symbolic, i).panel);
            self.transform_panel(&mut h, symbolic, i, false);
            self.h[i] = h;
        }
        self.h_rows = (0..leads.len()).map(|i| self.by_rows(symbolic, i)).collect();
        self.blocked = (0..leads.len()).map(|i| self.by_blocks(symbolic, i)).collect();
        self.squares = leads.iter().zip(&symbolic.leads).map(|(f, lead)| squares(&f.c, lead.r)).collect();
        Ok(())
    }

    /// H of one lead in the order of the blocks of rows.
    fn by_blocks(&self, symbolic: &SymbolicFactor, i: usize) -> Vec<f32> {
        let (lead, h, from) = (&symbolic.leads[i], &self.h[i], &self.row_blocks.leads[i].from);
        let level = |level: usize| {
            let (start, end) = (lead.panel.ptr[level], lead.panel.ptr[level + 1]);
            (start..end).flat_map(move |entry| {
                (0..lead.r).map(move |l| h[place_of(lead, level, start + from[entry] as usize, l)] as f32)
            })
        };
        (0..lead.n_levels).into_par_iter().with_min_len(GRAIN).flat_map_iter(level).collect()
    }

    /// H of one lead, r numbers for every entry of the index.
    fn by_rows(&self, symbolic: &SymbolicFactor, i: usize) -> Vec<f64> {
        let (lead, h, index) = (&symbolic.leads[i], &self.h[i], &symbolic.row_index[i]);
        let mut rows = vec![0.0; h.len()];
        let pieces = rows.par_chunks_mut(GRAIN * lead.r).zip(index.entries.par_chunks(GRAIN));
        pieces.for_each(|(rows, entries)| {
            for (row, &(level, place)) in rows.chunks_exact_mut(lead.r).zip(entries) {
                (0..lead.r).for_each(|l| row[l] = h[place_of(lead, level as usize, place as usize, l)]);
            }
        });
        rows
    }

    /// R, T and the diagonal blocks left out, of one trailing factor.
    fn scale_factor(
        &mut self,
        k: usize,
        t: &TrailingGroup,
        zz: &[f64],
        explained: &[f64],
        lambda: &[f64],
    ) -> Result<()> {
        let (r, size) = (t.r, t.r * t.r);
        let not_positive = || Error::Numerical("the Schur complement has a level without positive diagonal".into());
        for values in [&mut self.root[k], &mut self.inverse_root[k], &mut self.t[k], &mut self.own[k]] {
            values.clear();
            values.resize(t.n_levels * size, 0.0);
        }
        let (mut work, mut reduced) = (vec![0.0; size], vec![0.0; size]);
        for level in 0..t.n_levels {
            let at = level * size..(level + 1) * size;
            reduced
                .iter_mut()
                .zip(zz[at.clone()].iter().zip(&explained[at.clone()]))
                .for_each(|(d, (z, e))| *d = z - e);
            let root = &mut self.root[k][at.clone()];
            small::penalized::<0>(root, lambda, &reduced, &mut work, r);
            self.logdet += small::cholesky::<0>(root, r).ok_or_else(not_positive)?;
            let inverse = &mut self.inverse_root[k][at.clone()];
            (0..r).for_each(|j| solve_lower_unit(&mut inverse[j * r..(j + 1) * r], root, j, r));
            // T = R^-1 Λ'
            let scaled = &mut self.t[k][at.clone()];
            for j in 0..r {
                for i in 0..r {
                    scaled[j * r + i] = (0..r).map(|l| inverse[l * r + i] * lambda[l * r + j]).sum();
                }
            }
            // diagonal block of Σ H C C' H' = T (explained) T'
            let own = &mut self.own[k][at.clone()];
            small::multiply(&mut work, scaled, &explained[at], r, r, r);
            for j in 0..r {
                for i in 0..r {
                    own[j * r + i] = (0..r).map(|l| work[l * r + i] * scaled[l * r + j]).sum();
                }
            }
        }
        Ok(())
    }

    /// Rows of a panel become T times them, or T' times them.
    pub fn transform_panel(&self, values: &mut [f64], symbolic: &SymbolicFactor, i: usize, transposed: bool) {
        let lead = &symbolic.leads[i];
        let (r, rows) = (lead.r, &lead.panel.rows);
        let mut rest = values;
        let mut pieces = Vec::new();
        for first in (0..lead.n_levels).step_by(GRAIN) {
            let end = (first + GRAIN).min(lead.n_levels);
            let (piece, tail) = rest.split_at_mut((lead.panel.ptr[end] - lead.panel.ptr[first]) * r);
            pieces.push((first, end, piece));
            rest = tail;
        }
        pieces.into_par_iter().for_each(|(first, end, piece)| {
            let start = lead.panel.ptr[first] * r;
            for level in first..end {
                let range = lead.panel.range(level, r);
                let d = lead.panel.ptr[level + 1] - lead.panel.ptr[level];
                let own = &rows[lead.panel.ptr[level]..lead.panel.ptr[level + 1]];
                let block = &mut piece[range.start - start..range.end - start];
                block.chunks_exact_mut(d.max(1)).for_each(|column| self.transform(column, own, symbolic, transposed));
            }
        });
    }

    /// T, or T', on values that lie on some rows: whole levels, ascending.
    fn transform(&self, values: &mut [f64], rows: &[u32], symbolic: &SymbolicFactor, transposed: bool) {
        let mut at = 0;
        let mut factor = 0;
        while at < rows.len() {
            let row = rows[at] as usize;
            while row >= symbolic.groups[factor].offset + symbolic.groups[factor].n_levels * symbolic.groups[factor].r {
                factor += 1;
            }
            let t = &symbolic.groups[factor];
            let level = (row - t.offset) / t.r;
            let block = &self.t[factor][level * t.r * t.r..(level + 1) * t.r * t.r];
            if t.r == 1 {
                values[at] *= block[0];
            } else {
                multiply_in_place(&mut values[at..at + t.r], block, 1, transposed);
            }
            at += t.r;
        }
    }

    /// R^-1, or R^-T, from the left of q_t rows of m.
    pub fn apply_root(&self, x: &mut [f64], symbolic: &SymbolicFactor, m: usize, transposed: bool) {
        for (k, t) in symbolic.groups.iter().enumerate() {
            let rows = &mut x[t.offset * m..(t.offset + t.n_levels * t.r) * m];
            let levels = rows.chunks_exact_mut(t.r * m).zip(self.inverse_root[k].chunks_exact(t.r * t.r));
            levels.for_each(|(x, block)| multiply_in_place(x, block, m, transposed));
        }
    }

    /// R' from the left of q_t rows of m.
    pub fn apply_transposed_root(&self, x: &mut [f64], symbolic: &SymbolicFactor, m: usize) {
        for (k, t) in symbolic.groups.iter().enumerate().filter(|_| m > 0) {
            let rows = &mut x[t.offset * m..(t.offset + t.n_levels * t.r) * m];
            let levels = rows.chunks_exact_mut(t.r * m).zip(self.root[k].chunks_exact(t.r * t.r));
            levels.for_each(|(x, block)| multiply_in_place(x, block, m, true));
        }
    }

    /// Per trailing factor, R^-T V R^-1 by level, for blocks V (r x r) in place.
    pub fn unscale_blocks(&self, k: usize, r: usize, blocks: &mut [f64]) {
        for (v, inverse) in blocks.chunks_exact_mut(r * r).zip(self.inverse_root[k].chunks_exact(r * r)) {
            congruence(v, inverse, r);
        }
    }

    /// T' V T by level.
    pub fn project_blocks(&self, k: usize, r: usize, blocks: &mut [f64]) {
        for (v, t) in blocks.chunks_exact_mut(r * r).zip(self.t[k].chunks_exact(r * r)) {
            congruence(v, t, r);
        }
    }
}

/// C C' of every level (r x r).
fn squares(c: &[f64], r: usize) -> Vec<f64> {
    let mut out = vec![0.0; c.len()];
    for (out, c) in out.chunks_exact_mut(r * r).zip(c.chunks_exact(r * r)) {
        for j in 0..r {
            for i in 0..r {
                out[j * r + i] = (0..r).map(|k| c[k * r + i] * c[k * r + j]).sum();
            }
        }
    }
    out
}

/// V = B' V B.
fn congruence(v: &mut [f64], b: &[f64], r: usize) {
    let (mut half, mut out) = (vec![0.0; r * r], vec![0.0; r * r]);
    small::multiply(&mut half, v, b, r, r, r);
    small::add_cross(&mut out, b, &half, r, r, r);
    v.copy_from_slice(&out);
}

/// Column j of L^-1.
fn solve_lower_unit(column: &mut [f64], l: &[f64], j: usize, r: usize) {
    for i in j..r {
        let known: f64 = (j..i).map(|k| l[k * r + i] * column[k]).sum();
        column[i] = (f64::from(u8::from(i == j)) - known) / l[i * r + i];
    }
}

/// Per trailing factor, the diagonal blocks of Σ P P' over the leads (n_levels blocks r x r).
fn diagonal_of_products(symbolic: &SymbolicFactor, leads: &[LeadFactor]) -> Vec<Vec<f64>> {
    let mut own: Vec<Vec<f64>> = symbolic.groups.iter().map(|t| vec![0.0; t.n_levels * t.r * t.r]).collect();
    for (lead, factor) in symbolic.leads.iter().zip(leads) {
        for level in 0..lead.n_levels {
            let rows = lead.panel.level_rows(level);
            let p = &factor.blocks.panel[lead.panel.range(level, lead.r)];
            let (mut at, mut f) = (0, 0);
            while at < rows.len() {
                let row = rows[at] as usize;
                while row >= symbolic.groups[f].offset + symbolic.groups[f].n_levels * symbolic.groups[f].r {
                    f += 1;
                }
                let t = &symbolic.groups[f];
                let first = (row - t.offset) / t.r * t.r * t.r;
                for j in 0..t.r {
                    for i in 0..t.r {
                        let sum: f64 =
                            (0..lead.r).map(|l| p[l * rows.len() + at + i] * p[l * rows.len() + at + j]).sum();
                        own[f][first + j * t.r + i] += sum;
                    }
                }
                at += t.r;
            }
        }
    }
    own
}
