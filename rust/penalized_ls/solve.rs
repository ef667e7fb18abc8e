//! Solving with the factor: L^-1 forwards, M^-1 backwards, for several right-hand sides at once.
//!
//! Right-hand sides lie side by side: every row of the random effects, of the trailing block and of X
//! holds the m values of its m right-hand sides.

use rayon::prelude::*;

use super::factor::CholeskyFactor;
use super::product::Effects;
use super::symbolic::{Lead, SymbolicFactor};
use super::trailing::{from_rows, scale_rows, to_rows};
use crate::crossproduct::CrossProducts;
use crate::linalg::dense;

/// Levels of one task.
pub const GRAIN: usize = 1024;

/// The conditional modes for one right-hand side per column.
#[derive(Debug, Clone)]
pub struct Modes {
    /// Spherical modes, M u = Λ'(...).
    pub u: Effects,
    /// b = Λu.
    pub b: Effects,
}

/// What elimination leaves of h in the trailing block: with it h'M^-1 h = |t|² + rest'solved + |hx|².
#[derive(Debug, Clone)]
pub struct Remainder {
    /// Λ'h less what the leads explain (q_t rows of m).
    pub rest: Vec<f64>,
    /// S^-1 of it.
    pub solved: Vec<f64>,
}

#[inline(always)]
pub fn subtract_scaled(y: &mut [f64], v: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y -= v * x);
}

impl CholeskyFactor {
    /// β of the response, in the working basis (p).
    pub fn beta(&self) -> Vec<f64> {
        let (p, stride) = (self.p, self.p + 1);
        let mut beta: Vec<f64> = (0..p).map(|j| self.xx[j * stride + p]).collect();
        self.solve_x_transposed(&mut beta);
        beta
    }

    /// (X'V^-1 X)^-1 in the working basis (p x p).
    pub fn fixed_covariance(&self) -> Vec<f64> {
        let (p, stride) = (self.p, self.p + 1);
        let l: Vec<f64> = (0..p * p).map(|k| self.xx[k / p * stride + k % p]).collect();
        let mut inverse = vec![0.0; p * p];
        dense::inverse_from_cholesky(&mut inverse, &l, p);
        inverse
    }

    /// The modes of the response, for `beta`.
    pub fn modes(&self, symbolic: &SymbolicFactor, beta: &[f64]) -> Modes {
        self.backward(symbolic, self.p..self.p + 1, beta)
    }

    /// L_X^-T in place, one right-hand side.
    pub fn solve_x_transposed(&self, x: &mut [f64]) {
        let (p, stride) = (self.p, self.p + 1);
        for i in (0..p).rev() {
            let sum: f64 = (i + 1..p).map(|k| self.xx[i * stride + k] * x[k]).sum();
            x[i] = (x[i] - sum) / self.xx[i * stride + i];
        }
    }

    /// L_X^-1 in place, for m right-hand sides (p rows of m).
    pub fn solve_x(&self, x: &mut [f64], m: usize) {
        let (p, stride) = (self.p, self.p + 1);
        for i in 0..p {
            let (before, rest) = x.split_at_mut(i * m);
            let row = &mut rest[..m];
            for k in 0..i {
                subtract_scaled(row, self.xx[k * stride + i], &before[k * m..(k + 1) * m]);
            }
            row.iter_mut().for_each(|v| *v /= self.xx[i * stride + i]);
        }
    }

    /// Overwrites the leads of h with t = L^-1 Λ'h, and hx (p rows of m) with its continuation in X.
    pub fn forward(
        &self,
        h: &mut Effects,
        hx: &mut [f64],
        a: &CrossProducts,
        symbolic: &SymbolicFactor,
        m: usize,
    ) -> Remainder {
        self.forward_from(h, None, hx, a, symbolic, m)
    }

