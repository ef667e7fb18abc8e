//! One pass over the rows, in parts; a second one only where X is so ill-conditioned that squares lose it.

use std::sync::Arc;

use rayon::prelude::*;

use super::basis::{FixedBasis, RandomBasis};
use super::blocks::{CrossProducts, FactorBlock, LinkPattern};
use super::coded_sums::CodedSums;
use super::condition::{condition, first_basis};
use super::extended::ExtendedColumns;
use super::order::{OrderedFactor, ordered_factors};
use super::pattern::link_pattern;
use super::ranges::{self, Gathered, Ranges, wave_rows_of};
use super::sums::{ScaledBatch, Scaler, Shape, Sums};
use crate::covariance::Structure;
use crate::design::{Batch, RandomLayout, RowSource};
use crate::{Error, Result};

const BATCH_ROWS: usize = 1024;
/// Rows that one part has at least; the number of parts never depends on the number of threads.
const PART_ROWS: usize = 40_000;
const MOST_PARTS: usize = 8;
/// Memory that the copies of all parts may take, in numbers.
const PARTS_SIZE: usize = 32 << 20;
/// Above this many columns X'X alone would take gigabytes.
const MOST_COLUMNS: usize = 20_000;

/// Cross-products of all rows of `source`; `structures` says how each random term may be rescaled.
pub fn accumulate(source: &dyn RowSource, structures: &[Structure]) -> Result<CrossProducts> {
    let layout = source.fixed();
    let mut extended = ExtendedColumns::new(layout);
    if extended.width() > MOST_COLUMNS {
        return Err(Error::Design(format!(
            "the fixed part has {} columns and cells; at most {MOST_COLUMNS} can be estimated (a categorical \
             variable with very many levels belongs in a random term, (1 | variable))",
            extended.width()
        )));
    }
    let sample = sample(source)?;
    extended.set_scaling(&sample, layout.has_intercept);
    let order = ordered_factors(source, structures, &sample);
    let links = patterns(source, &order);
    let factors = order.iter().map(|f| (f.n_levels, f.width)).collect();
    let shape = Shape { extended: &extended, factors, links: &links };
    let sums = run(source, &shape, &order, |batch, w, rows| extended.dense_rows(batch, w, rows))?;
    let coding = extended.coding(layout);
    let coded = CodedSums::new(sums, &coding, &extended);
    let basis = first_basis(&extended, layout);
    let (coded, fixed) = condition(source, coded, basis, &shape, &order)?;
    Ok(assemble(source.n_rows(), source.random(), coded, fixed, order, links))
}

/// A few rows from all over the data.
pub fn sample(source: &dyn RowSource) -> Result<Vec<Batch>> {
    let n = source.n_rows();
    let (pieces, size) = if n <= 2048 { (1, n) } else { (64, 16) };
    (0..pieces)
        .map(|k| {
            let start = if pieces == 1 { 0 } else { (n - size) * k / (pieces - 1) };
            let mut batch = Batch::default();
            source.read(start..start + size, &mut batch).map(|()| batch)
        })
        .collect()
}

pub fn patterns(source: &dyn RowSource, order: &[OrderedFactor]) -> Vec<LinkPattern> {
    let factors = source.factors();
    let pairs: Vec<(usize, usize)> = (0..order.len()).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    pairs
        .par_iter()
        .map(|&(i, j)| {
            let (to, from) = (&factors[order[i].factor], &factors[order[j].factor]);
            link_pattern(from.codes(), from.n_levels(), to.codes())
        })
        .collect()
}

/// Sums over all rows, in parts; rows whose levels lie far apart are gathered first.
pub fn run(
    source: &dyn RowSource,
    shape: &Shape,
    order: &[OrderedFactor],
    fill: impl Fn(&Batch, &[f64], &mut Vec<f64>) + Sync,
) -> Result<Sums> {
    let pass = Pass { source, shape, order, fill };
    let ranges =
        order.first().and_then(|f| Ranges::worthwhile(f.n_levels, shape.size(0), source.factors()[f.factor].codes()));
    match ranges {
        Some(ranges) => pass.by_ranges(&ranges),
        None => pass.by_parts(),
    }
}

struct Pass<'a, F> {
    source: &'a dyn RowSource,
    shape: &'a Shape<'a>,
    order: &'a [OrderedFactor],
    fill: F,
}

