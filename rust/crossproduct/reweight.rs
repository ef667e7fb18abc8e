//! Cross-products of stored rows under weights that change: [Z X]'D[Z X] and [Z X]'r, where D has an m x m matrix for every
//! row, of its linear predictors.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::blocks::{CrossProducts, FactorBlock};
use super::pattern::{LinkPattern, link_pattern, pairs, triangle};
use crate::covariance::RandomBasis;
use crate::ids::FactorId;
use crate::linalg::dense;
use crate::rows::{BlockRows, FixedBasis, PartColumns, PartRows, PartedRows, add_runs};
use crate::table::NO_LEVEL;

/// Fewer rows are summed on one thread.
const ALONE: usize = 2000;
/// Rows of one partial sum of X'DX.
const ROWS: usize = 2048;
/// Up to so many columns of X products are summed row by row, without a copy of the weighted rows.
const NARROW: usize = 8;

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

    /// Whether every level of j lies in one level of i.
    pub fn is_nested(&self, i: usize, j: usize) -> bool {
        self.patterns[i][j].is_nested()
    }

    /// The position of every row's block in the link of two grouping factors, j < i.
    pub fn positions(&self, i: usize, j: usize) -> &[u32] {
        &self.positions[i][j]
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
                if p > 0 {
                    xx.copy_from_slice(&fixed_sums(rows, weights));
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
    let (r, m, slots) = (block.width, w.m, w.slots(block));
    block.sum_by_level(r * r, zz, |rows, first, zz| {
        let codes = block.codes[rows.clone()].iter().map(|&code| code as usize - first);
        let (z, d) = (&block.z[rows.start * r..rows.end * r], &w.d[rows.start * m * m..rows.end * m * m]);
        if r == 1 && m == 1 {
            return add_runs(codes, z.iter().zip(d).map(|(z, d)| d * z * z), zz);
        }
        for ((level, z), d) in codes.zip(z.chunks_exact(r)).zip(d.chunks_exact(m * m)) {
            let zz = &mut zz[level * r * r..][..r * r];
            for k in 0..r {
                let row = &d[slots[k] * m..(slots[k] + 1) * m];
                (0..r).for_each(|j| zz[k * r + j] += row[slots[j]] * z[j] * z[k]);
            }
        }
    });
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
    block.sum_by_level(r * stride, zx, |range, first, zx| {
        if let ([part], 1, 1) = (&rows.parts[..], r, m)
            && p == part.p
        {
            return add_scalar_right_side(part, block, w, (range, first), zx);
        }
        for i in range {
            let level = block.codes[i] as usize - first;
            for (k, &z) in block.z(i).iter().enumerate() {
                let target = &mut zx[(level * r + k) * stride..][..stride];
                target[p] += z * w.r.get(i * m + slots[k]).copied().unwrap_or(0.0);
                if p > 0 {
                    let d = &w.d[(i * m + slots[k]) * m..][..m];
                    rows.parts.iter().zip(d).for_each(|(part, d)| part.add_row(i, z * d, target));
                }
            }
        }
    });
}

/// Those of one column in a model of one predictor.
fn add_scalar_right_side(
    part: &PartRows,
    block: &BlockRows,
    w: PartWeights,
    (range, first): (Range<usize>, usize),
    zx: &mut [f64],
) {
    let (p, stride) = (part.p, part.p + 1);
    for i in range {
        let (level, z) = (block.codes[i] as usize - first, block.z[i]);
        let target = &mut zx[level * stride..(level + 1) * stride];
        target[p] += z * w.r.get(i).copied().unwrap_or(0.0);
        part.add_row(i, z * w.d[i], target);
    }
}

/// [X'DX, X'r] for weights of all parts ((p + 1) x (p + 1), the last entry zero): partial sums over fixed pieces, added in order.
pub fn fixed_sums(rows: &PartedRows, w: PartWeights) -> Vec<f64> {
    let (p, stride) = (rows.n_coefficients, rows.n_coefficients + 1);
    let pieces = (0..rows.n.div_ceil(ROWS)).map(|k| k * ROWS..((k + 1) * ROWS).min(rows.n));
    let of_piece = |range| fixed_piece(rows, w, range);
    let sums: Vec<Vec<f64>> = if rows.n > ALONE {
        pieces.collect::<Vec<_>>().into_par_iter().map(of_piece).collect()
    } else {
        pieces.map(of_piece).collect()
    };
    let mut xx = vec![0.0; stride * stride];
    sums.iter().for_each(|sum| xx.iter_mut().zip(sum).for_each(|(xx, v)| *xx += v));
    (0..p).for_each(|j| xx[j * stride + p] = xx[p * stride + j]);
    xx
}

fn fixed_piece(rows: &PartedRows, w: PartWeights, range: Range<usize>) -> Vec<f64> {
    let (m, p, stride) = (w.m, rows.n_coefficients, rows.n_coefficients + 1);
    let mut xx = vec![0.0; stride * stride];
    for (a, left) in rows.parts.iter().enumerate() {
        for (b, right) in rows.parts.iter().enumerate().skip(a) {
            let d: Cow<[f64]> = match m {
                1 => Cow::Borrowed(&w.d[range.clone()]),
                _ => range.clone().map(|i| w.d[(i * m + b) * m + a]).collect(),
            };
            let own = match &left.columns {
                PartColumns::Dense(x) if a == b && (2..=NARROW).contains(&left.p) => {
                    own_sums(x, left.p, &d, range.start)
                }
                _ => pair_sums(left, right, &d, range.start),
            };
            for (e, v) in own.iter().enumerate() {
                let (i, j) = (left.first + e % left.p, right.first + e / left.p);
                xx[j * stride + i] += v;
                if a != b {
                    xx[i * stride + j] += v;
                }
            }
        }
        if !w.r.is_empty() {
            let target = &mut xx[p * stride..];
            left.add_rows(range.start, w.r[range.start * m..range.end * m].iter().skip(a).step_by(m).copied(), target);
        }
    }
    xx
}

/// X' diag(d) X of the rows from `first` on, of few columns (column-major).  One alone is a dot product, which keeps more digits
/// of weights of very different size.
fn own_sums(x: &[f64], p: usize, d: &[f64], first: usize) -> Vec<f64> {
    let x = &x[first * p..(first + d.len()) * p];
    // widths that are constants let the compiler unroll the loops of a row
    match p {
        2 => squares::<2>(x, d),
        3 => squares::<3>(x, d),
        4 => squares::<4>(x, d),
        5 => squares::<5>(x, d),
        6 => squares::<6>(x, d),
        7 => squares::<7>(x, d),
        _ => squares::<NARROW>(x, d),
    }
}

fn squares<const P: usize>(x: &[f64], d: &[f64]) -> Vec<f64> {
    let mut sums = [[0.0; P]; P];
    for (x, d) in x.as_chunks::<P>().0.iter().zip(d) {
        for (sums, &xj) in sums.iter_mut().zip(x) {
            let weighted = d * xj;
            sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += weighted * x);
        }
    }
    sums.concat()
}

