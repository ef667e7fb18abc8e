//! The selected inverse of one level of a lead: with N of the rows below known, W = N_RR P, then its own blocks.

use super::factor::{CholeskyFactor, LeadView, ancestor_blocks};
use super::inverse::{Inverse, LeadInverse};
use super::symbolic::{Lead, SymbolicFactor};
use super::trailing::InverseBlocks;
use crate::linalg::small;

pub struct LevelInverseTask<'a> {
    pub inverse: &'a Inverse,
    pub factor: &'a CholeskyFactor,
    pub symbolic: &'a SymbolicFactor,
    pub i: usize,
    pub lead: &'a Lead,
    pub source: LeadView<'a>,
}

pub struct Scratch {
    /// W for ancestors (r_j x r each), trailing rows (d x r) and rows of X (n_fixed x r).
    w_ancestors: Vec<Vec<f64>>,
    w: Vec<f64>,
    wx: Vec<f64>,
    /// Where a level's rows are in a supernode.
    at: Vec<u32>,
    q: Vec<f64>,
    left: Vec<f64>,
    product: Vec<f64>,
    pub e: Vec<f64>,
}

impl Scratch {
    pub fn new(lead: &Lead, n_fixed: usize) -> Self {
        let zero = || vec![0.0; lead.r * lead.r];
        Self {
            w_ancestors: lead.ancestors.iter().map(|a| vec![0.0; a.r * lead.r]).collect(),
            w: Vec::new(),
            wx: vec![0.0; n_fixed * lead.r],
            at: Vec::new(),
            q: zero(),
            left: zero(),
            product: zero(),
            e: zero(),
        }
    }
}

/// N and E of a range of levels; returns E.
pub fn piece<const R: usize>(task: &LevelInverseTask, first: usize, n: &mut [f64]) -> Vec<f64> {
    let mut scratch = Scratch::new(task.lead, task.inverse.trailing.fixed.n);
    let size = task.lead.r * task.lead.r;
    n.chunks_exact_mut(size).enumerate().for_each(|(k, n)| invert_level::<R>(task, first + k, n, &mut scratch));
    scratch.e
}

pub fn invert_level<const R: usize>(task: &LevelInverseTask, level: usize, n_own: &mut [f64], s: &mut Scratch) {
    task.weigh::<R>(level, s);
    let r = small::width::<R>(task.lead.r);
    let blocks = &task.factor.leads[task.i].blocks;
    let (stride, f) = (task.factor.p + 1, task.inverse.trailing.fixed.n);
    let size = level * r * r..(level + 1) * r * r;
    let (l, c) = (&blocks.own[size.clone()], &task.factor.leads[task.i].c[size.clone()]);
    // I + Q, Q = P'W
    s.q[..r * r].fill(0.0);
    (0..r).for_each(|j| s.q[j * r + j] = 1.0);
    for (j, w) in s.w_ancestors.iter().enumerate() {
        small::add_cross(&mut s.q, task.ancestor_factor(j, level), w, task.lead.ancestors[j].r, r, r);
    }
    let panel = &blocks.panel[task.lead.panel.range(level, r)];
    small::add_cross(&mut s.q, panel, &s.w, panel.len() / r, r, r);
    let projected = task.inverse.projected(task.i, level, r);
    if let Some(bw) = projected {
        small::add_cross(&mut s.q, c, bw, r, r, r);
    }
    let x = level * r * stride..(level + 1) * r * stride;
    add_cross_strided(&mut s.q, &blocks.x[x.clone()], &s.wx, (stride, f, r));
    // E += [B C (I + Q) - B_R'W] L^-1
    small::multiply(&mut s.product, c, &s.q, r, r, r);
    small::multiply(&mut s.left, &task.source.own[size], &s.product, r, r, r);
    s.left[..r * r].iter_mut().for_each(|v| *v = -*v);
    for (j, w) in s.w_ancestors.iter().enumerate() {
        let b = &ancestor_blocks(&task.source, task.symbolic, task.i, j)[level * w.len()..(level + 1) * w.len()];
        small::add_cross(&mut s.left, b, w, task.lead.ancestors[j].r, r, r);
    }
    let b = &task.source.panel[task.lead.panel.range(level, r)];
    small::add_cross(&mut s.left, b, &s.w, b.len() / r, r, r);
    if let Some(bw) = projected {
        s.left.iter_mut().zip(bw).for_each(|(left, v)| *left += v);
    }
    add_cross_strided(&mut s.left, &task.source.x[x], &s.wx, (stride, f, r));
    // N = C (I + Q) C'
    n_own[..r * r].fill(0.0);
    for j in 0..r {
        for k in 0..r {
            (0..r).for_each(|i| n_own[j * r + i] += s.product[k * r + i] * c[k * r + j]);
        }
    }
    small::solve_right::<R>(&mut s.product, &s.left, l, r, r);
    s.e[..r * r].iter_mut().zip(&s.product).for_each(|(e, v)| *e -= v);
}

