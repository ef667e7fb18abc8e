//! From statistics to cross-products: levels in order, factors by size, categories coded, columns ranked.

use std::sync::atomic::AtomicBool;

use super::scaling::{Scaling, totals};
use super::{RowCounts, RunningSums, Statistics};
use crate::crossproduct::blocks::CrossProducts;
use crate::crossproduct::coding::Coding;
use crate::crossproduct::conditioning::{by_squares, first_basis};
use crate::crossproduct::fill::FillScratch;
use crate::crossproduct::pattern::LinkPattern;
use crate::crossproduct::plan::Plan;
use crate::crossproduct::sums::{Shape, Sums};
use crate::design::{Encoding, require_levels, require_variation};
use crate::rows::{Columns, OrderedFactor, WorkingBasis, in_design_order};
use crate::table::NO_LEVEL;
use crate::{Error, Result};

/// Statistics as a fit takes them.
#[derive(Debug, Clone)]
pub struct FinishedStatistics {
    pub encoding: Encoding,
    /// Levels of grouping factors in order.
    pub counts: RowCounts,
    /// Per random term, the mean of zz' (r x r).
    pub moments: Vec<Vec<f64>>,
    /// Bytes held while rows were read.
    pub reading_bytes: usize,
}

/// Sums of a part of the rows, in the basis and over the levels of all.
struct Part {
    n_obs: usize,
    running: Option<RunningSums>,
}

impl Statistics {
    /// Puts everything in order; the sums become the cross-products, as they may be most of the memory.
    ///
    /// # Errors
    /// `Data` without rows, `Design` where nothing varies.
    pub fn finish(self) -> Result<(FinishedStatistics, CrossProducts)> {
        let (finished, a, _) = self.finish_with(Vec::new())?;
        Ok((finished, a))
    }

    /// The statistics of all rows from those of parts of them, and the cross-products of every part in the same basis.
    ///
    /// # Errors
    /// Those of `finish` and `merge`.
    pub fn finish_parts(
        parts: &[Self],
        stop: &AtomicBool,
    ) -> Result<(FinishedStatistics, CrossProducts, Vec<CrossProducts>)> {
        let (first, others) = parts.split_first().expect("a part");
        let mut total = first.clone();
        others.iter().try_for_each(|other| total.merge(other, stop))?;
        let of_part = |part: &Self| -> Result<Part> {
            let mut own = total.clone();
            own.running.iter_mut().for_each(RunningSums::clear);
            own.merge(part, stop)?;
            Ok(Part { n_obs: part.counts.n_obs, running: own.running })
        };
        let parts = parts.iter().map(of_part).collect::<Result<_>>()?;
        total.finish_with(parts)
    }

    fn finish_with(mut self, parts: Vec<Part>) -> Result<(FinishedStatistics, CrossProducts, Vec<CrossProducts>)> {
        let reading_bytes = self.reading_bytes();
        let Some(mut running) = self.running.take().filter(|_| self.counts.n_obs > 0) else {
            return Err(Error::Data(format!(
                "the statistics hold no complete row ({} rows were seen)",
                self.counts.n_rows_input
            )));
        };
        self.check_response()?;
        let mut encoding = self.open.encoding.clone();
        let places = self.registry.assign_order(&mut encoding, &self.open.growing, &self.counts.by_level);
        let n_levels: Vec<usize> = encoding.groups.iter().map(|g| g.n_levels(&encoding.categories)).collect();
        for (group, &n) in encoding.groups.iter().zip(&n_levels) {
            require_levels(&group.name, n)?;
        }
        let mut parts: Vec<(usize, RunningSums)> =
            parts.into_iter().filter_map(|part| Some((part.n_obs, part.running?))).collect();
        if let Columns::Read(extended) = running.columns.clone() {
            let scaling = Scaling::centred(&running, &extended, &self.open, self.counts.n_obs);
            scaling.apply(&mut running);
            parts.iter_mut().for_each(|(_, part)| scaling.apply(part));
        }
        let moments = self.mean_moments(&running);
        let factor_of = encoding.random.iter().map(|term| term.layout.factor);
        let mut factors = in_design_order(&n_levels, factor_of, &running.random);
        factors.sort_by_key(|f| std::cmp::Reverse(f.n_levels));
        let (total, patterns) = place(&mut running, &factors, &places);
        let (basis, layout) = (WorkingBasis { columns: running.columns, factors }, &encoding.fixed.layout);
        let shape = Shape::new(basis.columns.extended(), &basis.factors, patterns);
        let mut plan = Plan { coding: Coding::new(&basis.columns, layout), basis, shape, random: running.random };
        let mut scratch = FillScratch { total, ..FillScratch::default() };
        scratch.square(&plan);
        let fixed = match &plan.basis.columns {
            Columns::Read(extended) => by_squares(&mut plan.coding, &scratch.xx, &first_basis(extended, layout)),
            Columns::Fitted(basis) => basis.clone(),
        };
        let mut a = plan.unfilled(self.counts.n_obs, fixed);
        scratch.write(&plan, &mut a);
        let of_part = |(n_obs, mut part): (usize, RunningSums)| {
            let (total, _) = place(&mut part, &plan.basis.factors, &places);
            let mut scratch = FillScratch { total, ..FillScratch::default() };
            let mut own = plan.unfilled(n_obs, a.fixed.clone());
            scratch.square(&plan);
            scratch.write(&plan, &mut own);
            own
        };
        let of_parts = parts.into_iter().map(of_part).collect();
        let counts = self.counts.by_level.iter().zip(&places).zip(&n_levels);
        self.counts.by_level = counts.map(|((counts, place), &n)| put(counts, place, n)).collect();
        Ok((FinishedStatistics { encoding, counts: self.counts, moments, reading_bytes }, a, of_parts))
    }

