//! One pass over the rows, in parts; a second one only where X is so ill-conditioned that squares lose it.

use rayon::prelude::*;

use super::basis::{FixedBasis, RandomBasis};
use super::blocks::{CrossProducts, FactorBlock, Link};
use super::buckets::Buckets;
use super::coded::Coded;
use super::condition::{condition, first_basis};
use super::extended::Extended;
use super::order::{OrderedFactor, ordered_factors};
use super::pattern::link_pattern;
use super::sums::{Scaler, Shape, Sums};
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
    let mut extended = Extended::new(layout);
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
    let coded = Coded::new(sums, &coding, &extended);
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

pub fn patterns(source: &dyn RowSource, order: &[OrderedFactor]) -> Vec<Link> {
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

/// Sums over all rows: parts in parallel, merged in their order.
pub fn run(
    source: &dyn RowSource,
    shape: &Shape,
    order: &[OrderedFactor],
    fill: impl Fn(&Batch, &[f64], &mut Vec<f64>) + Sync,
) -> Result<Sums> {
    let n = source.n_rows();
    let parts = n_parts(n, shape.size());
    let part = |k: usize| -> Result<Sums> {
        let (mut sums, mut batch, mut scaler) = (Sums::new(shape), Batch::default(), Scaler::default());
        let (mut row, end) = (n * k / parts, n * (k + 1) / parts);
        let codes = order.first().map_or(&[][..], |f| &source.factors()[f.factor].codes()[row..end]);
        let mut buckets = Buckets::worthwhile(shape, codes);
        while row < end {
            let next = end.min(row + BATCH_ROWS);
            source.read(row..next, &mut batch)?;
            let scaled = scaler.scale(&batch, row, shape.extended, order, source.factors(), &fill);
            match &mut buckets {
                Some(buckets) => buckets.push(&mut sums, shape, &scaled),
                None => sums.push(shape, &scaled),
            }
            row = next;
        }
        if let Some(buckets) = buckets {
            buckets.finish(&mut sums, shape);
        }
        Ok(sums)
    };
    let mut all: Vec<Sums> =
        if parts == 1 { vec![part(0)?] } else { (0..parts).into_par_iter().map(part).collect::<Result<_>>()? };
    let mut total = all.remove(0);
    all.iter().for_each(|sums| total.merge(sums));
    Ok(total)
}

/// Sums of a part cost as much as its rows where it has many levels.
pub fn n_parts(n: usize, size: usize) -> usize {
    let size = size.max(1);
    (n / PART_ROWS).min(PARTS_SIZE / size).min((4 * n / size).max(2)).clamp(1, MOST_PARTS)
}

pub fn assemble(
    n_obs: usize,
    terms: &[RandomLayout],
    coded: Coded,
    fixed: FixedBasis,
    order: Vec<OrderedFactor>,
    patterns: Vec<Link>,
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
    let mut filled = patterns.into_iter().zip(coded.links).map(|(link, values)| Link { values, ..link });
    let links = (0..order.len()).map(|i| filled.by_ref().take(i).collect()).collect();
    CrossProducts { n_obs, sum_log_weights: coded.sum_log_weights, factors, links, xx: coded.xx, fixed, random }
}
