//! Stored rows of a model with several linear predictors, its parts: η_a = o_a + X_a β + Z_a b.
//!
//! Every column of Z belongs to one part.  Parts may share coefficients, as the thresholds above and below a category do.

use std::ops::Range;

use rayon::prelude::*;

use super::pieces::add_runs;
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

impl PartRows {
    /// Adds the rows from `first` on, each times a number, to a vector over all coefficients.
    pub fn add_rows(&self, first: usize, by: impl Iterator<Item = f64>, to: &mut [f64]) {
        let to = &mut to[self.first..self.first + self.p];
        match &self.columns {
            PartColumns::Dense(x) => {
                let rows = x[first * self.p..].chunks_exact(self.p.max(1)).zip(by);
                rows.for_each(|(x, by)| to.iter_mut().zip(x).for_each(|(to, x)| *to += by * x));
            }
            PartColumns::Indicator(codes) => {
                let rows = codes[first..].iter().zip(by).filter(|(code, _)| **code != NO_LEVEL);
                rows.for_each(|(&code, by)| to[code as usize] += by);
            }
        }
    }
}

impl BlockRows {
    pub fn z(&self, i: usize) -> &[f64] {
        &self.z[i * self.width..(i + 1) * self.width]
    }

    /// Adds Z'r of some rows to the levels from `first` on, for rows of m numbers of r.
    fn add_transposed(&self, rows: Range<usize>, first: usize, r: (&[f64], usize, &[usize]), out: &mut [f64]) {
        let ((r, m, slots), width) = (r, self.width);
        let codes = self.codes[rows.clone()].iter().map(|&code| code as usize - first);
        let z = &self.z[rows.start * width..rows.end * width];
        if let &[slot] = slots {
            return add_runs(codes, z.iter().zip(r.chunks_exact(m)).map(|(z, r)| z * r[slot]), out);
        }
        for ((level, z), r) in codes.zip(z.chunks_exact(width)).zip(r.chunks_exact(m)) {
            let own = out[level * width..].iter_mut().zip(z).zip(slots);
            own.for_each(|((out, z), &slot)| *out += z * r[slot]);
        }
    }

    /// Adds some columns times their effects to the rows from `first` on.
    fn add_to(&self, first: usize, b: &[f64], columns: &[usize], eta: &mut [f64]) {
        if self.width == 1 {
            let rows = self.codes[first..].iter().zip(&self.z[first..]);
            eta.iter_mut().zip(rows).for_each(|(eta, (&code, z))| *eta += z * b[code as usize]);
            return;
        }
        for (i, eta) in eta.iter_mut().enumerate() {
            let (z, b) = (self.z(first + i), &b[self.codes[first + i] as usize * self.width..][..self.width]);
            *eta += columns.iter().map(|&j| z[j] * b[j]).sum::<f64>();
        }
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
        let mut all = Vec::new();
        self.fixed_into(beta, &mut all);
        all
    }

    /// The same, in place of what is there.
    pub fn fixed_into(&self, beta: &[f64], to: &mut Vec<Vec<f64>>) {
        to.resize(self.parts.len(), Vec::new());
        for (part, to) in self.parts.iter().zip(to) {
            to.resize(self.n, 0.0);
            replace(part, beta, &part.offset, to);
        }
    }

    /// What a direction of the coefficients adds to the predictors of the parts.
    pub fn moves(&self, direction: &[f64]) -> Vec<Vec<f64>> {
        let of_part = |part| {
            let mut eta = vec![0.0; self.n];
            replace(part, direction, &[], &mut eta);
            eta
        };
        self.parts.iter().map(of_part).collect()
    }

    /// The largest of these.
    pub fn largest_move(&self, direction: &[f64]) -> f64 {
        let of_piece = |part: &PartRows, k: usize| {
            let mut eta = [0.0; ROWS];
            let eta = &mut eta[..ROWS.min(self.n - k * ROWS)];
            replace_piece(part, direction, &[], k * ROWS, eta);
            eta.iter().fold(0.0f64, |a, v| a.max(v.abs()))
        };
        let of_part = |part: &PartRows| {
            let pieces = (0..self.n.div_ceil(ROWS)).into_par_iter();
            pieces.map(|k| of_piece(part, k)).reduce(|| 0.0, f64::max)
        };
        self.parts.iter().map(of_part).fold(0.0, f64::max)
    }

