//! Models that no data of this shape can identify are refused before they are fitted.

use super::lmm::Scale;
use crate::design::RandomLayout;
use crate::{Error, Result};

/// Checks every random term against the number of rows; of grouping factors it needs name and levels.  A random effect for every
/// row can be told from residuals whose variance is known.
///
/// # Errors
/// `Design`, naming the term and the reason.
pub fn check(n: usize, random: &[RandomLayout], factors: &[(&str, usize)], scale: Scale) -> Result<()> {
    if random.is_empty() {
        return Err(Error::Design("the model has no random term".into()));
    }
    for term in random {
        let ((name, levels), width) = (factors[term.factor], term.columns.len());
        if width == 0 {
            return Err(Error::Design(format!("the random term {} has no columns", term.name)));
        }
        if is_known(scale) {
            continue;
        }
        if levels >= n {
            return Err(Error::Design(format!(
                "grouping factor '{name}' has {levels} levels in {n} rows, one row a level: the variance of {} cannot be \
                 told from the residual variance; group by a coarser column, or give residual variances that are known, by \
                 sigma=1 and weights of 1 / variance",
                term.name
            )));
        }
        if levels * width >= n && term.structure.saturates() {
            return Err(Error::Design(format!(
                "the random term {} has {} random effects ({levels} levels of '{name}' x {width} columns) for {n} rows: \
                 they cannot be told from the residuals; use fewer columns, such as (1 | {name})",
                term.name,
                levels * width
            )));
        }
    }
    Ok(())
}

fn is_known(scale: Scale) -> bool {
    matches!(scale, Scale::Known(_))
}
