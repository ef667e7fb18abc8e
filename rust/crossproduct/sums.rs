//! Sums over rows: pushed batch by batch, merged part by part.

use super::extended::ExtendedColumns;
use crate::design::{Batch, GroupingFactor};
use crate::linalg::dense;

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

/// One batch, scaled and weighted, as the sums take it.
pub struct ScaledBatch<'a> {
    pub n: usize,
    /// n x (d + 1), row-major.
    pub dense: &'a [f64],
    /// Per block of cells: weighted values and cells.
    pub blocks: Vec<(&'a [f64], &'a [u32])>,
    /// Per grouping factor: weighted z (n x r, row-major) and codes.
    pub z: Vec<(&'a [f64], &'a [u32])>,
    pub sum_log_weights: f64,
}

/// What all parts share: shapes and the patterns of the links.
pub struct Shape<'a> {
    pub extended: &'a ExtendedColumns,
    /// (levels, width) of every grouping factor, in order.
    pub factors: Vec<(usize, usize)>,
    pub links: &'a [super::blocks::LinkPattern],
}

impl Shape<'_> {
    /// Numbers that one part holds, without those that the levels of the factors before `first` have.
    pub fn size(&self, first: usize) -> usize {
        let zx: usize = self.factors.iter().skip(first).map(|(l, r)| l * r * (self.extended.width() + r)).sum();
        let links: usize =
            self.link_pairs().filter(|&(_, _, j)| j >= first).map(|(k, i, j)| self.link_size(k, i, j)).sum();
        zx + links + self.extended.width().pow(2)
    }

    /// (index of the link, i, j) for j < i.
    pub fn link_pairs(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let k = self.factors.len();
        (0..k).flat_map(|i| (0..i).map(move |j| (i, j))).enumerate().map(|(k, (i, j))| (k, i, j))
    }

    fn link_size(&self, k: usize, i: usize, j: usize) -> usize {
        self.links[k].level.len() * self.factors[i].1 * self.factors[j].1
    }
}

impl Sums {
    /// Sums of zero; those that the levels of the factors before `first` have are left out.
    pub fn new(shape: &Shape, first: usize) -> Self {
        let zeros = |f: usize, n: usize| vec![0.0; if f < first { 0 } else { n }];
        let factors = || shape.factors.iter().enumerate();
        let (d, extended) = (shape.extended.n_dense() + 1, shape.extended);
        let blocks = &extended.blocks;
        Self {
            sum_log_weights: 0.0,
            dense: vec![0.0; d * d],
            cells_dense: vec![0.0; extended.n_cells * d],
            cells: (0..blocks.len())
                .flat_map(|a| (0..=a).map(move |b| (a, b)))
                .map(|(a, b)| vec![0.0; blocks[a].n_cells * blocks[b].n_cells])
                .collect(),
            zz: factors().map(|(f, (l, r))| zeros(f, l * r * r)).collect(),
            zx: factors().map(|(f, (l, r))| zeros(f, l * r * extended.width())).collect(),
            links: shape.link_pairs().map(|(k, i, j)| zeros(j, shape.link_size(k, i, j))).collect(),
        }
    }

    /// Adds the rows of a batch, but to what the levels of the factors before `first` sum up.
    pub fn push(&mut self, shape: &Shape, batch: &ScaledBatch, first: usize) {
        let d = shape.extended.n_dense() + 1;
        self.sum_log_weights += batch.sum_log_weights;
        dense::rank_update_lower(&mut self.dense, dense::view(batch.dense, d, batch.n), 1.0);
        self.push_cells(shape, batch, d);
        for (f, &(z, codes)) in batch.z.iter().enumerate().skip(first) {
            let r = shape.factors[f].1;
            push_zz(&mut self.zz[f], z, codes, r);
            push_zx(&mut self.zx[f], shape, batch, (z, codes, r), d);
        }
        for (k, i, j) in shape.link_pairs().filter(|&(_, _, j)| j >= first) {
            let widths = (shape.factors[i].1, shape.factors[j].1);
            push_link(&mut self.links[k], &shape.links[k], batch.z[i], batch.z[j], widths);
        }
    }

