//! Solving with the factor: L^-1 forwards, L^-T backwards, for several right-hand sides at once.

use super::factor::CholeskyFactor;
use super::product::Effects;
use super::system::{Lead, System};
use super::trailing::scale_rows;
use crate::linalg::{dense, small};

/// The conditional modes for one right-hand side per column.
#[derive(Debug, Clone)]
pub struct Modes {
    /// Spherical modes, M u = Λ'(...).
    pub u: Effects,
    /// b = Λu.
    pub b: Effects,
}

impl CholeskyFactor {
    /// β of the response, in the working basis (p).
    pub fn beta(&self, system: &System) -> Vec<f64> {
        let (p, stride) = (system.p, system.p + 1);
        let mut beta: Vec<f64> = (0..p).map(|j| self.xx[j * stride + p]).collect();
        self.solve_x_transposed(&mut beta, system);
        beta
    }

    /// The modes of the response, for `beta`.
    pub fn modes(&self, system: &System, beta: &[f64]) -> Modes {
        self.backward(&self.right_hand_side(system, system.p..system.p + 1), beta, system, 1)
    }

    /// L^-1 Λ'Z'[X y] for some columns of [X y], as the factor holds it.
    pub fn right_hand_side(&self, system: &System, columns: std::ops::Range<usize>) -> Effects {
        let (stride, q) = (system.p + 1, system.n_trailing);
        let mut c: Effects = self.lambda.iter().map(|_| Vec::new()).collect();
        for (lead, factor) in system.leads.iter().zip(&self.leads) {
            c[lead.block] =
                factor.blocks.x.chunks_exact(stride).flat_map(|row| row[columns.clone()].iter().copied()).collect();
        }
        for t in &system.trailing {
            let rows = t.offset..t.offset + t.n_levels * t.r;
            c[t.block] = rows
                .flat_map(|row| columns.clone().map(move |k| (k, row)))
                .map(|(k, row)| self.trailing_x[k * q + row])
                .collect();
        }
        c
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
            let (before, row) = x.split_at_mut(i * m);
            for c in 0..m {
                let sum: f64 = (0..i).map(|k| self.xx[k * stride + i] * before[k * m + c]).sum();
                row[c] = (row[c] - sum) / self.xx[i * stride + i];
            }
        }
    }

    /// Overwrites h with L^-1 Λ'h, and hx (p rows of m) with its continuation in X, for all m right-hand sides.
    pub fn forward(&self, h: &mut Effects, hx: &mut [f64], system: &System, m: usize) {
        let (p, stride, q) = (system.p, system.p + 1, system.n_trailing);
        let mut trailing = self.gather(h, system, m);
        for (i, (lead, factor)) in system.leads.iter().zip(&self.leads).enumerate() {
            let r = lead.r;
            let mut own = std::mem::take(&mut h[lead.block]);
            let mut t = vec![0.0; r * m];
            for level in 0..lead.n_levels {
                let values = &mut own[level * r * m..(level + 1) * r * m];
                // t = C'h
                let c = &factor.c[level * r * r..(level + 1) * r * r];
                for a in 0..r {
                    for k in 0..m {
                        t[a * m + k] = (0..r).map(|b| c[a * r + b] * values[b * m + k]).sum();
                    }
                }
                values.copy_from_slice(&t);
                // later blocks: h -= P t
                for (j, ancestor) in lead.ancestors.iter().enumerate() {
                    let up = ancestor.level[level] as usize * ancestor.r * m;
                    let block = &factor.blocks.ancestors[j][level * ancestor.r * r..];
                    let target = &mut h[system.leads[i + 1 + j].block][up..up + ancestor.r * m];
                    subtract(target, block, &t, (ancestor.r, r, m));
                }
                let rows = lead.panel.level_rows(level);
                let panel = &factor.blocks.panel[lead.panel.range(level, r)];
                for (k, &row) in rows.iter().enumerate() {
                    for a in 0..r {
                        let v = panel[a * rows.len() + k];
                        (0..m).for_each(|c| trailing[c * q + row as usize] -= v * t[a * m + c]);
                    }
                }
                for a in 0..r {
                    let x = &factor.blocks.x[(level * r + a) * stride..][..p];
                    for (k, &v) in x.iter().enumerate() {
                        (0..m).for_each(|c| hx[k * m + c] -= v * t[a * m + c]);
                    }
                }
            }
            h[lead.block] = own;
        }
        self.finish_forward(system, m, &mut trailing, hx);
        self.spread(&trailing, h, system, m);
    }

    /// u = L^-T (c - L_x'β) and b = Λu, for m right-hand sides; `beta` is p rows of m, or empty for zero.
    pub fn backward(&self, c: &Effects, beta: &[f64], system: &System, m: usize) -> Modes {
        let (p, stride, q) = (system.p, system.p + 1, system.n_trailing);
        let (mut u, mut b): (Effects, Effects) = (c.clone(), c.clone());
        let mut trailing = self.gather(c, system, m);
        if !beta.is_empty() {
            for k in 0..p {
                let x = &self.trailing_x[k * q..(k + 1) * q];
                for col in 0..m {
                    let bk = beta[k * m + col];
                    trailing[col * q..(col + 1) * q].iter_mut().zip(x).for_each(|(t, v)| *t -= v * bk);
                }
            }
        }
        dense::solve_lower_transposed(&self.trailing, &mut trailing, q, m);
        self.spread(&trailing, &mut u, system, m);
        scale_rows(&mut trailing, &self.lambda, system, m, false);
        self.spread(&trailing, &mut b, system, m);
        for (i, (lead, factor)) in system.leads.iter().zip(&self.leads).enumerate().rev() {
            let r = lead.r;
            let mut rest = vec![0.0; r * m];
            for level in 0..lead.n_levels {
                rest.copy_from_slice(&c[lead.block][level * r * m..(level + 1) * r * m]);
                // c - P'b - P_x'β
                self.subtract_later(&mut rest, (i, lead, level), &b, &trailing, system, m);
                if !beta.is_empty() {
                    for a in 0..r {
                        let x = &factor.blocks.x[(level * r + a) * stride..][..p];
                        for col in 0..m {
                            rest[a * m + col] -= x.iter().enumerate().map(|(k, v)| v * beta[k * m + col]).sum::<f64>();
                        }
                    }
                }
                let size = level * r * r..(level + 1) * r * r;
                let (l, cc) = (&factor.blocks.own[size.clone()], &factor.c[size]);
                let mut column = vec![0.0; r];
                for col in 0..m {
                    (0..r).for_each(|a| column[a] = rest[a * m + col]);
                    for a in 0..r {
                        b[lead.block][(level * r + a) * m + col] = (0..r).map(|k| cc[k * r + a] * column[k]).sum();
                    }
                    small::solve_transposed_in_place::<0>(&mut column, l, 1, r);
                    (0..r).for_each(|a| u[lead.block][(level * r + a) * m + col] = column[a]);
                }
            }
        }
        Modes { u, b }
    }

    /// rest -= P'b over the later blocks of one level.
    fn subtract_later(
        &self,
        rest: &mut [f64],
        (i, lead, level): (usize, &Lead, usize),
        b: &Effects,
        trailing: &[f64],
        system: &System,
        m: usize,
    ) {
        let (r, q, factor) = (lead.r, system.n_trailing, &self.leads[i]);
        for (j, ancestor) in lead.ancestors.iter().enumerate() {
            let rj = ancestor.r;
            let block = &factor.blocks.ancestors[j][level * rj * r..(level + 1) * rj * r];
            let up = &b[system.leads[i + 1 + j].block][ancestor.level[level] as usize * rj * m..];
            for a in 0..r {
                for k in 0..rj {
                    (0..m).for_each(|c| rest[a * m + c] -= block[a * rj + k] * up[k * m + c]);
                }
            }
        }
        let rows = lead.panel.level_rows(level);
        let panel = &factor.blocks.panel[lead.panel.range(level, r)];
        for a in 0..r {
            for (k, &row) in rows.iter().enumerate() {
                let v = panel[a * rows.len() + k];
                (0..m).for_each(|c| rest[a * m + c] -= v * trailing[c * q + row as usize]);
            }
        }
    }

    /// The trailing part, q_t x m, column-major.
    fn gather(&self, h: &Effects, system: &System, m: usize) -> Vec<f64> {
        let q = system.n_trailing;
        let mut out = vec![0.0; q * m];
        for t in &system.trailing {
            for (row, values) in h[t.block].chunks_exact(m).enumerate() {
                values.iter().enumerate().for_each(|(c, &v)| out[c * q + t.offset + row] = v);
            }
        }
        out
    }

    fn spread(&self, trailing: &[f64], h: &mut Effects, system: &System, m: usize) {
        let q = system.n_trailing;
        for t in &system.trailing {
            for (row, values) in h[t.block].chunks_exact_mut(m).enumerate() {
                values.iter_mut().enumerate().for_each(|(c, v)| *v = trailing[c * q + t.offset + row]);
            }
        }
    }
}

