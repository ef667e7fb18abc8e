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
    let job = Job { supernodes, l, blocks: &blocks };
    let (top, subtrees) = divide(supernodes);
    let mut work = Work::default();
    top.into_iter().for_each(|s| job.invert(s, &mut work, true));
    subtrees.into_par_iter().with_max_len(1).for_each_init(Work::default, |work, subtree| {
        subtree.rev().for_each(|s| job.invert(s, work, false));
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

struct Job<'a> {
    supernodes: &'a Supernodes,
    l: &'a [f64],
    blocks: &'a Blocks,
}

impl Job<'_> {
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

#[cfg(test)]
mod tests {
    use faer::sparse::SparseColMatRef;
    use faer::sparse::linalg::cholesky::supernodal;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::super::graph::{Graph, Nodes};
    use super::super::order::{Order, Pattern, upper};
    use super::*;

    /// A random pattern of nodes one to three rows wide, some of which meet.
    fn pattern(seed: u64, n: usize, meetings: usize) -> Pattern {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut first = vec![0];
        (0..n).for_each(|k| first.push(first[k] + rng.random_range(1..4u32)));
        let of_row = (0..n).flat_map(|k| std::iter::repeat_n(k as u32, (first[k + 1] - first[k]) as usize)).collect();
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); n];
        for _ in 0..meetings {
            let (a, b) = (rng.random_range(0..n), rng.random_range(0..n));
            lists[a.min(b)].extend((a != b).then_some(a.max(b) as u32));
        }
        let mut graph = Graph { ptr: vec![0], later: Vec::new() };
        for list in &mut lists {
            list.sort_unstable();
            list.dedup();
            graph.later.extend_from_slice(list);
            graph.ptr.push(graph.later.len());
        }
        let nodes = Nodes { first, of_row };
        let order = Order::new(&graph, &nodes).unwrap();
        upper(&graph, &nodes, &order.nodes)
    }

    /// The transpose, with values that are positive definite.
    fn lower(upper: &Pattern) -> (Pattern, Vec<f64>) {
        let n = upper.ptr.len() - 1;
        let mut columns: Vec<Vec<u32>> = vec![Vec::new(); n];
        for j in 0..n {
            let rows = &upper.rows[upper.ptr[j] as usize..upper.ptr[j + 1] as usize];
            rows.iter().for_each(|&i| columns[i as usize].push(j as u32));
        }
        let (mut pattern, mut values) = (Pattern { ptr: vec![0], rows: Vec::new() }, Vec::new());
        for (j, rows) in columns.iter().enumerate() {
            let value = |&i: &u32| {
                if i as usize == j { 40.0 + (j % 5) as f64 } else { ((i as usize + 3 * j) % 7) as f64 / 6.0 - 0.4 }
            };
            values.extend(rows.iter().map(value));
            pattern.rows.extend_from_slice(rows);
            pattern.ptr.push(pattern.rows.len() as u32);
        }
        (pattern, values)
    }

    #[test]
    fn it_is_the_inverse_on_the_pattern() {
        for (seed, n, meetings) in [(1, 1, 0), (2, 40, 30), (3, 60, 200), (4, 90, 120), (5, 30, 400)] {
            let upper = pattern(seed, n, meetings);
            let (lower, values) = lower(&upper);
            let (supernodes, q) = (Supernodes::new(&upper).unwrap(), upper.ptr.len() - 1);
            let mut l = vec![0.0; supernodes.n_values()];
            let s = SparseColMatRef::new(lower.view(), &values);
            let symbolic = &supernodes.symbolic;
            let size = supernodal::factorize_supernodal_numeric_llt_scratch::<u32, f64>(
                symbolic,
                Par::Seq,
                Default::default(),
            );
            let mut memory = MemBuffer::new(size);
            let stack = MemStack::new(&mut memory);
            let none = Default::default();
            supernodal::factorize_supernodal_numeric_llt(
                &mut l,
                s,
                none,
                symbolic,
                Par::Seq,
                stack,
                Default::default(),
            )
            .unwrap();
            let mut whole = vec![0.0; q * q];
            for j in 0..q {
                for k in lower.ptr[j] as usize..lower.ptr[j + 1] as usize {
                    whole[j * q + lower.rows[k] as usize] = values[k];
                }
            }
            dense::cholesky_lower(&mut whole, q).unwrap();
            let mut inverse = vec![0.0; q * q];
            dense::inverse_from_cholesky(&mut inverse, &whole, q);
            let blocks = selected_inverse(&supernodes, &l);
            for s in 0..supernodes.n() {
                let (columns, below) = supernodes.supernode(s);
                let rows: Vec<usize> = columns.clone().chain(below.iter().map(|&b| b as usize)).collect();
                let block = blocks[s].get().unwrap();
                for (j, column) in columns.enumerate() {
                    for (i, &row) in rows.iter().enumerate() {
                        let (z, exact) = (block[j * rows.len() + i], inverse[column * q + row]);
                        assert!((z - exact).abs() < 1e-15, "{seed}: {row} {column} {z} {exact}");
                    }
                }
            }
        }
    }
}