impl<F: Fn(&Batch, &[f64], &mut Vec<f64>) + Sync> Pass<'_, F> {
    /// Parts in parallel, merged in their order.
    fn by_parts(&self) -> Result<Sums> {
        let n = self.source.n_rows();
        let parts = n_parts(n, self.shape.size(0));
        let part = |k: usize| -> Result<Sums> {
            let mut sums = Sums::new(self.shape, 0);
            let rows = n * k / parts..n * (k + 1) / parts;
            self.read(rows, &mut Reader::default(), |batch| sums.push(self.shape, batch, 0))?;
            Ok(sums)
        };
        let mut all: Vec<Sums> =
            if parts == 1 { vec![part(0)?] } else { (0..parts).into_par_iter().map(part).collect::<Result<_>>()? };
        let mut total = all.remove(0);
        all.iter().for_each(|sums| total.merge(sums));
        Ok(total)
    }

    /// Wave by wave: rows are gathered in parts, in parallel, and added range by range, in parallel.
    fn by_ranges(&self, ranges: &Ranges) -> Result<Sums> {
        let (n, wave) = (self.source.n_rows(), wave_rows_of(self.shape));
        let parts = n_parts(n.min(wave), self.shape.size(1));
        let codes = self.source.factors()[self.order[0].factor].codes();
        let mut all: Vec<(Sums, Gathered, Reader)> =
            (0..parts).map(|_| (Sums::new(self.shape, 1), Gathered::default(), Reader::default())).collect();
        let mut total = Sums::new(self.shape, 0);
        for start in (0..n).step_by(wave) {
            let size = wave.min(n - start);
            all.par_iter_mut().enumerate().try_for_each(|(k, (sums, gathered, reader))| {
                let rows = start + size * k / parts..start + size * (k + 1) / parts;
                gathered.expect(ranges, self.shape, &codes[rows.clone()]);
                self.read(rows, reader, |batch| {
                    sums.push(self.shape, batch, 1);
                    gathered.take(ranges, self.shape, batch);
                })
            })?;
            let gathered: Vec<&Gathered> = all.iter().map(|(_, gathered, _)| gathered).collect();
            ranges::add(&mut total, self.shape, ranges, &gathered);
        }
        all.iter().for_each(|(sums, ..)| total.merge(sums));
        Ok(total)
    }

    /// Reads rows batch by batch, scaled and weighted.
    fn read(
        &self,
        rows: std::ops::Range<usize>,
        reader: &mut Reader,
        mut push: impl FnMut(&ScaledBatch),
    ) -> Result<()> {
        let factors = self.source.factors();
        for start in rows.clone().step_by(BATCH_ROWS) {
            self.source.read(start..rows.end.min(start + BATCH_ROWS), &mut reader.batch)?;
            push(&reader.scaler.scale(&reader.batch, start, self.shape.extended, self.order, factors, &self.fill));
        }
        Ok(())
    }
}

/// A batch and what scales it, reused.
#[derive(Default)]
struct Reader {
    batch: Batch,
    scaler: Scaler,
}

/// Sums of a part cost as much as its rows where it has many levels.
pub fn n_parts(n: usize, size: usize) -> usize {
    let size = size.max(1);
    (n / PART_ROWS).min(PARTS_SIZE / size).min((4 * n / size).max(2)).clamp(1, MOST_PARTS)
}

pub fn assemble(
    n_obs: usize,
    terms: &[RandomLayout],
    coded: CodedSums,
    fixed: FixedBasis,
    order: Vec<OrderedFactor>,
    patterns: Vec<LinkPattern>,
) -> CrossProducts {
    let mut random: Vec<RandomBasis> = terms.iter().map(|t| RandomBasis::identity(t.columns.len())).collect();
    for (term, basis) in order.iter().flat_map(|f| &f.terms) {
        random[*term] = basis.clone();
    }
    let mut blocks = coded.zz.into_iter().zip(coded.zx);
    let factors = order
        .iter()
        .map(|f| {
            let (zz, zx) = blocks.next().expect("a block per factor");
            FactorBlock { factor: f.factor, n_levels: f.n_levels, width: f.width, zz, zx }
        })
        .collect();
    CrossProducts {
        n_obs,
        sum_log_weights: coded.sum_log_weights,
        factors,
        patterns: Arc::new(triangle(patterns, order.len())),
        links: triangle(coded.links, order.len()),
        xx: coded.xx,
        fixed,
        random,
    }
}

/// (1, 0), (2, 0), (2, 1), ... by rows.
fn triangle<T>(values: Vec<T>, n: usize) -> Vec<Vec<T>> {
    let mut values = values.into_iter();
    (0..n).map(|i| values.by_ref().take(i).collect()).collect()
}
