//! Right-hand sides that touch few levels: L^-1 of the rows of a group, of one row, or of many rows one by one.

use super::factor::CholeskyFactor;
use super::symbolic::SymbolicFactor;
use super::trailing::TrailingFactor;
use crate::crossproduct::CrossProducts;
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

/// What the elimination of levels leaves, for k right-hand sides.
trait Remaining {
    /// t't of one level's t (r rows of k).
    fn add_square(&mut self, t: &[f64]);
    /// `v` times a row of k, for a row of the trailing block.
    fn add_rest(&mut self, row: usize, v: f64, values: &[f64]);
    /// `v` times a row of k, for a column of X.
    fn add_fixed(&mut self, column: usize, v: f64, values: &[f64]);
}

/// k right-hand sides together; of the trailing block the rows touched alone.
struct Together {
    k: usize,
    square: Vec<f64>,
    /// Ascending.
    rows: Vec<u32>,
    /// Rows of k.
    values: Vec<f64>,
    fixed: Vec<f64>,
}

impl Remaining for Together {
    fn add_square(&mut self, t: &[f64]) {
        add_gram(&mut self.square, t, t, self.k);
    }

    fn add_rest(&mut self, row: usize, v: f64, values: &[f64]) {
        let at = self.rows.partition_point(|&r| (r as usize) < row);
        add_scaled(&mut self.values[at * self.k..(at + 1) * self.k], v, values);
    }

    fn add_fixed(&mut self, column: usize, v: f64, values: &[f64]) {
        add_scaled(&mut self.fixed[column * self.k..(column + 1) * self.k], v, values);
    }
}

/// One right-hand side, whose rest is column c of m in the whole trailing block and in X.
struct Column<'a> {
    square: f64,
    c: usize,
    m: usize,
    rest: &'a mut [f64],
    fixed: &'a mut [f64],
}

impl Remaining for Column<'_> {
    fn add_square(&mut self, t: &[f64]) {
        self.square += t.iter().map(|v| v * v).sum::<f64>();
    }

    fn add_rest(&mut self, row: usize, v: f64, values: &[f64]) {
        self.rest[row * self.m + self.c] += v * values[0];
    }

    fn add_fixed(&mut self, column: usize, v: f64, values: &[f64]) {
        self.fixed[column * self.m + self.c] += v * values[0];
    }
}

impl CholeskyFactor {
    /// Projects k right-hand sides; `hx` has p rows of k, `inverse` is S^-1 of the trailing block (`take_trailing_inverse`).
    pub fn project(&self, symbolic: &SymbolicFactor, h: Touched, hx: Vec<f64>, k: usize, inverse: &[f64]) -> Projected {
        let (p, q) = (self.p, symbolic.n_trailing);
        let mut rows = touched_rows(symbolic, &h);
        rows.sort_unstable();
        rows.dedup();
        let values = vec![0.0; rows.len() * k];
        let mut left = Together { k, square: vec![0.0; k * k], rows, values, fixed: hx };
        self.eliminate_touched(symbolic, h, k, &mut left);
        self.scale_rest(symbolic, &mut left, k);
        for j in 0..p {
            let solved = &self.solved_x[j * q..(j + 1) * q];
            for (&row, values) in left.rows.iter().zip(left.values.chunks_exact(k)) {
                add_scaled(&mut left.fixed[j * k..][..k], -solved[row as usize], values);
            }
        }
        self.solve_x(&mut left.fixed, k);
        add_quadratic(&mut left.square, &left.rows, &left.values, inverse, q, k);
        Projected { square: left.square, fixed: left.fixed }
    }

    /// L^-1 Λ'h over the leads for one right-hand side; returns its squared length, and adds what is left of h to column
    /// c of `rest` (q_t rows of m) and `hx` (p rows of m).
    pub fn forward_touched(
        &self,
        symbolic: &SymbolicFactor,
        h: Touched,
        (c, m): (usize, usize),
        rest: &mut [f64],
        hx: &mut [f64],
    ) -> f64 {
        let mut left = Column { square: 0.0, c, m, rest, fixed: hx };
        self.eliminate_touched(symbolic, h, 1, &mut left);
        left.square
    }

