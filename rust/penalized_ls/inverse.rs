//! The selected inverse: entries of M^-1 on the pattern of A, which is all that the derivative of a
//! log-determinant needs.  With the fixed effects among the rows R below, M is the matrix of the mixed
//! model equations, and log|M| = log|Λ'Z'WZΛ + I| + log|X'V^-1 X|: that of REML.
//!
//! With N = Λ M^-1 Λ' (Λ = I for X) and P = L below a leading block (before Λ), for one level:
//!   W = N_RR P,   Q = P'W,   M^-1 = L^-T (I + Q) L^-1,   N_R = -W C',   N = C (I + Q) C'
//! and d log|M| = 2 tr(dΛ' E) with E = Σ over levels of (B Λ M^-1) = [B C (I + Q) - B_R'W] L^-1.

use rayon::prelude::*;

use super::factor::{CholeskyFactor, LeadView, ancestor_block, view};
use super::system::{Lead, System, TrailingKind};
use super::trailing_inverse::TrailingInverse;
use crate::crossproduct::CrossProducts;
use crate::linalg::{dense, small};
use crate::with_width;

/// Levels of one task, and of one partial sum of E.
const GRAIN: usize = 512;

/// Blocks of N for a lead: kept for those that others lie in, and where the user asks.
#[derive(Debug, Clone, Default)]
struct LeadInverse {
    own: Vec<f64>,
    ancestors: Vec<Vec<f64>>,
    panel: Vec<f64>,
    /// (n_levels r) columns of n_fixed.
    x: Vec<f64>,
}

/// What the factor's inverse gives.
#[derive(Debug, Clone, Default)]
pub struct Inverse {
    pub trailing: TrailingInverse,
    leads: Vec<LeadInverse>,
    /// W of a dense panel: its trailing rows and its rows of X.
    w: Vec<f64>,
    wx: Vec<f64>,
    /// E of every grouping factor, by block (r x r): d log|M| / dΛ = 2E.
    pub e: Vec<Vec<f64>>,
}

impl Inverse {
    /// Overwrites the inverse with that of `factor`; `with_fixed`: of the mixed model equations.
    pub fn update(&mut self, factor: &CholeskyFactor, a: &CrossProducts, system: &System, with_fixed: bool) {
        self.e = a.factors.iter().map(|f| vec![0.0; f.width * f.width]).collect();
        self.leads.resize_with(system.leads.len(), LeadInverse::default);
        self.trailing.update(factor, a, system, with_fixed, &mut self.e);
        for i in (0..system.leads.len()).rev() {
            self.update_lead(factor, a, system, i);
        }
    }

    /// Λ M^-1 Λ' of every level of a grouping factor (n_levels blocks r x r).
    pub fn level_blocks(&self, factor: &CholeskyFactor, system: &System, block: usize) -> Vec<f64> {
        match system.leads.iter().position(|l| l.block == block) {
            Some(i) => self.leads[i].own.clone(),
            None => self.trailing.level_blocks(factor, system, block),
        }
    }

    fn update_lead(&mut self, factor: &CholeskyFactor, a: &CrossProducts, system: &System, i: usize) {
        let lead = &system.leads[i];
        if self.is_weighed_whole(system, lead) {
            self.weigh_dense(factor, system, i);
        }
        let mut own = std::mem::take(&mut self.leads[i]);
        let (r, kept) = (lead.r, i > 0);
        own.own.resize(lead.n_levels * r * r, 0.0);
        own.panel.resize(if kept { lead.panel.values.len() } else { 0 }, 0.0);
        own.x.resize(if kept { lead.n_levels * r * self.trailing.n_fixed } else { 0 }, 0.0);
        own.ancestors.resize(lead.ancestors.len(), Vec::new());
        for (values, ancestor) in own.ancestors.iter_mut().zip(&lead.ancestors) {
            values.resize(if kept { ancestor.values.len() } else { 0 }, 0.0);
        }
        let job = Job { inverse: self, factor, system, i, lead, source: view(&factor.leads[i].reduced, a, system, i) };
        let e = if kept {
            let mut scratch = Scratch::new(lead, self.trailing.n_fixed);
            for level in 0..lead.n_levels {
                with_width!(
                    r,
                    invert_level(&job, level, &mut own.own[level * r * r..(level + 1) * r * r], &mut scratch)
                );
                job.keep(level, &scratch, &mut own);
            }
            scratch.e
        } else {
            // nothing lies below the first lead: its levels are independent of each other
            let pieces = own.own.par_chunks_mut(GRAIN * r * r).enumerate();
            let partial: Vec<Vec<f64>> = pieces.map(|(k, n)| with_width!(r, piece(&job, k * GRAIN, n))).collect();
            partial.iter().fold(vec![0.0; r * r], |mut e, part| {
                e.iter_mut().zip(part).for_each(|(a, b)| *a += b);
                e
            })
        };
        self.e[lead.block] = e;
        self.leads[i] = own;
    }

