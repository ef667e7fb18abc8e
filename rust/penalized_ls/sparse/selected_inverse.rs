//! S^-1 on the pattern of L (Erisman and Tinney 1975, Communications of the ACM 18, 177-179), a supernode at a time.
//!
//! With J a supernode's columns, R its rows below them and Y = L_RJ L_JJ^-1, from the last supernode to the first
//!   Z_RJ = -Z_RR Y,   Z_JJ = L_JJ^-T L_JJ^-1 - Y'Z_RJ
//! where R is within the pattern of the supernodes above, of which Z_RR is already known.

use std::sync::OnceLock;

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_upper_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::layout::Layout;
use crate::linalg::dense;

/// Subtrees with a smaller share of the work are inverted side by side, those above them before, one by one.
const SHARE: f64 = 1.0 / 16.0;
/// Products of fewer multiplications stay in one thread.
const PARALLEL: usize = 1 << 22;

/// Per supernode Z_JJ, both triangles, over Z_RJ; written once.
pub type Blocks = Vec<OnceLock<Vec<f64>>>;

/// Z of a factor L.
pub fn selected_inverse(layout: &Layout, l: &[f64]) -> Blocks {
    let blocks: Blocks = (0..layout.symbolic.n_supernodes()).map(|_| OnceLock::new()).collect();
    let job = Job { layout, l, blocks: &blocks };
    let (top, subtrees) = divide(layout);
    let mut work = Work::default();
    top.into_iter().for_each(|s| job.invert(s, &mut work, true));
    subtrees.into_par_iter().with_max_len(1).for_each_init(Work::default, |work, subtree| {
        subtree.rev().for_each(|s| job.invert(s, work, false));
    });
    blocks
}

/// Supernodes with large subtrees, from the last on, and the subtrees below them.
fn divide(layout: &Layout) -> (Vec<usize>, Vec<std::ops::Range<usize>>) {
    let n = layout.symbolic.n_supernodes();
    let parent = |s: usize| layout.supernode(s).1.first().map(|&row| layout.supernode_of[row as usize] as usize);
    let (mut work, mut first): (Vec<f64>, Vec<usize>) = (vec![0.0; n], (0..n).collect());
    for s in 0..n {
        let (columns, below) = layout.supernode(s);
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

struct Job<'a> {
    layout: &'a Layout,
    l: &'a [f64],
    blocks: &'a Blocks,
}

impl Job<'_> {
    fn invert(&self, s: usize, work: &mut Work, parallel: bool) {
        let (columns, below) = self.layout.supernode(s);
        let (c, d) = (columns.len(), below.len());
        let l = dense::view(&self.l[self.layout.block(s)], c + d, c);
        let mut z = vec![0.0; (c + d) * c];
        if d > 0 {
            self.gather(below, work);
        }
        if c == 1 {
            invert_column(&mut z, &self.l[self.layout.block(s)], &work.above, d);
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
            let (t, own) = locate(self.layout, &rows[k..], &mut work.at);
            let z = self.blocks[t].get().expect("supernodes above are inverted before");
            let columns = self.layout.supernode(t).0;
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

/// The supernode of the first of some ascending rows, how many of them are among its columns, and where all of them
/// are in its block.
pub fn locate(layout: &Layout, rows: &[u32], at: &mut Vec<u32>) -> (usize, usize) {
    let t = layout.supernode_of[rows[0] as usize] as usize;
    let (columns, below) = layout.supernode(t);
    let own = rows.iter().take_while(|&&row| (row as usize) < columns.end).count();
    at.clear();
    at.extend(rows[..own].iter().map(|row| row - columns.start as u32));
    let mut from = 0;
    for &row in &rows[own..] {
        // mostly the next one, or close by
        let mut step = 1;
        while from + step < below.len() && below[from + step] <= row {
            from += step;
            step *= 2;
        }
        let end = (from + step).min(below.len());
        from += below[from..end].partition_point(|&b| b < row);
        debug_assert_eq!(below[from], row);
        at.push((columns.len() + from) as u32);
    }
    (t, own)
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
    // Y, by the columns of its transpose: L_JJ'Y' = L_RJ'
    work.y.resize((c + d) * c, 0.0);
    let (y, inverse) = work.y.split_at_mut(d * c);
    let mut y = dense::view_mut(y, d, c);
    y.copy_from(l_below);
    solve_upper_triangular_in_place(l_own.transpose(), y.as_mut().transpose_mut(), par);
    // L_JJ^-T, then its product with its transpose
    let mut inverse = dense::view_mut(&mut inverse[..c * c], c, c);
    inverse.fill(0.0);
    (0..c).for_each(|j| inverse[(j, j)] = 1.0);
    solve_upper_triangular_in_place(l_own.transpose(), inverse.as_mut(), par);
    matmul(top.as_mut(), Accum::Replace, inverse.as_ref(), inverse.as_ref().transpose(), 1.0, par);
    if d > 0 {
        let above = dense::view(&work.above, d, d);
        matmul(bottom.as_mut(), Accum::Replace, above, y.as_ref(), -1.0, par);
        matmul(top.as_mut(), Accum::Add, y.as_ref().transpose(), bottom.as_ref(), -1.0, par);
        for j in 0..c {
            for i in 0..j {
                top[(i, j)] = top[(j, i)];
            }
        }
    }
}

