//! Cross-products row by row, in the same columns: rows taken off, and rows drawn anew.

use std::sync::Arc;

use super::blocks::{CrossProducts, FactorBlock};
use super::pattern::link_pattern;
use super::sums::add_outer;
use crate::rows::StoredRows;

impl CrossProducts {
    /// The products of rows drawn from those stored, any number of times; `codes` are their levels, by block.
    pub fn of_drawn_rows(
        &self,
        rows: &StoredRows,
        drawn: &[usize],
        codes: &[Vec<u32>],
        n_levels: &[usize],
    ) -> CrossProducts {
        let stride = self.n_fixed() + 1;
        let block = |(f, &n_levels): (&FactorBlock, &usize)| {
            let (zz, zx) = (vec![0.0; n_levels * f.width * f.width], vec![0.0; n_levels * f.width * stride]);
            FactorBlock { n_levels, zz, zx, ..*f }
        };
        let factors: Vec<FactorBlock> = self.factors.iter().zip(n_levels).map(block).collect();
        let of_block = |i: usize| (0..i).map(|j| link_pattern(&codes[j], n_levels[j], &codes[i])).collect();
        let patterns: Vec<Vec<_>> = (0..factors.len()).map(of_block).collect();
        let size = |i: usize, j: usize| patterns[i][j].level.len() * factors[i].width * factors[j].width;
        let links = (0..factors.len()).map(|i| (0..i).map(|j| vec![0.0; size(i, j)]).collect()).collect();
        let mut out = CrossProducts {
            n_obs: drawn.len(),
            sum_log_weights: 0.0,
            factors,
            patterns: Arc::new(patterns),
            links,
            xx: vec![0.0; stride * stride],
            fixed: self.fixed.clone(),
            random: self.random.clone(),
        };
        drawn.iter().enumerate().for_each(|(k, &row)| out.add_row(rows, row, |block| codes[block][k], 1.0));
        out
    }

    /// The products without some of their rows.  Levels that lose all theirs stay, with sums of zero, which change no
    /// criterion.
    pub fn without_rows(&self, rows: &StoredRows, members: &[u32]) -> CrossProducts {
        let mut out = self.clone();
        out.n_obs -= members.len();
        for row in members.iter().map(|&row| row as usize) {
            out.add_row(rows, row, |block| rows.levels(block)[row], -1.0);
        }
        out
    }

    /// Adds the products of a row at some level of every block; `sign` -1 takes them off.
    fn add_row(&mut self, rows: &StoredRows, row: usize, level: impl Fn(usize) -> u32, sign: f64) {
        let (weight, xy) = (sign * rows.weight(row), rows.xy(row));
        self.sum_log_weights += sign * rows.weight(row).ln();
        add_outer(&mut self.xx, xy, xy, weight);
        for (i, f) in self.factors.iter_mut().enumerate() {
            let (z, k) = (rows.z(i, row), level(i) as usize);
            let (square, rest) = (f.width * f.width, f.width * xy.len());
            add_outer(&mut f.zz[k * square..(k + 1) * square], z, z, weight);
            // rows of Z'W[X y]: the transpose of a column-major product
            add_outer(&mut f.zx[k * rest..(k + 1) * rest], xy, z, weight);
            for (j, values) in self.links[i].iter_mut().enumerate() {
                let (other, at) = (rows.z(j, row), self.patterns[i][j].position(level(j), level(i)));
                let size = z.len() * other.len();
                add_outer(&mut values[at * size..(at + 1) * size], z, other, weight);
            }
        }
    }
}