    /// W of all levels, where it was computed beforehand: its trailing rows, empty where B'W is there instead,
    /// and its rows of X.
    fn weighed(&self, i: usize, system: &System, lead: &Lead) -> Option<(&[f64], &[f64])> {
        match &self.trailing.approximate {
            Some(approximate) => Some((&approximate.leads[i].w, &approximate.leads[i].wx)),
            None => self.is_weighed_whole(system, lead).then_some((&self.w, &self.wx)),
        }
    }

    /// W of all levels comes from one product of matrices: N and the panel are stored whole.
    fn is_weighed_whole(&self, system: &System, lead: &Lead) -> bool {
        lead.panel.dense && system.kind == TrailingKind::Dense
    }

    /// B'W over the trailing rows of one level, where it was computed beforehand.
    fn projected(&self, i: usize, level: usize, r: usize) -> Option<&[f64]> {
        let projected = &self.trailing.approximate.as_ref()?.leads[i].projected;
        projected.get(level * r * r..(level + 1) * r * r)
    }

    /// W of a panel that is stored whole, by products of matrices.
    fn weigh_dense(&mut self, factor: &CholeskyFactor, system: &System, i: usize) {
        let (lead, blocks) = (&system.leads[i], &factor.leads[i].blocks);
        let (q, f, columns) = (system.n_trailing, self.trailing.n_fixed, lead.n_levels * lead.r);
        let p = dense::view(&blocks.panel, q, columns);
        let px = dense::view(&blocks.x, system.p + 1, columns).subrows(0, f);
        let n_xt = dense::view(&self.trailing.x, f, q);
        self.w.resize(q * columns, 0.0);
        self.wx.resize(f * columns, 0.0);
        dense::multiply(dense::view_mut(&mut self.w, q, columns), faer::Accum::Replace, self.trailing.n(q), p, 1.0);
        dense::multiply(dense::view_mut(&mut self.w, q, columns), faer::Accum::Add, n_xt.transpose(), px, 1.0);
        dense::multiply(dense::view_mut(&mut self.wx, f, columns), faer::Accum::Replace, n_xt, p, 1.0);
        let n_xx = dense::view(&self.trailing.xx, f, f);
        dense::multiply(dense::view_mut(&mut self.wx, f, columns), faer::Accum::Add, n_xx, px, 1.0);
    }
}

struct Job<'a> {
    inverse: &'a Inverse,
    factor: &'a CholeskyFactor,
    system: &'a System,
    i: usize,
    lead: &'a Lead,
    source: LeadView<'a>,
}

struct Scratch {
    /// W for ancestors (r_j x r each), trailing rows (d x r) and rows of X (n_fixed x r).
    w_ancestors: Vec<Vec<f64>>,
    w: Vec<f64>,
    wx: Vec<f64>,
    /// Where a level's rows are in a supernode.
    at: Vec<u32>,
    q: Vec<f64>,
    left: Vec<f64>,
    product: Vec<f64>,
    e: Vec<f64>,
}

