//! Elimination of one leading factor: its block-diagonal part, and what it leaves of the blocks below.

use rayon::prelude::*;

use super::factor::{CholeskyFactor, LeadFactor, LeadView, ancestor_block, view};
use super::iterative::place_of;
use super::system::{Lead, System, TrailingKind};
use crate::crossproduct::CrossProducts;
use crate::linalg::{dense, small};
use crate::{Error, Result, with_width};

/// Levels that one task takes; the tree of tasks, and so every sum, depends on the data alone.
const GRAIN: usize = 1024;
/// Levels of one partial sum of X'X.
const X_GRAIN: usize = 2048;
/// Widest block of random effects.
const STACK: usize = 16;

/// Factors lead i and subtracts what it explains from all later blocks; returns its part of log|M|.
pub fn lead(factor: &mut CholeskyFactor, a: &CrossProducts, system: &System, i: usize) -> Result<f64> {
    let (done, later) = factor.leads.split_at_mut(i + 1);
    let current = &mut done[i];
    let lambda = &factor.lambda[system.leads[i].block];
    let logdet = factor_levels(current, a, system, i, lambda)?;
    let (current, lead) = (&done[i], &system.leads[i]);
    update_ancestors(current, lead, system, i, later);
    match system.kind {
        TrailingKind::Dense => update_trailing(current, lead, system, &mut factor.trailing, &mut factor.reduced_x),
        TrailingKind::Sparse | TrailingKind::Iterative => {
            update_reduced_x(current, lead, system, i, &mut factor.reduced_x)
        }
    }
    update_x(current, lead.r * X_GRAIN, system.p + 1, &mut factor.xx);
    Ok(logdet)
}

/// L, C and P of every level.
fn factor_levels(
    current: &mut LeadFactor,
    a: &CrossProducts,
    system: &System,
    i: usize,
    lambda: &[f64],
) -> Result<f64> {
    let lead = &system.leads[i];
    let LeadFactor { reduced, blocks, c } = current;
    let source = view(reduced, a, system, i);
    let levels = Levels {
        first: 0,
        n: lead.n_levels,
        own: &mut blocks.own,
        c,
        ancestors: blocks.ancestors.iter_mut().map(Vec::as_mut_slice).collect(),
        panel: &mut blocks.panel,
        x: &mut blocks.x,
    };
    let job = Job { system, i, lead, source, lambda };
    divide(&job, levels).map_err(|level| {
        Error::Numerical(format!(
            "Λ'Z'WZΛ + I is not positive definite at level {level} of grouping factor {}",
            lead.block
        ))
    })
}

/// What all tasks share.
struct Job<'a> {
    system: &'a System,
    i: usize,
    lead: &'a Lead,
    source: LeadView<'a>,
    lambda: &'a [f64],
}

/// The output of a range of levels.
struct Levels<'a> {
    first: usize,
    n: usize,
    own: &'a mut [f64],
    c: &'a mut [f64],
    ancestors: Vec<&'a mut [f64]>,
    panel: &'a mut [f64],
    x: &'a mut [f64],
}

impl<'a> Levels<'a> {
    fn split(self, job: &Job, stride: usize) -> (Self, Self) {
        let (r, half) = (job.lead.r, (self.n / 2).next_multiple_of(GRAIN).min(self.n));
        let middle = self.first + half;
        let panel_at = (job.lead.panel.ptr[middle] - job.lead.panel.ptr[self.first]) * r;
        let (own, own_right) = self.own.split_at_mut(half * r * r);
        let (c, c_right) = self.c.split_at_mut(half * r * r);
        let (panel, panel_right) = self.panel.split_at_mut(panel_at);
        let (x, x_right) = self.x.split_at_mut(half * r * stride);
        let (ancestors, ancestors_right) = self
            .ancestors
            .into_iter()
            .zip(&job.lead.ancestors)
            .map(|(values, ancestor)| values.split_at_mut(half * r * ancestor.r))
            .unzip();
        (
            Levels { first: self.first, n: half, own, c, ancestors, panel, x },
            Levels {
                first: middle,
                n: self.n - half,
                own: own_right,
                c: c_right,
                ancestors: ancestors_right,
                panel: panel_right,
                x: x_right,
            },
        )
    }
}

fn divide(job: &Job, levels: Levels) -> std::result::Result<f64, usize> {
    if levels.n <= GRAIN {
        return with_width!(job.lead.r, factor_range(job, levels));
    }
    let (left, right) = levels.split(job, job.system.p + 1);
    let (left, right) = rayon::join(|| divide(job, left), || divide(job, right));
    Ok(left? + right?)
}

