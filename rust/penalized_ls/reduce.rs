//! What an eliminated lead leaves of the blocks below: it subtracts P P' from them.

use rayon::prelude::*;

use super::factor::{LeadBlocks, LeadFactor};
use super::row_index::{RowIndex, place_of};
use super::symbolic::{Lead, SymbolicFactor};
use crate::linalg::{dense, small};
use crate::with_width;

/// Subtracts P P' from the blocks of the levels that each level lies in.
pub fn ancestors(
    current: &LeadFactor,
    lead: &Lead,
    symbolic: &SymbolicFactor,
    (i, stride): (usize, usize),
    later: &mut [LeadFactor],
) {
    for (j, later) in later[..lead.ancestors.len()].iter_mut().enumerate() {
        let task = AncestorTask { current, lead, parent: &symbolic.leads[i + 1 + j], j, stride };
        if lead.ancestors[j].r == lead.r {
            with_width!(lead.r, of_equal_width(&task, &mut later.reduced));
        } else {
            with_width!(lead.r, of_any_width(&task, &mut later.reduced));
        }
    }
}

/// A lead and its j-th ancestor.
struct AncestorTask<'a> {
    current: &'a LeadFactor,
    lead: &'a Lead,
    parent: &'a Lead,
    j: usize,
    stride: usize,
}

fn of_equal_width<const R: usize>(task: &AncestorTask, target: &mut LeadBlocks) {
    subtract_from_ancestor::<R, R>(task, target);
}

fn of_any_width<const R: usize>(task: &AncestorTask, target: &mut LeadBlocks) {
    subtract_from_ancestor::<R, 0>(task, target);
}

#[inline(always)]
fn subtract_from_ancestor<const R: usize, const RJ: usize>(task: &AncestorTask, target: &mut LeadBlocks) {
    let AncestorTask { current, lead, parent, j, stride } = *task;
    let ancestor = &lead.ancestors[j];
    let (r, rj) = (small::width::<R>(lead.r), small::width::<RJ>(ancestor.r));
    let levels = current.blocks.ancestors[j].chunks_exact(rj * r).zip(current.blocks.x.chunks_exact(r * stride));
    for (level, ((pj, x), &up)) in levels.zip(&ancestor.level).enumerate() {
        let up = up as usize;
        small::subtract_outer(&mut target.own[up * rj * rj..][..rj * rj], pj, pj, rj, rj, r);
        small::subtract_outer(&mut target.x[up * rj * stride..][..rj * stride], x, pj, stride, rj, r);
        for (k, next) in lead.ancestors.iter().enumerate().skip(j + 1) {
            let rk = next.r;
            let pk = &current.blocks.ancestors[k][level * rk * r..(level + 1) * rk * r];
            let block = &mut target.ancestors[k - j - 1][up * rk * rj..(up + 1) * rk * rj];
            small::subtract_outer(block, pk, pj, rk, rj, r);
        }
        if !current.blocks.panel.is_empty() {
            parent_panel(current, lead, parent, (level, up), pj, (r, rj), &mut target.panel);
        }
    }
}

/// The part of the parent's panel that a level touches; both lists of rows ascend.
fn parent_panel(
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
pub fn trailing(current: &LeadFactor, lead: &Lead, stride: usize, trailing: &mut [f64], reduced_x: &mut [f64]) {
    let q = reduced_x.len() / stride;
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
pub fn reduced_x(current: &LeadFactor, lead: &Lead, index: &RowIndex, stride: usize, reduced_x: &mut [f64]) {
    reduced_x.par_chunks_mut(stride).with_min_len(32).enumerate().for_each(|(row, target)| {
        for &(level, place) in index.row(row) {
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
pub fn xx(current: &LeadFactor, grain: usize, stride: usize, xx: &mut [f64]) {
    let columns = &current.blocks.x;
    let partial = |piece: &[f64]| {
        let mut sum = vec![0.0; stride * stride];
        dense::add_gram_lower(&mut sum, piece, stride);
        sum
    };
    let mut subtract = |piece: Vec<f64>| xx.iter_mut().zip(piece).for_each(|(s, v)| *s -= v);
    if columns.len() <= grain * stride {
        subtract(partial(columns));
    } else {
        let pieces: Vec<Vec<f64>> = columns.par_chunks(grain * stride).map(partial).collect();
        pieces.into_iter().for_each(subtract);
    }
}
