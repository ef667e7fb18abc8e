//! start -> optimum -> verified -> Fit.

mod adapt;
pub mod many;
pub mod predict;
pub mod refit;
pub mod result;
pub mod save;
pub mod search;
pub mod simulate;
pub mod verdict;

pub use result::Fit;
pub use search::{Control, Optimizer, fit};
pub use verdict::{Status, Verdict};
