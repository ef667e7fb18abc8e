//! What single rows and groups of rows do to a fit: leverage, deletion, and what the checks of a fit are made of.

pub mod added;
pub mod deletion;
pub mod directions;
pub mod from_sums;
pub mod generalized;
pub mod group_regressions;
pub mod leverage;
pub mod of_residuals;
mod one_step;
pub mod point;
pub mod row_set;
pub mod serial;
mod stencil;
mod step;

pub use deletion::{Deleted, DeletionMethod, DeletionRequest};
pub use leverage::{Leverage, leverage};
pub use one_step::influence;
