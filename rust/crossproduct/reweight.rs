//! Cross-products of stored rows under weights that change: [Z X]'D[Z X] and [Z X]'r, where D has an m x m matrix for every
//! row, of its linear predictors.

use std::sync::Arc;

use rayon::prelude::*;

use super::blocks::{CrossProducts, FactorBlock};
use super::pattern::{LinkPattern, link_pattern, pairs, triangle};
use crate::covariance::RandomBasis;
use crate::ids::FactorId;
use crate::linalg::dense;
use crate::rows::{BlockRows, FixedBasis, PartColumns, PartedRows};

/// Fewer rows are summed on one thread.
const ALONE: usize = 2000;
/// Rows of one partial sum of X'DX.
const ROWS: usize = 2048;
/// Columns of X from which a matrix product pays.
const WIDE: usize = 12;

/// Weights of the rows of some parts.
#[derive(Clone, Copy)]
pub struct PartWeights<'a> {
    /// Parts that have weights.
    pub m: usize,
    /// The place of each part among them.
    pub slot: &'a [usize],
    /// n x m x m.
    pub d: &'a [f64],
    /// n x m, or empty for zeros.
    pub r: &'a [f64],
}

impl PartWeights<'_> {
    /// The slots of the columns of a block.
    fn slots(&self, block: &BlockRows) -> Vec<usize> {
        block.part.iter().map(|&part| self.slot[part]).collect()
    }
}

