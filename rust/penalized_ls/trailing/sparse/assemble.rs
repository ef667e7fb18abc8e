//! S = Λ'(A - Σ P P' over the leads)Λ + I on its pattern, a node's columns at a time in an accumulator.

use rayon::prelude::*;

use super::layout::{PlacedNode, SparseLayout};
use crate::penalized_ls::symbolic::SymbolicFactor;
use crate::penalized_ls::trailing::{apply_transposed, combine};

/// Nodes of one task; levels of one task.
const GRAIN: usize = 128;
const LEVELS: usize = 1024;

/// P of one lead in the order of the sorted lists: a row of r numbers for each entry.
pub fn sort_panel(out: &mut Vec<f64>, symbolic: &SymbolicFactor, layout: &SparseLayout, i: usize, panel: &[f64]) {
    let (lead, local) = (&symbolic.leads[i], &layout.leads[i].local);
    let r = lead.r;
    out.resize(panel.len(), 0.0);
    let level = |level: usize, out: &mut [f64]| {
        let (start, end) = (lead.panel.ptr[level], lead.panel.ptr[level + 1]);
        let (d, p) = (end - start, &panel[lead.panel.range(level, r)]);
        for (row, &k) in out.chunks_exact_mut(r).zip(&local[start..end]) {
            (0..r).for_each(|l| row[l] = p[l * d + k as usize]);
        }
    };
    pieces(out, &lead.panel.ptr, LEVELS, r).into_par_iter().for_each(|(first, values)| {
        let mut rest = values;
        for k in first..(first + LEVELS).min(lead.n_levels) {
            let (own, tail) = std::mem::take(&mut rest).split_at_mut(lead.panel.range(k, r).len());
            level(k, own);
            rest = tail;
        }
    });
}

/// `values`, of `r` numbers for each entry of a pattern, by pieces of `grain` lists.
fn pieces<'a>(values: &'a mut [f64], ptr: &[usize], grain: usize, r: usize) -> Vec<(usize, &'a mut [f64])> {
    let n = ptr.len() - 1;
    let (mut out, mut rest) = (Vec::new(), values);
    for first in (0..n).step_by(grain) {
        let (piece, tail) = rest.split_at_mut((ptr[(first + grain).min(n)] - ptr[first]) * r);
        out.push((first, piece));
        rest = tail;
    }
    out
}

/// Overwrites `s`, and `before` with S before Λ unless it is empty.
pub fn assemble(
    s: &mut [f64],
    before: &mut [f64],
    symbolic: &SymbolicFactor,
    layout: &SparseLayout,
    task: &AssemblyTask,
) {
    let ptr: Vec<usize> = layout.nodes.iter().map(|n| layout.ptr[n.place as usize] as usize).chain([s.len()]).collect();
    let kept = if before.is_empty() { vec![] } else { pieces(before, &ptr, GRAIN, 1) };
    let kept = kept.into_iter().map(|(_, piece)| piece).chain(std::iter::repeat_with(|| &mut [][..]));
    let tasks: Vec<_> = pieces(s, &ptr, GRAIN, 1).into_iter().zip(kept).collect();
    let size = layout.place.len() * layout.widest;
    tasks.into_par_iter().for_each_init(
        || vec![0.0; size],
        |work, ((first, piece), kept)| {
            for k in first..(first + GRAIN).min(layout.nodes.len()) {
                let own = ptr[k] - ptr[first]..ptr[k + 1] - ptr[first];
                let (node, block) = (layout.nodes[k], &mut piece[own.clone()]);
                subtract_products(work, symbolic, layout, task, node);
                collect(work, block, layout, task.base, node);
                if !kept.is_empty() {
                    kept[own].copy_from_slice(block);
                }
                scale(block, layout, node, symbolic, task.lambda);
            }
        },
    );
}

/// What S is made of.
pub struct AssemblyTask<'a> {
    /// A's own part, and that of its links.
    pub base: &'a [f64],
    /// P of every lead, sorted.
    pub panels: &'a [Vec<f64>],
    pub lambda: &'a [Vec<f64>],
}

/// -P P' in the columns of one node: the accumulator has r numbers for each place.
fn subtract_products(
    work: &mut [f64],
    symbolic: &SymbolicFactor,
    layout: &SparseLayout,
    task: &AssemblyTask,
    node: PlacedNode,
) {
    let r = node.r as usize;
    for (i, (lead, sorted)) in symbolic.leads.iter().zip(&layout.leads).enumerate() {
        let (rl, p) = (lead.r, &task.panels[i]);
        for &(level, _) in symbolic.row_index[i].row(node.row as usize) {
            let end = lead.panel.ptr[level as usize + 1];
            let start = lead.panel.ptr[level as usize];
            let from = start + sorted.places[start..end].partition_point(|&place| place < node.place);
            let places = &sorted.places[from..end];
            if r == 1 && rl == 1 {
                let w = p[from];
                places.iter().zip(&p[from..end]).for_each(|(&place, v)| work[place as usize] -= w * v);
                continue;
            }
            for (&place, row) in places.iter().zip(p[from * rl..end * rl].chunks_exact(rl)) {
                for (sum, own) in work[place as usize * r..][..r].iter_mut().zip(p[from * rl..].chunks_exact(rl)) {
                    *sum -= row.iter().zip(own).map(|(x, y)| x * y).sum::<f64>();
                }
            }
        }
    }
}

/// A's part and the accumulator's, which is zero again.
fn collect(work: &mut [f64], block: &mut [f64], layout: &SparseLayout, base: &[f64], node: PlacedNode) {
    let (first, r) = (node.place as usize, node.r as usize);
    let start = layout.ptr[first] as usize;
    let rows = &layout.rows[start..layout.ptr[first + 1] as usize];
    block.copy_from_slice(&base[start..start + block.len()]);
    for (i, &place) in rows.iter().enumerate() {
        for (j, sum) in work[place as usize * r..][..r].iter_mut().enumerate() {
            block[j * rows.len() + i] += std::mem::take(sum);
        }
    }
}

/// Λ' V Λ for the columns V of one node, and I on the diagonal.
fn scale(block: &mut [f64], layout: &SparseLayout, node: PlacedNode, symbolic: &SymbolicFactor, lambda: &[Vec<f64>]) {
    let (first, r) = (node.place as usize, node.r as usize);
    let rows = &layout.rows[layout.ptr[first] as usize..layout.ptr[first + 1] as usize];
    let own = &lambda[symbolic.groups[node.factor as usize].block];
    combine(block, own, r, rows.len(), true);
    for (j, column) in block.chunks_exact_mut(rows.len()).enumerate() {
        let mut at = 0;
        while at < rows.len() {
            let other = layout.node(rows[at] as usize);
            let (l, r) = (&lambda[symbolic.groups[other.factor as usize].block], other.r as usize);
            apply_transposed(l, &mut column[at..at + r], r);
            at += r;
        }
        column[j] += 1.0;
    }
}