/// h -= B t for a block (rows x columns, column-major); h and t are rows of m.
#[inline]
fn subtract(h: &mut [f64], block: &[f64], t: &[f64], (rows, columns, m): (usize, usize, usize)) {
    for a in 0..columns {
        for i in 0..rows {
            let v = block[a * rows + i];
            (0..m).for_each(|c| h[i * m + c] -= v * t[a * m + c]);
        }
    }
}

/// One right-hand side that touches few levels, of many.
impl CholeskyFactor {
    /// L^-1 Λ'h over the leads, for an h given by the levels it touches in each block; returns its
    /// squared length, and adds what is left of h to column c of `trailing` (q_t x m) and `hx` (p rows of m).
    pub fn forward_sparse(
        &self,
        system: &System,
        mut touched: Vec<Vec<(usize, Vec<f64>)>>,
        c: usize,
        m: usize,
        trailing: &mut [f64],
        hx: &mut [f64],
    ) -> f64 {
        let (p, stride, q) = (system.p, system.p + 1, system.n_trailing);
        let mut square = 0.0;
        for t in &system.trailing {
            for (level, z) in &touched[t.block] {
                let first = c * q + t.offset + level * t.r;
                trailing[first..first + t.r].iter_mut().zip(z).for_each(|(t, v)| *t += v);
            }
        }
        for (i, (lead, factor)) in system.leads.iter().zip(&self.leads).enumerate() {
            let r = lead.r;
            for (level, h) in std::mem::take(&mut touched[lead.block]) {
                let cc = &factor.c[level * r * r..(level + 1) * r * r];
                let t: Vec<f64> = (0..r).map(|a| (0..r).map(|b| cc[a * r + b] * h[b]).sum()).collect();
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
                        trailing[c * q + row as usize] -= panel[a * rows.len() + k] * ta;
                    }
                    let x = &factor.blocks.x[(level * r + a) * stride..][..p];
                    x.iter().enumerate().for_each(|(k, v)| hx[k * m + c] -= v * ta);
                }
            }
        }
        square
    }

    /// The trailing block and X after the leads, for all m right-hand sides.
    pub fn finish_forward(&self, system: &System, m: usize, trailing: &mut [f64], hx: &mut [f64]) {
        let (p, q) = (system.p, system.n_trailing);
        scale_rows(trailing, &self.lambda, system, m, true);
        dense::solve_lower(&self.trailing, trailing, q, m);
        for k in 0..p {
            let x = &self.trailing_x[k * q..(k + 1) * q];
            for c in 0..m {
                hx[k * m + c] -= x.iter().zip(&trailing[c * q..]).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        self.solve_x(hx, m, system);
    }
}
