//! Cross-products of stored rows under weights that change: [Z X]'D[Z X] and [Z X]'r, where D has an m x m matrix for every
//! row, of its linear predictors.

use std::sync::Arc;

use super::blocks::{CrossProducts, FactorBlock};
use super::pattern::{LinkPattern, link_pattern, pairs, triangle};
use crate::covariance::RandomBasis;
use crate::ids::FactorId;
use crate::rows::{FixedBasis, PartedRows};

/// Weights of the rows of some parts.
#[derive(Clone, Copy)]
pub struct PartWeights<'a> {
    /// Parts that have weights.
    pub m: usize,
    /// The place of each part among them.
    pub slot: &'a [usize],
    /// n x m x m, and n x m.
    pub d: &'a [f64],
    pub r: &'a [f64],
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
        clear(a);
        self.add_own(rows, weights, a);
        self.add_links(rows, weights, a);
        if a.n_fixed() > 0 {
            add_fixed(rows, weights, a);
        }
        let last = a.xx.len() - 1;
        a.xx[last] = square;
    }

    fn add_own(&self, rows: &PartedRows, w: PartWeights, a: &mut CrossProducts) {
        let stride = a.n_fixed() + 1;
        for (block, sums) in rows.blocks.iter().zip(&mut a.factors) {
            let r = block.width;
            let slots: Vec<usize> = block.part.iter().map(|&part| w.slot[part]).collect();
            for (i, (d, rhs)) in w.d.chunks_exact(w.m * w.m).zip(w.r.chunks_exact(w.m)).enumerate() {
                let (level, z) = (block.codes[i] as usize, block.z(i));
                let zz = &mut sums.zz[level * r * r..(level + 1) * r * r];
                for k in 0..r {
                    let row = &d[slots[k] * w.m..(slots[k] + 1) * w.m];
                    (0..r).for_each(|j| zz[k * r + j] += row[slots[j]] * z[j] * z[k]);
                    sums.zx[(level * r + k) * stride + stride - 1] += z[k] * rhs[slots[k]];
                }
            }
        }
    }

    fn add_links(&self, rows: &PartedRows, w: PartWeights, a: &mut CrossProducts) {
        for (i, j) in pairs(rows.blocks.len()) {
            let (to, from, values) = (&rows.blocks[i], &rows.blocks[j], &mut a.links[i][j]);
            let (ri, rj) = (to.width, from.width);
            for (row, &position) in self.positions[i][j].iter().enumerate() {
                let d = &w.d[row * w.m * w.m..(row + 1) * w.m * w.m];
                let block = &mut values[position as usize * ri * rj..][..ri * rj];
                let (zi, zj) = (to.z(row), from.z(row));
                for c in 0..rj {
                    let own = &d[w.slot[from.part[c]] * w.m..][..w.m];
                    (0..ri).for_each(|b| block[c * ri + b] += own[w.slot[to.part[b]]] * zi[b] * zj[c]);
                }
            }
        }
    }
}

fn clear(a: &mut CrossProducts) {
    a.xx.fill(0.0);
    a.links.iter_mut().flatten().for_each(|values| values.fill(0.0));
    for factor in &mut a.factors {
        factor.zz.fill(0.0);
        factor.zx.fill(0.0);
    }
}

/// X'DX, X'r and Z'DX.
fn add_fixed(rows: &PartedRows, w: PartWeights, a: &mut CrossProducts) {
    let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
    // D X of a row: m rows of p
    let mut dx = vec![0.0; w.m * p];
    for (i, (d, r)) in w.d.chunks_exact(w.m * w.m).zip(w.r.chunks_exact(w.m)).enumerate() {
        dx.fill(0.0);
        for (part, rows) in rows.parts.iter().enumerate().filter(|(part, _)| w.slot[*part] < w.m) {
            let slot = w.slot[part];
            rows.each(i, |j, x| (0..w.m).for_each(|c| dx[c * p + j] += d[slot * w.m + c] * x));
        }
        for (part, rows) in rows.parts.iter().enumerate().filter(|(part, _)| w.slot[*part] < w.m) {
            let own = &dx[w.slot[part] * p..(w.slot[part] + 1) * p];
            rows.each(i, |j, x| {
                a.xx[j * stride..j * stride + p].iter_mut().zip(own).for_each(|(sum, v)| *sum += x * v);
                a.xx[p * stride + j] += x * r[w.slot[part]];
            });
        }
        for (block, sums) in rows.blocks.iter().zip(&mut a.factors) {
            let (level, z) = (block.codes[i] as usize, block.z(i));
            for k in 0..block.width {
                let own = &dx[w.slot[block.part[k]] * p..][..p];
                let target = &mut sums.zx[(level * block.width + k) * stride..][..p];
                target.iter_mut().zip(own).for_each(|(sum, v)| *sum += z[k] * v);
            }
        }
    }
    (0..p).for_each(|j| a.xx[j * stride + p] = a.xx[p * stride + j]);
}
