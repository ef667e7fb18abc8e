//! N = Λ M^-1 Λ' of a sparse trailing block, on the pattern of L.

use std::ops::Range;
use std::sync::Arc;

use faer::linalg::matmul::matmul;
use faer::{Accum, Par};
use rayon::prelude::*;

use super::SparseFactor;
use super::layout::{PlacedNode, SparseLayout};
use super::selected_inverse::{Blocks, selected_inverse};
use crate::linalg::{dense, small};
use crate::penalized_ls::factor::CholeskyFactor;
use crate::penalized_ls::symbolic::SymbolicFactor;
use crate::penalized_ls::trailing::inverse::{FixedInverse, add_identity_less};
use crate::penalized_ls::trailing::{apply, combine, is_near_singular};

/// Supernodes of one task.
const GRAIN: usize = 64;

/// At first M^-1, once scaled N: by supernodes, as L.
#[derive(Debug, Clone)]
pub struct SparseInverse {
    layout: Arc<SparseLayout>,
    blocks: Blocks,
}

impl SparseInverse {
    /// S^-1.
    pub fn new(sparse: &SparseFactor) -> Self {
        let blocks = selected_inverse(&sparse.layout.supernodes, &sparse.l);
        Self { layout: sparse.layout.clone(), blocks }
    }

    /// N from S^-1, and E of every trailing grouping factor.
    pub fn update(
        &mut self,
        sparse: &SparseFactor,
        factor: &CholeskyFactor,
        symbolic: &SymbolicFactor,
        fixed: &FixedInverse,
        e: &mut [Vec<f64>],
    ) {
        self.add_fixed(&factor.solved_x, &fixed.x, fixed.n, symbolic);
        for (k, t) in symbolic.groups.iter().enumerate() {
            let (e, lambda) = (&mut e[t.block], &factor.lambda[t.block]);
            let levels = (0..t.n_levels).map(|level| t.offset + level * t.r);
            if is_near_singular(lambda, t.r) {
                self.add_direct(e, k, sparse, &factor.lambda, symbolic);
                for first in levels {
                    for k in 0..t.r * t.r {
                        e[k] += fixed.direct(factor, first + k % t.r, first + k / t.r);
                    }
                }
            } else {
                for row in levels {
                    let (z, first, height) = self.own(row);
                    add_identity_less(e, z, first, t.r, height);
                }
                small::solve_transposed_in_place::<0>(e, lambda, t.r, t.r);
            }
        }
        self.scale(&factor.lambda, symbolic);
    }

    fn block(&self, s: usize) -> &[f64] {
        self.blocks[s].get().expect("a block of every supernode")
    }

    fn each(&mut self, change: impl Fn(Range<usize>, &[u32], &mut [f64]) + Sync) {
        let layout = &self.layout;
        self.blocks.par_iter_mut().with_min_len(GRAIN).enumerate().for_each(|(s, block)| {
            let (columns, below) = layout.supernodes.supernode(s);
            change(columns, below, block.get_mut().expect("a block of every supernode"));
        });
    }

    /// Adds F K F', for F (q_t x n_fixed) and -K F' (n_fixed x q_t).
    fn add_fixed(&mut self, solved: &[f64], x: &[f64], f: usize, symbolic: &SymbolicFactor) {
        let (layout, q) = (self.layout.clone(), symbolic.n_trailing);
        if f == 0 {
            return;
        }
        self.each(|columns, below, z| {
            let places = columns.clone().chain(below.iter().map(|&b| b as usize));
            let rows: Vec<usize> = places.map(|place| layout.row(place)).collect();
            let (h, c) = (rows.len(), columns.len());
            let left: Vec<f64> = (0..f).flat_map(|k| rows.iter().map(move |&row| solved[k * q + row])).collect();
            let right: Vec<f64> = rows[..c].iter().flat_map(|&row| x[row * f..(row + 1) * f].iter().copied()).collect();
            let (left, right) = (dense::view(&left, h, f), dense::view(&right, f, c));
            matmul(dense::view_mut(z, h, c), Accum::Add, left, right, -1.0, Par::Seq);
        });
    }

    /// N = Λ M^-1 Λ'.
    fn scale(&mut self, lambda: &[Vec<f64>], symbolic: &SymbolicFactor) {
        let layout = self.layout.clone();
        let of = |node: PlacedNode| &lambda[symbolic.groups[node.factor as usize].block];
        self.each(|columns, below, z| {
            let (first, h) = (columns.start, columns.len() + below.len());
            let mut at = 0;
            while at < columns.len() {
                let node = layout.node(first + at);
                combine(&mut z[at * h..(at + node.r as usize) * h], of(node), node.r as usize, h, false);
                at += node.r as usize;
            }
            for column in z.chunks_exact_mut(h) {
                let mut at = 0;
                while at < h {
                    let place = if at < columns.len() { first + at } else { below[at - columns.len()] as usize };
                    let node = layout.node(place);
                    apply(of(node), &mut column[at..at + node.r as usize], node.r as usize);
                    at += node.r as usize;
                }
            }
        });
    }

    /// The block that holds a node's columns, the first of them there, and the block's height.
    fn own(&self, row: usize) -> (&[f64], usize, usize) {
        let layout = &self.layout;
        let place = layout.place[row] as usize;
        let s = layout.supernodes.of[place] as usize;
        let (columns, below) = layout.supernodes.supernode(s);
        (self.block(s), place - columns.start, columns.len() + below.len())
    }

