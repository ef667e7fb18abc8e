//! Several right-hand sides that touch few levels: L^-1 of the rows of a group, or of one row.

use super::factor::CholeskyFactor;
use super::system::System;
use crate::linalg::dense;

/// Per block the levels touched, each once, with their rows of k right-hand sides (r rows of k).
pub type Touched = Vec<Vec<(usize, Vec<f64>)>>;

/// h'M^-1 h, of the random effects alone, and the continuation in X.
#[derive(Debug, Clone)]
pub struct Projected {
    /// H_Z M^-1 H_Z' (k x k).
    pub square: Vec<f64>,
    /// L_X^-1 (h_X - what H_Z explains): p rows of k.
    pub fixed: Vec<f64>,
}

/// What is left for the trailing block: its rows touched, ascending, and their values (rows of k).
struct Rest {
    rows: Vec<u32>,
    values: Vec<f64>,
}

impl Rest {
    fn of(mut rows: Vec<u32>, k: usize) -> Self {
        rows.sort_unstable();
        rows.dedup();
        let values = vec![0.0; rows.len() * k];
        Self { rows, values }
    }

    fn add(&mut self, row: u32, factor: f64, from: &[f64]) {
        let (k, at) = (from.len(), self.rows.partition_point(|&r| r < row));
        self.values[at * k..(at + 1) * k].iter_mut().zip(from).for_each(|(v, f)| *v += factor * f);
    }
}

impl CholeskyFactor {
    /// Projects k right-hand sides; `hx` has p rows of k, `inverse` is S^-1 of the trailing block (`trailing_inverse`).
    pub fn project(&self, system: &System, mut h: Touched, mut hx: Vec<f64>, k: usize, inverse: &[f64]) -> Projected {
        let (p, q, stride) = (system.p, system.n_trailing, system.p + 1);
        let mut rest = Rest::of(touched_rows(system, &h), k);
        for t in &system.trailing {
            for (level, values) in &h[t.block] {
                let first = t.offset + level * t.r;
                values.chunks_exact(k).enumerate().for_each(|(a, row)| rest.add((first + a) as u32, 1.0, row));
            }
        }
        let mut square = vec![0.0; k * k];
        for (i, (lead, factor)) in system.leads.iter().zip(&self.leads).enumerate() {
            let r = lead.r;
            for (level, values) in std::mem::take(&mut h[lead.block]) {
                // t = C'h
                let c = &factor.c[level * r * r..(level + 1) * r * r];
                let mut t = vec![0.0; r * k];
                for (e, &v) in c.iter().enumerate() {
                    add_scaled(&mut t[e / r * k..][..k], v, &values[e % r * k..][..k]);
                }
                add_gram(&mut square, &t, &t, k);
                for (j, ancestor) in lead.ancestors.iter().enumerate() {
                    let (up, rj) = (ancestor.level[level] as usize, ancestor.r);
                    let block = &factor.blocks.ancestors[j][level * rj * r..(level + 1) * rj * r];
                    let target = find(&mut h[system.leads[i + 1 + j].block], up, rj * k);
                    for (e, &v) in block.iter().enumerate() {
                        add_scaled(&mut target[e % rj * k..][..k], -v, &t[e / rj * k..][..k]);
                    }
                }
                let rows = lead.panel.level_rows(level);
                let panel = &factor.blocks.panel[lead.panel.range(level, r)];
                for a in 0..r {
                    for (place, &row) in rows.iter().enumerate() {
                        rest.add(row, -panel[a * rows.len() + place], &t[a * k..(a + 1) * k]);
                    }
                    let x = &factor.blocks.x[(level * r + a) * stride..][..p];
                    x.iter().enumerate().for_each(|(j, &v)| add_scaled(&mut hx[j * k..][..k], -v, &t[a * k..][..k]));
                }
            }
        }
        self.scale_rest(system, &mut rest, k);
        for j in 0..p {
            let solved = &self.solved_x[j * q..(j + 1) * q];
            for (&row, values) in rest.rows.iter().zip(rest.values.chunks_exact(k)) {
                add_scaled(&mut hx[j * k..][..k], -solved[row as usize], values);
            }
        }
        self.solve_x(&mut hx, k, system);
        add_quadratic(&mut square, &rest, inverse, q, k);
        Projected { square, fixed: hx }
    }

    /// S^-1 of the trailing block, both triangles; empty without one.
    pub fn trailing_inverse(&self, system: &System) -> Vec<f64> {
        let q = system.n_trailing;
        let mut inverse = vec![0.0; q * q];
        dense::inverse_from_cholesky(&mut inverse, &self.trailing, q);
        inverse
    }

