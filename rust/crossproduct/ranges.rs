//! Rows whose levels lie far apart, gathered by ranges of levels before they are added: what a range of levels
//! sums up stays near the processor, where rows in random order would fetch it from memory one by one.  A range
//! belongs to one thread, so its sums are there once.

use rayon::prelude::*;

use super::sums::{Shape, Sums, add_outer, add_row};
use crate::linalg::small;
use crate::rows::RowBlock;
use crate::with_width;

/// Bytes of sums that stay near the processor, and the fewest ranges that are worth a copy of the rows.
const NEAR_BYTES: usize = 1 << 18;
const FEWEST: usize = 8;
const MOST: usize = 512;
/// Rows that change their range, as a share, from which on gathering is worth a copy.
const LEAST_JUMPS: f64 = 0.25;
/// Bytes of rows that are gathered before they are added: as many as sums have, within these.
const WAVE_BYTES: (usize, usize) = (16 << 20, 128 << 20);

/// Pieces of the rows that are looked at for jumps, and rows of one.
const PIECES: usize = 64;
const PIECE_ROWS: usize = 512;

/// Ranges of the levels of the first grouping factor, each of 2^`bits` levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranges {
    bits: u32,
    n: usize,
}

impl Ranges {
    /// For sums of `size` numbers over `n_levels`; none where rows can as well be added in their own order.
    pub fn worthwhile(n_levels: usize, size: usize, codes: &[u32]) -> Option<Self> {
        let n = (8 * size / NEAR_BYTES).min(MOST);
        let ranges = Self::of_levels(n_levels, n_levels.div_ceil(n.max(1)));
        (n >= FEWEST && ranges.jumps(codes) > LEAST_JUMPS).then_some(ranges)
    }

    /// Ranges of so many levels, or somewhat more.
    fn of_levels(n_levels: usize, levels: usize) -> Self {
        let bits = levels.max(1).next_power_of_two().trailing_zeros();
        Self { bits, n: n_levels.div_ceil(1 << bits) }
    }

    fn of(&self, code: u32) -> usize {
        (code >> self.bits) as usize
    }

    fn levels(&self, range: usize, n_levels: usize) -> std::ops::Range<usize> {
        range << self.bits..n_levels.min((range + 1) << self.bits)
    }

    /// Share of rows of another range than the row before, from pieces all over the data.
    fn jumps(&self, codes: &[u32]) -> f64 {
        let step = codes.len().div_ceil(PIECES).max(1);
        let pieces = codes.chunks(step).flat_map(|piece| piece[..piece.len().min(PIECE_ROWS)].windows(2));
        let (mut jumps, mut rows) = (0, 0u32);
        for w in pieces {
            jumps += usize::from(self.of(w[0]) != self.of(w[1]));
            rows += 1;
        }
        jumps as f64 / f64::from(rows.max(1))
    }
}

/// A row as it is gathered: `[dense..., y, z of every factor..., values of cells...]`, and the codes of every
/// factor and cell.
struct RowLayout {
    dense: usize,
    stride: usize,
    n_codes: usize,
}

impl RowLayout {
    fn new(shape: &Shape) -> Self {
        let (dense, blocks) = (shape.extended.n_dense() + 1, shape.extended.blocks.len());
        let stride = dense + shape.factors.iter().map(|f| f.1).sum::<usize>() + blocks;
        Self { dense, stride, n_codes: shape.factors.len() + blocks }
    }
}

/// Bytes of rows that are gathered, if any are, before they are added to so many numbers.
pub fn wave_bytes(size: usize) -> usize {
    if 8 * size < FEWEST * NEAR_BYTES { 0 } else { (8 * size).clamp(WAVE_BYTES.0, WAVE_BYTES.1) }
}

/// Rows that are gathered before they are added to sums of `size` numbers, where a row has so many numbers and codes.
pub fn wave_rows(size: usize, numbers: usize, codes: usize) -> usize {
    wave_bytes(size) / (8 * numbers + 4 * codes)
}

/// The rows of a wave, for the shape of their sums.
pub fn wave_rows_of(shape: &Shape) -> usize {
    let layout = RowLayout::new(shape);
    wave_rows(shape.size(0), layout.stride, layout.n_codes)
}

/// The rows of one part of a wave, range after range.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    /// Where the rows of each range begin, and where its next row goes.
    ptr: Vec<usize>,
    next: Vec<usize>,
    values: Vec<f64>,
    codes: Vec<u32>,
}

impl Gathered {
    /// Makes room for rows with these codes of the first grouping factor.
    pub fn expect(&mut self, ranges: &Ranges, shape: &Shape, codes: &[u32]) {
        let layout = RowLayout::new(shape);
        self.ptr.clear();
        self.ptr.resize(ranges.n + 1, 0);
        codes.iter().for_each(|&code| self.ptr[ranges.of(code) + 1] += 1);
        (0..ranges.n).for_each(|k| self.ptr[k + 1] += self.ptr[k]);
        self.next.clear();
        self.next.extend_from_slice(&self.ptr[..ranges.n]);
        self.values.resize(codes.len() * layout.stride, 0.0);
        self.codes.resize(codes.len() * layout.n_codes, 0);
    }

