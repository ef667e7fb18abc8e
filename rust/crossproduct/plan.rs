//! What is summed, and where it goes: made once, from the levels of all rows and the values of a few.

use std::sync::Arc;

use rayon::prelude::*;

use super::blocks::{CrossProducts, FactorBlock, LinkPattern};
use super::coding::Coding;
use super::conditioning::{condition, first_basis};
use super::fill::sums_of;
use super::pattern::link_pattern;
use super::sums::{Shape, Sums};
use crate::covariance::RandomBasis;
use crate::design::{Batch, RandomLayout, RowSource};
use crate::rows::{Columns, ExtendedColumns, FixedBasis, OrderedFactor, WorkingBasis, WorkingRows, ordered_factors};
use crate::{Error, Result};

/// Above this many columns X'X alone would take gigabytes.
const MOST_COLUMNS: usize = 20_000;

/// The columns that are summed, the places of the sums, and how they become cross-products.
#[derive(Debug, Clone)]
pub struct Plan {
    pub basis: WorkingBasis,
    pub shape: Shape,
    pub coding: Coding,
}

impl Plan {
    /// # Errors
    /// `Design` for too many columns; those of reading rows.
    fn new(source: &dyn RowSource) -> Result<Self> {
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
        let factors = ordered_factors(source, &sample);
        let shape = Shape::new(extended.clone(), &factors, patterns(source, &factors));
        let columns = Columns::Read(extended);
        Ok(Self { coding: Coding::new(&columns, layout), basis: WorkingBasis { columns, factors }, shape })
    }

    /// Sums the columns of X in a basis from now on.
    pub fn sum_dense(&mut self, basis: FixedBasis, source: &dyn RowSource) {
        self.basis.columns = Columns::Fitted(basis);
        self.shape.extended = self.basis.columns.extended();
        self.coding = Coding::new(&self.basis.columns, source.fixed());
    }

    /// One pass over the rows.
    pub fn sums(&self, source: &dyn RowSource) -> Result<Sums> {
        sums_of(&WorkingRows::new(source, &self.basis), &self.shape)
    }
}

/// The plan of all rows of a source, and their cross-products.
///
/// # Errors
/// `Design` for too many columns; those of reading rows.
pub fn plan(source: &dyn RowSource) -> Result<(Plan, CrossProducts)> {
    let mut plan = Plan::new(source)?;
    let first = first_basis(&plan.shape.extended, source.fixed());
    let sums = plan.sums(source)?;
    let (sums, xx, fixed) = condition(&mut plan, source, sums, first)?;
    let a = assemble(source.n_rows(), source.random(), (sums, &xx), &plan, fixed);
    Ok((plan, a))
}

/// Cross-products of all rows of a source.
///
/// # Errors
/// Those of `plan`.
pub fn accumulate(source: &dyn RowSource) -> Result<CrossProducts> {
    Ok(plan(source)?.1)
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

/// The pairs of levels that occur: `[i][j]`, j < i, of the factors in their order.
pub fn patterns(source: &dyn RowSource, order: &[OrderedFactor]) -> Vec<Vec<LinkPattern>> {
    let factors = source.factors();
    let pairs: Vec<(usize, usize)> = (0..order.len()).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let patterns = pairs.par_iter().map(|&(i, j)| {
        let (to, from) = (&factors[order[i].factor], &factors[order[j].factor]);
        link_pattern(from.codes(), from.n_levels(), to.codes())
    });
    triangle(patterns.collect(), order.len())
}

/// (1, 0), (2, 0), (2, 1), ... by rows.
fn triangle<T>(values: Vec<T>, n: usize) -> Vec<Vec<T>> {
    let mut values = values.into_iter();
    (0..n).map(|i| values.by_ref().take(i).collect()).collect()
}

/// Cross-products from sums, whose blocks are moved, and from the squares of all columns.
pub fn assemble(
    n_obs: usize,
    terms: &[RandomLayout],
    (sums, xx): (Sums, &[f64]),
    plan: &Plan,
    fixed: FixedBasis,
) -> CrossProducts {
    let (coding, order) = (&plan.coding, &plan.basis.factors);
    let mut random: Vec<RandomBasis> = terms.iter().map(|t| RandomBasis::identity(t.columns.len())).collect();
    for (term, basis) in order.iter().flat_map(|f| &f.terms) {
        random[*term] = basis.clone();
    }
    let (width, stride) = (plan.shape.extended.width(), coding.width());
    let factors = order.iter().zip(sums.zz).zip(sums.zx).map(|((f, zz), rows)| {
        let mut zx = vec![0.0; f.n_levels * f.width * stride];
        coding.rows(&rows, width, &mut zx);
        FactorBlock { factor: f.factor, n_levels: f.n_levels, width: f.width, zz, zx }
    });
    let factors = factors.collect();
    let mut squares = vec![0.0; stride * stride];
    coding.select(xx, &mut squares);
    CrossProducts {
        n_obs,
        sum_log_weights: sums.sum_log_weights,
        factors,
        patterns: Arc::clone(&plan.shape.patterns),
        links: triangle(sums.links, order.len()),
        xx: squares,
        fixed,
        random,
    }
}
