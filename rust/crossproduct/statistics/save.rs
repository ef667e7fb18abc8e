//! Statistics as JSON and named arrays, and back; and those that a fit kept.  What is read from a file is checked.

use serde::{Deserialize, Serialize};

use super::pair_sums::PairSums;
use super::{RowCounts, RunningSums, Statistics};
use crate::Result;
use crate::covariance::RandomBasis;
use crate::crossproduct::blocks::CrossProducts;
use crate::crossproduct::pattern::{self, LinkPattern};
use crate::design::{Dropped, Encoding, LevelRegistry, Options, StreamingModel};
use crate::rows::{Columns, ExtendedColumns, FixedBasis};
use crate::saved::{Arrays, MOST, Saved, damaged, is_choice, require, take, take_sized, whole};

#[derive(Serialize, Deserialize)]
struct Meta {
    open: StreamingModel,
    registry: LevelRegistry,
    n_obs: usize,
    n_rows_input: usize,
    dropped: Dropped,
    range: Option<(f64, f64)>,
    sum_log_weights: f64,
    /// Shift and scale of every dense column and y; none before rows were seen.
    scaling: Option<Vec<(f64, f64)>>,
    /// Columns of a fit: kept, all, log|det T|.
    fitted: Option<(Vec<usize>, usize, f64)>,
}

impl Statistics {
    /// What `from_saved` turns back into these statistics.
    pub fn saved(&self) -> Saved {
        let mut arrays = Arrays::new();
        for (g, counts) in self.counts.by_level.iter().enumerate() {
            arrays.insert(format!("counts/{g}"), counts.iter().map(|&n| n as f64).collect());
        }
        for (t, moments) in self.moments.iter().enumerate() {
            arrays.insert(format!("moments/{t}"), moments.clone());
        }
        let mut registry = self.registry.clone();
        for (g, steps) in registry.pairs.iter_mut().enumerate() {
            for (k, step) in steps.iter_mut().enumerate() {
                let pairs = std::mem::take(&mut step.pairs);
                arrays.insert(format!("pairs/{g}/{k}"), flat(&pairs));
            }
        }
        if let Some(running) = &self.running {
            running.put(&mut arrays);
        }
        let (scaling, fitted) = match self.running.as_ref().map(|s| &s.columns) {
            Some(Columns::Read(e)) => (Some(e.shift.iter().copied().zip(e.scale.iter().copied()).collect()), None),
            Some(Columns::Fitted(b)) => (None, Some((b.kept.clone(), b.n_columns, b.logdet))),
            None => (None, None),
        };
        let meta = Meta {
            open: self.open.clone(),
            registry,
            n_obs: self.counts.n_obs,
            n_rows_input: self.counts.n_rows_input,
            dropped: self.counts.dropped.clone(),
            range: self.counts.range,
            sum_log_weights: self.running.as_ref().map_or(0.0, |s| s.sums.sum_log_weights),
            scaling,
            fitted,
        };
        Saved::new(&meta, arrays)
    }

    /// # Errors
    /// `Data` where these are no saved statistics.
    pub fn from_saved(saved: Saved) -> Result<Self> {
        let (meta, mut arrays): (Meta, Arrays) = saved.open()?;
        meta.open.check()?;
        let mut registry = meta.registry;
        for (g, steps) in registry.pairs.iter_mut().enumerate() {
            for (k, step) in steps.iter_mut().enumerate() {
                step.pairs = pairs(&take(&mut arrays, &format!("pairs/{g}/{k}"))?)?;
            }
        }
        registry.check(&meta.open.encoding, &meta.open.growing)?;
        registry.index();
        let mut statistics = Self::new(meta.open, registry);
        let n_groups = statistics.open.encoding.groups.len();
        let counts = (0..n_groups).map(|g| whole(&take(&mut arrays, &format!("counts/{g}"))?, MOST));
        let counts = counts.collect::<Result<Vec<Vec<u64>>>>()?;
        let (n_obs, n_rows_input, dropped, range) = (meta.n_obs, meta.n_rows_input, meta.dropped, meta.range);
        statistics.counts = RowCounts { n_obs, n_rows_input, dropped, range, by_level: counts };
        statistics.check_counts()?;
        let random = statistics.open.encoding.random.iter().map(|term| term.layout.columns.len().pow(2));
        if arrays.contains_key("moments/0") {
            let moments = random.enumerate().map(|(t, n)| take_sized(&mut arrays, &format!("moments/{t}"), n));
            statistics.moments = moments.collect::<Result<_>>()?;
        }
        let columns = match (meta.scaling, meta.fitted) {
            (Some(scaling), _) => {
                let mut extended = ExtendedColumns::new(&statistics.open.encoding.fixed.layout);
                let is_scaling = |&(shift, scale): &(f64, f64)| shift.is_finite() && scale.is_normal();
                let fits = extended.shift.len() == scaling.len() && scaling.iter().all(is_scaling);
                require(fits, "its columns do not fit its model")?;
                (extended.shift, extended.scale) = scaling.into_iter().unzip();
                Columns::Read(extended)
            }
            (None, Some((kept, n_columns, logdet))) => {
                let (p, n) = (kept.len(), statistics.open.encoding.fixed.layout.columns.len());
                require(is_choice(&kept, n) && n_columns == n, "its columns do not fit its model")?;
                let transform = take_sized(&mut arrays, "transform", p * p)?;
                let origin = take_sized(&mut arrays, "origin", p)?;
                Columns::Fitted(FixedBasis { kept, n_columns, transform, origin, logdet })
            }
            (None, None) => return Ok(statistics),
        };
        let running = RunningSums::take(&mut arrays, columns, &statistics, meta.sum_log_weights)?;
        statistics.running = Some(running);
        Ok(statistics)
    }
}