    /// The leads' part of L^-1 Λ'h for k right-hand sides.
    fn eliminate_touched(&self, symbolic: &SymbolicFactor, mut h: Touched, k: usize, left: &mut impl Remaining) {
        let (p, stride) = (self.p, self.p + 1);
        for t in &symbolic.groups {
            for (level, values) in &h[t.block] {
                let first = t.offset + level * t.r;
                values.chunks_exact(k).enumerate().for_each(|(a, row)| left.add_rest(first + a, 1.0, row));
            }
        }
        for (i, (lead, factor)) in symbolic.leads.iter().zip(&self.leads).enumerate() {
            let r = lead.r;
            for (level, values) in std::mem::take(&mut h[lead.block]) {
                // t = C'h
                let c = &factor.c[level * r * r..(level + 1) * r * r];
                let mut t = vec![0.0; r * k];
                for (e, &v) in c.iter().enumerate() {
                    add_scaled(&mut t[e / r * k..][..k], v, &values[e % r * k..][..k]);
                }
                left.add_square(&t);
                for (j, ancestor) in lead.ancestors.iter().enumerate() {
                    let (up, rj) = (ancestor.level[level] as usize, ancestor.r);
                    let block = &factor.blocks.ancestors[j][level * rj * r..(level + 1) * rj * r];
                    let target = find(&mut h[symbolic.leads[i + 1 + j].block], up, rj * k);
                    for (e, &v) in block.iter().enumerate() {
                        add_scaled(&mut target[e % rj * k..][..k], -v, &t[e / rj * k..][..k]);
                    }
                }
                let rows = lead.panel.level_rows(level);
                let panel = &factor.blocks.panel[lead.panel.range(level, r)];
                for (a, t) in t.chunks_exact(k).enumerate() {
                    let values = &panel[a * rows.len()..];
                    rows.iter().zip(values).for_each(|(&row, v)| left.add_rest(row as usize, -v, t));
                    let x = &factor.blocks.x[(level * r + a) * stride..][..p];
                    x.iter().enumerate().for_each(|(j, v)| left.add_fixed(j, -v, t));
                }
            }
        }
    }

    /// S^-1 of the trailing block, both triangles; the block itself is given up for it.
    pub fn take_trailing_inverse(&mut self, a: &CrossProducts, symbolic: &SymbolicFactor) -> Vec<f64> {
        let q = symbolic.n_trailing;
        let mut inverse = vec![0.0; q * q];
        match std::mem::take(&mut self.trailing) {
            TrailingFactor::Dense(dense) => dense::inverse_from_cholesky(&mut inverse, &dense.l, q),
            other => {
                (0..q).for_each(|k| inverse[k * q + k] = 1.0);
                other.solve(&mut inverse, q, a, symbolic);
            }
        }
        inverse
    }

    /// Λ' of what is left; the rows of a level are all there.
    fn scale_rest(&self, symbolic: &SymbolicFactor, rest: &mut Together, k: usize) {
        let mut at = 0;
        while at < rest.rows.len() {
            let row = rest.rows[at] as usize;
            let t = symbolic.groups.iter().rfind(|t| t.offset <= row).expect("a trailing factor of every row");
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
fn touched_rows(symbolic: &SymbolicFactor, h: &Touched) -> Vec<u32> {
    let mut rows = Vec::new();
    for t in &symbolic.groups {
        for (level, _) in &h[t.block] {
            rows.extend((0..t.r).map(|a| (t.offset + level * t.r + a) as u32));
        }
    }
    // a level's panel has the rows of all levels nested in it, so that ancestors add none
    for lead in &symbolic.leads {
        h[lead.block].iter().for_each(|(level, _)| rows.extend_from_slice(lead.panel.level_rows(*level)));
    }
    for lead in &symbolic.leads {
        for (level, _) in &h[lead.block] {
            for (j, ancestor) in lead.ancestors.iter().enumerate() {
                let i = symbolic.leads.iter().position(|l| l.block == lead.block).expect("a lead");
                let up = &symbolic.leads[i + 1 + j];
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
fn add_quadratic(m: &mut [f64], rows: &[u32], values: &[f64], inverse: &[f64], q: usize, k: usize) {
    let d = rows.len();
    if d == 0 {
        return;
    }
    if 2 * d > q {
        // most rows: zeros for the others cost less than a copy of the inverse
        let mut whole = vec![0.0; q * k];
        for (&row, values) in rows.iter().zip(values.chunks_exact(k)) {
            whole[row as usize * k..][..k].copy_from_slice(values);
        }
        return add_form(m, &whole, inverse, q, k);
    }
    let column = |c: u32| rows.iter().map(move |&r| inverse[c as usize * q + r as usize]);
    let gathered: Vec<f64> = rows.iter().flat_map(|&c| column(c)).collect();
    add_form(m, values, &gathered, d, k);
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