/// C (r x r) += A'B for the first f rows of A (stride x r) and B (f x r).
#[inline(always)]
fn add_cross_strided(c: &mut [f64], a: &[f64], b: &[f64], (stride, f, r): (usize, usize, usize)) {
    for j in 0..r {
        for l in 0..r {
            let sum: f64 = a[l * stride..l * stride + f].iter().zip(&b[j * f..(j + 1) * f]).map(|(x, y)| x * y).sum();
            c[j * r + l] += sum;
        }
    }
}

impl LevelInverseTask<'_> {
    fn ancestor_factor(&self, j: usize, level: usize) -> &[f64] {
        let size = self.lead.ancestors[j].r * self.lead.r;
        &self.factor.leads[self.i].blocks.ancestors[j][level * size..(level + 1) * size]
    }

    /// W = N_RR P for one level.
    fn weigh<const R: usize>(&self, level: usize, s: &mut Scratch) {
        let (r, q, f) = (small::width::<R>(self.lead.r), self.symbolic.n_trailing, self.inverse.trailing.fixed.n);
        let blocks = &self.factor.leads[self.i].blocks;
        let rows = self.lead.panel.level_rows(level);
        let panel = &blocks.panel[self.lead.panel.range(level, r)];
        let x = &blocks.x[level * r * (self.factor.p + 1)..(level + 1) * r * (self.factor.p + 1)];
        s.w.clear();
        if let Some((w, wx)) = self.inverse.weighed(self.i, self.lead) {
            match w.get(self.lead.panel.range(level, r)) {
                Some(w) => s.w.extend_from_slice(w),
                None => s.w.resize(rows.len() * r, 0.0),
            }
            s.wx.copy_from_slice(&wx[level * r * f..(level + 1) * r * f]);
        } else {
            s.w.resize(rows.len() * r, 0.0);
            s.wx.fill(0.0);
            match &self.inverse.trailing.blocks {
                InverseBlocks::Dense(n) => weigh_trailing::<R>(&mut s.w, panel, rows, n.view(q), r),
                InverseBlocks::Sparse(n) => n.weigh::<R>(&mut s.w, panel, self.symbolic, (self.i, level), &mut s.at),
                InverseBlocks::Iterative(_) => {} // computed beforehand
            }
            self.weigh_fixed::<R>(rows, panel, x, s);
        }
        s.w_ancestors.iter_mut().for_each(|w| w.fill(0.0));
        for (j, ancestor) in self.lead.ancestors.iter().enumerate() {
            self.weigh_ancestor::<R>(level, j, ancestor.level[level] as usize, (rows, panel, x), s);
        }
    }

    /// The part of W that X's rows and columns of N give, ancestors left out.
    fn weigh_fixed<const R: usize>(&self, rows: &[u32], panel: &[f64], x: &[f64], s: &mut Scratch) {
        let (r, f, stride) = (small::width::<R>(self.lead.r), self.inverse.trailing.fixed.n, self.factor.p + 1);
        if f == 0 {
            return;
        }
        let d = rows.len();
        for l in 0..r {
            let (wx, px) = (&mut s.wx[l * f..(l + 1) * f], &x[l * stride..l * stride + f]);
            for (n, p) in self.inverse.trailing.fixed.xx.chunks_exact(f).zip(px) {
                wx.iter_mut().zip(n).for_each(|(w, n)| *w += n * p);
            }
            for (k, &row) in rows.iter().enumerate() {
                let (n, p) =
                    (&self.inverse.trailing.fixed.x[row as usize * f..(row as usize + 1) * f], panel[l * d + k]);
                let mut sum = 0.0;
                for ((w, n), px) in wx.iter_mut().zip(n).zip(px) {
                    *w += n * p;
                    sum += n * px;
                }
                s.w[l * d + k] += sum;
            }
        }
    }

    /// The part of W that an ancestor's rows and columns of N give.
    fn weigh_ancestor<const R: usize>(
        &self,
        level: usize,
        j: usize,
        up: usize,
        (rows, panel, x): (&[u32], &[f64], &[f64]),
        s: &mut Scratch,
    ) {
        let (r, rj) = (small::width::<R>(self.lead.r), self.lead.ancestors[j].r);
        let (above, p) = (&self.inverse.leads[self.i + 1 + j], self.ancestor_factor(j, level));
        add_product(&mut s.w_ancestors[j], &above.own[up * rj * rj..(up + 1) * rj * rj], p, (rj, rj, r), false);
        for k in j + 1..self.lead.ancestors.len() {
            let rk = self.lead.ancestors[k].r;
            let n = &above.ancestors[k - j - 1][up * rk * rj..(up + 1) * rk * rj];
            add_product(&mut s.w_ancestors[k], n, p, (rk, rj, r), false);
            add_product(&mut s.w_ancestors[j], n, self.ancestor_factor(k, level), (rk, rj, r), true);
        }
        let parent = &self.symbolic.leads[self.i + 1 + j];
        let parent_rows = parent.panel.level_rows(up);
        let n = &above.panel[parent.panel.range(up, rj)];
        let (d, dp, mut at) = (rows.len(), parent_rows.len(), 0);
        for (k, row) in rows.iter().enumerate() {
            while parent_rows[at] < *row {
                at += 1;
            }
            for l in 0..r {
                for b in 0..rj {
                    s.w[l * d + k] += n[b * dp + at] * p[l * rj + b];
                    s.w_ancestors[j][l * rj + b] += n[b * dp + at] * panel[l * d + k];
                }
            }
        }
        let (f, stride) = (self.inverse.trailing.fixed.n, self.factor.p + 1);
        for l in 0..r {
            for b in 0..rj {
                let n = &above.x[(up * rj + b) * f..(up * rj + b + 1) * f];
                let (wx, px) = (&mut s.wx[l * f..(l + 1) * f], &x[l * stride..l * stride + f]);
                let (pb, mut sum) = (p[l * rj + b], 0.0);
                for ((w, n), px) in wx.iter_mut().zip(n).zip(px) {
                    *w += n * pb;
                    sum += n * px;
                }
                s.w_ancestors[j][l * rj + b] += sum;
            }
        }
    }

    /// N_R = -W C' of a lead that others lie in.
    pub fn keep(&self, level: usize, s: &Scratch, out: &mut LeadInverse) {
        let r = self.lead.r;
        let c = &self.factor.leads[self.i].c[level * r * r..(level + 1) * r * r];
        let write = |target: &mut [f64], w: &[f64]| {
            let d = w.len() / r;
            for j in 0..r {
                for i in 0..d {
                    target[j * d + i] = -(0..r).map(|k| w[k * d + i] * c[k * r + j]).sum::<f64>();
                }
            }
        };
        write(&mut out.panel[self.lead.panel.range(level, r)], &s.w);
        write(&mut out.x[level * s.wx.len()..(level + 1) * s.wx.len()], &s.wx);
        for (j, w) in s.w_ancestors.iter().enumerate() {
            write(&mut out.ancestors[j][level * w.len()..(level + 1) * w.len()], w);
        }
    }
}