impl Scratch {
    fn new(lead: &Lead, n_fixed: usize) -> Self {
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
fn piece<const R: usize>(job: &Job, first: usize, n: &mut [f64]) -> Vec<f64> {
    let mut scratch = Scratch::new(job.lead, job.inverse.trailing.n_fixed);
    let size = job.lead.r * job.lead.r;
    n.chunks_exact_mut(size).enumerate().for_each(|(k, n)| invert_level::<R>(job, first + k, n, &mut scratch));
    scratch.e
}

fn invert_level<const R: usize>(job: &Job, level: usize, n_own: &mut [f64], s: &mut Scratch) {
    job.weigh::<R>(level, s);
    let r = small::width::<R>(job.lead.r);
    let blocks = &job.factor.leads[job.i].blocks;
    let (stride, f) = (job.system.p + 1, job.inverse.trailing.n_fixed);
    let size = level * r * r..(level + 1) * r * r;
    let (l, c) = (&blocks.own[size.clone()], &job.factor.leads[job.i].c[size.clone()]);
    // I + Q, Q = P'W
    s.q.fill(0.0);
    (0..r).for_each(|j| s.q[j * r + j] = 1.0);
    for (j, w) in s.w_ancestors.iter().enumerate() {
        small::add_cross(&mut s.q, job.ancestor_factor(j, level), w, job.lead.ancestors[j].r, r, r);
    }
    let panel = &blocks.panel[job.lead.panel.range(level, r)];
    small::add_cross(&mut s.q, panel, &s.w, panel.len() / r, r, r);
    let projected = job.inverse.projected(job.i, level, r);
    if let Some(bw) = projected {
        small::add_cross(&mut s.q, c, bw, r, r, r);
    }
    let x = level * r * stride..(level + 1) * r * stride;
    add_cross_strided(&mut s.q, &blocks.x[x.clone()], &s.wx, (stride, f, r));
    // E += [B C (I + Q) - B_R'W] L^-1
    small::multiply(&mut s.product, c, &s.q, r, r, r);
    small::multiply(&mut s.left, &job.source.own[size], &s.product, r, r, r);
    s.left.iter_mut().for_each(|v| *v = -*v);
    for (j, w) in s.w_ancestors.iter().enumerate() {
        let b = ancestor_block(&job.source, job.system, job.i, j, level);
        small::add_cross(&mut s.left, b, w, job.lead.ancestors[j].r, r, r);
    }
    let b = &job.source.panel[job.lead.panel.range(level, r)];
    small::add_cross(&mut s.left, b, &s.w, b.len() / r, r, r);
    if let Some(bw) = projected {
        s.left.iter_mut().zip(bw).for_each(|(left, v)| *left += v);
    }
    add_cross_strided(&mut s.left, &job.source.x[x], &s.wx, (stride, f, r));
    // N = C (I + Q) C'
    n_own.fill(0.0);
    for j in 0..r {
        for k in 0..r {
            (0..r).for_each(|i| n_own[j * r + i] += s.product[k * r + i] * c[k * r + j]);
        }
    }
    small::solve_right::<R>(&mut s.product, &s.left, l, r, r);
    s.e.iter_mut().zip(&s.product).for_each(|(e, v)| *e -= v);
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

impl Job<'_> {
    fn ancestor_factor(&self, j: usize, level: usize) -> &[f64] {
        let size = self.lead.ancestors[j].r * self.lead.r;
        &self.factor.leads[self.i].blocks.ancestors[j][level * size..(level + 1) * size]
    }

    /// W = N_RR P for one level.
    fn weigh<const R: usize>(&self, level: usize, s: &mut Scratch) {
        let (r, q, f) = (small::width::<R>(self.lead.r), self.system.n_trailing, self.inverse.trailing.n_fixed);
        let blocks = &self.factor.leads[self.i].blocks;
        let rows = self.lead.panel.level_rows(level);
        let panel = &blocks.panel[self.lead.panel.range(level, r)];
        let x = &blocks.x[level * r * (self.system.p + 1)..(level + 1) * r * (self.system.p + 1)];
        s.w.clear();
        if let Some((w, wx)) = self.inverse.weighed(self.i, self.system, self.lead) {
            match w.get(self.lead.panel.range(level, r)) {
                Some(w) => s.w.extend_from_slice(w),
                None => s.w.resize(rows.len() * r, 0.0),
            }
            s.wx.copy_from_slice(&wx[level * r * f..(level + 1) * r * f]);
        } else {
            s.w.resize(rows.len() * r, 0.0);
            s.wx.fill(0.0);
            match &self.inverse.trailing.sparse {
                Some(n) => n.weigh::<R>(&mut s.w, panel, self.system, (self.i, level), &mut s.at),
                None => weigh_trailing::<R>(&mut s.w, panel, rows, self.inverse.trailing.n(q), r),
            }
            self.weigh_fixed::<R>(rows, panel, x, s);
        }
        s.w_ancestors.iter_mut().for_each(|w| w.fill(0.0));
        for (j, ancestor) in self.lead.ancestors.iter().enumerate() {
            self.weigh_ancestor(level, j, ancestor.level[level] as usize, (rows, panel, x), s);
        }
    }

    /// The part of W that X's rows and columns of N give, ancestors left out.
    fn weigh_fixed<const R: usize>(&self, rows: &[u32], panel: &[f64], x: &[f64], s: &mut Scratch) {
        let (r, f, stride) = (small::width::<R>(self.lead.r), self.inverse.trailing.n_fixed, self.system.p + 1);
        if f == 0 {
            return;
        }
        let d = rows.len();
        for l in 0..r {
            let (wx, px) = (&mut s.wx[l * f..(l + 1) * f], &x[l * stride..l * stride + f]);
            for (n, p) in self.inverse.trailing.xx.chunks_exact(f).zip(px) {
                wx.iter_mut().zip(n).for_each(|(w, n)| *w += n * p);
            }
            for (k, &row) in rows.iter().enumerate() {
                let (n, p) = (&self.inverse.trailing.x[row as usize * f..(row as usize + 1) * f], panel[l * d + k]);
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
    fn weigh_ancestor(
        &self,
        level: usize,
        j: usize,
        up: usize,
        (rows, panel, x): (&[u32], &[f64], &[f64]),
        s: &mut Scratch,
    ) {
        let (r, rj) = (self.lead.r, self.lead.ancestors[j].r);
        let (above, p) = (&self.inverse.leads[self.i + 1 + j], self.ancestor_factor(j, level));
        add_product(&mut s.w_ancestors[j], &above.own[up * rj * rj..(up + 1) * rj * rj], p, (rj, rj, r), false);
        for k in j + 1..self.lead.ancestors.len() {
            let rk = self.lead.ancestors[k].r;
            let n = &above.ancestors[k - j - 1][up * rk * rj..(up + 1) * rk * rj];
            add_product(&mut s.w_ancestors[k], n, p, (rk, rj, r), false);
            add_product(&mut s.w_ancestors[j], n, self.ancestor_factor(k, level), (rk, rj, r), true);
        }
        let parent = &self.system.leads[self.i + 1 + j];
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
        let (f, stride) = (self.inverse.trailing.n_fixed, self.system.p + 1);
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
    fn keep(&self, level: usize, s: &Scratch, out: &mut LeadInverse) {
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
