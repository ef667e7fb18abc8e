//! From rows to their cross-products.

use super::blocks::CrossProducts;
use super::conditioning::condition;
use super::fill::FillScratch;
use super::plan::Plan;
use crate::Result;
use crate::design::Rows;

/// The plan of all rows of a source, by which they can be summed again, and their cross-products.
///
/// # Errors
/// `Design` for too many columns; those of reading rows.
pub fn accumulate(source: &Rows) -> Result<(Plan, CrossProducts)> {
    let (mut plan, mut scratch) = (Plan::new(source)?, FillScratch::default());
    let fixed = condition(&mut plan, source, &mut scratch)?;
    scratch.parts.clear(); // their memory is for the blocks now
    let mut a = plan.unfilled(source.n_rows(), fixed);
    scratch.write(&plan, &mut a);
    Ok((plan, a))
}