    /// Puts the rows of a batch where their ranges are.
    pub fn take(&mut self, ranges: &Ranges, shape: &Shape, batch: &RowBlock) {
        let layout = RowLayout::new(shape);
        let (d, factors) = (layout.dense, shape.factors.len());
        for row in 0..batch.n {
            let place = &mut self.next[ranges.of(batch.z[0].1[row])];
            let values = &mut self.values[*place * layout.stride..][..layout.stride];
            let codes = &mut self.codes[*place * layout.n_codes..][..layout.n_codes];
            *place += 1;
            copy(&mut values[..d], &batch.dense[row * d..]);
            let mut at = d;
            for (((z, levels), &(_, r)), code) in batch.z.iter().zip(&shape.factors).zip(&mut *codes) {
                copy(&mut values[at..at + r], &z[row * r..]);
                *code = levels[row];
                at += r;
            }
            for (k, (v, cells)) in batch.cells.iter().enumerate() {
                values[at + k] = v[row];
                codes[factors + k] = cells[row];
            }
        }
    }
}

/// Copies a few numbers, for which a call would take longer.
#[inline(always)]
fn copy(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// What the levels of one range sum up to: parts of `Sums`.
struct Owned<'a> {
    first: usize,
    zz: &'a mut [f64],
    zx: &'a mut [f64],
    /// Per further factor: the first entry of its link, and the values from there on.
    links: Vec<(usize, &'a mut [f64])>,
}

/// Adds the gathered rows of all parts to what belongs to the first grouping factor.
pub fn add(sums: &mut Sums, shape: &Shape, ranges: &Ranges, parts: &[&Gathered]) {
    let layout = RowLayout::new(shape);
    owned(sums, shape, ranges).into_par_iter().enumerate().for_each(|(range, mut owned)| {
        for part in parts {
            let rows = part.ptr[range]..part.ptr[range + 1];
            let values = &part.values[rows.start * layout.stride..rows.end * layout.stride];
            let codes = &part.codes[rows.start * layout.n_codes..rows.end * layout.n_codes];
            with_width!(shape.factors[0].1, add_rows(&mut owned, shape, &layout, values, codes));
        }
    });
}

/// Cuts the sums of the first grouping factor by ranges of its levels.
fn owned<'a>(sums: &'a mut Sums, shape: &Shape, ranges: &Ranges) -> Vec<Owned<'a>> {
    let ((n_levels, r), width) = (shape.factors[0], shape.extended.width());
    let (mut zz, mut zx) = (sums.zz[0].as_mut_slice(), sums.zx[0].as_mut_slice());
    let from_first = sums.links.iter_mut().zip(shape.link_pairs()).filter(|(_, (_, j))| *j == 0);
    let mut links: Vec<&mut [f64]> = from_first.map(|(values, _)| values.as_mut_slice()).collect();
    (0..ranges.n)
        .map(|k| {
            let levels = ranges.levels(k, n_levels);
            let own_zz = cut(&mut zz, levels.len() * r * r);
            let own_zx = cut(&mut zx, levels.len() * r * width);
            let own_links = links.iter_mut().enumerate().map(|(f, values)| {
                let ptr = &shape.patterns[f + 1][0].ptr;
                let entries = ptr[levels.start]..ptr[levels.end];
                (entries.start, cut(values, entries.len() * r * shape.factors[f + 1].1))
            });
            Owned { first: levels.start, zz: own_zz, zx: own_zx, links: own_links.collect() }
        })
        .collect()
}

/// The first n numbers, which leave the rest.
fn cut<'a>(rest: &mut &'a mut [f64], n: usize) -> &'a mut [f64] {
    let (left, right) = std::mem::take(rest).split_at_mut(n);
    *rest = right;
    left
}

