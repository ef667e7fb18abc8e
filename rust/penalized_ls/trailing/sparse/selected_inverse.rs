//! S^-1 on the pattern of L (Erisman and Tinney 1975, Communications of the ACM 18, 177-179), a supernode at a time.
//!
//! With J a supernode's columns, R its rows below them and Y = L_RJ L_JJ^-1, from the last supernode to the first
//!   Z_RJ = -Z_RR Y,   Z_JJ = L_JJ^-T L_JJ^-1 - Y'Z_RJ
//! where R is within the pattern of the supernodes above, of which Z_RR is already known.

use std::sync::OnceLock;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_solve::solve_upper_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::supernodes::Supernodes;
use crate::linalg::dense;

/// Subtrees with a smaller share of the work are inverted side by side, those above them before, one by one.
const SHARE: f64 = 1.0 / 16.0;
/// Products of fewer multiplications stay in one thread.
const PARALLEL: usize = 1 << 22;

/// Per supernode Z_JJ, both triangles, over Z_RJ; written once.
pub type Blocks = Vec<OnceLock<Vec<f64>>>;

/// Z of a factor L.
pub fn selected_inverse(supernodes: &Supernodes, l: &[f64]) -> Blocks {
    let blocks: Blocks = (0..supernodes.n()).map(|_| OnceLock::new()).collect();
    let task = SelectedInverseTask { supernodes, l, blocks: &blocks };
    let (top, subtrees) = divide(supernodes);
    let mut work = Work::default();
    top.into_iter().for_each(|s| task.invert(s, &mut work, true));
    subtrees.into_par_iter().with_max_len(1).for_each_init(Work::default, |work, subtree| {
        subtree.rev().for_each(|s| task.invert(s, work, false));
    });
    blocks
}

/// Supernodes with large subtrees, from the last on, and the subtrees below them.
fn divide(supernodes: &Supernodes) -> (Vec<usize>, Vec<std::ops::Range<usize>>) {
    let n = supernodes.n();
    let parent = |s: usize| supernodes.parent(s);
    let (mut work, mut first): (Vec<f64>, Vec<usize>) = (vec![0.0; n], (0..n).collect());
    for s in 0..n {
        let (columns, below) = supernodes.supernode(s);
        let (c, d) = (columns.len() as f64, below.len() as f64);
        work[s] += (c + d) * (c + d) * (c + 4.0);
        if let Some(p) = parent(s) {
            work[p] += work[s];
            first[p] = first[p].min(first[s]);
        }
    }
    let all: f64 = (0..n).filter(|&s| parent(s).is_none()).map(|s| work[s]).sum();
    let large = |s: usize| work[s] > SHARE * all;
    let top = (0..n).rev().filter(|&s| large(s)).collect();
    let root = |s: usize| !large(s) && parent(s).is_none_or(large);
    let subtrees = (0..n).filter(|&s| root(s)).map(|s| first[s]..s + 1).collect();
    (top, subtrees)
}

/// Scratch of one thread: Z_RR, Y, and where rows are in another supernode's block.
#[derive(Default)]
struct Work {
    above: Vec<f64>,
    y: Vec<f64>,
    at: Vec<u32>,
}

struct SelectedInverseTask<'a> {
    supernodes: &'a Supernodes,
    l: &'a [f64],
    blocks: &'a Blocks,
}

impl SelectedInverseTask<'_> {
    fn invert(&self, s: usize, work: &mut Work, parallel: bool) {
        let (columns, below) = self.supernodes.supernode(s);
        let (c, d) = (columns.len(), below.len());
        let l = dense::view(&self.l[self.supernodes.block(s)], c + d, c);
        let mut z = vec![0.0; (c + d) * c];
        if d > 0 {
            self.gather(below, work);
        }
        if c == 1 {
            invert_column(&mut z, &self.l[self.supernodes.block(s)], &work.above, d);
        } else {
            let par = |flops: usize| if parallel && flops > PARALLEL { Par::rayon(0) } else { Par::Seq };
            let (top, bottom) = dense::view_mut(&mut z, c + d, c).split_at_row_mut(c);
            invert_block(top, bottom, l, work, par((c + d) * (c + d) * c));
        }
        self.blocks[s].set(z).expect("a supernode is inverted once");
    }

    /// Z_RR, both triangles, from the supernodes above.
    fn gather(&self, rows: &[u32], work: &mut Work) {
        let d = rows.len();
        work.above.resize(d * d, 0.0);
        let mut k = 0;
        while k < d {
            let (t, own) = self.supernodes.locate(&rows[k..], &mut work.at);
            let z = self.blocks[t].get().expect("supernodes above are inverted before");
            let columns = self.supernodes.supernode(t).0;
            let height = z.len() / columns.len();
            for first in 0..own {
                let column = &z[(rows[k] as usize - columns.start) * height..][..height];
                let target = &mut work.above[k * d + k..(k + 1) * d];
                target.iter_mut().zip(&work.at[first..]).for_each(|(v, &at)| *v = column[at as usize]);
                k += 1;
            }
        }
        dense::mirror_lower(&mut work.above, d);
    }
}

/// One column: y = L_R / l, z_R = -Z_RR y, z = 1 / l² - y'z_R.
fn invert_column(z: &mut [f64], l: &[f64], above: &[f64], d: usize) {
    let (pivot, below) = (1.0 / l[0], &l[1..]);
    let (first, rest) = z.split_at_mut(1);
    for (column, l) in above.chunks_exact(d.max(1)).zip(below) {
        let y = l * pivot;
        rest.iter_mut().zip(column).for_each(|(z, v)| *z -= v * y);
    }
    let inner: f64 = below.iter().zip(&*rest).map(|(l, z)| l * pivot * z).sum();
    first[0] = pivot * pivot - inner;
}

fn invert_block(mut top: MatMut<f64>, mut bottom: MatMut<f64>, l: MatRef<f64>, work: &mut Work, par: Par) {
    let (c, d) = (top.nrows(), bottom.nrows());
    let (l_own, l_below) = l.split_at_row(c);
    let mut memory = MemBuffer::new(llt::inverse::inverse_scratch::<f64>(c, par));
    llt::inverse::inverse(top.as_mut(), l_own, par, MemStack::new(&mut memory));
    if d > 0 {
        // Y, by the columns of its transpose: L_JJ'Y' = L_RJ'
        work.y.resize(d * c, 0.0);
        let mut y = dense::view_mut(&mut work.y, d, c);
        y.copy_from(l_below);
        solve_upper_triangular_in_place(l_own.transpose(), y.as_mut().transpose_mut(), par);
        let above = dense::view(&work.above, d, d);
        matmul(bottom.as_mut(), Accum::Replace, above, y.as_ref(), -1.0, par);
        triangular::matmul(
            top.as_mut(),
            BlockStructure::TriangularLower,
            Accum::Add,
            y.as_ref().transpose(),
            BlockStructure::Rectangular,
            bottom.as_ref(),
            BlockStructure::Rectangular,
            -1.0,
            par,
        );
    }
    for j in 0..c {
        for i in 0..j {
            top[(i, j)] = top[(j, i)];
        }
    }
}
