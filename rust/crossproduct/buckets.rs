//! Rows whose levels lie far apart, gathered by ranges of levels before they are added: what a range of levels
//! sums up stays near the processor, where rows in random order would fetch it from memory one by one.

use super::sums::{ScaledBatch, Shape, Sums};

/// Ranges of levels, and rows that one gathers.
const RANGES: usize = 128;
const ROWS: usize = 256;
/// Sums below this many numbers are near anyway.
const LEAST_SIZE: usize = 1 << 17;
/// Rows that change their range, as a share, from which on gathering is worth a copy.
const LEAST_JUMPS: f64 = 0.25;

/// Bytes of all buckets of a part, for rows of so many numbers.
pub const fn n_bytes(per_row: usize) -> usize {
    8 * RANGES * ROWS * per_row
}

/// One gathered range: a batch in the making.
#[derive(Debug, Clone, Default)]
struct Bucket {
    n: usize,
    dense: Vec<f64>,
    blocks: Vec<(Vec<f64>, Vec<u32>)>,
    z: Vec<(Vec<f64>, Vec<u32>)>,
}

/// All ranges of the levels of the first grouping factor.
#[derive(Debug, Clone)]
pub struct Buckets {
    levels: usize,
    buckets: Vec<Bucket>,
}

impl Buckets {
    /// None where rows can as well be added in their own order; `codes`: of the first grouping factor.
    pub fn worthwhile(shape: &Shape, codes: &[u32]) -> Option<Self> {
        let levels = shape.factors.first()?.0.div_ceil(RANGES) as u32;
        let jumps = codes.windows(2).filter(|w| w[0] / levels != w[1] / levels).count();
        let worthwhile = shape.size() >= LEAST_SIZE && jumps as f64 > LEAST_JUMPS * codes.len() as f64;
        worthwhile.then(|| Self { levels: levels as usize, buckets: vec![Bucket::default(); RANGES] })
    }

    /// Puts the rows of a batch into their buckets, and adds those that are full.
    pub fn push(&mut self, sums: &mut Sums, shape: &Shape, batch: &ScaledBatch) {
        sums.sum_log_weights += batch.sum_log_weights;
        for row in 0..batch.n {
            let bucket = &mut self.buckets[batch.z[0].1[row] as usize / self.levels];
            bucket.take(batch, row);
            if bucket.n == ROWS {
                bucket.empty(sums, shape);
            }
        }
    }

    /// Adds what is left.
    pub fn finish(mut self, sums: &mut Sums, shape: &Shape) {
        self.buckets.iter_mut().filter(|b| b.n > 0).for_each(|b| b.empty(sums, shape));
    }
}

impl Bucket {
    fn take(&mut self, batch: &ScaledBatch, row: usize) {
        self.n += 1;
        extend(&mut self.dense, batch.dense, batch.n, row);
        self.blocks.resize_with(batch.blocks.len(), Default::default);
        for ((values, cells), (from, from_cells)) in self.blocks.iter_mut().zip(&batch.blocks) {
            values.push(from[row]);
            cells.push(from_cells[row]);
        }
        self.z.resize_with(batch.z.len(), Default::default);
        for ((z, codes), (from, from_codes)) in self.z.iter_mut().zip(&batch.z) {
            extend(z, from, batch.n, row);
            codes.push(from_codes[row]);
        }
    }

    fn empty(&mut self, sums: &mut Sums, shape: &Shape) {
        sums.push(
            shape,
            &ScaledBatch {
                n: self.n,
                dense: &self.dense,
                blocks: self.blocks.iter().map(|(values, cells)| (values.as_slice(), cells.as_slice())).collect(),
                z: self.z.iter().map(|(z, codes)| (z.as_slice(), codes.as_slice())).collect(),
                sum_log_weights: 0.0,
            },
        );
        self.n = 0;
        self.dense.clear();
        let lists = self.blocks.iter_mut().chain(&mut self.z);
        lists.for_each(|(values, codes)| {
            values.clear();
            codes.clear();
        });
    }
}

/// Appends one of the n rows of `from`.
#[inline]
fn extend(to: &mut Vec<f64>, from: &[f64], n: usize, row: usize) {
    let width = from.len() / n;
    to.extend_from_slice(&from[row * width..(row + 1) * width]);
}
