//! The selected inverse: entries of M^-1 on the pattern of A, which is all that d log|M| needs.
//!
//! With N = Λ M^-1 Λ' and P = L below a leading block (before Λ), for one level:
//!   W = N_RR P,   Q = P'W,   M^-1 = L^-T (I + Q) L^-1,   N_R = -W C',   N = C (I + Q) C'
//! and d log|M| = 2 tr(dΛ' E) with E = Σ over levels of (B Λ M^-1) = [B C (I + Q) - B_R'W] L^-1.

use rayon::prelude::*;

use super::factor::{CholeskyFactor, LeadView, ancestor_block, view};
use super::system::{Lead, System};
use super::trailing::{is_near_singular, scale_rows};
use crate::crossproduct::CrossProducts;
use crate::linalg::{dense, small};

/// Levels of one task, and of one partial sum of E.
const GRAIN: usize = 512;

/// Blocks of N for a lead: kept for those that others lie in, and where the user asks.
#[derive(Debug, Clone, Default)]
struct LeadInverse {
    own: Vec<f64>,
    ancestors: Vec<Vec<f64>>,
    panel: Vec<f64>,
}

/// What the factor's inverse gives.
#[derive(Debug, Clone, Default)]
pub struct Inverse {
    /// N of the trailing block, all of it (q_t x q_t).
    trailing: Vec<f64>,
    leads: Vec<LeadInverse>,
    /// W of a dense panel.
    w: Vec<f64>,
    /// E of every grouping factor, by block (r x r): d log|M| / dΛ = 2E.
    pub e: Vec<Vec<f64>>,
}

impl Inverse {
    /// Overwrites the inverse with that of `factor`.
    pub fn update(&mut self, factor: &CholeskyFactor, a: &CrossProducts, system: &System) {
        self.e = a.factors.iter().map(|f| vec![0.0; f.width * f.width]).collect();
        self.leads.resize_with(system.leads.len(), LeadInverse::default);
        self.update_trailing(factor, system);
        for i in (0..system.leads.len()).rev() {
            self.update_lead(factor, a, system, i);
        }
    }

    /// Λ M^-1 Λ' of every level of a grouping factor (n_levels blocks r x r).
    pub fn level_blocks(&self, system: &System, block: usize) -> Vec<f64> {
        if let Some(i) = system.leads.iter().position(|l| l.block == block) {
            return self.leads[i].own.clone();
        }
        let t = system.trailing.iter().find(|t| t.block == block).expect("a block of the system");
        let q = system.n_trailing;
        (0..t.n_levels)
            .flat_map(|level| (0..t.r * t.r).map(move |k| (t.offset + level * t.r, k)))
            .map(|(first, k)| self.trailing[(first + k / t.r) * q + first + k % t.r])
            .collect()
    }

    fn update_trailing(&mut self, factor: &CholeskyFactor, system: &System) {
        let q = system.n_trailing;
        self.trailing.resize(q * q, 0.0);
        dense::inverse_from_cholesky(&mut self.trailing, &factor.trailing, q);
        for t in &system.trailing {
            let lambda = &factor.lambda[t.block];
            let levels = (0..t.n_levels).map(|level| t.offset + level * t.r);
            let e = &mut self.e[t.block];
            if is_near_singular(lambda, t.r) {
                let scaled = scaled_inverse(&self.trailing, factor, system);
                levels.for_each(|first| add_direct(e, &factor.reduced_trailing, &scaled, first, t.r, q));
            } else {
                levels.for_each(|first| add_identity_less(e, &self.trailing, first, t.r, q));
                solve_from_left(e, lambda, t.r);
            }
        }
        // N = Λ S^-1 Λ': the inverse is symmetric, so Λ from the left, twice
        scale_rows(&mut self.trailing, &factor.lambda, system, q, false);
        transpose(&mut self.trailing, q);
        scale_rows(&mut self.trailing, &factor.lambda, system, q, false);
    }

