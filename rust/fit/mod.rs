//! start -> optimum -> verified -> Fit.

mod adapt;
pub mod boundary;
mod flat;
pub mod forecast;
mod generalized;
mod held;
mod linear;
mod lines;
pub mod many;
pub mod new_noise;
mod null_directions;
pub mod predict;
mod quadrature_check;
pub mod refit;
pub mod result;
pub mod save;
pub mod search;
pub mod simulate;
mod starts;
mod vanishing;
pub mod verdict;

pub use generalized::{GlmmFit, LaplaceError, Moved, fit_generalized, side_by_side};
pub use linear::fit;
pub use result::Fit;
pub use search::{Control, Optimizer};
pub use verdict::{Status, Verdict};
