//! E a block of rows at a time, never stored: one block in an accumulator, over the levels that touch it.
//!
//! In single precision: entries are rounded independently of each other, and what is wanted of them are sums of
//! millions of products.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::operator::{Product, scaled_link};
use super::row_blocks::{Blocked, LANES};
use crate::linalg::{prefetch, small};
use crate::penalized_ls::row_index::place_of;
use crate::penalized_ls::symbolic::Lead;
use crate::with_width;

/// Levels that are asked for before their turn.
const AHEAD: usize = 3;

/// One entry of each row of a block.
type Lanes = [f32; LANES];

/// What one pass over the upper half of E gives.
#[derive(Debug, Clone, Default)]
pub struct Forms {
    /// tr(E²), exact but for rounding.
    pub trace_of_square: f64,
    /// H'E H of every level of the first lead (n_levels blocks r x r).
    pub levels: Vec<f64>,
}

/// tr(E²) and H'E H: what is right of the diagonal block counts twice.
pub fn forms(problem: &Product) -> Forms {
    let lead = &problem.symbolic.leads[0];
    let (r, blocked) = (lead.r, &problem.schur.row_blocks.leads[0]);
    let blocks =
        by_blocks(problem, true, |block, e| (square(block, e), with_width!(r, block_forms(problem, block, e, r))));
    let mut out = Forms { trace_of_square: 0.0, levels: vec![0.0; lead.n_levels * r * r] };
    for (block, (square, forms)) in blocks.into_iter().enumerate() {
        out.trace_of_square += square;
        for (&(level, _), form) in blocked.visits(block).iter().zip(forms.chunks_exact(r * r)) {
            let sum = &mut out.levels[level as usize * r * r..][..r * r];
            sum.iter_mut().zip(form).for_each(|(sum, v)| *sum += v);
        }
    }
    out
}

/// The part of tr(E²) that a block of rows and its mirror image give.
fn square(block: usize, e: &[Lanes]) -> f64 {
    let square = |lanes: &Lanes| lanes.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>();
    let (corner, right) = e[block * LANES..].split_at(LANES.min(e.len() - block * LANES));
    corner.iter().map(square).sum::<f64>() + 2.0 * right.iter().map(square).sum::<f64>()
}

/// The part of H'E H that a block of rows and its mirror image give, for every level that touches it.
fn block_forms<const R: usize>(problem: &Product, block: usize, e: &[Lanes], r: usize) -> Vec<f64> {
    let r = small::width::<R>(r);
    let (lead, h, blocked) =
        (&problem.symbolic.leads[0], &problem.schur.blocked[0], &problem.schur.row_blocks.leads[0]);
    let mut out = Vec::with_capacity(blocked.visits(block).len() * r * r);
    for Visit { start, to, .. } in visits(blocked, lead, h, block, true) {
        let own = blocked.entries(start, to, block * LANES);
        let at = out.len();
        out.resize(at + r * r, 0.0);
        for l in 0..r {
            let within = gather(e, &blocked.places[own.clone()], &h[own.start * r + l..], r);
            let right = gather(e, &blocked.places[own.end..to], &h[(own.end * r + l).min(h.len())..], r);
            for entry in own.clone() {
                let lane = blocked.places[entry] as usize % LANES;
                let (within, right) = (f64::from(within[lane]), f64::from(right[lane]));
                for k in 0..r {
                    let v = f64::from(h[entry * r + k]);
                    out[at + l * r + k] += v * (within + right);
                    out[at + k * r + l] += v * right;
                }
            }
        }
    }
    out
}

/// E H on the pattern of a lead's panel.
pub fn product_on_pattern(problem: &Product, i: usize) -> Vec<f64> {
    let (lead, h, blocked) =
        (&problem.symbolic.leads[i], &problem.schur.blocked[i], &problem.schur.row_blocks.leads[i]);
    let r = lead.r;
    let out: Vec<AtomicU64> = (0..h.len()).map(|_| AtomicU64::new(0)).collect();
    by_blocks(problem, false, |block, e| {
        for Visit { level, start, from, to } in visits(blocked, lead, h, block, false) {
            let own = blocked.entries(start, to, block * LANES);
            for l in 0..r {
                let sums = gather(e, &blocked.places[from..to], &h[from * r + l..], r);
                for entry in own.clone() {
                    let value = sums[blocked.places[entry] as usize % LANES];
                    let at = place_of(lead, level, from + blocked.from[entry] as usize, l);
                    out[at].store(f64::from(value).to_bits(), Ordering::Relaxed);
                }
            }
        }
    });
    out.into_iter().map(|bits| f64::from_bits(bits.into_inner())).collect()
}

/// Calls `read` with every block of rows of E; `upper`: left of the diagonal block it holds anything.
fn by_blocks<T: Send>(problem: &Product, upper: bool, read: impl Fn(usize, &[Lanes]) -> T + Sync) -> Vec<T> {
    let q = problem.symbolic.n_trailing;
    (0..problem.schur.row_blocks.n_blocks())
        .into_par_iter()
        .with_max_len(1)
        .map_init(
            || vec![[0.0; LANES]; q],
            |e, block| {
                write_block(problem, block, upper, e);
                read(block, e)
            },
        )
        .collect()
}

