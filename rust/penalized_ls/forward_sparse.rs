//! Solving forwards for one right-hand side that touches few levels, of many.

use super::factor::CholeskyFactor;
use super::solve::subtract;
use super::system::System;
use crate::linalg::small;

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