fn add_rows<const R: usize>(owned: &mut Owned, shape: &Shape, layout: &RowLayout, values: &[f64], codes: &[u32]) {
    let (r, d, width) = (small::width::<R>(shape.factors[0].1), layout.dense, shape.extended.width());
    let (factors, blocks_at) = (shape.factors.len(), layout.stride - shape.extended.blocks.len());
    for (row, codes) in values.chunks_exact(layout.stride).zip(codes.chunks_exact(layout.n_codes)) {
        let level = codes[0] as usize - owned.first;
        let z = &row[d..d + r];
        add_outer(&mut owned.zz[level * r * r..][..r * r], z, z, 1.0);
        for (a, &za) in z.iter().enumerate() {
            let sums = &mut owned.zx[(level * r + a) * width..][..width];
            add_row(&mut sums[..d], za, &row[..d]);
            for ((block, v), &cell) in shape.extended.blocks.iter().zip(&row[blocks_at..]).zip(&codes[factors..]) {
                sums[d + block.first + cell as usize] += za * v;
            }
        }
        let mut at = d + r;
        for (f, (start, values)) in owned.links.iter_mut().enumerate() {
            let other = shape.factors[f + 1].1;
            let place = shape.patterns[f + 1][0].position(codes[0], codes[f + 1]) - *start;
            add_outer(&mut values[place * other * r..][..other * r], &row[at..at + other], z, 1.0);
            at += other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crossproduct::pattern::link_pattern;
    use crate::rows::{CellBlock, ExtendedColumns};
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;
    use std::sync::Arc;

    /// Dense columns and y, one block of cells, three grouping factors of widths 2, 1 and 3.
    #[test]
    fn gathered_rows_sum_up_to_what_rows_in_their_own_order_do() {
        let (n, d, factors) = (3000, 3, vec![(100usize, 2usize), (30, 1), (7, 3)]);
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(3);
        let mut numbers = |m: usize| -> Vec<f64> { (0..m).map(|_| rng.random::<f64>() - 0.5).collect() };
        let (dense, values) = (numbers(n * d), numbers(n));
        let z: Vec<Vec<f64>> = factors.iter().map(|f| numbers(n * f.1)).collect();
        let mut codes = |m: usize| -> Vec<u32> { (0..n).map(|_| rng.random_range(0..m) as u32).collect() };
        let (cells, levels) = (codes(4), factors.iter().map(|f| codes(f.0)).collect::<Vec<_>>());
        let mut extended = ExtendedColumns::of_basis(d - 1);
        extended.blocks = vec![CellBlock { term: 0, numeric: 0, first: 0, n_cells: 4 }];
        extended.n_cells = 4;
        let pattern = |i: usize, j: usize| link_pattern(&levels[j], factors[j].0, &levels[i]);
        let patterns = vec![vec![], vec![pattern(1, 0)], vec![pattern(2, 0), pattern(2, 1)]];
        let shape = Shape { extended, factors: factors.clone(), patterns: Arc::new(patterns) };
        let batch = |rows: std::ops::Range<usize>| RowBlock {
            n: rows.len(),
            dense: dense[rows.start * d..rows.end * d].to_vec(),
            cells: vec![(values[rows.clone()].to_vec(), cells[rows.clone()].to_vec())],
            z: (0..3)
                .map(|f| {
                    let r = factors[f].1;
                    (z[f][rows.start * r..rows.end * r].to_vec(), levels[f][rows.clone()].to_vec())
                })
                .collect(),
            ..RowBlock::default()
        };
        let mut direct = Sums::new(&shape, 0);
        direct.push(&shape, &batch(0..n), 0);
        let ranges = Ranges::of_levels(100, 9);
        let mut total = Sums::new(&shape, 0);
        for wave in [0..1000, 1000..n] {
            let half = wave.start + wave.len() / 2;
            let parts: Vec<Gathered> = [wave.start..half, half..wave.end]
                .into_iter()
                .map(|rows| {
                    let (mut sums, mut gathered) = (Sums::new(&shape, 1), Gathered::default());
                    gathered.expect(&ranges, &shape, &levels[0][rows.clone()]);
                    for start in rows.clone().step_by(170) {
                        let batch = batch(start..rows.end.min(start + 170));
                        sums.push(&shape, &batch, 1);
                        gathered.take(&ranges, &shape, &batch);
                    }
                    total.merge(&sums);
                    gathered
                })
                .collect();
            add(&mut total, &shape, &ranges, &parts.iter().collect::<Vec<_>>());
        }
        let all = |s: &Sums| -> Vec<f64> {
            let lists = s.zz.iter().chain(&s.zx).chain(&s.links).chain(&s.cells).chain([&s.dense, &s.cells_dense]);
            lists.flatten().copied().collect()
        };
        let (want, got) = (all(&direct), all(&total));
        assert_eq!(want.len(), got.len());
        want.iter().zip(&got).for_each(|(w, g)| assert!((w - g).abs() < 1e-11, "{w} {g}"));
    }

    #[test]
    fn rows_are_gathered_only_where_their_levels_jump() {
        let sorted: Vec<u32> = (0..200_000u32).map(|i| i / 4).collect();
        let mixed: Vec<u32> = (0..200_000u32).map(|i| (i * 7919) % 50_000).collect();
        assert_eq!(Ranges::worthwhile(50_000, 1 << 20, &sorted), None);
        assert_eq!(Ranges::worthwhile(50_000, 1 << 10, &mixed), None);
        let ranges = Ranges::worthwhile(50_000, 1 << 20, &mixed).unwrap();
        assert_eq!((ranges.of(49_999), ranges.levels(ranges.n - 1, 50_000).end), (ranges.n - 1, 50_000));
    }
}
