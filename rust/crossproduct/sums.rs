//! Sums over rows: pushed batch by batch, merged part by part.

use std::sync::Arc;

use super::pattern::{LinkPattern, pairs};
use crate::linalg::{dense, small};
use crate::rows::{ExtendedColumns, OrderedFactor, RowBlock};
use crate::with_width;

/// Sums of one part of the rows.  Rows of sums are `[dense..., y, cells...]`.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    pub sum_log_weights: f64,
    /// Lower triangle of [dense y]'W[dense y].
    pub dense: Vec<f64>,
    /// n_cells rows of d + 1: cells'W[dense y].
    pub cells_dense: Vec<f64>,
    /// Lower triangle over pairs of blocks of cells, each n_a x n_b, row-major.
    pub cells: Vec<Vec<f64>>,
    pub zz: Vec<Vec<f64>>,
    pub zx: Vec<Vec<f64>>,
    /// Values of every link, in the order (1, 0), (2, 0), (2, 1), ...
    pub links: Vec<Vec<f64>>,
}

/// What all parts share: the columns, the sizes of the blocks and the pairs of levels that occur.
#[derive(Debug, Clone)]
pub struct Shape {
    pub extended: ExtendedColumns,
    /// (levels, width) of every grouping factor, in order.
    pub factors: Vec<(usize, usize)>,
    /// `[i][j]`, j < i.
    pub patterns: Arc<Vec<Vec<LinkPattern>>>,
}

impl Shape {
    pub fn new(extended: ExtendedColumns, factors: &[OrderedFactor], patterns: Vec<Vec<LinkPattern>>) -> Self {
        let factors = factors.iter().map(|f| (f.n_levels, f.width)).collect();
        Self { extended, factors, patterns: Arc::new(patterns) }
    }

    /// Numbers that one part holds, without those that the levels of the factors before `first` have.
    pub fn size(&self, first: usize) -> usize {
        let zx: usize = self.factors.iter().skip(first).map(|(l, r)| l * r * (self.extended.width() + r)).sum();
        let links = self.link_pairs().filter(|&(_, j)| j >= first).map(|(i, j)| self.link_size(i, j));
        zx + links.sum::<usize>() + self.extended.width().pow(2)
    }

    /// j < i of every link.
    pub fn link_pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        pairs(self.factors.len())
    }

    fn link_size(&self, i: usize, j: usize) -> usize {
        self.patterns[i][j].level.len() * self.factors[i].1 * self.factors[j].1
    }
}

impl Sums {
    /// Sums of zero; those that the levels of the factors before `first` have are left out.
    pub fn new(shape: &Shape, first: usize) -> Self {
        let mut sums = Self::default();
        sums.reset(shape, first);
        sums
    }

    /// Zeros for a shape, in the memory that is there where it fits.
    pub fn reset(&mut self, shape: &Shape, first: usize) {
        let zeros = |f: usize, n: usize| if f < first { 0 } else { n };
        let (d, extended) = (shape.extended.n_dense() + 1, &shape.extended);
        let blocks = &extended.blocks;
        self.sum_log_weights = 0.0;
        zero(&mut self.dense, d * d);
        zero(&mut self.cells_dense, extended.n_cells * d);
        let pairs = (0..blocks.len()).flat_map(|a| (0..=a).map(move |b| (a, b)));
        zero_all(&mut self.cells, pairs.map(|(a, b)| blocks[a].n_cells * blocks[b].n_cells));
        let factors = || shape.factors.iter().enumerate();
        zero_all(&mut self.zz, factors().map(|(f, (l, r))| zeros(f, l * r * r)));
        zero_all(&mut self.zx, factors().map(|(f, (l, r))| zeros(f, l * r * extended.width())));
        zero_all(&mut self.links, shape.link_pairs().map(|(i, j)| zeros(j, shape.link_size(i, j))));
    }

    /// Adds the rows of a block, weighted, but to what the levels of the factors before `first` sum up.
    pub fn push(&mut self, shape: &Shape, batch: &RowBlock, first: usize) {
        let d = shape.extended.n_dense() + 1;
        self.sum_log_weights += batch.weights.iter().filter(|&&w| w != 1.0).map(|w| w.ln()).sum::<f64>();
        dense::add_gram_lower(&mut self.dense, &batch.dense[..d * batch.n], d);
        self.push_cells(shape, batch, d);
        for (f, (z, codes)) in batch.z.iter().enumerate().skip(first) {
            let r = shape.factors[f].1;
            with_width!(r, push_zz(&mut self.zz[f], z, codes, r));
            with_width!(r, push_zx(&mut self.zx[f], shape, batch, (z, codes, r), d));
        }
        for (k, (i, j)) in shape.link_pairs().enumerate().filter(|&(_, (_, j))| j >= first) {
            let widths = (shape.factors[i].1, shape.factors[j].1);
            push_link(&mut self.links[k], &shape.patterns[i][j], &batch.z[i], &batch.z[j], widths);
        }
    }