/// Overwrites `e` with a block of rows of E.
fn write_block(problem: &Product, block: usize, upper: bool, e: &mut [Lanes]) {
    let (symbolic, schur, first) = (problem.symbolic, problem.schur, block * LANES);
    e[if upper { first } else { 0 }..].fill([0.0; LANES]);
    for (i, lead) in symbolic.leads.iter().enumerate() {
        let (blocked, h, r) = (&schur.row_blocks.leads[i], &schur.blocked[i], lead.r);
        for Visit { level, start, from, to } in visits(blocked, lead, h, block, upper) {
            let square = &schur.squares[i][level * r * r..(level + 1) * r * r];
            for l in 0..r {
                let mut weights = [0.0; LANES];
                for entry in blocked.entries(start, to, first) {
                    let weight = (0..r).map(|k| square[l * r + k] * f64::from(h[entry * r + k])).sum::<f64>();
                    weights[blocked.places[entry] as usize % LANES] = weight as f32;
                }
                scatter(e, &blocked.places[from..to], &h[from * r + l..], r, weights);
            }
        }
    }
    for lane in 0..LANES.min(e.len() - first) {
        finish_row(problem, schur.row_blocks.order[first + lane] as usize, lane, e);
    }
}

/// A level that touches a block, its first entry in the block, and the entries that are read.
struct Visit {
    level: usize,
    start: usize,
    from: usize,
    to: usize,
}

/// The levels that touch a block; `upper`: from the block on.
fn visits<'a>(
    blocked: &'a Blocked,
    lead: &'a Lead,
    h: &'a [f32],
    block: usize,
    upper: bool,
) -> impl Iterator<Item = Visit> + 'a {
    let all = blocked.visits(block);
    let visit = move |&(level, start): &(u32, u32)| {
        let (level, start) = (level as usize, start as usize);
        let from = if upper { start } else { lead.panel.ptr[level] };
        Visit { level, start, from, to: lead.panel.ptr[level + 1] }
    };
    all.iter().enumerate().map(move |(k, this)| {
        if let Some(Visit { from, to, .. }) = all.get(k + AHEAD).map(visit) {
            prefetch::range(&blocked.places, from..to);
            prefetch::range(h, from * lead.r..to * lead.r);
        }
        visit(this)
    })
}

/// e -= w h' for the rows of a block, the entries of h `r` apart.
#[inline]
fn scatter(e: &mut [Lanes], places: &[u32], h: &[f32], r: usize, weights: Lanes) {
    for (&place, &h) in places.iter().zip(h.iter().step_by(r)) {
        let lanes = &mut e[place as usize];
        (0..LANES).for_each(|k| lanes[k] -= weights[k] * h);
    }
}

/// e h for the rows of a block.
#[inline]
fn gather(e: &[Lanes], places: &[u32], h: &[f32], r: usize) -> Lanes {
    let mut sums = [0.0; LANES];
    for (&place, &h) in places.iter().zip(h.iter().step_by(r)) {
        let lanes = &e[place as usize];
        (0..LANES).for_each(|k| sums[k] += lanes[k] * h);
    }
    sums
}

/// Adds the links of a row's level to the other trailing factors, and leaves out its diagonal block.
fn finish_row(problem: &Product, row: usize, lane: usize, e: &mut [Lanes]) {
    let place = &problem.schur.row_blocks.place;
    let k = problem.symbolic.groups.iter().rposition(|t| t.offset <= row).expect("a factor of the trailing block");
    let t = &problem.symbolic.groups[k];
    let level = (row - t.offset) / t.r;
    let first = t.offset + level * t.r;
    add_links(problem, k, level, row - first, |row, value| e[place[row] as usize][lane] += value as f32);
    (first..first + t.r).for_each(|row| e[place[row] as usize][lane] = 0.0);
}

/// Adds the links of one level of the k-th trailing factor to the others, for one of its rows.
fn add_links(problem: &Product, k: usize, level: usize, row: usize, mut add: impl FnMut(usize, f64)) {
    let (symbolic, t) = (problem.symbolic, &problem.schur.t);
    let own = &symbolic.groups[k];
    let t_own = &t[k][level * own.r * own.r..(level + 1) * own.r * own.r];
    for (l, other) in symbolic.groups.iter().enumerate().filter(|(l, _)| *l != k) {
        let size = other.r * other.r;
        let mut add = |level: usize, value: &dyn Fn(usize) -> f64| {
            (0..other.r).for_each(|j| add(other.offset + level * other.r + j, value(j)));
        };
        if l < k {
            // stored by the levels of the other
            let (link, values) = problem.a.link(own.block, other.block);
            for from in 0..other.n_levels {
                let range = link.ptr[from]..link.ptr[from + 1];
                if let Ok(at) = link.level[range.clone()].binary_search(&(level as u32)) {
                    let at = range.start + at;
                    let values = &values[at * own.r * other.r..(at + 1) * own.r * other.r];
                    let block = scaled_link(values, t_own, &t[l][from * size..(from + 1) * size]);
                    add(from, &|j| block[j * own.r + row]);
                }
            }
        } else {
            let (link, values) = problem.a.link(other.block, own.block);
            for at in link.ptr[level]..link.ptr[level + 1] {
                let to = link.level[at] as usize;
                let values = &values[at * own.r * other.r..(at + 1) * own.r * other.r];
                let block = scaled_link(values, &t[l][to * size..(to + 1) * size], t_own);
                add(to, &|j| block[row * other.r + j]);
            }
        }
    }
}
