//! The posterior of the variance parameters, and draws of everything else given them.
//!
//! The coefficients and random effects of a linear model are integrated over exactly, so that a handful of parameters ψ are left;
//! those of a generalized model by Laplace's approximation, where the coefficients stay in ψ.

mod coordinates;
mod direct;
pub mod draws;
pub mod generalized;
pub mod leave_out;
pub mod linear;
mod log_posterior;
mod mode;
mod nuts;
pub mod psis;
mod random;
pub mod residuals;
pub mod sampled;
mod scale_mixture;
pub mod slots;

pub use coordinates::Coordinates;
pub use generalized::GeneralizedPosterior;
pub use linear::LinearPosterior;
pub use log_posterior::{LogPosterior, Target};
pub use slots::{Slot, SlotKind};
