//! start -> optimum -> verified -> Fit.

mod adapt;
mod exact;
pub mod identifiability;
pub mod lmm;
pub mod many;
pub mod memory;
pub mod objective;
pub mod parameter;
pub mod prediction;
pub mod response;
pub mod result;
mod start;
pub mod state;
pub mod units;
pub mod verdict;

pub use lmm::{Control, Method, fit};
pub use parameter::Parameter;
pub use result::Fit;
pub use verdict::{Status, Verdict};