impl RunningSums {
    pub fn put(&self, arrays: &mut Arrays) {
        let sums = &self.sums;
        arrays.insert("dense".into(), sums.dense.clone());
        arrays.insert("cells_dense".into(), sums.cells_dense.clone());
        for (k, cells) in sums.cells.iter().enumerate() {
            arrays.insert(format!("cells/{k}"), cells.clone());
        }
        for g in 0..sums.zz.len() {
            arrays.insert(format!("zz/{g}"), sums.zz[g].clone());
            arrays.insert(format!("zx/{g}"), sums.zx[g].clone());
        }
        for (k, link) in self.links.iter().enumerate() {
            arrays.insert(format!("link/{k}/pairs"), flat(&link.pairs));
            arrays.insert(format!("link/{k}/values"), link.values.clone());
        }
        for (t, basis) in self.random.iter().enumerate() {
            arrays.insert(format!("random/{t}"), basis.transform.clone());
        }
        if let Columns::Fitted(basis) = &self.columns {
            arrays.insert("transform".into(), basis.transform.clone());
            arrays.insert("origin".into(), basis.origin.clone());
        }
    }

    /// Reads what was saved.
    ///
    /// # Errors
    /// `Data` where the arrays are not those of such sums.
    pub fn take(arrays: &mut Arrays, columns: Columns, owner: &Statistics, sum_log_weights: f64) -> Result<Self> {
        let layouts = owner.open.encoding.random.iter().map(|t| t.layout.columns.len());
        let random = layouts.map(RandomBasis::identity).collect();
        check_cells(arrays, &columns)?;
        let mut running = Self::empty(columns, random, &owner.open);
        for (t, basis) in running.random.iter_mut().enumerate() {
            fill(arrays, &format!("random/{t}"), &mut basis.transform)?;
        }
        running.sums.sum_log_weights = sum_log_weights;
        fill(arrays, "dense", &mut running.sums.dense)?;
        fill(arrays, "cells_dense", &mut running.sums.cells_dense)?;
        for (k, cells) in running.sums.cells.iter_mut().enumerate() {
            fill(arrays, &format!("cells/{k}"), cells)?;
        }
        let width = running.columns.extended().width();
        for g in 0..running.widths.len() {
            let r = running.widths[g];
            let most = owner.registry.n_levels(g, &owner.open.encoding);
            running.sums.zz[g] = levels(arrays, &format!("zz/{g}"), r * r, most)?;
            running.sums.zx[g] = levels(arrays, &format!("zx/{g}"), r * width, most)?;
        }
        for (k, (i, j)) in pattern::pairs(running.widths.len()).enumerate() {
            let size = running.widths[i] * running.widths[j];
            let listed = pairs(&take(arrays, &format!("link/{k}/pairs"))?)?;
            let values = take(arrays, &format!("link/{k}/values"))?;
            let has_rows = |g: usize, level: u32| owner.counts.by_level[g].get(level as usize).is_some_and(|&n| n > 0);
            let known = listed.iter().all(|&(f, t)| has_rows(j, f) && has_rows(i, t));
            if values.len() != listed.len() * size || !known {
                return Err(damaged("sums of pairs of levels do not fit the levels"));
            }
            running.links[k] = PairSums::from_parts(size, listed, values);
        }
        Ok(running)
    }
}

