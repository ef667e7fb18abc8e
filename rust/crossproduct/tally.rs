//! How many rows statistics are of.

use crate::design::missing::Dropped;
use crate::design::{OpenRows, RowSource};

/// How many rows, and which were dropped.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub n_obs: usize,
    pub n_rows_input: usize,
    pub dropped: Dropped,
    /// Least and largest response.
    pub range: Option<(f64, f64)>,
    /// By grouping factor, the rows of each level.
    pub counts: Vec<Vec<u64>>,
}

impl Tally {
    /// Counts the rows of a batch; `sizes` are the levels of grouping factors so far.
    pub fn count(&mut self, batch: &OpenRows, sizes: &[usize]) {
        let rows = &batch.rows;
        self.n_obs += rows.n_rows();
        self.n_rows_input += rows.n_rows_input();
        rows.dropped().iter().for_each(|(name, n)| *self.dropped.entry(name.clone()).or_default() += n);
        if rows.n_rows() > 0 {
            self.widen(batch.range);
        }
        for (g, ids) in batch.ids.iter().enumerate() {
            let mut local = vec![0u64; ids.len()];
            rows.factors()[g].codes().iter().for_each(|&c| local[c as usize] += 1);
            let counts = &mut self.counts[g];
            counts.resize(sizes[g], 0);
            ids.iter().zip(local).for_each(|(&id, n)| counts[id as usize] += n);
        }
    }

    fn widen(&mut self, (low, high): (f64, f64)) {
        let range = self.range.get_or_insert((low, high));
        *range = (range.0.min(low), range.1.max(high));
    }

    pub fn merge(&mut self, other: &Tally, ids: &[Vec<u32>], sizes: &[usize]) {
        self.n_obs += other.n_obs;
        self.n_rows_input += other.n_rows_input;
        other.dropped.iter().for_each(|(name, n)| *self.dropped.entry(name.clone()).or_default() += n);
        if let Some(range) = other.range {
            self.widen(range);
        }
        for (g, counts) in self.counts.iter_mut().enumerate() {
            counts.resize(sizes[g], 0);
            other.counts[g].iter().zip(&ids[g]).for_each(|(n, &id)| counts[id as usize] += n);
        }
    }
}