/// L, C and P of a range of levels; the logarithm of its determinant, or the level that fails.
fn factor_range<const R: usize>(job: &Job, out: Levels) -> std::result::Result<f64, usize> {
    let r = small::width::<R>(job.lead.r);
    let (size, stride) = (r * r, job.system.p + 1);
    let panel_start = job.lead.panel.ptr[out.first] * r;
    let (mut stack, mut heap) = ([0.0; STACK * STACK], Vec::new());
    let work: &mut [f64] = if r <= STACK {
        &mut stack[..size]
    } else {
        heap.resize(size, 0.0);
        &mut heap
    };
    let mut ancestors = out.ancestors;
    let mut logdet = 0.0;
    for k in 0..out.n {
        let level = out.first + k;
        let l = &mut out.own[k * size..(k + 1) * size];
        let c = &mut out.c[k * size..(k + 1) * size];
        // Λ'BΛ + I = LL'
        small::penalized::<R>(l, job.lambda, &job.source.own[level * size..], work, r);
        logdet += small::cholesky::<R>(l, r).ok_or(level)?;
        // C = Λ L^-T
        small::solve_right_transposed::<R>(c, job.lambda, l, r, r);
        // P = B C for ancestors, trailing rows, and [X y]
        for (index, values) in ancestors.iter_mut().enumerate() {
            let rj = job.lead.ancestors[index].r;
            let b = ancestor_block(&job.source, job.system, job.i, index, level);
            small::multiply(&mut values[k * rj * r..(k + 1) * rj * r], b, c, rj, r, r);
        }
        let range = job.lead.panel.range(level, r);
        let p = &mut out.panel[range.start - panel_start..range.end - panel_start];
        small::multiply(p, &job.source.panel[range.clone()], c, p.len() / r, r, r);
        let x = &mut out.x[k * r * stride..(k + 1) * r * stride];
        small::multiply(x, &job.source.x[level * r * stride..(level + 1) * r * stride], c, stride, r, r);
    }
    Ok(logdet)
}

/// Subtracts P P' from the blocks of the levels that each level lies in.
fn update_ancestors(current: &LeadFactor, lead: &Lead, system: &System, i: usize, later: &mut [LeadFactor]) {
    let (r, stride) = (lead.r, system.p + 1);
    for (j, ancestor) in lead.ancestors.iter().enumerate() {
        let (rj, parent) = (ancestor.r, &system.leads[i + 1 + j]);
        let target = &mut later[j].reduced;
        for (level, &up) in ancestor.level.iter().enumerate() {
            let up = up as usize;
            let pj = &current.blocks.ancestors[j][level * rj * r..(level + 1) * rj * r];
            small::subtract_outer(&mut target.own[up * rj * rj..(up + 1) * rj * rj], pj, pj, rj, rj, r);
            let x = &current.blocks.x[level * r * stride..(level + 1) * r * stride];
            small::subtract_outer(&mut target.x[up * rj * stride..(up + 1) * rj * stride], x, pj, stride, rj, r);
            for (k, next) in lead.ancestors.iter().enumerate().skip(j + 1) {
                let rk = next.r;
                let pk = &current.blocks.ancestors[k][level * rk * r..(level + 1) * rk * r];
                let block = &mut target.ancestors[k - j - 1][up * rk * rj..(up + 1) * rk * rj];
                small::subtract_outer(block, pk, pj, rk, rj, r);
            }
            update_parent_panel(current, lead, parent, (level, up), pj, (r, rj), &mut target.panel);
        }
    }
}

/// The part of the parent's panel that a level touches; both lists of rows ascend.
fn update_parent_panel(
    current: &LeadFactor,
    lead: &Lead,
    parent: &Lead,
    (level, up): (usize, usize),
    pj: &[f64],
    (r, rj): (usize, usize),
    target: &mut [f64],
) {
    let (rows, parent_rows) = (lead.panel.level_rows(level), parent.panel.level_rows(up));
    let values = &current.blocks.panel[lead.panel.range(level, r)];
    let start = parent.panel.ptr[up] * rj;
    let mut at = 0;
    for (k, row) in rows.iter().enumerate() {
        while parent_rows[at] < *row {
            at += 1;
        }
        for b in 0..rj {
            let sum: f64 = (0..r).map(|l| values[l * rows.len() + k] * pj[l * rj + b]).sum();
            target[start + b * parent_rows.len() + at] -= sum;
        }
    }
}