    fn push_cells(&mut self, shape: &Shape, batch: &RowBlock, d: usize) {
        let blocks = &shape.extended.blocks;
        for (a, (values, cells)) in batch.cells.iter().enumerate() {
            for (i, (&v, &c)) in values.iter().zip(cells).enumerate() {
                let sums = &mut self.cells_dense[(blocks[a].first + c as usize) * d..][..d];
                add_row(sums, v, &batch.dense[i * d..(i + 1) * d]);
            }
            for (b, (other, other_cells)) in batch.cells[..=a].iter().enumerate() {
                let table = &mut self.cells[a * (a + 1) / 2 + b];
                for i in 0..batch.n {
                    table[cells[i] as usize * blocks[b].n_cells + other_cells[i] as usize] += values[i] * other[i];
                }
            }
        }
    }

    /// Adds what does not depend on the levels of grouping factors.
    pub fn add_whole(&mut self, other: &Sums) {
        self.sum_log_weights += other.sum_log_weights;
        add(&mut self.dense, &other.dense);
        add(&mut self.cells_dense, &other.cells_dense);
        self.cells.iter_mut().zip(&other.cells).for_each(|(a, b)| add(a, b));
    }

    /// Adds the sums of another part.
    pub fn merge(&mut self, other: &Sums) {
        self.add_whole(other);
        for (mine, theirs) in [(&mut self.zz, &other.zz), (&mut self.zx, &other.zx), (&mut self.links, &other.links)] {
            mine.iter_mut().zip(theirs).for_each(|(a, b)| add(a, b));
        }
    }
}

/// n zeros; new memory comes zeroed, so that its pages are touched by whoever sums into them.
fn zero(values: &mut Vec<f64>, n: usize) {
    if values.len() == n { values.fill(0.0) } else { *values = vec![0.0; n] }
}

fn zero_all(all: &mut Vec<Vec<f64>>, sizes: impl Iterator<Item = usize>) {
    let mut count = 0;
    for (k, n) in sizes.enumerate() {
        if k == all.len() {
            all.push(Vec::new());
        }
        zero(&mut all[k], n);
        count = k + 1;
    }
    all.truncate(count);
}

fn add(a: &mut [f64], b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(x, y)| *x += y);
}

fn push_zz<const R: usize>(zz: &mut [f64], z: &[f64], codes: &[u32], r: usize) {
    let r = small::width::<R>(r);
    for (row, &code) in z.chunks_exact(r).zip(codes) {
        add_outer(&mut zz[code as usize * r * r..][..r * r], row, row, 1.0);
    }
}

/// B += w a b', column-major.
#[inline(always)]
pub fn add_outer(block: &mut [f64], a: &[f64], b: &[f64], w: f64) {
    block.chunks_exact_mut(a.len()).zip(b).for_each(|(column, b)| add_row(column, w * b, a));
}

/// sums += v x.
#[inline(always)]
pub fn add_row(sums: &mut [f64], v: f64, x: &[f64]) {
    sums.iter_mut().zip(x).for_each(|(s, x)| *s += v * x);
}

fn push_zx<const R: usize>(
    zx: &mut [f64],
    shape: &Shape,
    batch: &RowBlock,
    (z, codes, r): (&[f64], &[u32], usize),
    d: usize,
) {
    let (r, width) = (small::width::<R>(r), shape.extended.width());
    for (i, (row, &code)) in z.chunks_exact(r).zip(codes).enumerate() {
        for (a, &za) in row.iter().enumerate() {
            let sums = &mut zx[(code as usize * r + a) * width..][..width];
            add_row(&mut sums[..d], za, &batch.dense[i * d..(i + 1) * d]);
            for ((values, cells), block) in batch.cells.iter().zip(&shape.extended.blocks) {
                sums[d + block.first + cells[i] as usize] += za * values[i];
            }
        }
    }
}

fn push_link(
    values: &mut [f64],
    link: &LinkPattern,
    (zi, codes_i): &(Vec<f64>, Vec<u32>),
    (zj, codes_j): &(Vec<f64>, Vec<u32>),
    (ri, rj): (usize, usize),
) {
    for (row, (&ci, &cj)) in codes_i.iter().zip(codes_j).enumerate() {
        let block = &mut values[link.position(cj, ci) * ri * rj..][..ri * rj];
        add_outer(block, &zi[row * ri..(row + 1) * ri], &zj[row * rj..(row + 1) * rj], 1.0);
    }
}
