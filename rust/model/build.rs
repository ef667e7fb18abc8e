//! How a model is made: of rows, or of statistics of them.

use super::linear::identifiability;
use super::{Criterion, DataFootprint, Lmm, Scale, Strata};
use crate::crossproduct::{CrossProducts, FinishedStatistics, accumulate, n_parts, summing_bytes};
use crate::design::{RandomLayout, Rows};
use crate::penalized_ls::TrailingKind;
use crate::residual::{Residual, ResidualInput};
use crate::{Error, Result};

/// The model of the rows of a design.
///
/// # Errors
/// `Design` for a model that the rows cannot identify; those of reading.
pub fn of_rows(rows: &Rows, criterion: Criterion, scale: Scale) -> Result<Lmm> {
    let sizes: Vec<(&str, usize)> = rows.factors.iter().map(|f| (f.name.as_str(), f.n_levels())).collect();
    identifiability::check(rows.n_rows(), &rows.random, &sizes, scale)?;
    let (_, a) = accumulate(rows)?;
    let (kept, passing) = summing_bytes(rows, &a);
    Ok(of_products(a, &rows.random, criterion, DataFootprint { kept, passing })?.with_scale(scale))
}

/// The model of the rows of a design whose residuals have a covariance of their own; it may have no random terms.
///
/// # Errors
/// `Design` and `Data` for a model that the rows cannot identify; those of reading.
pub fn of_rows_with_residual(rows: &Rows, input: &ResidualInput, criterion: Criterion, scale: Scale) -> Result<Lmm> {
    let sizes: Vec<(&str, usize)> = rows.factors.iter().map(|f| (f.name.as_str(), f.n_levels())).collect();
    if !rows.random.is_empty() {
        identifiability::check(rows.n_rows(), &rows.random, &sizes, scale)?;
    }
    let (_, mut a) = accumulate(rows)?;
    let (kept, passing) = summing_bytes(rows, &a);
    let stored = a.stored_rows(rows)?;
    let size = a.factors.iter().map(|f| f.zz.len() + f.zx.len()).sum::<usize>() + a.xx.len();
    let residual = Residual::new(input, &stored, criterion == Criterion::Reml, n_parts(rows.n_rows(), size))?;
    if residual.spreads.contains(&true) {
        a.connect(&residual.levels());
    }
    let model = exact(of_products(a, &rows.random, criterion, DataFootprint { kept, passing })?)?;
    model.with_scale(scale).with_residual(residual)
}

/// The model of statistics of strata, in each of which residuals have one variance: `input` has a row of each.
///
/// # Errors
/// `Design` for a model that the rows cannot identify.
pub fn of_strata(
    statistics: &FinishedStatistics,
    (a, parts): (CrossProducts, Vec<CrossProducts>),
    input: &ResidualInput,
    criterion: Criterion,
    scale: Scale,
) -> Result<Lmm> {
    if !statistics.encoding.random.is_empty() {
        check_statistics(statistics, scale)?;
    }
    let strata = Strata { parts };
    let sums: Vec<(&[f64], usize)> = strata.parts.iter().map(|part| (part.xx.as_slice(), part.n_obs)).collect();
    let restricted = criterion == Criterion::Reml;
    let residual = Residual::of_strata(input, &strata.log_sd(&a), &sums, a.n_fixed(), restricted)?;
    exact(of_statistics(statistics, a, criterion)?)?.with_scale(scale).with_strata(residual, strata)
}

/// The model with a trailing block that is factored exactly.
///
/// # Errors
/// `Design` where memory holds no such block.
pub fn exact(model: Lmm) -> Result<Lmm> {
    if model.symbolic.kind() != TrailingKind::Iterative {
        return Ok(model);
    }
    match model.symbolic.exact_kind() {
        Some(kind) => Ok(model.with_trailing(kind)),
        None => Err(Error::Design(
            "the crossed grouping factors have too many levels for residuals with parameters: memory holds no exact factor"
                .into(),
        )),
    }
}

/// The model of the cross-products of statistics.
///
/// # Errors
/// `Design` for as many coefficients as rows.
pub fn of_statistics(statistics: &FinishedStatistics, a: CrossProducts, criterion: Criterion) -> Result<Lmm> {
    let layouts = layouts(statistics);
    let passing = statistics.reading_bytes.saturating_sub(a.n_bytes());
    of_products(a, &layouts, criterion, DataFootprint { kept: statistics.encoding.n_bytes(), passing })
}

/// # Errors
/// `Design` for a model that the rows of statistics cannot identify.
pub fn check_statistics(statistics: &FinishedStatistics, scale: Scale) -> Result<()> {
    let groups = statistics.encoding.groups.iter().zip(&statistics.counts.by_level);
    let sizes: Vec<(&str, usize)> = groups.map(|(g, n)| (g.name.as_str(), n.len())).collect();
    identifiability::check(statistics.counts.n_obs, &layouts(statistics), &sizes, scale)
}

fn layouts(statistics: &FinishedStatistics) -> Vec<RandomLayout> {
    statistics.encoding.random.iter().map(|t| t.layout.clone()).collect()
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
