//! Which levels of two grouping factors occur together.

use rayon::prelude::*;

use crate::design::Rows;
use crate::rows::OrderedFactor;

/// Where Z_i'WZ_j of two grouping factors has blocks, i after j in their order: for each level of j the levels of i
/// that occur with it, ascending.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinkPattern {
    pub ptr: Vec<usize>,
    pub level: Vec<u32>,
}

impl LinkPattern {
    /// Every level of j lies in one level of i.
    pub fn is_nested(&self) -> bool {
        self.ptr.windows(2).all(|w| w[1] - w[0] == 1)
    }

    /// Position of the block of a pair of levels that occurs.
    #[inline]
    pub fn position(&self, from: u32, to: u32) -> usize {
        let (start, end) = (self.ptr[from as usize], self.ptr[from as usize + 1]);
        if end - start == 1 {
            return start;
        }
        start + self.level[start..end].partition_point(|&l| l < to)
    }

    /// (level of j, level of i, position) of every block.
    pub fn blocks(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let entries = self.ptr.windows(2).enumerate().flat_map(|(from, w)| (w[0]..w[1]).map(move |k| (from, k)));
        entries.map(|(from, k)| (from, self.level[k] as usize, k))
    }
}

/// (1, 0), (2, 0), (2, 1), ...: pairs of n, by rows.
pub fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(|i| (0..i).map(move |j| (i, j)))
}

/// What belongs to the pairs, by rows: `[i][j]`, j < i.
pub fn triangle<T>(values: Vec<T>, n: usize) -> Vec<Vec<T>> {
    let mut values = values.into_iter();
    (0..n).map(|i| values.by_ref().take(i).collect()).collect()
}

/// The pairs of levels that occur: `[i][j]`, j < i, of the factors in their order.
pub fn patterns(source: &Rows, order: &[OrderedFactor]) -> Vec<Vec<LinkPattern>> {
    let factors = &source.factors;
    let patterns = pairs(order.len()).collect::<Vec<_>>().into_par_iter().map(|(i, j)| {
        let (to, from) = (&factors[order[i].factor], &factors[order[j].factor]);
        link_pattern(from.codes(), from.n_levels(), to.codes())
    });
    triangle(patterns.collect(), order.len())
}

/// The pairs (level of `from`, level of `to`) that meet.
pub fn pattern_of_pairs(mut pairs: Vec<(u32, u32)>, n_from: usize) -> LinkPattern {
    pairs.sort_unstable();
    pairs.dedup();
    let first = |level: usize| pairs.partition_point(|pair| (pair.0 as usize) < level);
    LinkPattern { ptr: (0..=n_from).map(first).collect(), level: pairs.iter().map(|pair| pair.1).collect() }
}

/// The levels of `to` that occur with each level of `from`, ascending.
pub fn link_pattern(from: &[u32], n_from: usize, to: &[u32]) -> LinkPattern {
    let mut start = vec![0usize; n_from + 1];
    for &c in from {
        start[c as usize + 1] += 1;
    }
    for level in 0..n_from {
        start[level + 1] += start[level];
    }
    // counting sort of the rows by their level of `from`
    let mut partner = vec![0u32; from.len()];
    let mut next = start.clone();
    for (&c, &partner_level) in from.iter().zip(to) {
        let place = &mut next[c as usize];
        partner[*place] = partner_level;
        *place += 1;
    }
    let mut link = LinkPattern { ptr: Vec::with_capacity(n_from + 1), level: Vec::new() };
    link.ptr.push(0);
    for level in 0..n_from {
        let partners = &mut partner[start[level]..start[level + 1]];
        if !partners.is_sorted() {
            partners.sort_unstable();
        }
        link.level.extend(partners.chunk_by(|a, b| a == b).map(|same| same[0]));
        link.ptr.push(link.level.len());
    }
    link
}