    /// The same for Λ'h + s, where s, of one right-hand side, is of the spherical effects.
    pub fn forward_from(
        &self,
        h: &mut Effects,
        s: Option<&Effects>,
        hx: &mut [f64],
        a: &CrossProducts,
        symbolic: &SymbolicFactor,
        m: usize,
    ) -> Remainder {
        let mut rest = gather(h, symbolic, m);
        for (i, (lead, factor)) in symbolic.leads.iter().zip(&self.leads).enumerate() {
            let mut own = std::mem::take(&mut h[lead.block]);
            own.par_chunks_mut(GRAIN * lead.r * m).zip(factor.c.par_chunks(GRAIN * lead.r * lead.r)).for_each(
                |(values, c)| match (lead.r, m) {
                    (1, 1) => scale_levels(values, c, 1, 1),
                    (r, m) => scale_levels(values, c, r, m),
                },
            );
            if let Some(s) = s {
                add_spherical(&mut own, &s[lead.block], &factor.blocks.own, lead.r);
            }
            if !(lead.ancestors.is_empty() && factor.blocks.panel.is_empty()) {
                for (level, t) in own.chunks_exact(lead.r * m).enumerate() {
                    self.subtract_explained(h, &mut rest, (i, lead, level), t, symbolic, m);
                }
            }
            subtract_fixed(hx, &factor.blocks.x, &own, self.p, m);
            h[lead.block] = own;
        }
        let s = s.map(|s| gather(s, symbolic, m));
        let solved = self.finish_forward(s.as_deref(), a, symbolic, m, &mut rest, hx);
        spread(&rest, h, symbolic, m);
        Remainder { rest, solved }
    }

    /// h -= P t over the later leads and the trailing block, for one level.
    fn subtract_explained(
        &self,
        h: &mut Effects,
        rest: &mut [f64],
        (i, lead, level): (usize, &Lead, usize),
        t: &[f64],
        symbolic: &SymbolicFactor,
        m: usize,
    ) {
        let (r, factor) = (lead.r, &self.leads[i]);
        for (j, ancestor) in lead.ancestors.iter().enumerate() {
            let up = ancestor.level[level] as usize * ancestor.r * m;
            let block = &factor.blocks.ancestors[j][level * ancestor.r * r..(level + 1) * ancestor.r * r];
            let target = &mut h[symbolic.leads[i + 1 + j].block][up..up + ancestor.r * m];
            subtract(target, block, t, (ancestor.r, r, m));
        }
        let rows = lead.panel.level_rows(level);
        let panel = &factor.blocks.panel[lead.panel.range(level, r)];
        for a in 0..r {
            if m == 1 {
                let column = &panel[a * rows.len()..(a + 1) * rows.len()];
                column.iter().zip(rows).for_each(|(v, &row)| rest[row as usize] -= v * t[a]);
                continue;
            }
            for (k, &row) in rows.iter().enumerate() {
                let target = &mut rest[row as usize * m..(row as usize + 1) * m];
                subtract_scaled(target, panel[a * rows.len() + k], &t[a * m..(a + 1) * m]);
            }
        }
    }