fn flat(pairs: &[(u32, u32)]) -> Vec<f64> {
    pairs.iter().flat_map(|&(a, b)| [f64::from(a), f64::from(b)]).collect()
}

fn pairs(flat: &[f64]) -> Result<Vec<(u32, u32)>> {
    require(flat.len().is_multiple_of(2), "half a pair of levels")?;
    Ok(whole(flat, f64::from(u32::MAX))?.chunks_exact(2).map(|p| (p[0] as u32, p[1] as u32)).collect())
}

/// Sums over pairs of cells are as many as the file has: before memory is taken for them.
fn check_cells(arrays: &Arrays, columns: &Columns) -> Result<()> {
    let blocks = columns.extended().blocks;
    let pairs = (0..blocks.len()).flat_map(|a| (0..=a).map(move |b| (a, b)));
    let are_there = pairs.enumerate().all(|(k, (a, b))| {
        let there = arrays.get(&format!("cells/{k}")).map(Vec::len);
        there.is_some() && there == blocks[a].n_cells.checked_mul(blocks[b].n_cells)
    });
    require(are_there, "sums of cells do not fit its columns")
}

fn fill(arrays: &mut Arrays, name: &str, into: &mut [f64]) -> Result<()> {
    into.copy_from_slice(&take_sized(arrays, name, into.len())?);
    Ok(())
}

fn levels(arrays: &mut Arrays, name: &str, block: usize, most: usize) -> Result<Vec<f64>> {
    let values = take(arrays, name)?;
    if values.len() % block != 0 || values.len() / block > most {
        return Err(damaged(&format!("{name} does not fit the levels")));
    }
    Ok(values)
}

impl Statistics {
    /// Rows are counted once for every grouping factor, and at no level that is not there.
    fn check_counts(&self) -> Result<()> {
        let RowCounts { n_obs, n_rows_input, by_level, .. } = &self.counts;
        let fits = by_level
            .iter()
            .enumerate()
            .all(|(g, counts)| counts.len() <= self.registry.n_levels(g, &self.open.encoding));
        require(fits && n_obs <= n_rows_input, "more is counted than there is")
    }
}

impl Statistics {
    /// The statistics that a fit kept: its cross-products, in its own basis.  `moments` are the means of zz' of weighted
    /// rows.
    pub fn of_fit(
        encoding: Encoding,
        options: &Options,
        a: &CrossProducts,
        row_counts: RowCounts,
        moments: Vec<Vec<f64>>,
    ) -> Self {
        let (open, registry) = StreamingModel::of_encoding(encoding, options);
        let mut statistics = Self::new(open, registry);
        let mut running = RunningSums::empty(Columns::Fitted(a.fixed.clone()), a.random.clone(), &statistics.open);
        running.sums.sum_log_weights = a.sum_log_weights;
        running.sums.dense.clone_from(&a.xx);
        for factor in &a.factors {
            running.sums.zz[factor.factor].clone_from(&factor.zz);
            running.sums.zx[factor.factor].clone_from(&factor.zx);
        }
        for (i, j) in pattern::pairs(a.factors.len()) {
            let (to, from) = (a.factors[i].factor.0, a.factors[j].factor.0);
            let (hi, lo) = (to.max(from), to.min(from));
            running.links[hi * (hi - 1) / 2 + lo] =
                own_pairs(a.link(i, j), (a.factors[i].width, a.factors[j].width), to < from);
        }
        statistics.moments = moments.into_iter().map(|m| m.iter().map(|v| v * a.n_obs as f64).collect()).collect();
        statistics.counts = row_counts;
        statistics.running = Some(running);
        statistics
    }
}

/// The pairs of a link, or of its transpose.
fn own_pairs((pattern, values): (&LinkPattern, &[f64]), (ri, rj): (usize, usize), transpose: bool) -> PairSums {
    let listed = PairSums::of_link(pattern, values, ri * rj);
    if !transpose {
        return PairSums::from_parts(ri * rj, listed.pairs, listed.values);
    }
    let pairs = listed.pairs.iter().map(|&(f, t)| (t, f)).collect();
    let blocks = listed.values.chunks_exact(ri * rj);
    let values = blocks.flat_map(|block| (0..ri * rj).map(move |e| block[(e % rj) * ri + e / rj])).collect();
    PairSums::from_parts(ri * rj, pairs, values)
}