    fn check_response(&self) -> Result<()> {
        self.counts.range.map_or(Ok(()), |range| require_variation(&self.open.encoding.response_name, range))
    }

    /// The mean of zz' in the user's units.
    fn mean_moments(&self, running: &RunningSums) -> Vec<Vec<f64>> {
        let n = self.counts.n_obs as f64;
        if !self.moments.is_empty() {
            return self.moments.iter().map(|m| m.iter().map(|v| v / n).collect()).collect();
        }
        let totals = totals(&running.sums, &self.open);
        let terms = totals.into_iter().zip(&running.random);
        terms.map(|(total, basis)| basis.undo(&total).iter().map(|v| v / n).collect()).collect()
    }
}

/// The sums with factors and levels in order, and the pairs of levels that occur.
fn place(running: &mut RunningSums, order: &[OrderedFactor], places: &[Vec<u32>]) -> (Sums, Vec<Vec<LinkPattern>>) {
    let width = running.columns.extended().width();
    let blocks = |all: &mut [Vec<f64>], per_level: &dyn Fn(usize) -> usize| -> Vec<Vec<f64>> {
        let mut own = |f: &OrderedFactor| std::mem::take(&mut all[f.factor]);
        order.iter().map(|f| put_blocks(own(f), per_level(f.width), &places[f.factor], f.n_levels)).collect()
    };
    let mut values = Vec::new();
    let mut link = |to: &OrderedFactor, from: &OrderedFactor| {
        let (a, b) = (to.factor.max(from.factor).0, to.factor.min(from.factor).0);
        let pairs = &running.links[a * (a - 1) / 2 + b];
        // stored from b to a
        let (widths, transpose) = ((running.widths[a], running.widths[b]), from.factor.0 == a);
        let (pattern, own) = pairs.link(&places[b], &places[a], from.n_levels, widths, transpose);
        values.push(own);
        pattern
    };
    let of = |(i, to): (usize, &OrderedFactor)| order[..i].iter().map(|from| link(to, from)).collect();
    let patterns = order.iter().enumerate().map(of).collect();
    running.links.clear();
    let mut sums = std::mem::take(&mut running.sums);
    sums.zz = blocks(&mut sums.zz, &|r| r * r);
    sums.zx = blocks(&mut sums.zx, &|r| r * width);
    sums.links = values;
    (sums, patterns)
}

fn put_blocks(values: Vec<f64>, block: usize, place: &[u32], n_levels: usize) -> Vec<f64> {
    if values.len() == n_levels * block && place.iter().zip(0..).all(|(&k, id)| k == id) {
        return values; // in order already
    }
    let mut out = vec![0.0; n_levels * block];
    for (values, &k) in values.chunks_exact(block).zip(place).filter(|(_, k)| **k != NO_LEVEL) {
        out[k as usize * block..][..block].copy_from_slice(values);
    }
    out
}

fn put(counts: &[u64], place: &[u32], n_levels: usize) -> Vec<u64> {
    let mut out = vec![0; n_levels];
    counts.iter().zip(place).filter(|(_, k)| **k != NO_LEVEL).for_each(|(&n, &k)| out[k as usize] = n);
    out
}