    /// Λ' of what is left; the rows of a level are all there.
    fn scale_rest(&self, system: &System, rest: &mut Rest, k: usize) {
        let mut at = 0;
        while at < rest.rows.len() {
            let row = rest.rows[at] as usize;
            let t = system.trailing.iter().rfind(|t| t.offset <= row).expect("a trailing factor of every row");
            let (lambda, r) = (&self.lambda[t.block], t.r);
            let level = &mut rest.values[at * k..(at + r) * k];
            let before = level.to_vec();
            level.fill(0.0);
            for (e, &v) in lambda.iter().enumerate() {
                add_scaled(&mut level[e / r * k..][..k], v, &before[e % r * k..][..k]);
            }
            at += r;
        }
    }
}

/// Rows of the trailing block that the right-hand sides touch, by themselves or through the leads.
fn touched_rows(system: &System, h: &Touched) -> Vec<u32> {
    let mut rows = Vec::new();
    for t in &system.trailing {
        for (level, _) in &h[t.block] {
            rows.extend((0..t.r).map(|a| (t.offset + level * t.r + a) as u32));
        }
    }
    // a level's panel has the rows of all levels nested in it, so that ancestors add none
    for lead in &system.leads {
        h[lead.block].iter().for_each(|(level, _)| rows.extend_from_slice(lead.panel.level_rows(*level)));
    }
    for lead in &system.leads {
        for (level, _) in &h[lead.block] {
            for (j, ancestor) in lead.ancestors.iter().enumerate() {
                let i = system.leads.iter().position(|l| l.block == lead.block).expect("a lead");
                let up = &system.leads[i + 1 + j];
                rows.extend_from_slice(up.panel.level_rows(ancestor.level[*level] as usize));
            }
        }
    }
    rows
}

fn find(list: &mut Vec<(usize, Vec<f64>)>, level: usize, size: usize) -> &mut Vec<f64> {
    let at = list.iter().position(|(l, _)| *l == level).unwrap_or_else(|| {
        list.push((level, vec![0.0; size]));
        list.len() - 1
    });
    &mut list[at].1
}

#[inline(always)]
fn add_scaled(y: &mut [f64], v: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += v * x);
}

/// m (k x k) += a'b for rows of k.
fn add_gram(m: &mut [f64], a: &[f64], b: &[f64], k: usize) {
    if k < 8 {
        for (a, b) in a.chunks_exact(k).zip(b.chunks_exact(k)) {
            b.iter().zip(m.chunks_exact_mut(k)).for_each(|(b, column)| add_scaled(column, *b, a));
        }
        return;
    }
    let rows = a.len() / k;
    let (a, b) = (dense::view(a, k, rows), dense::view(b, k, rows));
    dense::multiply(dense::view_mut(m, k, k), faer::Accum::Add, a, b.transpose(), 1.0);
}

/// m (k x k) += rest' S^-1 rest.
fn add_quadratic(m: &mut [f64], rest: &Rest, inverse: &[f64], q: usize, k: usize) {
    let d = rest.rows.len();
    if d == 0 {
        return;
    }
    if 2 * d > q {
        // most rows: zeros for the others cost less than a copy of the inverse
        let mut whole = vec![0.0; q * k];
        for (&row, values) in rest.rows.iter().zip(rest.values.chunks_exact(k)) {
            whole[row as usize * k..][..k].copy_from_slice(values);
        }
        return add_form(m, &whole, inverse, q, k);
    }
    let column = |c: u32| rest.rows.iter().map(move |&r| inverse[c as usize * q + r as usize]);
    let gathered: Vec<f64> = rest.rows.iter().flat_map(|&c| column(c)).collect();
    add_form(m, &rest.values, &gathered, d, k);
}

/// m (k x k) += v'S v for d rows of k.
fn add_form(m: &mut [f64], v: &[f64], s: &[f64], d: usize, k: usize) {
    let mut solved = vec![0.0; d * k];
    if k == 1 {
        s.chunks_exact(d)
            .zip(v)
            .filter(|(_, v)| **v != 0.0)
            .for_each(|(column, &v)| add_scaled(&mut solved, v, column));
    } else {
        // v' is k x d, column-major, as rows of k are
        let v = dense::view(v, k, d);
        dense::multiply(dense::view_mut(&mut solved, k, d), faer::Accum::Replace, v, dense::view(s, d, d), 1.0);
    }
    add_gram(m, v, &solved, k);
}
