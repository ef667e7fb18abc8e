//! Cross-products of rows that are there: in the columns of a fit, and weighed or whitened already.

use std::sync::Arc;

use rayon::prelude::*;

use super::blocks::CrossProducts;
use super::pattern::pattern_of_pairs;
use super::sums::{Shape, Sums, add_outer};
use crate::linalg::dense;
use crate::rows::{ExtendedColumns, RowBlock};

/// The columns of one grouping factor in the rows of a group, which may lie in several of its levels.
#[derive(Clone, Copy)]
pub struct LevelColumns<'a> {
    pub r: usize,
    /// Levels, ascending.
    pub levels: &'a [u32],
    /// Rows of levels.len() r numbers.
    pub z: &'a [f64],
}

impl CrossProducts {
    /// Replaces the values by the sums over other rows of the same levels, block after block.
    pub fn sum_blocks(&mut self, blocks: &[&RowBlock]) {
        let factors = self.factors.iter().map(|f| (f.n_levels, f.width)).collect();
        let extended = ExtendedColumns::of_basis(self.n_fixed());
        let shape = Shape { extended, factors, patterns: self.patterns.clone() };
        let of_block = |block: &&RowBlock| {
            let mut sums = Sums::new(&shape, 0);
            sums.push(&shape, block, 0);
            sums
        };
        let mut parts = blocks.par_iter().map(of_block).collect::<Vec<Sums>>().into_iter();
        let mut total = parts.next().unwrap_or_else(|| Sums::new(&shape, 0));
        parts.for_each(|part| total.merge(&part));
        self.take(total);
    }

    fn take(&mut self, mut sums: Sums) {
        dense::mirror_lower(&mut sums.dense, self.n_fixed() + 1);
        self.xx = sums.dense;
        for ((block, zz), zx) in self.factors.iter_mut().zip(sums.zz).zip(sums.zx) {
            (block.zz, block.zx) = (zz, zx);
        }
        self.links.iter_mut().flatten().zip(sums.links).for_each(|(own, sums)| *own = sums);
    }

    /// Makes room for rows of groups that connect levels: by group, the levels of every factor, ascending.
    pub fn connect(&mut self, groups: &[Vec<Vec<u32>>]) {
        let n = self.factors.len();
        let connects = |f: usize| groups.iter().any(|levels| levels[f].len() > 1);
        let pairs = |i: usize, j: usize| {
            let of_group = |levels: &Vec<Vec<u32>>| {
                let all = levels[j].iter().flat_map(|&from| levels[i].iter().map(move |&to| (from, to)));
                all.filter(|(from, to)| i != j || from < to).collect::<Vec<_>>()
            };
            pattern_of_pairs(groups.iter().flat_map(of_group).collect(), self.factors[j].n_levels)
        };
        let of_factor = |i: usize| (0..i + usize::from(connects(i))).map(|j| pairs(i, j)).collect::<Vec<_>>();
        let patterns: Vec<Vec<_>> = (0..n).map(of_factor).collect();
        let width = |f: usize| self.factors[f].width;
        let values = |i: usize| patterns[i].iter().enumerate().map(move |(j, p)| (i, j, p.level.len()));
        self.links = (0..n)
            .map(|i| values(i).map(|(i, j, entries)| vec![0.0; entries * width(i) * width(j)]).collect())
            .collect();
        self.patterns = Arc::new(patterns);
    }

    /// Sets all values to zero.
    pub fn clear(&mut self) {
        self.xx.fill(0.0);
        for factor in &mut self.factors {
            factor.zz.fill(0.0);
            factor.zx.fill(0.0);
        }
        self.links.iter_mut().flatten().for_each(|values| values.fill(0.0));
    }

    /// Adds the rows of a group: [X y] (rows of p + 1), and the columns of every factor.
    pub fn add_group(&mut self, xy: &[f64], columns: &[LevelColumns]) {
        let stride = self.n_fixed() + 1;
        for row in xy.chunks_exact(stride) {
            add_outer(&mut self.xx, row, row, 1.0);
        }
        let n = xy.len() / stride;
        for (i, own) in columns.iter().enumerate() {
            for (a, &level) in own.levels.iter().enumerate() {
                for row in 0..n {
                    let z = own.row(row, a);
                    let factor = &mut self.factors[i];
                    add_outer(&mut factor.zz[level as usize * own.r * own.r..][..own.r * own.r], z, z, 1.0);
                    let zx = &mut factor.zx[level as usize * own.r * stride..][..own.r * stride];
                    add_outer(zx, &xy[row * stride..(row + 1) * stride], z, 1.0);
                }
            }
            // j < i, and the factor itself where it has links of its own
            for (j, other) in columns.iter().enumerate().take(self.patterns[i].len()) {
                self.add_link((i, own), (j, other), n);
            }
        }
    }

    fn add_link(&mut self, (i, own): (usize, &LevelColumns), (j, other): (usize, &LevelColumns), n: usize) {
        let size = own.r * other.r;
        for (b, &from) in other.levels.iter().enumerate() {
            for (a, &to) in own.levels.iter().enumerate().filter(|(_, to)| i != j || from < **to) {
                let at = self.patterns[i][j].position(from, to) * size;
                let block = &mut self.links[i][j][at..at + size];
                (0..n).for_each(|row| add_outer(block, own.row(row, a), other.row(row, b), 1.0));
            }
        }
    }
}

impl<'a> LevelColumns<'a> {
    /// Where the effect of the k-th number of a row is among all of the factor.
    pub fn place(&self, k: usize) -> usize {
        self.levels[k / self.r] as usize * self.r + k % self.r
    }

    fn row(&self, row: usize, level: usize) -> &'a [f64] {
        &self.z[(row * self.levels.len() + level) * self.r..][..self.r]
    }
}