/// Sums of one kind; each is summed by one task, in the order of the rows.
enum Target<'a> {
    Own(usize, &'a mut [f64]),
    RightSide(usize, &'a mut [f64]),
    Link(usize, usize, &'a mut [f64]),
    Fixed(&'a mut [f64]),
}

/// Where the sums of every row go.
#[derive(Debug, Clone)]
pub struct Reweighting {
    patterns: Arc<Vec<Vec<LinkPattern>>>,
    /// `[i][j]`, j < i: the block of every row in the link of two grouping factors.
    positions: Vec<Vec<Vec<u32>>>,
}

impl Reweighting {
    pub fn new(rows: &PartedRows) -> Self {
        let blocks = &rows.blocks;
        let link = |(i, j): (usize, usize)| link_pattern(&blocks[j].codes, blocks[j].n_levels, &blocks[i].codes);
        let patterns = triangle(pairs(blocks.len()).map(link).collect(), blocks.len());
        let position = |(i, j): (usize, usize)| -> Vec<u32> {
            let pattern: &LinkPattern = &patterns[i][j];
            blocks[j].codes.iter().zip(&blocks[i].codes).map(|(&from, &to)| pattern.position(from, to) as u32).collect()
        };
        let positions = triangle(pairs(blocks.len()).map(position).collect(), blocks.len());
        Self { patterns: Arc::new(patterns), positions }
    }

    /// Cross-products without values, of p columns of X.
    pub fn unfilled(&self, rows: &PartedRows, p: usize, factors: &[FactorId], random: &[RandomBasis]) -> CrossProducts {
        let blocks = &rows.blocks;
        let factor = |(block, &factor): (&crate::rows::BlockRows, &FactorId)| {
            let (n_levels, width) = (block.n_levels, block.width);
            let (zz, zx) = (vec![0.0; n_levels * width * width], vec![0.0; n_levels * width * (p + 1)]);
            FactorBlock { factor, n_levels, width, zz, zx }
        };
        let link = |(i, j): (usize, usize)| {
            let pattern: &LinkPattern = &self.patterns[i][j];
            vec![0.0; pattern.level.len() * blocks[i].width * blocks[j].width]
        };
        let mut transform = vec![0.0; p * p];
        (0..p).for_each(|j| transform[j * p + j] = 1.0);
        CrossProducts {
            n_obs: rows.n,
            sum_log_weights: 0.0,
            factors: blocks.iter().zip(factors).map(factor).collect(),
            patterns: self.patterns.clone(),
            links: triangle(pairs(blocks.len()).map(link).collect(), blocks.len()),
            xx: vec![0.0; (p + 1) * (p + 1)],
            fixed: FixedBasis { kept: (0..p).collect(), n_columns: p, transform, origin: vec![0.0; p], logdet: 0.0 },
            random: random.to_vec(),
        }
    }

    /// Replaces the values: Z'DZ and Z'r, and with columns of X those of X beside them.  `square` is what stands for r'D⁻¹r.
    pub fn fill(&self, rows: &PartedRows, weights: PartWeights, square: f64, a: &mut CrossProducts) {
        let p = a.n_fixed();
        let CrossProducts { factors, links, xx, .. } = a;
        let own = factors.iter_mut().enumerate().flat_map(|(k, f)| {
            let FactorBlock { zz, zx, .. } = f;
            [Target::Own(k, zz), Target::RightSide(k, zx)]
        });
        let pairs = links
            .iter_mut()
            .enumerate()
            .flat_map(|(i, links)| links.iter_mut().enumerate().map(move |(j, values)| Target::Link(i, j, values)));
        let targets: Vec<Target> = [Target::Fixed(xx)].into_iter().chain(pairs).chain(own).collect();
        let sum = |target| match target {
            Target::Own(k, zz) => add_own(&rows.blocks[k], weights, zz),
            Target::RightSide(k, zx) => add_right_side(rows, &rows.blocks[k], weights, p, zx),
            Target::Link(i, j, values) => {
                add_link((&rows.blocks[i], &rows.blocks[j]), &self.positions[i][j], weights, values);
            }
            Target::Fixed(xx) => {
                xx.fill(0.0);
                if p > 0 {
                    add_fixed(rows, weights, p, xx);
                }
                *xx.last_mut().expect("the square of the response") = square;
            }
        };
        if rows.n > ALONE {
            targets.into_par_iter().with_max_len(1).for_each(sum)
        } else {
            targets.into_iter().for_each(sum)
        }
    }
}

/// Z'DZ of one block.
fn add_own(block: &BlockRows, w: PartWeights, zz: &mut [f64]) {
    zz.fill(0.0);
    let (r, m) = (block.width, w.m);
    if r == 1 && m == 1 {
        for ((&code, &z), &d) in block.codes.iter().zip(&block.z).zip(w.d) {
            zz[code as usize] += d * z * z;
        }
        return;
    }
    let slots = w.slots(block);
    for ((&code, z), d) in block.codes.iter().zip(block.z.chunks_exact(r)).zip(w.d.chunks_exact(m * m)) {
        let zz = &mut zz[code as usize * r * r..][..r * r];
        for k in 0..r {
            let row = &d[slots[k] * m..(slots[k] + 1) * m];
            (0..r).for_each(|j| zz[k * r + j] += row[slots[j]] * z[j] * z[k]);
        }
    }
}

/// Z_i'DZ_j; `positions` are the places of the rows' blocks.
fn add_link((to, from): (&BlockRows, &BlockRows), positions: &[u32], w: PartWeights, values: &mut [f64]) {
    values.fill(0.0);
    let (ri, rj, m) = (to.width, from.width, w.m);
    if ri == 1 && rj == 1 && m == 1 {
        for (((&position, &zi), &zj), &d) in positions.iter().zip(&to.z).zip(&from.z).zip(w.d) {
            values[position as usize] += d * zi * zj;
        }
        return;
    }
    let (si, sj) = (w.slots(to), w.slots(from));
    for (row, (&position, d)) in positions.iter().zip(w.d.chunks_exact(m * m)).enumerate() {
        let block = &mut values[position as usize * ri * rj..][..ri * rj];
        let (zi, zj) = (to.z(row), from.z(row));
        for c in 0..rj {
            let own = &d[sj[c] * m..][..m];
            (0..ri).for_each(|b| block[c * ri + b] += own[si[b]] * zi[b] * zj[c]);
        }
    }
}

/// Z'[DX r] of one block.
fn add_right_side(rows: &PartedRows, block: &BlockRows, w: PartWeights, p: usize, zx: &mut [f64]) {
    zx.fill(0.0);
    if p == 0 && w.r.is_empty() {
        return;
    }
    let (r, m, stride, slots) = (block.width, w.m, p + 1, w.slots(block));
    let mut dx = DesignRow::new(rows, w, p);
    for (i, &code) in block.codes.iter().enumerate() {
        let own = if p > 0 { dx.at(i) } else { &[] };
        for (k, &z) in block.z(i).iter().enumerate() {
            let target = &mut zx[(code as usize * r + k) * stride..][..stride];
            target[..p].iter_mut().zip(own.get(slots[k] * p..).unwrap_or_default()).for_each(|(sum, v)| *sum += z * v);
            target[p] += z * w.r.get(i * m + slots[k]).copied().unwrap_or(0.0);
        }
    }
}

/// D X of one row after the other.
struct DesignRow<'a> {
    rows: &'a PartedRows,
    w: PartWeights<'a>,
    p: usize,
    /// m rows of p.
    dx: Vec<f64>,
}

impl<'a> DesignRow<'a> {
    fn new(rows: &'a PartedRows, w: PartWeights<'a>, p: usize) -> Self {
        Self { rows, w, p, dx: vec![0.0; w.m * p] }
    }

    fn at(&mut self, i: usize) -> &[f64] {
        let (w, p) = (&self.w, self.p);
        if let Some(x) = only_dense(self.rows, w.m, p) {
            let d = w.d[i];
            self.dx.iter_mut().zip(&x[i * p..(i + 1) * p]).for_each(|(dx, x)| *dx = d * x);
            return &self.dx;
        }
        self.dx.fill(0.0);
        let d = &w.d[i * w.m * w.m..][..w.m * w.m];
        for (part, &slot) in self.rows.parts.iter().zip(w.slot).filter(|(_, slot)| **slot < w.m) {
            part.each(i, |j, x| (0..w.m).for_each(|c| self.dx[c * p + j] += d[slot * w.m + c] * x));
        }
        &self.dx
    }
}

/// X, where one part has all coefficients.
fn only_dense(rows: &PartedRows, m: usize, p: usize) -> Option<&[f64]> {
    match &rows.parts[..] {
        [part] if m == 1 && part.p == p => match &part.columns {
            PartColumns::Dense(x) => Some(x),
            PartColumns::Indicator(_) => None,
        },
        _ => None,
    }
}

/// X'DX and X'r: partial sums over fixed pieces, added in order.
fn add_fixed(rows: &PartedRows, w: PartWeights, p: usize, xx: &mut [f64]) {
    let stride = p + 1;
    let pieces = (0..rows.n.div_ceil(ROWS)).map(|k| k * ROWS..((k + 1) * ROWS).min(rows.n));
    let of_piece = |range| match only_dense(rows, w.m, p) {
        Some(x) if p >= WIDE => wide(x, w, p, range),
        _ => by_rows(rows, w, p, range),
    };
    let sums: Vec<Vec<f64>> = if rows.n > ALONE {
        pieces.collect::<Vec<_>>().into_par_iter().map(of_piece).collect()
    } else {
        pieces.map(of_piece).collect()
    };
    sums.iter().for_each(|sum| xx.iter_mut().zip(sum).for_each(|(xx, v)| *xx += v));
    (0..p).for_each(|j| xx[j * stride + p] = xx[p * stride + j]);
}

fn by_rows(rows: &PartedRows, w: PartWeights, p: usize, range: std::ops::Range<usize>) -> Vec<f64> {
    let stride = p + 1;
    let (mut xx, mut row) = (vec![0.0; stride * stride], DesignRow::new(rows, w, p));
    for i in range {
        let dx = row.at(i);
        let r = w.r.get(i * w.m..(i + 1) * w.m).unwrap_or_default();
        for (part, &slot) in rows.parts.iter().zip(w.slot).filter(|(_, slot)| **slot < w.m) {
            let (own, r) = (&dx[slot * p..(slot + 1) * p], r.get(slot).copied().unwrap_or(0.0));
            part.each(i, |j, x| {
                xx[j * stride..j * stride + p].iter_mut().zip(own).for_each(|(sum, v)| *sum += x * v);
                xx[p * stride + j] += x * r;
            });
        }
    }
    xx
}

/// The same by a matrix product.
fn wide(x: &[f64], w: PartWeights, p: usize, range: std::ops::Range<usize>) -> Vec<f64> {
    let (stride, n) = (p + 1, range.len());
    let x = &x[range.start * p..range.end * p];
    // [D X, r], rows of p + 1
    let mut weighted = vec![0.0; n * stride];
    for (k, (out, x)) in weighted.chunks_exact_mut(stride).zip(x.chunks_exact(p)).enumerate() {
        let d = w.d[range.start + k];
        out.iter_mut().zip(x).for_each(|(out, x)| *out = d * x);
        out[p] = w.r.get(range.start + k).copied().unwrap_or(0.0);
    }
    let mut xx = vec![0.0; stride * stride];
    // column j of the result is X' times column j of [D X, r]
    let to = dense::view_mut(&mut xx, stride, stride).subrows_mut(0, p);
    let (x, weighted) = (dense::view(x, p, n), dense::view(&weighted, stride, n));
    dense::multiply(to, faer::Accum::Replace, x, weighted.transpose(), 1.0);
    xx
}
