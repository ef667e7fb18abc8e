//! Sums over the levels of a block on several threads, each sum in the order of the rows.

use std::ops::Range;

use rayon::prelude::*;

use super::parts::BlockRows;

/// Rows of one piece, at least.
const ROWS: usize = 16_384;

impl BlockRows {
    /// Calls `sum` with rows, their first level and its numbers in `out` (`width` a level): with pieces of rows that share no
    /// level where levels ascend, else with all rows at once.
    pub fn sum_by_level(&self, width: usize, out: &mut [f64], sum: impl Fn(Range<usize>, usize, &mut [f64]) + Sync) {
        let (codes, n) = (&self.codes, self.codes.len());
        if n < 2 * ROWS || !codes.is_sorted() {
            return sum(0..n, 0, out);
        }
        let (mut pieces, mut rest, mut row, mut level) = (Vec::new(), out, 0, 0);
        while row < n {
            let to = (row + ROWS).min(n);
            let end = to + codes[to..].partition_point(|&code| code == codes[to - 1]);
            let next = if end == n { self.n_levels } else { codes[end] as usize };
            let (own, others) = std::mem::take(&mut rest).split_at_mut((next - level) * width);
            pieces.push((row..end, level, own));
            (rest, row, level) = (others, end, next);
        }
        pieces.into_par_iter().for_each(|(rows, first, own)| sum(rows, first, own));
    }
}

/// Adds a value to the sum of every row's level: that stays in a register while rows are of one level.
#[inline(always)]
pub fn add_runs(levels: impl Iterator<Item = usize>, values: impl Iterator<Item = f64>, sums: &mut [f64]) {
    let (mut at, mut sum) = (0, sums.first().copied().unwrap_or(0.0));
    for (level, value) in levels.zip(values) {
        if level != at {
            sums[at] = sum;
            (at, sum) = (level, sums[level]);
        }
        sum += value;
    }
    if let Some(last) = sums.get_mut(at) {
        *last = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(codes: Vec<u32>) -> Vec<f64> {
        let block = BlockRows { n_levels: 1 + *codes.iter().max().unwrap() as usize, codes, ..BlockRows::default() };
        let mut out = vec![0.0; 2 * block.n_levels];
        block.sum_by_level(2, &mut out, |rows, first, out| {
            for row in rows {
                let own = &mut out[2 * (block.codes[row] as usize - first)..][..2];
                own[0] += 1.0;
                own[1] += row as f64;
            }
        });
        out
    }

    #[test]
    fn pieces_give_the_sums_of_all_rows_whether_levels_ascend_or_not() {
        let n = 5 * ROWS as u32 + 77;
        for codes in [
            (0..n).map(|k| k / 7 * 2).collect::<Vec<u32>>(),
            (0..n).map(|k| k * 31 % 1000).collect(),
            (0..n).map(|k| k / (3 * ROWS as u32)).collect(),
            (0..n).map(|_| 3).collect(),
        ] {
            let mut expected = vec![0.0; 2 * (1 + *codes.iter().max().unwrap() as usize)];
            for (row, &code) in codes.iter().enumerate() {
                expected[2 * code as usize] += 1.0;
                expected[2 * code as usize + 1] += row as f64;
            }
            assert_eq!(sums(codes), expected);
        }
    }
}
