//! Models that no data of this shape can identify are refused before they are fitted.

use crate::covariance::Structure;
use crate::design::RowSource;
use crate::{Error, Result};

/// Checks every random term against the number of rows.
///
/// # Errors
/// `Design`, naming the term and the reason.
pub fn check(source: &dyn RowSource) -> Result<()> {
    let n = source.n_rows();
    if source.random().is_empty() {
        return Err(Error::Design("the model has no random term".into()));
    }
    for term in source.random() {
        let factor = &source.factors()[term.factor];
        let (levels, width) = (factor.n_levels(), term.columns.len());
        if width == 0 {
            return Err(Error::Design(format!("the random term {} has no columns", term.name)));
        }
        if levels >= n {
            return Err(Error::Design(format!(
                "grouping factor '{}' has {levels} levels in {n} rows, one row a level: the variance of {} cannot be \
                 told from the residual variance; group by a coarser column",
                factor.name, term.name
            )));
        }
        if levels * width >= n && saturates(Structure::parse(&term.structure)?) {
            return Err(Error::Design(format!(
                "the random term {} has {} random effects ({levels} levels of '{}' x {width} columns) for {n} rows: \
                 they cannot be told from the residuals; use fewer columns, such as (1 | {})",
                term.name,
                levels * width,
                factor.name,
                factor.name
            )));
        }
    }
    Ok(())
}

/// With a random effect for every row, the covariance can take up the residual variance.
fn saturates(structure: Structure) -> bool {
    matches!(structure, Structure::Unstructured | Structure::Diagonal | Structure::HomogeneousCompoundSymmetry)
}