/// w (d x r) += N p over the rows of a level; every entry of the symmetric N is read once.
#[inline(always)]
fn weigh_trailing<const R: usize>(w: &mut [f64], p: &[f64], rows: &[u32], n: faer::MatRef<'_, f64>, r: usize) {
    let (r, d) = (small::width::<R>(r), rows.len());
    for (k, &row) in rows.iter().enumerate() {
        let column = n.col(row as usize).try_as_col_major().expect("contiguous columns").as_slice();
        for l in 0..r {
            let (w, p) = (&mut w[l * d..(l + 1) * d], &p[l * d..(l + 1) * d]);
            let (pk, mut sum) = (p[k], column[row as usize] * p[k]);
            for m in k + 1..d {
                let v = column[rows[m] as usize];
                w[m] += v * pk;
                sum += v * p[m];
            }
            w[k] += sum;
        }
    }
}

/// c += A b, or A'b, for A (m x k, column-major) and r columns.
fn add_product(c: &mut [f64], a: &[f64], b: &[f64], (m, k, r): (usize, usize, usize), transposed: bool) {
    for col in 0..r {
        for j in 0..k {
            for i in 0..m {
                if transposed {
                    c[col * k + j] += a[j * m + i] * b[col * m + i];
                } else {
                    c[col * m + i] += a[j * m + i] * b[col * k + j];
                }
            }
        }
    }
}
