//! Sufficient statistics that grow: batches are summed on their own levels and added to those of all.
//!
//! Categories stay cells and columns stay as they were read, less a shift, until the statistics are finished.  So
//! statistics of parts of the rows can be merged whatever levels and scaling each part had.

mod finish;
mod pair_sums;
mod save;
mod scaling;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::fill::FillScratch;
use super::moments::mean_outer_product;
use super::pattern::{LinkPattern, pairs, patterns};
use super::plan::sample;
use super::sums::{Shape, Sums};
use crate::covariance::RandomBasis;
use crate::design::{Dropped, GroupingFactor, LevelRegistry, Rows, StreamedRows, StreamingModel};
use crate::rows::{Columns, ExtendedColumns, WorkingBasis, WorkingRows, in_design_order, random_bases};
use crate::table::Table;
use crate::{Error, Result, check_stop};
pub use pair_sums::PairSums;
use scaling::Scaling;

pub use finish::FinishedStatistics;

/// Sums over rows, and what their parts belong to.
#[derive(Debug, Clone)]
pub struct Statistics {
    pub open: StreamingModel,
    pub registry: LevelRegistry,
    pub counts: RowCounts,
    pub running: Option<RunningSums>,
    /// Per random term Σ zz' where rows are weighted; empty otherwise.
    pub moments: Vec<Vec<f64>>,
    /// Bytes of the largest batch, and of all.
    pub largest_batch: usize,
    pub all_batches: usize,
}

/// How many rows, and which were dropped.
#[derive(Debug, Clone, Default)]
pub struct RowCounts {
    pub n_obs: usize,
    pub n_rows_input: usize,
    pub dropped: Dropped,
    /// Least and largest response.
    pub range: Option<(f64, f64)>,
    /// By grouping factor, the rows of each level.
    pub by_level: Vec<Vec<u64>>,
}

/// What is there once rows were seen.
#[derive(Debug, Clone)]
pub struct RunningSums {
    pub columns: Columns,
    /// Columns of Z in a level, by grouping factor.
    pub widths: Vec<usize>,
    /// By random term.
    pub random: Vec<RandomBasis>,
    /// zz and zx by grouping factor of the design, over the levels of the registry; no links.
    pub sums: Sums,
    /// (1, 0), (2, 0), (2, 1), ... of the grouping factors of the design.
    pub links: Vec<PairSums>,
}

/// What a batch adds: by grouping factor in local levels.
struct BatchSums {
    /// Sums without rows, for the first batch.
    first: Option<RunningSums>,
    sums: Sums,
    links: Vec<PairSums>,
    /// Rows, and of weighted ones the mean of zz' by random term.
    moments: (usize, Vec<Vec<f64>>),
}

impl Statistics {
    pub fn new(open: StreamingModel, registry: LevelRegistry) -> Self {
        let counts = RowCounts { by_level: vec![vec![]; open.encoding.groups.len()], ..RowCounts::default() };
        Self { open, registry, counts, running: None, moments: vec![], largest_batch: 0, all_batches: 0 }
    }

    /// Adds the rows of a batch, all or none.
    ///
    /// # Errors
    /// Those of reading the rows; `Interrupted`.
    pub fn push(&mut self, table: &Table, stop: &AtomicBool) -> Result<()> {
        check_stop(stop)?;
        // levels met in a batch that fails have no rows, so they stay out of the result
        let batch = self.open.rows(table, &mut self.registry, stop)?;
        let sizes: Vec<usize> = (0..batch.ids.len()).map(|g| self.registry.n_levels(g, &self.open.encoding)).collect();
        let sums = if batch.rows.n_rows() > 0 { Some(self.batch_sums(&batch.rows, stop)?) } else { None };
        check_stop(stop)?;
        self.largest_batch = self.largest_batch.max(table.n_bytes());
        self.all_batches += table.n_bytes();
        self.counts.count(&batch, &sizes);
        if let Some(BatchSums { first, sums, links, moments }) = sums {
            self.add_moments(moments);
            self.running
                .get_or_insert_with(|| first.expect("made where there are none"))
                .add(&sums, &links, &batch.ids, &sizes);
        }
        Ok(())
    }