/// Subtracts P P' from the lower triangle of the trailing block, and P P_x' from its columns of X.
fn update_trailing(current: &LeadFactor, lead: &Lead, system: &System, trailing: &mut [f64], reduced_x: &mut [f64]) {
    let (q, stride) = (system.n_trailing, system.p + 1);
    if q == 0 {
        return;
    }
    if lead.panel.dense {
        let columns = lead.n_levels * lead.r;
        let p = dense::view(&current.blocks.panel, q, columns);
        dense::rank_update_lower(trailing, p, -1.0);
        let x = dense::view(&current.blocks.x, stride, columns);
        dense::multiply(dense::view_mut(reduced_x, stride, q), faer::Accum::Add, x, p.transpose(), -1.0);
        return;
    }
    // each task owns a range of columns of the block, and sees every level in the same order
    let tasks = rayon::current_num_threads().min(q);
    let bound = |k: usize| (q as f64 * (1.0 - (1.0 - k as f64 / tasks as f64).sqrt())).round() as usize;
    let mut pieces = Vec::with_capacity(tasks);
    let (mut rest, mut rest_x) = (trailing, reduced_x);
    for k in 0..tasks {
        let (start, end) = (bound(k), bound(k + 1));
        let (piece, tail) = rest.split_at_mut((end - start) * q);
        let (piece_x, tail_x) = rest_x.split_at_mut((end - start) * stride);
        pieces.push((start, end, piece, piece_x));
        (rest, rest_x) = (tail, tail_x);
    }
    let update = |(start, end, s, x): (usize, usize, &mut [f64], &mut [f64])| {
        with_width!(lead.r, scatter(current, lead, (start, end), s, x, q, stride));
    };
    if tasks == 1 {
        pieces.into_iter().for_each(update);
    } else {
        pieces.into_par_iter().for_each(update);
    }
}

/// Subtracts P P_x' from the trailing rows of X, row by row.
fn update_reduced_x(current: &LeadFactor, lead: &Lead, system: &System, i: usize, reduced_x: &mut [f64]) {
    let stride = system.p + 1;
    reduced_x.par_chunks_mut(stride).with_min_len(32).enumerate().for_each(|(row, target)| {
        for &(level, place) in system.row_index[i].row(row) {
            let level = level as usize;
            for l in 0..lead.r {
                let p = current.blocks.panel[place_of(lead, level, place as usize, l)];
                let x = &current.blocks.x[(level * lead.r + l) * stride..][..stride];
                target.iter_mut().zip(x).for_each(|(t, x)| *t -= p * x);
            }
        }
    });
}

/// The columns `start..end` of the trailing block.
fn scatter<const R: usize>(
    current: &LeadFactor,
    lead: &Lead,
    (start, end): (usize, usize),
    s: &mut [f64],
    reduced_x: &mut [f64],
    q: usize,
    stride: usize,
) {
    let r = small::width::<R>(lead.r);
    for level in 0..lead.n_levels {
        let rows = lead.panel.level_rows(level);
        let d = rows.len();
        let p = &current.blocks.panel[lead.panel.range(level, r)];
        let x = &current.blocks.x[level * r * stride..(level + 1) * r * stride];
        let first = rows.partition_point(|&row| (row as usize) < start);
        for k in first..d {
            let column = rows[k] as usize;
            if column >= end {
                break;
            }
            let target = &mut s[(column - start) * q..(column - start + 1) * q];
            for m in k..d {
                let mut sum = 0.0;
                for l in 0..r {
                    sum += p[l * d + m] * p[l * d + k];
                }
                target[rows[m] as usize] -= sum;
            }
            let target = &mut reduced_x[(column - start) * stride..(column - start + 1) * stride];
            for l in 0..r {
                let pk = p[l * d + k];
                target.iter_mut().zip(&x[l * stride..]).for_each(|(t, v)| *t -= pk * v);
            }
        }
    }
}

/// Subtracts P_x P_x' from the last block: partial sums over fixed pieces, added in order.
fn update_x(current: &LeadFactor, grain: usize, stride: usize, xx: &mut [f64]) {
    let columns = &current.blocks.x;
    let partial = |piece: &[f64]| {
        let mut sum = vec![0.0; stride * stride];
        dense::rank_update_lower(&mut sum, dense::view(piece, stride, piece.len() / stride), 1.0);
        sum
    };
    let pieces: Vec<Vec<f64>> = if columns.len() <= grain * stride {
        vec![partial(columns)]
    } else {
        columns.par_chunks(grain * stride).map(partial).collect()
    };
    for piece in pieces {
        xx.iter_mut().zip(piece).for_each(|(s, v)| *s -= v);
    }
}