    fn push_cells(&mut self, shape: &Shape, batch: &ScaledBatch, d: usize) {
        let blocks = &shape.extended.blocks;
        for (a, (values, cells)) in batch.blocks.iter().enumerate() {
            for (i, (&v, &c)) in values.iter().zip(*cells).enumerate() {
                let sums = &mut self.cells_dense[(blocks[a].first + c as usize) * d..][..d];
                add_row(sums, v, &batch.dense[i * d..(i + 1) * d]);
            }
            for (b, (other, other_cells)) in batch.blocks[..=a].iter().enumerate() {
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

fn add(a: &mut [f64], b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(x, y)| *x += y);
}

fn push_zz(zz: &mut [f64], z: &[f64], codes: &[u32], r: usize) {
    for (row, &code) in z.chunks_exact(r).zip(codes) {
        add_square(&mut zz[code as usize * r * r..][..r * r], row);
    }
}

/// B += z z'.
#[inline(always)]
pub fn add_square(block: &mut [f64], z: &[f64]) {
    add_pair(block, z, z);
}

/// B += a b', column-major.
#[inline(always)]
pub fn add_pair(block: &mut [f64], a: &[f64], b: &[f64]) {
    block.chunks_exact_mut(a.len()).zip(b).for_each(|(column, b)| add_row(column, *b, a));
}

/// sums += v x.
#[inline(always)]
pub fn add_row(sums: &mut [f64], v: f64, x: &[f64]) {
    sums.iter_mut().zip(x).for_each(|(s, x)| *s += v * x);
}

fn push_zx(zx: &mut [f64], shape: &Shape, batch: &ScaledBatch, (z, codes, r): (&[f64], &[u32], usize), d: usize) {
    let width = shape.extended.width();
    for (i, (row, &code)) in z.chunks_exact(r).zip(codes).enumerate() {
        for (a, &za) in row.iter().enumerate() {
            let sums = &mut zx[(code as usize * r + a) * width..][..width];
            add_row(&mut sums[..d], za, &batch.dense[i * d..(i + 1) * d]);
            for ((values, cells), block) in batch.blocks.iter().zip(&shape.extended.blocks) {
                sums[d + block.first + cells[i] as usize] += za * values[i];
            }
        }
    }
}

fn push_link(
    values: &mut [f64],
    link: &super::blocks::LinkPattern,
    (zi, codes_i): (&[f64], &[u32]),
    (zj, codes_j): (&[f64], &[u32]),
    (ri, rj): (usize, usize),
) {
    for (row, (&ci, &cj)) in codes_i.iter().zip(codes_j).enumerate() {
        let block = &mut values[link.position(cj, ci) * ri * rj..][..ri * rj];
        add_pair(block, &zi[row * ri..(row + 1) * ri], &zj[row * rj..(row + 1) * rj]);
    }
}

/// Scales and weights batches; reused from batch to batch.
#[derive(Default)]
pub struct Scaler {
    sqrt_w: Vec<f64>,
    dense: Vec<f64>,
    blocks: Vec<Vec<f64>>,
    z: Vec<Vec<f64>>,
}

impl Scaler {
    /// Weighted dense rows (by `fill`, which is given sqrt(w)), cells and random columns of a batch.
    pub fn scale<'a>(
        &'a mut self,
        batch: &'a Batch,
        start: usize,
        extended: &ExtendedColumns,
        order: &[super::order::OrderedFactor],
        factors: &'a [GroupingFactor],
        fill: impl Fn(&Batch, &[f64], &mut Vec<f64>),
    ) -> ScaledBatch<'a> {
        let n = batch.n;
        self.sqrt_w.clear();
        self.sqrt_w.extend(batch.weights.iter().map(|w| w.sqrt()));
        let sqrt_w = &self.sqrt_w;
        fill(batch, sqrt_w, &mut self.dense);
        let weigh = |i: usize, v: f64| if sqrt_w.is_empty() { v } else { v * sqrt_w[i] };
        self.blocks.resize_with(extended.blocks.len(), Vec::new);
        for (values, block) in self.blocks.iter_mut().zip(&extended.blocks) {
            let column = &batch.values[block.term][block.numeric * n..(block.numeric + 1) * n];
            values.clear();
            values.extend(column.iter().enumerate().map(|(i, &v)| weigh(i, v)));
        }
        let cells = extended.blocks.iter().map(|block| batch.cells[block.term].as_slice());
        self.z.resize_with(order.len(), Vec::new);
        for (z, factor) in self.z.iter_mut().zip(order) {
            factor.scaled_rows(batch, z, weigh);
        }
        let z = self.z.iter().zip(order);
        ScaledBatch {
            n,
            dense: &self.dense,
            blocks: self.blocks.iter().map(Vec::as_slice).zip(cells).collect(),
            z: z.map(|(z, f)| (z.as_slice(), &factors[f.factor].codes()[start..start + n])).collect(),
            sum_log_weights: batch.weights.iter().map(|w| w.ln()).sum(),
        }
    }
}
