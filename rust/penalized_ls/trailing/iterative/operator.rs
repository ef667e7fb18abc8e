//! Products with E, which is never formed.

use rayon::prelude::*;

use super::scaled_schur::ScaledSchur;
use crate::crossproduct::CrossProducts;
use crate::linalg::small;
use crate::penalized_ls::symbolic::SymbolicFactor;

/// Levels of one task, and rows, of which the first may hold most of the entries.
const GRAIN: usize = 512;
const ROWS: usize = 32;

/// A scaled S with what it is made of.
#[derive(Clone, Copy)]
pub struct Product<'a> {
    pub schur: &'a ScaledSchur,
    pub a: &'a CrossProducts,
    pub symbolic: &'a SymbolicFactor,
}

impl Product<'_> {
    /// E v for q_t rows of m.
    pub fn apply(&self, v: &[f64], m: usize) -> Vec<f64> {
        let mut out = self.linked(v, m);
        self.add_own(&mut out, v, m);
        for i in 0..self.symbolic.leads.len() {
            self.subtract_products(&mut out, v, i, m);
        }
        out
    }

    /// T A T' v of the links between trailing factors.
    fn linked(&self, v: &[f64], m: usize) -> Vec<f64> {
        let (symbolic, mut out) = (self.symbolic, vec![0.0; v.len()]);
        for (k, to) in symbolic.groups.iter().enumerate() {
            for (l, from) in symbolic.groups.iter().enumerate().take(k) {
                let (link, values) = self.a.link(to.block, from.block);
                let (mut above, mut below) = (vec![0.0; to.r * m], vec![0.0; from.r * m]);
                for level in 0..from.n_levels {
                    let t_from = &self.schur.t[l][level * from.r * from.r..(level + 1) * from.r * from.r];
                    let v_from = (from.offset + level * from.r) * m..(from.offset + (level + 1) * from.r) * m;
                    for e in link.ptr[level]..link.ptr[level + 1] {
                        let other = link.level[e] as usize;
                        let t_to = &self.schur.t[k][other * to.r * to.r..(other + 1) * to.r * to.r];
                        let v_to = (to.offset + other * to.r) * m..(to.offset + (other + 1) * to.r) * m;
                        let block = scaled_link(&values[e * to.r * from.r..(e + 1) * to.r * from.r], t_to, t_from);
                        product(&mut above, &block, &v[v_from.clone()], (to.r, from.r, m), false);
                        product(&mut below, &block, &v[v_to.clone()], (to.r, from.r, m), true);
                        out[v_to].iter_mut().zip(&above).for_each(|(o, x)| *o += x);
                        out[v_from.clone()].iter_mut().zip(&below).for_each(|(o, x)| *o += x);
                    }
                }
            }
        }
        out
    }

    /// Adds the diagonal blocks of Σ H C C' H', which E leaves out.
    fn add_own(&self, out: &mut [f64], v: &[f64], m: usize) {
        for (k, t) in self.symbolic.groups.iter().enumerate() {
            let range = t.offset * m..(t.offset + t.n_levels * t.r) * m;
            let levels = out[range.clone()].chunks_exact_mut(t.r * m).zip(v[range].chunks_exact(t.r * m));
            for ((out, v), own) in levels.zip(self.schur.own[k].chunks_exact(t.r * t.r)) {
                for i in 0..t.r {
                    for j in 0..t.r {
                        let w = own[j * t.r + i];
                        (0..m).for_each(|c| out[i * m + c] += w * v[j * m + c]);
                    }
                }
            }
        }
    }

    /// out -= H (C C' H'v): first by levels, then by rows.
    fn subtract_products(&self, out: &mut [f64], v: &[f64], i: usize, m: usize) {
        let (lead, h, squares) = (&self.symbolic.leads[i], &self.schur.h[i], &self.schur.squares[i]);
        let r = lead.r;
        let mut sums = vec![0.0; lead.n_levels * r * m];
        sums.par_chunks_mut(GRAIN * r * m).enumerate().for_each(|(piece, sums)| {
            for (k, sums) in sums.chunks_exact_mut(r * m).enumerate() {
                let level = piece * GRAIN + k;
                let rows = lead.panel.level_rows(level);
                let h = &h[lead.panel.range(level, r)];
                for l in 0..r {
                    let sum = &mut sums[l * m..(l + 1) * m];
                    for (w, &row) in h[l * rows.len()..].iter().zip(rows) {
                        let x = &v[row as usize * m..(row as usize + 1) * m];
                        sum.iter_mut().zip(x).for_each(|(s, x)| *s += w * x);
                    }
                }
                multiply_in_place(sums, &squares[level * r * r..(level + 1) * r * r], m, false);
            }
        });
        let (index, h_rows) = (&self.symbolic.row_index[i], &self.schur.h_rows[i]);
        out.par_chunks_mut(ROWS * m).enumerate().for_each(|(piece, out)| {
            for (k, out) in out.chunks_exact_mut(m).enumerate() {
                let range = index.ptr[piece * ROWS + k]..index.ptr[piece * ROWS + k + 1];
                let weights = h_rows[range.start * r..range.end * r].chunks_exact(r);
                for (&(level, _), weights) in index.entries[range].iter().zip(weights) {
                    for (l, w) in weights.iter().enumerate() {
                        let sum = &sums[(level as usize * r + l) * m..(level as usize * r + l + 1) * m];
                        out.iter_mut().zip(sum).for_each(|(o, s)| *o -= w * s);
                    }
                }
            }
        });
    }
}

/// T_to B T_from' of one block of a link.
pub fn scaled_link(block: &[f64], t_to: &[f64], t_from: &[f64]) -> Vec<f64> {
    let (m, n) = (t_to.len().isqrt(), t_from.len().isqrt());
    let mut half = vec![0.0; m * n];
    small::multiply(&mut half, t_to, block, m, m, n);
    let mut out = vec![0.0; m * n];
    for j in 0..n {
        for i in 0..m {
            out[j * m + i] = (0..n).map(|l| half[l * m + i] * t_from[l * n + j]).sum();
        }
    }
    out
}

/// out = B v, or B'v, for a block B (rows x columns) and rows of m.
fn product(out: &mut [f64], block: &[f64], v: &[f64], (rows, columns, m): (usize, usize, usize), transposed: bool) {
    out.fill(0.0);
    for j in 0..columns {
        for i in 0..rows {
            let (to, from) = if transposed { (j, i) } else { (i, j) };
            (0..m).for_each(|c| out[to * m + c] += block[j * rows + i] * v[from * m + c]);
        }
    }
}

/// x = B x, or B'x, for r rows of m.
pub fn multiply_in_place(x: &mut [f64], block: &[f64], m: usize, transposed: bool) {
    let r = x.len() / m;
    if r == 1 {
        x.iter_mut().for_each(|x| *x *= block[0]);
        return;
    }
    let mut out = vec![0.0; r * m];
    product(&mut out, block, x, (r, r, m), transposed);
    x.copy_from_slice(&out);
}
