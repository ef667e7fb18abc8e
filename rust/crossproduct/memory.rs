//! Bytes of sums, and of what is held while they are made.

use super::blocks::{CrossProducts, FactorBlock};
use super::fill::n_parts;
use super::ranges::{Ranges, wave_bytes, wave_rows};
use super::statistics::{PairSums, RunningSums, Statistics};
use crate::design::Rows;

/// Batches that are in memory at once, where there are many: one that is read, in part as the file has it and decoded,
/// one that is summed and its rows in the order that they are summed in (measured: 3.3 to 4 in all).
const BATCHES: usize = 4;

impl Statistics {
    /// Memory of the sums.
    pub fn n_bytes(&self) -> usize {
        let Some(RunningSums { sums, links, .. }) = &self.running else { return 0 };
        let all = [&sums.zz, &sums.zx, &sums.cells].into_iter().flatten().map(Vec::len).sum::<usize>();
        let links: usize = links.iter().map(PairSums::n_bytes).sum();
        8 * (all + sums.dense.len() + sums.cells_dense.len()) + links
    }

    /// Bytes held while rows were read: batches that wait, are read and are summed; rows gathered by their levels; the
    /// sums of a batch, and of all; levels and where they are found.  Few rows are there as the file has them, decoded,
    /// and in part once more in the order of their sums.
    pub fn reading_bytes(&self) -> usize {
        (BATCHES * self.largest_batch).min(self.largest_batch + 9 * self.all_batches / 5)
            + wave_bytes(self.n_bytes() / 8).min(2 * self.largest_batch)
            + 2 * self.n_bytes()
            + self.registry.n_bytes()
    }
}

/// Bytes that summing rows took beside `a`: codes, which stay; and the rows gathered by ranges of levels, or the sums
/// of parts, or else the rows in the order of one factor.
pub fn summing_bytes(source: &Rows, a: &CrossProducts) -> (usize, usize) {
    let n = source.n_rows();
    let codes = 4 * n * source.factors.len();
    let sorting = if a.factors.len() > 1 { 4 * n } else { 0 };
    let ranges = a
        .factors
        .first()
        .and_then(|first| Ranges::worthwhile(first.n_levels, a.n_bytes() / 8, source.factors[first.factor].codes()));
    let passing = if ranges.is_some() { gathering_bytes(n, a) } else { parts_bytes(source, a) };
    (codes, sorting.max(passing))
}

/// A wave of gathered rows, and what its parts sum up.
fn gathering_bytes(n: usize, a: &CrossProducts) -> usize {
    let numbers = a.n_fixed() + 1 + a.factors.iter().map(|f| f.width).sum::<usize>();
    let rows = n.min(wave_rows(a.n_bytes() / 8, numbers, a.factors.len()));
    let further: usize = a.factors.iter().skip(1).map(|f| f.zz.len() + f.zx.len()).sum();
    let links: usize = a.links.iter().flat_map(|l| l.iter().skip(1)).map(Vec::len).sum();
    rows * (8 * numbers + 4 * a.factors.len()) + 8 * n_parts(rows, further + links) * (further + links)
}

/// The sums of parts, of which a part touches the levels that its rows have.
fn parts_bytes(source: &Rows, a: &CrossProducts) -> usize {
    let n = source.n_rows();
    let parts = n_parts(n, a.n_bytes() / 8);
    let share = |codes: &[u32]| -> f64 {
        let spans = (0..parts).map(|k| {
            let part = &codes[n * k / parts..n * (k + 1) / parts];
            let (low, high) = part.iter().fold((u32::MAX, 0), |(l, h), &c| (l.min(c), h.max(c)));
            f64::from(high.saturating_sub(low))
        });
        let levels = f64::from(codes.iter().copied().max().unwrap_or(0)).max(1.0);
        spans.sum::<f64>() / levels
    };
    let touched = |f: &FactorBlock| {
        let from_it: usize = a.links.iter().filter_map(|l| l.get(a.block_of(f.factor))).map(|l| 8 * l.len()).sum();
        let extra = (share(source.factors[f.factor].codes()) - 1.0).max(0.0);
        (extra * (8 * (f.zz.len() + f.zx.len()) + from_it) as f64) as usize
    };
    a.factors.iter().map(touched).sum()
}
