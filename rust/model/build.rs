//! How a model is made: of rows, or of statistics of them.

use super::linear::identifiability;
use super::{Criterion, DataFootprint, Lmm};
use crate::crossproduct::{CrossProducts, FinishedStatistics, accumulate, summing_bytes};
use crate::design::{RandomLayout, Rows};
use crate::{Error, Result};

/// The model of the rows of a design.
///
/// # Errors
/// `Design` for a model that the rows cannot identify; those of reading.
pub fn of_rows(rows: &Rows, criterion: Criterion) -> Result<Lmm> {
    let sizes: Vec<(&str, usize)> = rows.factors.iter().map(|f| (f.name.as_str(), f.n_levels())).collect();
    identifiability::check(rows.n_rows(), &rows.random, &sizes)?;
    let (_, a) = accumulate(rows)?;
    let (kept, passing) = summing_bytes(rows, &a);
    of_products(a, &rows.random, criterion, DataFootprint { kept, passing })
}

/// The model of the cross-products of statistics.
///
/// # Errors
/// `Design` for a model that the rows cannot identify.
pub fn of_statistics(statistics: &FinishedStatistics, a: CrossProducts, criterion: Criterion) -> Result<Lmm> {
    let layouts: Vec<RandomLayout> = statistics.encoding.random.iter().map(|t| t.layout.clone()).collect();
    let groups = statistics.encoding.groups.iter().zip(&statistics.counts.by_level);
    let sizes: Vec<(&str, usize)> = groups.map(|(g, n)| (g.name.as_str(), n.len())).collect();
    identifiability::check(statistics.counts.n_obs, &layouts, &sizes)?;
    let passing = statistics.reading_bytes.saturating_sub(a.n_bytes());
    of_products(a, &layouts, criterion, DataFootprint { kept: statistics.encoding.n_bytes(), passing })
}

fn of_products(a: CrossProducts, terms: &[RandomLayout], criterion: Criterion, origin: DataFootprint) -> Result<Lmm> {
    if a.n_fixed() >= a.n_obs {
        return Err(Error::Design(format!(
            "the fixed part has {} coefficients for {} rows; there must be fewer",
            a.n_fixed(),
            a.n_obs
        )));
    }
    let terms: Vec<_> = terms.iter().map(RandomLayout::spec).collect();
    Ok(Lmm { origin, ..Lmm::new(a, &terms, criterion) })
}