/// X_a' diag(d) X_b of the rows from `first` on (column-major).
fn pair_sums(a: &PartRows, b: &PartRows, d: &[f64], first: usize) -> Vec<f64> {
    let mut out = vec![0.0; a.p * b.p];
    match (&a.columns, &b.columns) {
        (PartColumns::Dense(x), PartColumns::Dense(y)) => {
            let rows = |x: &'_ [f64], p: usize| x[first * p..(first + d.len()) * p].to_vec();
            let (x, mut y) = (&x[first * a.p..(first + d.len()) * a.p], rows(y, b.p));
            y.chunks_exact_mut(b.p.max(1)).zip(d).for_each(|(y, d)| y.iter_mut().for_each(|y| *y *= d));
            let to = dense::view_mut(&mut out, a.p, b.p);
            let y = dense::view(&y, b.p, d.len());
            dense::multiply(to, faer::Accum::Replace, dense::view(x, a.p, d.len()), y.transpose(), 1.0);
        }
        (PartColumns::Indicator(codes), _) => {
            for (k, (&code, &d)) in codes[first..].iter().zip(d).enumerate().filter(|(_, (code, _))| **code != NO_LEVEL)
            {
                b.each(first + k, |j, y| out[(j - b.first) * a.p + code as usize] += d * y);
            }
        }
        (PartColumns::Dense(x), PartColumns::Indicator(codes)) => {
            for (k, (&code, &d)) in codes[first..].iter().zip(d).enumerate().filter(|(_, (code, _))| **code != NO_LEVEL)
            {
                let x = &x[(first + k) * a.p..(first + k + 1) * a.p];
                out[code as usize * a.p..][..a.p].iter_mut().zip(x).for_each(|(out, x)| *out += d * x);
            }
        }
    }
    out
}