    /// The trailing block and X after the leads, for all m right-hand sides: S^-1 of Λ' of `rest`, and of `s` beside it, which
    /// `rest` becomes.
    pub fn finish_forward(
        &self,
        s: Option<&[f64]>,
        a: &CrossProducts,
        symbolic: &SymbolicFactor,
        m: usize,
        rest: &mut [f64],
        hx: &mut [f64],
    ) -> Vec<f64> {
        let (p, q) = (self.p, symbolic.n_trailing);
        let mut columns = from_rows(rest, q, m);
        scale_rows(&mut columns, &self.lambda, symbolic, true);
        columns.iter_mut().zip(s.unwrap_or_default()).for_each(|(column, s)| *column += s);
        to_rows(&columns, rest, q, m);
        for k in 0..p {
            let x = &self.solved_x[k * q..(k + 1) * q];
            for c in 0..m {
                hx[k * m + c] -= x.iter().zip(&columns[c * q..]).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        self.solve_x(hx, m);
        self.trailing.solve(&mut columns, m, a, symbolic);
        let mut solved = vec![0.0; q * m];
        to_rows(&columns, &mut solved, q, m);
        solved
    }
}

/// h becomes C'h, level by level.
#[inline(always)]
fn scale_levels(h: &mut [f64], c: &[f64], r: usize, m: usize) {
    let mut t = vec![0.0; r * m];
    for (h, c) in h.chunks_exact_mut(r * m).zip(c.chunks_exact(r * r)) {
        multiply_transposed(&mut t, c, h, r, m);
        h.copy_from_slice(&t);
    }
}

/// t += L^-1 s, level by level.
fn add_spherical(t: &mut [f64], s: &[f64], l: &[f64], r: usize) {
    let pieces = t.par_chunks_mut(GRAIN * r).zip(s.par_chunks(GRAIN * r)).zip(l.par_chunks(GRAIN * r * r));
    pieces.for_each(|((t, s), l)| match r {
        1 => t.iter_mut().zip(s).zip(l).for_each(|((t, s), l)| *t += s / l),
        _ => {
            let mut own = vec![0.0; r];
            for ((t, s), l) in t.chunks_exact_mut(r).zip(s.chunks_exact(r)).zip(l.chunks_exact(r * r)) {
                for i in 0..r {
                    let sum: f64 = (0..i).map(|k| l[k * r + i] * own[k]).sum();
                    own[i] = (s[i] - sum) / l[i * r + i];
                    t[i] += own[i];
                }
            }
        }
    });
}

/// t = C'h for one level (r rows of m).
#[inline(always)]
fn multiply_transposed(t: &mut [f64], c: &[f64], h: &[f64], r: usize, m: usize) {
    t.fill(0.0);
    for a in 0..r {
        for b in 0..r {
            subtract_scaled(&mut t[a * m..(a + 1) * m], -c[a * r + b], &h[b * m..(b + 1) * m]);
        }
    }
}

/// hx -= P_x t over all levels of a lead: partial sums over fixed pieces, added in order.
fn subtract_fixed(hx: &mut [f64], x: &[f64], t: &[f64], p: usize, m: usize) {
    let stride = p + 1;
    let pieces: Vec<Vec<f64>> = x
        .par_chunks(GRAIN * stride)
        .zip(t.par_chunks(GRAIN * m))
        .map(|(x, t)| {
            let mut sum = vec![0.0; p * m];
            let (rows, x) = (t.len() / m, dense::view(x, stride, x.len() / stride).subrows(0, p));
            let to = dense::view_mut(&mut sum, m, p);
            dense::multiply(to, faer::Accum::Add, dense::view(t, m, rows), x.transpose(), -1.0);
            sum
        })
        .collect();
    pieces.iter().for_each(|piece| hx.iter_mut().zip(piece).for_each(|(h, v)| *h += v));
}

/// The trailing rows of h.
fn gather(h: &Effects, symbolic: &SymbolicFactor, m: usize) -> Vec<f64> {
    let mut out = vec![0.0; symbolic.n_trailing * m];
    for t in &symbolic.groups {
        out[t.offset * m..(t.offset + t.n_levels * t.r) * m].copy_from_slice(&h[t.block]);
    }
    out
}

pub fn spread(trailing: &[f64], h: &mut Effects, symbolic: &SymbolicFactor, m: usize) {
    for t in &symbolic.groups {
        h[t.block].copy_from_slice(&trailing[t.offset * m..(t.offset + t.n_levels * t.r) * m]);
    }
}

/// h -= B t for a block (rows x columns, column-major).
#[inline]
pub fn subtract(h: &mut [f64], block: &[f64], t: &[f64], (rows, columns, m): (usize, usize, usize)) {
    for a in 0..columns {
        for i in 0..rows {
            subtract_scaled(&mut h[i * m..(i + 1) * m], block[a * rows + i], &t[a * m..(a + 1) * m]);
        }
    }
}
