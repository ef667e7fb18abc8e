//! Solving with the factor: L^-1 forwards, M^-1 backwards, for several right-hand sides at once.
//!
//! Right-hand sides lie side by side: every row of the random effects, of the trailing block and of X
//! holds the m values of its m right-hand sides.

use std::ops::Range;

use rayon::prelude::*;

use super::factor::CholeskyFactor;
use super::iterative::SOLVED_FOR_FORM;
use super::product::Effects;
use super::system::{Lead, System};
use super::trailing::{from_rows, scale_rows, to_rows};
use crate::crossproduct::CrossProducts;
use crate::linalg::{dense, small};

/// Levels of one task.
const GRAIN: usize = 1024;

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
fn subtract_scaled(y: &mut [f64], v: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y -= v * x);
}

impl CholeskyFactor {
    /// β of the response, in the working basis (p).
    pub fn beta(&self, system: &System) -> Vec<f64> {
        let (p, stride) = (system.p, system.p + 1);
        let mut beta: Vec<f64> = (0..p).map(|j| self.xx[j * stride + p]).collect();
        self.solve_x_transposed(&mut beta, system);
        beta
    }

    /// (X'V^-1 X)^-1 in the working basis (p x p).
    pub fn fixed_covariance(&self, system: &System) -> Vec<f64> {
        let (p, stride) = (system.p, system.p + 1);
        let l: Vec<f64> = (0..p * p).map(|k| self.xx[k / p * stride + k % p]).collect();
        let mut inverse = vec![0.0; p * p];
        dense::inverse_from_cholesky(&mut inverse, &l, p);
        inverse
    }

    /// The modes of the response, for `beta`.
    pub fn modes(&self, system: &System, beta: &[f64]) -> Modes {
        self.backward(system, system.p..system.p + 1, beta)
    }

    /// L_X^-T in place, one right-hand side.
    pub fn solve_x_transposed(&self, x: &mut [f64], system: &System) {
        let (p, stride) = (system.p, system.p + 1);
        for i in (0..p).rev() {
            let sum: f64 = (i + 1..p).map(|k| self.xx[i * stride + k] * x[k]).sum();
            x[i] = (x[i] - sum) / self.xx[i * stride + i];
        }
    }

