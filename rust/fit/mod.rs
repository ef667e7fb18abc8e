//! start -> optimum -> verified -> Fit.

mod adapt;
pub mod many;
pub mod parameter;
pub mod predict;
pub mod refit;
pub mod result;
pub mod save;
pub mod search;
pub mod simulate;
pub mod units;
pub mod verdict;

pub use parameter::Parameter;
pub use result::Fit;
pub use search::{Control, Optimizer, fit};
pub use verdict::{Status, Verdict};