    /// What a batch adds.
    fn batch_sums(&self, rows: &Rows, stop: &AtomicBool) -> Result<BatchSums> {
        let first = if self.running.is_none() { Some(self.first_sums(rows)?) } else { None };
        let running = self.running.as_ref().or(first.as_ref()).expect("one of them");
        let (sums, links) = running.of_rows(rows, stop)?;
        // weighted sums do not tell the plain moments of z
        let n_terms = if rows.has_weights() { rows.random.len() } else { 0 };
        let moments = (0..n_terms).map(|t| mean_outer_product(rows, t)).collect::<Result<_>>()?;
        Ok(BatchSums { first, sums, links, moments: (rows.n_rows(), moments) })
    }

    /// Statistics of the same model without rows.
    pub fn emptied(&self) -> Self {
        Self::new(self.open.clone(), self.registry.emptied())
    }

    fn first_sums(&self, rows: &Rows) -> Result<RunningSums> {
        let sample = sample(rows)?;
        let mut extended = ExtendedColumns::new(rows.fixed());
        extended.set_scaling(&sample, rows.fixed().has_intercept);
        Ok(RunningSums::empty(Columns::Read(extended), random_bases(rows, &sample), &self.open))
    }

    fn add_moments(&mut self, (n, means): (usize, Vec<Vec<f64>>)) {
        if self.moments.is_empty() {
            self.moments = means.iter().map(|mean| vec![0.0; mean.len()]).collect();
        }
        for (total, mean) in self.moments.iter_mut().zip(means) {
            total.iter_mut().zip(mean).for_each(|(t, m)| *t += n as f64 * m);
        }
    }

    /// Adds the statistics of other rows, all or none.
    ///
    /// # Errors
    /// `Design` if they are of another model; `Interrupted`.
    pub fn merge(&mut self, other: &Statistics, stop: &AtomicBool) -> Result<()> {
        if self.open != other.open {
            return Err(Error::Design(
                "the statistics are of different models; formula, weights, contrasts, levels of fixed variables and \
                 what transforms learned must be the same"
                    .into(),
            ));
        }
        let changed = match (&self.running, &other.running) {
            (Some(mine), Some(theirs)) => theirs.changed_to(mine, &self.open)?,
            _ => None,
        };
        // levels of a merge that fails have no rows, so they stay out of the result
        let ids = self.registry.join(&other.registry, &self.open.encoding)?;
        let sizes: Vec<usize> = (0..ids.len()).map(|g| self.registry.n_levels(g, &self.open.encoding)).collect();
        check_stop(stop)?;
        self.counts.merge(&other.counts, &ids, &sizes);
        self.largest_batch = self.largest_batch.max(other.largest_batch);
        self.all_batches += other.all_batches;
        if self.moments.is_empty() {
            self.moments.clone_from(&other.moments);
        } else {
            let all = self.moments.iter_mut().zip(&other.moments);
            all.for_each(|(mine, theirs)| mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b));
        }
        if let Some(theirs) = changed.as_ref().or(other.running.as_ref()) {
            let empty = || RunningSums::empty(theirs.columns.clone(), theirs.random.clone(), &self.open);
            self.running.get_or_insert_with(empty).add(&theirs.sums, &theirs.links, &ids, &sizes);
        }
        Ok(())
    }
}

impl RowCounts {
    /// Counts the rows of a batch; `sizes` are the levels of grouping factors so far.
    pub fn count(&mut self, batch: &StreamedRows, sizes: &[usize]) {
        let rows = &batch.rows;
        self.n_obs += rows.n_rows();
        self.n_rows_input += rows.n_rows_input;
        rows.dropped.iter().for_each(|(name, n)| *self.dropped.entry(name.clone()).or_default() += n);
        if rows.n_rows() > 0 {
            self.widen(batch.range);
        }
        for (g, ids) in batch.ids.iter().enumerate() {
            let mut local = vec![0u64; ids.len()];
            rows.factors[g].codes().iter().for_each(|&c| local[c as usize] += 1);
            let counts = &mut self.by_level[g];
            counts.resize(sizes[g], 0);
            ids.iter().zip(local).for_each(|(&id, n)| counts[id as usize] += n);
        }
    }

    fn widen(&mut self, (low, high): (f64, f64)) {
        let range = self.range.get_or_insert((low, high));
        *range = (range.0.min(low), range.1.max(high));
    }

    pub fn merge(&mut self, other: &RowCounts, ids: &[Vec<u32>], sizes: &[usize]) {
        self.n_obs += other.n_obs;
        self.n_rows_input += other.n_rows_input;
        other.dropped.iter().for_each(|(name, n)| *self.dropped.entry(name.clone()).or_default() += n);
        if let Some(range) = other.range {
            self.widen(range);
        }
        for (g, counts) in self.by_level.iter_mut().enumerate() {
            counts.resize(sizes[g], 0);
            other.by_level[g].iter().zip(&ids[g]).for_each(|(n, &id)| counts[id as usize] += n);
        }
    }
}