    /// Zb, by part that has random effects.
    pub fn random(&self, b: &Effects) -> Vec<Vec<f64>> {
        let mut all = Vec::new();
        self.random_into(b, &mut all);
        all
    }

    /// The same, in place of what is there.
    pub fn random_into(&self, b: &Effects, to: &mut Vec<Vec<f64>>) {
        to.resize(self.random_parts.len(), Vec::new());
        for (&part, to) in self.random_parts.iter().zip(to) {
            to.resize(self.n, 0.0);
            self.random_of(part, b, to, true);
        }
    }

    /// Adds Zb to predictors of all parts.
    pub fn add_random(&self, b: &Effects, eta: &mut [Vec<f64>]) {
        self.random_parts.iter().for_each(|&part| self.random_of(part, b, &mut eta[part], false));
    }

    /// Zb of a part, added to what is there or in its place.
    fn random_of(&self, part: usize, b: &Effects, eta: &mut [f64], replaces: bool) {
        let own = |block: &BlockRows| (0..block.width).filter(|&j| block.part[j] == part).collect::<Vec<usize>>();
        let columns: Vec<Vec<usize>> = self.blocks.iter().map(own).collect();
        eta.par_chunks_mut(ROWS).enumerate().for_each(|(k, eta)| {
            if replaces {
                eta.fill(0.0);
            }
            for ((block, b), own) in self.blocks.iter().zip(b).zip(&columns).filter(|(_, own)| !own.is_empty()) {
                block.add_to(k * ROWS, b, own, eta);
            }
        });
    }

    /// X'r over all parts, for n rows of r, one number a part.
    pub fn fixed_transposed(&self, r: &[f64]) -> Vec<f64> {
        let (m, p) = (self.parts.len(), self.n_coefficients);
        let pieces: Vec<Vec<f64>> = r
            .par_chunks(ROWS * m)
            .enumerate()
            .map(|(k, r)| {
                let mut sum = vec![0.0; p];
                for (a, part) in self.parts.iter().enumerate() {
                    part.add_rows(k * ROWS, r.iter().skip(a).step_by(m).copied(), &mut sum);
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
            let slots: Vec<usize> = block.part.iter().map(|&part| slot[part]).collect();
            block.sum_by_level(block.width, &mut out, |rows, first, out| {
                block.add_transposed(rows.clone(), first, (&r[rows.start * m..rows.end * m], m, &slots), out);
            });
            out
        };
        self.blocks.par_iter().map(of_block).collect()
    }
}

/// Xβ of a part beside an offset, which is empty for none.
fn replace(part: &PartRows, beta: &[f64], offset: &[f64], eta: &mut [f64]) {
    let pieces = eta.par_chunks_mut(ROWS).enumerate();
    pieces.for_each(|(k, eta)| replace_piece(part, beta, offset, k * ROWS, eta));
}

/// That of the rows from `first` on.
fn replace_piece(part: &PartRows, beta: &[f64], offset: &[f64], first: usize, eta: &mut [f64]) {
    let own = &beta[part.first..part.first + part.p];
    match offset.get(first..first + eta.len()) {
        Some(offset) => eta.copy_from_slice(offset),
        None => eta.fill(0.0),
    }
    match &part.columns {
        PartColumns::Dense(x) => {
            let rows = eta.iter_mut().zip(x[first * part.p..].chunks_exact(part.p.max(1)));
            rows.for_each(|(eta, x)| *eta += x.iter().zip(own).map(|(x, b)| x * b).sum::<f64>());
        }
        PartColumns::Indicator(codes) => {
            let rows = eta.iter_mut().zip(&codes[first..]).filter(|(_, code)| **code != NO_LEVEL);
            rows.for_each(|(eta, &code)| *eta += own[code as usize]);
        }
    }
}