    /// N of two levels that meet, the rows of the one by the columns of the other; None where they are not of the pattern.
    pub fn pair(&self, (row, r): (usize, usize), (column, rc): (usize, usize)) -> Option<Vec<f64>> {
        let layout = &self.layout;
        // the block of the node that comes first in the order has both
        let is_swapped = layout.place[row] < layout.place[column];
        let ((own, width), (other, height)) =
            if is_swapped { ((row, r), (column, rc)) } else { ((column, rc), (row, r)) };
        let place = layout.place[own] as usize;
        let s = layout.supernodes.of[place] as usize;
        let (columns, below) = layout.supernodes.supernode(s);
        let h = columns.len() + below.len();
        let target = layout.place[other];
        let at = if (target as usize) < columns.end {
            target as usize - columns.start
        } else {
            columns.len() + below.binary_search(&target).ok()?
        };
        let (z, first) = (self.block(s), place - columns.start);
        let entry = |i: usize, j: usize| z[(first + j) * h + at + i];
        Some(if is_swapped {
            (0..r * rc).map(|e| entry(e / r, e % r)).collect()
        } else {
            (0..height * width).map(|e| entry(e % height, e / height)).collect()
        })
    }

    /// Diagonal blocks of a trailing factor (n_levels blocks r x r).
    pub fn level_blocks(&self, symbolic: &SymbolicFactor, k: usize) -> Vec<f64> {
        let t = &symbolic.groups[k];
        let mut out = Vec::with_capacity(t.n_levels * t.r * t.r);
        for level in 0..t.n_levels {
            let (z, first, h) = self.own(t.offset + level * t.r);
            (0..t.r).for_each(|j| out.extend_from_slice(&z[(first + j) * h + first..][..t.r]));
        }
        out
    }

    /// E += (B Λ M^-1) of every level of the k-th trailing factor, from B, S before Λ, off X; before `scale`.
    fn add_direct(
        &self,
        e: &mut [f64],
        k: usize,
        sparse: &SparseFactor,
        lambda: &[Vec<f64>],
        symbolic: &SymbolicFactor,
    ) {
        let (layout, mut at) = (&self.layout, Vec::new());
        let of = |node: PlacedNode| &lambda[symbolic.groups[node.factor as usize].block];
        for node in &layout.nodes {
            let (first, rj) = (node.place as usize, node.r as usize);
            let rows = &layout.rows[layout.ptr[first] as usize..layout.ptr[first + 1] as usize];
            let (h, b) = (rows.len(), &sparse.before[layout.ptr[first] as usize..][..rows.len() * rj]);
            // where the rows of this node's columns are in the inverse
            let (s, _) = layout.supernodes.locate(rows, &mut at);
            let (columns, below) = layout.supernodes.supernode(s);
            let (z, height) = (self.block(s), columns.len() + below.len());
            let mut top = 0;
            while top < h {
                let other = layout.node(rows[top] as usize);
                let r = other.r as usize;
                let block = |values: &[f64], index: &dyn Fn(usize, usize) -> usize| -> Vec<f64> {
                    (0..r * rj).map(|e| values[index(e % r, e / r)]).collect()
                };
                let b = block(b, &|i, j| j * h + top + i);
                let m = block(z, &|i, j| (first - columns.start + j) * height + at[top + i] as usize);
                if node.factor as usize == k {
                    // B_c,i Λ_i M_i,c
                    let (mut scaled, mut product) = (m.clone(), vec![0.0; rj * rj]);
                    scaled.chunks_exact_mut(r).for_each(|column| apply(of(other), column, r));
                    small::add_cross(&mut product, &b, &scaled, r, rj, rj);
                    e.iter_mut().zip(&product).for_each(|(e, v)| *e += v);
                }
                if other.factor as usize == k && other.place != node.place {
                    // B_i,c Λ_c M_c,i
                    for i in 0..r {
                        let mut row: Vec<f64> = (0..rj).map(|j| m[j * r + i]).collect();
                        apply(of(*node), &mut row, rj);
                        for (j, v) in row.iter().enumerate() {
                            (0..r).for_each(|l| e[i * r + l] += b[j * r + l] * v);
                        }
                    }
                }
                top += r;
            }
        }
    }

    /// w (d x r) += N p over the rows of one level of lead i; every entry of the symmetric N is read once.
    pub fn weigh<const R: usize>(
        &self,
        w: &mut [f64],
        p: &[f64],
        symbolic: &SymbolicFactor,
        (i, level): (usize, usize),
        at: &mut Vec<u32>,
    ) {
        let (layout, lead) = (&self.layout, &symbolic.leads[i]);
        let (r, entries) = (small::width::<R>(lead.r), lead.panel.ptr[level]..lead.panel.ptr[level + 1]);
        let (places, local) = (&layout.leads[i].places[entries.clone()], &layout.leads[i].local[entries]);
        let (d, mut k) = (places.len(), 0);
        while k < d {
            let (s, own) = layout.supernodes.locate(&places[k..], at);
            let (columns, below) = layout.supernodes.supernode(s);
            let (z, height) = (self.block(s), columns.len() + below.len());
            for first in 0..own {
                let column = &z[(places[k] as usize - columns.start) * height..][..height];
                let (own, later, at) = (local[k] as usize, &local[k + 1..], &at[first..]);
                for l in 0..r {
                    let (w, p) = (&mut w[l * d..(l + 1) * d], &p[l * d..(l + 1) * d]);
                    let (pk, mut sum) = (p[own], column[at[0] as usize] * p[own]);
                    for (&m, &at) in later.iter().zip(&at[1..]) {
                        let v = column[at as usize];
                        w[m as usize] += v * pk;
                        sum += v * p[m as usize];
                    }
                    w[own] += sum;
                }
                k += 1;
            }
        }
    }
}