    fn update_lead(&mut self, factor: &CholeskyFactor, a: &CrossProducts, system: &System, i: usize) {
        let lead = &system.leads[i];
        let (r, q) = (lead.r, system.n_trailing);
        if lead.panel.dense {
            self.w.resize(q * lead.n_levels * r, 0.0);
            let p = dense::view(&factor.leads[i].blocks.panel, q, lead.n_levels * r);
            let w = dense::view_mut(&mut self.w, q, lead.n_levels * r);
            dense::multiply(w, faer::Accum::Replace, dense::view(&self.trailing, q, q), p, 1.0);
        }
        let mut own = std::mem::take(&mut self.leads[i]);
        own.own.resize(lead.n_levels * r * r, 0.0);
        own.panel.resize(if i > 0 { lead.panel.values.len() } else { 0 }, 0.0);
        own.ancestors = lead.ancestors.iter().map(|a| vec![0.0; if i > 0 { a.values.len() } else { 0 }]).collect();
        let job = Job { inverse: self, factor, system, i, lead, source: view(&factor.leads[i].reduced, a, system, i) };
        let e = if i == 0 {
            // nothing lies below the first lead: its levels are independent of each other
            let tasks: Vec<Vec<f64>> = own
                .own
                .par_chunks_mut(GRAIN * r * r)
                .enumerate()
                .map(|(k, piece)| {
                    let mut scratch = Scratch::new(lead);
                    piece
                        .chunks_exact_mut(r * r)
                        .enumerate()
                        .for_each(|(l, n)| job.level(k * GRAIN + l, n, &mut scratch));
                    scratch.e
                })
                .collect();
            tasks
                .into_iter()
                .reduce(|mut x, y| {
                    x.iter_mut().zip(&y).for_each(|(a, b)| *a += b);
                    x
                })
                .unwrap_or_default()
        } else {
            let mut scratch = Scratch::new(lead);
            for level in 0..lead.n_levels {
                job.level(level, &mut own.own[level * r * r..(level + 1) * r * r], &mut scratch);
                job.keep(level, &scratch, &mut own);
            }
            scratch.e
        };
        self.e[lead.block] = e;
        self.leads[i] = own;
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
    /// W for ancestors (r_j x r each) and for trailing rows (d x r).
    w_ancestors: Vec<Vec<f64>>,
    w: Vec<f64>,
    q: Vec<f64>,
    left: Vec<f64>,
    product: Vec<f64>,
    e: Vec<f64>,
}

impl Scratch {
    fn new(lead: &Lead) -> Self {
        let zero = || vec![0.0; lead.r * lead.r];
        Self {
            w_ancestors: lead.ancestors.iter().map(|a| vec![0.0; a.r * lead.r]).collect(),
            w: Vec::new(),
            q: zero(),
            left: zero(),
            product: zero(),
            e: zero(),
        }
    }
}

impl Job<'_> {
    fn level(&self, level: usize, n_own: &mut [f64], s: &mut Scratch) {
        self.weigh(level, s);
        let (r, blocks) = (self.lead.r, &self.factor.leads[self.i].blocks);
        let size = level * r * r..(level + 1) * r * r;
        let (l, c) = (&blocks.own[size.clone()], &self.factor.leads[self.i].c[size.clone()]);
        // I + Q, Q = P'W
        s.q.fill(0.0);
        (0..r).for_each(|j| s.q[j * r + j] = 1.0);
        for (j, w) in s.w_ancestors.iter().enumerate() {
            small::add_cross(&mut s.q, self.ancestor_factor(j, level), w, self.lead.ancestors[j].r, r, r);
        }
        let panel = &blocks.panel[self.lead.panel.range(level, r)];
        small::add_cross(&mut s.q, panel, &s.w, panel.len() / r, r, r);
        // E += [B C (I + Q) - B_R'W] L^-1
        small::multiply(&mut s.product, c, &s.q, r, r, r);
        small::multiply(&mut s.left, &self.source.own[size], &s.product, r, r, r);
        s.left.iter_mut().for_each(|v| *v = -*v);
        for (j, w) in s.w_ancestors.iter().enumerate() {
            let b = ancestor_block(&self.source, self.system, self.i, j, level);
            small::add_cross(&mut s.left, b, w, self.lead.ancestors[j].r, r, r);
        }
        let b = &self.source.panel[self.lead.panel.range(level, r)];
        small::add_cross(&mut s.left, b, &s.w, b.len() / r, r, r);
        // N = C (I + Q) C'
        n_own.fill(0.0);
        for j in 0..r {
            for k in 0..r {
                (0..r).for_each(|i| n_own[j * r + i] += s.product[k * r + i] * c[k * r + j]);
            }
        }
        small::solve_right::<0>(&mut s.product, &s.left, l, r, r);
        s.e.iter_mut().zip(&s.product).for_each(|(e, v)| *e -= v);
    }

