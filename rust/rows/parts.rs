//! Stored rows of a model with several linear predictors, its parts: η_a = o_a + X_a β + Z_a b.
//!
//! Every column of Z belongs to one part.  Parts may share coefficients, as the thresholds above and below a category do.

use rayon::prelude::*;

use crate::table::NO_LEVEL;

/// Vectors over the random effects, by block: n_levels rows of the block's width.
pub type Effects = Vec<Vec<f64>>;

/// Rows of one task.
const ROWS: usize = 2048;

/// X of one part.
#[derive(Debug, Clone, PartialEq)]
pub enum PartColumns {
    /// n rows of p.
    Dense(Vec<f64>),
    /// An indicator of one of p columns, or of none.
    Indicator(Vec<u32>),
}

/// The fixed columns of a linear predictor.
#[derive(Debug, Clone, PartialEq)]
pub struct PartRows {
    /// Its coefficients: `p` from `first` on.
    pub first: usize,
    pub p: usize,
    pub columns: PartColumns,
    /// Empty for none.
    pub offset: Vec<f64>,
}

/// A grouping factor with the columns of all its random terms, side by side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BlockRows {
    pub n_levels: usize,
    pub width: usize,
    /// n rows of `width`.
    pub z: Vec<f64>,
    pub codes: Vec<u32>,
    /// The part of every column.
    pub part: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PartedRows {
    pub n: usize,
    pub n_coefficients: usize,
    pub parts: Vec<PartRows>,
    /// In the order of elimination.
    pub blocks: Vec<BlockRows>,
    /// Parts that have random effects, ascending.
    pub random_parts: Vec<usize>,
}

impl PartRows {
    /// Calls `f` with the columns of row i that are not zero: the coefficient of each and its value.
    #[inline(always)]
    pub fn each(&self, i: usize, mut f: impl FnMut(usize, f64)) {
        match &self.columns {
            PartColumns::Dense(x) => {
                x[i * self.p..(i + 1) * self.p].iter().enumerate().for_each(|(j, &x)| f(self.first + j, x));
            }
            PartColumns::Indicator(codes) if codes[i] != NO_LEVEL => f(self.first + codes[i] as usize, 1.0),
            PartColumns::Indicator(_) => {}
        }
    }
}

impl PartRows {
    /// Adds row i times a number to a vector over all coefficients.
    #[inline(always)]
    pub fn add_row(&self, i: usize, by: f64, to: &mut [f64]) {
        match &self.columns {
            PartColumns::Dense(x) => {
                let x = &x[i * self.p..(i + 1) * self.p];
                to[self.first..self.first + self.p].iter_mut().zip(x).for_each(|(to, x)| *to += by * x);
            }
            PartColumns::Indicator(codes) if codes[i] != NO_LEVEL => to[self.first + codes[i] as usize] += by,
            PartColumns::Indicator(_) => {}
        }
    }
}

impl BlockRows {
    pub fn z(&self, i: usize) -> &[f64] {
        &self.z[i * self.width..(i + 1) * self.width]
    }
}

impl PartedRows {
    /// Where each part stands among those that have random effects.
    pub fn random_slots(&self) -> Vec<usize> {
        let slot = |a| self.random_parts.iter().position(|&p| p == a).unwrap_or(usize::MAX);
        (0..self.parts.len()).map(slot).collect()
    }

    /// o + Xβ, by part.
    pub fn fixed(&self, beta: &[f64]) -> Vec<Vec<f64>> {
        self.parts.iter().map(|part| self.fixed_of(part, beta)).collect()
    }

    /// What a direction of the coefficients adds to the predictors of the parts.
    pub fn moves(&self, direction: &[f64]) -> Vec<Vec<f64>> {
        self.parts.iter().map(|part| self.added(part, direction, vec![0.0; self.n])).collect()
    }

    /// The largest of these.
    pub fn largest_move(&self, direction: &[f64]) -> f64 {
        self.moves(direction).iter().flatten().fold(0.0, |a, v| a.max(v.abs()))
    }

    fn fixed_of(&self, part: &PartRows, beta: &[f64]) -> Vec<f64> {
        let offset = if part.offset.is_empty() { vec![0.0; self.n] } else { part.offset.clone() };
        self.added(part, beta, offset)
    }

    fn added(&self, part: &PartRows, beta: &[f64], mut eta: Vec<f64>) -> Vec<f64> {
        eta.par_chunks_mut(ROWS).enumerate().for_each(|(k, eta)| {
            for (i, eta) in eta.iter_mut().enumerate() {
                let mut sum = 0.0;
                part.each(k * ROWS + i, |j, x| sum += x * beta[j]);
                *eta += sum;
            }
        });
        eta
    }

    /// Zb, by part that has random effects.
    pub fn random(&self, b: &Effects) -> Vec<Vec<f64>> {
        self.random_parts.iter().map(|&part| self.random_of(part, b)).collect()
    }

    fn random_of(&self, part: usize, b: &Effects) -> Vec<f64> {
        let mut eta = vec![0.0; self.n];
        for (block, b) in self.blocks.iter().zip(b) {
            let own: Vec<usize> = (0..block.width).filter(|&j| block.part[j] == part).collect();
            if own.is_empty() {
                continue;
            }
            eta.par_chunks_mut(ROWS).enumerate().for_each(|(k, eta)| {
                for (i, eta) in eta.iter_mut().enumerate() {
                    let row = k * ROWS + i;
                    let (z, b) = (block.z(row), &b[block.codes[row] as usize * block.width..][..block.width]);
                    *eta += own.iter().map(|&j| z[j] * b[j]).sum::<f64>();
                }
            });
        }
        eta
    }

    /// X'r over all parts, for n rows of r, one number a part.
    pub fn fixed_transposed(&self, r: &[f64]) -> Vec<f64> {
        let (m, p) = (self.parts.len(), self.n_coefficients);
        let pieces: Vec<Vec<f64>> = r
            .par_chunks(ROWS * m)
            .enumerate()
            .map(|(k, r)| {
                let mut sum = vec![0.0; p];
                for (i, r) in r.chunks_exact(m).enumerate() {
                    for (part, &r) in self.parts.iter().zip(r) {
                        part.add_row(k * ROWS + i, r, &mut sum);
                    }
                }
                sum
            })
            .collect();
        let mut out = vec![0.0; p];
        pieces.iter().for_each(|piece| out.iter_mut().zip(piece).for_each(|(s, v)| *s += v));
        out
    }

    /// Z'r for n rows of m numbers, of which that of part a is at `slot[a]`.
    pub fn random_transposed(&self, r: &[f64], m: usize, slot: &[usize]) -> Effects {
        let of_block = |block: &BlockRows| {
            let mut out = vec![0.0; block.n_levels * block.width];
            for (i, r) in r.chunks_exact(m).enumerate() {
                let own = &mut out[block.codes[i] as usize * block.width..][..block.width];
                let z = block.z(i);
                (0..block.width).for_each(|j| own[j] += z[j] * r[slot[block.part[j]]]);
            }
            out
        };
        self.blocks.par_iter().map(of_block).collect()
    }
}