    /// L_X^-1 in place, for m right-hand sides (p rows of m).
    pub fn solve_x(&self, x: &mut [f64], m: usize, system: &System) {
        let (p, stride) = (system.p, system.p + 1);
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
    pub fn forward(&self, h: &mut Effects, hx: &mut [f64], a: &CrossProducts, system: &System, m: usize) -> Remainder {
        let mut rest = gather(h, system, m);
        for (i, (lead, factor)) in system.leads.iter().zip(&self.leads).enumerate() {
            let mut own = std::mem::take(&mut h[lead.block]);
            own.par_chunks_mut(GRAIN * lead.r * m).zip(factor.c.par_chunks(GRAIN * lead.r * lead.r)).for_each(
                |(values, c)| {
                    let mut t = vec![0.0; lead.r * m];
                    for (values, c) in values.chunks_exact_mut(lead.r * m).zip(c.chunks_exact(lead.r * lead.r)) {
                        multiply_transposed(&mut t, c, values, lead.r, m);
                        values.copy_from_slice(&t);
                    }
                },
            );
            for (level, t) in own.chunks_exact(lead.r * m).enumerate() {
                self.subtract_explained(h, &mut rest, (i, lead, level), t, system, m);
            }
            subtract_fixed(hx, &factor.blocks.x, &own, system, m);
            h[lead.block] = own;
        }
        let solved = self.finish_forward(a, system, m, &mut rest, hx);
        spread(&rest, h, system, m);
        Remainder { rest, solved }
    }

    /// h -= P t over the later leads and the trailing block, for one level.
    fn subtract_explained(
        &self,
        h: &mut Effects,
        rest: &mut [f64],
        (i, lead, level): (usize, &Lead, usize),
        t: &[f64],
        system: &System,
        m: usize,
    ) {
        let (r, factor) = (lead.r, &self.leads[i]);
        for (j, ancestor) in lead.ancestors.iter().enumerate() {
            let up = ancestor.level[level] as usize * ancestor.r * m;
            let block = &factor.blocks.ancestors[j][level * ancestor.r * r..(level + 1) * ancestor.r * r];
            let target = &mut h[system.leads[i + 1 + j].block][up..up + ancestor.r * m];
            subtract(target, block, t, (ancestor.r, r, m));
        }
        let rows = lead.panel.level_rows(level);
        let panel = &factor.blocks.panel[lead.panel.range(level, r)];
        for a in 0..r {
            for (k, &row) in rows.iter().enumerate() {
                let target = &mut rest[row as usize * m..(row as usize + 1) * m];
                subtract_scaled(target, panel[a * rows.len() + k], &t[a * m..(a + 1) * m]);
            }
        }
    }

    /// The trailing block and X after the leads, for all m right-hand sides: S^-1 Λ' of `rest`, which
    /// becomes Λ'rest.
    pub fn finish_forward(
        &self,
        a: &CrossProducts,
        system: &System,
        m: usize,
        rest: &mut [f64],
        hx: &mut [f64],
    ) -> Vec<f64> {
        let (p, q) = (system.p, system.n_trailing);
        let mut columns = from_rows(rest, q, m);
        scale_rows(&mut columns, &self.lambda, system, true);
        to_rows(&columns, rest, q, m);
        for k in 0..p {
            let x = &self.solved_x[k * q..(k + 1) * q];
            for c in 0..m {
                hx[k * m + c] -= x.iter().zip(&columns[c * q..]).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        self.solve_x(hx, m, system);
        match (&self.iterative, &self.sparse) {
            (Some(iterative), _) => return iterative.solve(rest, m, SOLVED_FOR_FORM, a, system),
            (None, Some(sparse)) => sparse.solve(&mut columns, m, system),
            (None, None) => {
                dense::solve_lower(&self.trailing, &mut columns, q, m);
                dense::solve_lower_transposed(&self.trailing, &mut columns, q, m);
            }
        }
        let mut solved = vec![0.0; q * m];
        to_rows(&columns, &mut solved, q, m);
        solved
    }

    /// u = M^-1 Λ'(Z'v - Z'Xβ) and b = Λu for columns v of [X y]; `beta` is p rows of m, or empty for zero.
    pub fn backward(&self, system: &System, columns: Range<usize>, beta: &[f64]) -> Modes {
        let (m, q) = (columns.len(), system.n_trailing);
        let mut u: Effects = self.lambda.iter().map(|_| Vec::new()).collect();
        system.leads.iter().for_each(|l| u[l.block] = vec![0.0; l.n_levels * l.r * m]);
        system.trailing.iter().for_each(|t| u[t.block] = vec![0.0; t.n_levels * t.r * m]);
        let mut b = u.clone();
        if m == 0 {
            return Modes { u, b };
        }
        let mut trailing = self.solved_x[columns.start * q..columns.end * q].to_vec();
        if !beta.is_empty() {
            for (c, values) in trailing.chunks_exact_mut(q.max(1)).enumerate() {
                for k in 0..system.p {
                    subtract_scaled(values, beta[k * m + c], &self.solved_x[k * q..(k + 1) * q]);
                }
            }
        }
        let mut rows = vec![0.0; q * m];
        to_rows(&trailing, &mut rows, q, m);
        spread(&rows, &mut u, system, m);
        scale_rows(&mut trailing, &self.lambda, system, false);
        to_rows(&trailing, &mut rows, q, m);
        spread(&rows, &mut b, system, m);
        for (i, lead) in system.leads.iter().enumerate().rev() {
            let (mut own_u, mut own_b) = (std::mem::take(&mut u[lead.block]), std::mem::take(&mut b[lead.block]));
            let size = GRAIN * lead.r * m;
            own_u.par_chunks_mut(size).zip(own_b.par_chunks_mut(size)).enumerate().for_each(|(piece, (u, own_b))| {
                let levels = u.chunks_exact_mut(lead.r * m).zip(own_b.chunks_exact_mut(lead.r * m));
                for (k, (u, own_b)) in levels.enumerate() {
                    let level = piece * GRAIN + k;
                    self.level_rest(u, (i, lead, level), (&b, &rows), &columns, beta, system);
                    self.solve_level(u, own_b, (i, lead, level), m);
                }
            });
            (u[lead.block], b[lead.block]) = (own_u, own_b);
        }
        Modes { u, b }
    }

    /// L^-1 Λ'(Z'v - Z'Xβ) - P'b of one level (r rows of m).
    fn level_rest(
        &self,
        rest: &mut [f64],
        (i, lead, level): (usize, &Lead, usize),
        (b, trailing): (&Effects, &[f64]),
        columns: &Range<usize>,
        beta: &[f64],
        system: &System,
    ) {
        let (r, m, stride) = (lead.r, columns.len(), system.p + 1);
        let factor = &self.leads[i];
        for a in 0..r {
            let x = &factor.blocks.x[(level * r + a) * stride..][..stride];
            let target = &mut rest[a * m..(a + 1) * m];
            target.copy_from_slice(&x[columns.clone()]);
            for (beta, v) in beta.chunks_exact(m).zip(x) {
                subtract_scaled(target, *v, beta);
            }
            for (j, ancestor) in lead.ancestors.iter().enumerate() {
                let rj = ancestor.r;
                let block = &factor.blocks.ancestors[j][level * rj * r + a * rj..][..rj];
                let up = &b[system.leads[i + 1 + j].block][ancestor.level[level] as usize * rj * m..];
                block.iter().zip(up.chunks_exact(m)).for_each(|(v, up)| subtract_scaled(target, *v, up));
            }
            let rows = lead.panel.level_rows(level);
            let panel = &factor.blocks.panel[lead.panel.range(level, r)][a * rows.len()..(a + 1) * rows.len()];
            for (v, &row) in panel.iter().zip(rows) {
                subtract_scaled(target, *v, &trailing[row as usize * m..(row as usize + 1) * m]);
            }
        }
    }

    /// b = C rest and u = L^-T rest, which u holds.
    fn solve_level(&self, u: &mut [f64], b: &mut [f64], (i, lead, level): (usize, &Lead, usize), m: usize) {
        let r = lead.r;
        let size = level * r * r..(level + 1) * r * r;
        let (l, c) = (&self.leads[i].blocks.own[size.clone()], &self.leads[i].c[size]);
        for a in 0..r {
            b[a * m..(a + 1) * m].fill(0.0);
            for k in 0..r {
                subtract_scaled(&mut b[a * m..(a + 1) * m], -c[k * r + a], &u[k * m..(k + 1) * m]);
            }
        }
        for a in (0..r).rev() {
            let (row, after) = u[a * m..].split_at_mut(m);
            for k in a + 1..r {
                subtract_scaled(row, l[a * r + k], &after[(k - a - 1) * m..(k - a) * m]);
            }
            row.iter_mut().for_each(|v| *v /= l[a * r + a]);
        }
    }
}

/// t = C'h for one level (r rows of m).
#[inline]
fn multiply_transposed(t: &mut [f64], c: &[f64], h: &[f64], r: usize, m: usize) {
    t.fill(0.0);
    for a in 0..r {
        for b in 0..r {
            subtract_scaled(&mut t[a * m..(a + 1) * m], -c[a * r + b], &h[b * m..(b + 1) * m]);
        }
    }
}

/// hx -= P_x t over all levels of a lead: partial sums over fixed pieces, added in order.
fn subtract_fixed(hx: &mut [f64], x: &[f64], t: &[f64], system: &System, m: usize) {
    let (p, stride) = (system.p, system.p + 1);
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
fn gather(h: &Effects, system: &System, m: usize) -> Vec<f64> {
    let mut out = vec![0.0; system.n_trailing * m];
    for t in &system.trailing {
        out[t.offset * m..(t.offset + t.n_levels * t.r) * m].copy_from_slice(&h[t.block]);
    }
    out
}

fn spread(trailing: &[f64], h: &mut Effects, system: &System, m: usize) {
    for t in &system.trailing {
        h[t.block].copy_from_slice(&trailing[t.offset * m..(t.offset + t.n_levels * t.r) * m]);
    }
}

/// h -= B t for a block (rows x columns, column-major).
#[inline]
fn subtract(h: &mut [f64], block: &[f64], t: &[f64], (rows, columns, m): (usize, usize, usize)) {
    for a in 0..columns {
        for i in 0..rows {
            subtract_scaled(&mut h[i * m..(i + 1) * m], block[a * rows + i], &t[a * m..(a + 1) * m]);
        }
    }
}

/// One right-hand side that touches few levels, of many.
impl CholeskyFactor {
    /// L^-1 Λ'h over the leads, for an h given by the levels it touches in each block; returns its
    /// squared length, and adds what is left of h to column c of `rest` (q_t rows of m) and `hx` (p rows of m).
    pub fn forward_sparse(
        &self,
        system: &System,
        mut touched: Vec<Vec<(usize, Vec<f64>)>>,
        c: usize,
        m: usize,
        rest: &mut [f64],
        hx: &mut [f64],
    ) -> f64 {
        let (p, stride) = (system.p, system.p + 1);
        let mut square = 0.0;
        for t in &system.trailing {
            for (level, z) in &touched[t.block] {
                z.iter().enumerate().for_each(|(k, v)| rest[(t.offset + level * t.r + k) * m + c] += v);
            }
        }
        for (i, (lead, factor)) in system.leads.iter().zip(&self.leads).enumerate() {
            let r = lead.r;
            for (level, h) in std::mem::take(&mut touched[lead.block]) {
                let mut t = vec![0.0; r];
                small::add_cross(&mut t, &factor.c[level * r * r..(level + 1) * r * r], &h, r, r, 1);
                square += t.iter().map(|v| v * v).sum::<f64>();
                for (j, ancestor) in lead.ancestors.iter().enumerate() {
                    let up = ancestor.level[level] as usize;
                    let block = &factor.blocks.ancestors[j][level * ancestor.r * r..(level + 1) * ancestor.r * r];
                    let list = &mut touched[system.leads[i + 1 + j].block];
                    let at = list.iter().position(|(l, _)| *l == up).unwrap_or_else(|| {
                        list.push((up, vec![0.0; ancestor.r]));
                        list.len() - 1
                    });
                    subtract(&mut list[at].1, block, &t, (ancestor.r, r, 1));
                }
                let rows = lead.panel.level_rows(level);
                let panel = &factor.blocks.panel[lead.panel.range(level, r)];
                for (a, ta) in t.iter().enumerate() {
                    for (k, &row) in rows.iter().enumerate() {
                        rest[row as usize * m + c] -= panel[a * rows.len() + k] * ta;
                    }
                    let x = &factor.blocks.x[(level * r + a) * stride..][..p];
                    x.iter().enumerate().for_each(|(k, v)| hx[k * m + c] -= v * ta);
                }
            }
        }
        square
    }
}