impl RunningSums {
    pub fn empty(columns: Columns, random: Vec<RandomBasis>, open: &StreamingModel) -> Self {
        let extended = columns.extended();
        let widths = widths(open);
        let links = pairs(widths.len()).map(|(i, j)| PairSums::new(widths[i] * widths[j])).collect();
        // no level yet
        let patterns = (0..widths.len()).map(|i| vec![LinkPattern::default(); i]).collect();
        let shape = Shape { extended, factors: widths.iter().map(|&r| (0, r)).collect(), patterns: Arc::new(patterns) };
        Self { sums: Sums::new(&shape, 0), columns, widths, random, links }
    }

    /// Sums of no rows, over the same levels and pairs of them.
    fn clear(&mut self) {
        let sums = &mut self.sums;
        sums.sum_log_weights = 0.0;
        let blocks = sums.cells.iter_mut().chain(&mut sums.zz).chain(&mut sums.zx).chain(&mut sums.links);
        blocks.chain([&mut sums.dense, &mut sums.cells_dense]).for_each(|values| values.fill(0.0));
        self.links.iter_mut().for_each(|link| link.values.fill(0.0));
    }

    /// The same sums in the basis of others; None where it is their own.
    fn changed_to(&self, other: &RunningSums, open: &StreamingModel) -> Result<Option<RunningSums>> {
        if self.columns == other.columns && self.random == other.random {
            return Ok(None);
        }
        let change = Scaling::between(self, other, open)?;
        let mut changed = self.clone();
        change.apply(&mut changed);
        Ok(Some(changed))
    }

    /// Sums and links of the rows of a batch, over its own levels.
    fn of_rows(&self, rows: &Rows, stop: &AtomicBool) -> Result<(Sums, Vec<PairSums>)> {
        check_stop(stop)?;
        let levels: Vec<usize> = rows.factors.iter().map(GroupingFactor::n_levels).collect();
        let factors = in_design_order(&levels, rows.random.iter().map(|t| t.factor), &self.random);
        let basis = WorkingBasis { columns: self.columns.clone(), factors };
        let shape = Shape::new(basis.columns.extended(), &basis.factors, patterns(rows, &basis.factors));
        let mut scratch = FillScratch::default();
        scratch.pass(&WorkingRows { stop: Some(stop), ..WorkingRows::new(rows, &basis) }, &shape)?;
        let links = shape
            .link_pairs()
            .zip(&scratch.total.links)
            .map(|((i, j), values)| PairSums::of_link(&shape.patterns[i][j], values, self.widths[i] * self.widths[j]));
        let links = links.collect();
        Ok((scratch.total, links))
    }

    /// Adds sums in the same basis; `ids` are the levels here of those there, `sizes` the numbers of levels.
    fn add(&mut self, sums: &Sums, links: &[PairSums], ids: &[Vec<u32>], sizes: &[usize]) {
        self.sums.add_whole(sums);
        let width = self.columns.extended().width();
        for (g, ids) in ids.iter().enumerate() {
            let r = self.widths[g];
            add_levels(&mut self.sums.zz[g], &sums.zz[g], r * r, ids, sizes[g]);
            add_levels(&mut self.sums.zx[g], &sums.zx[g], r * width, ids, sizes[g]);
        }
        for ((mine, theirs), (i, j)) in self.links.iter_mut().zip(links).zip(pairs(ids.len())) {
            mine.add(theirs, &ids[j], &ids[i]);
        }
    }
}

/// Columns of Z in a level, by grouping factor.
pub fn widths(open: &StreamingModel) -> Vec<usize> {
    let mut widths = vec![0; open.encoding.groups.len()];
    open.encoding.random.iter().for_each(|term| widths[term.layout.factor] += term.layout.columns.len());
    widths
}

/// mine[ids[k]] += theirs[k], a block of numbers a level.
fn add_levels(mine: &mut Vec<f64>, theirs: &[f64], block: usize, ids: &[u32], size: usize) {
    mine.resize(size * block, 0.0);
    for (&id, values) in ids.iter().zip(theirs.chunks_exact(block)) {
        let sums = &mut mine[id as usize * block..][..block];
        sums.iter_mut().zip(values).for_each(|(s, v)| *s += v);
    }
}
