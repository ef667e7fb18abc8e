//! New data from a fit, and the fits to them: simulation and the bootstrap.  Every replicate has a random stream of its
//! own and starts from the fit, so that results do not depend on threads.

mod arrays;
mod bootstrap;
mod cases;
pub mod generalized;
pub mod likelihood_ratio;
pub mod null_model;
mod reflated;
mod sampling_units;

pub use bootstrap::{BootstrapKind, BootstrapRequest, bootstrap, jackknife};