    fn ancestor_factor(&self, j: usize, level: usize) -> &[f64] {
        let size = self.lead.ancestors[j].r * self.lead.r;
        &self.factor.leads[self.i].blocks.ancestors[j][level * size..(level + 1) * size]
    }

    /// W = N_RR P for one level.
    fn weigh(&self, level: usize, s: &mut Scratch) {
        let (r, q) = (self.lead.r, self.system.n_trailing);
        let rows = self.lead.panel.level_rows(level);
        let panel = &self.factor.leads[self.i].blocks.panel[self.lead.panel.range(level, r)];
        let d = rows.len();
        s.w.clear();
        if self.lead.panel.dense {
            s.w.extend_from_slice(&self.inverse.w[self.lead.panel.range(level, r)]);
        } else {
            s.w.resize(d * r, 0.0);
            for l in 0..r {
                let w = &mut s.w[l * d..(l + 1) * d];
                for (k, &row) in rows.iter().enumerate() {
                    let (column, p) = (&self.inverse.trailing[row as usize * q..][..q], panel[l * d + k]);
                    w.iter_mut().zip(rows).for_each(|(w, &m)| *w += column[m as usize] * p);
                }
            }
        }
        s.w_ancestors.iter_mut().for_each(|w| w.fill(0.0));
        for (j, ancestor) in self.lead.ancestors.iter().enumerate() {
            self.weigh_ancestor(level, j, ancestor.level[level] as usize, rows, panel, s);
        }
    }

    /// The part of W that an ancestor's rows and columns of N give.
    fn weigh_ancestor(&self, level: usize, j: usize, up: usize, rows: &[u32], panel: &[f64], s: &mut Scratch) {
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
        for (j, w) in s.w_ancestors.iter().enumerate() {
            write(&mut out.ancestors[j][level * w.len()..(level + 1) * w.len()], w);
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

/// E += (B Λ S^-1) of one level, from the lower triangle of B and all of Λ S^-1.
fn add_direct(e: &mut [f64], b: &[f64], scaled: &[f64], first: usize, r: usize, q: usize) {
    for j in 0..r {
        let column = &scaled[(first + j) * q..(first + j + 1) * q];
        for i in 0..r {
            let row = first + i;
            let above: f64 = (0..row).map(|k| b[k * q + row] * column[k]).sum();
            let below: f64 = b[row * q + row..(row + 1) * q].iter().zip(&column[row..]).map(|(x, y)| x * y).sum();
            e[j * r + i] += above + below;
        }
    }
}

/// Λ S^-1, all of it.
fn scaled_inverse(inverse: &[f64], factor: &CholeskyFactor, system: &System) -> Vec<f64> {
    let mut scaled = inverse.to_vec();
    scale_rows(&mut scaled, &factor.lambda, system, system.n_trailing, false);
    scaled
}

/// E += I - S^-1 of one level: then Λ'E of the sum is what the direct product would give.
fn add_identity_less(e: &mut [f64], inverse: &[f64], first: usize, r: usize, q: usize) {
    for j in 0..r {
        for i in 0..r {
            e[j * r + i] += f64::from(u8::from(i == j)) - inverse[(first + j) * q + first + i];
        }
    }
}

/// E = Λ^-T E.
fn solve_from_left(e: &mut [f64], lambda: &[f64], r: usize) {
    small::solve_transposed_in_place::<0>(e, lambda, r, r);
}

fn transpose(a: &mut [f64], n: usize) {
    for j in 0..n {
        for i in 0..j {
            a.swap(j * n + i, i * n + j);
        }
    }
}
