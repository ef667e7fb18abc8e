//! Penalized least squares: A and θ -> the blocked Cholesky factor of Λ'AΛ + I, and what follows from it.
//!
//! Leading factors keep a block-diagonal part of the factor: the one with most levels, and those in which it is
//! nested.  All others share a trailing block, the Schur complement: dense, sparse, or never formed.  Blocks below a
//! leading one are kept unscaled on their own side: P = B Λ L^-T for B the reduced block of A, so that Λ multiplies a
//! block only when its turn comes, and may be singular.

mod backward;
mod cost;
mod eliminate;
mod factor;
mod inverse;
mod inverse_entries;
mod level_inverse;
mod noise;
mod panel;
pub mod product;
mod project;
mod reduce;
mod row_index;
mod solve;
mod symbolic;
mod trailing;

pub use cost::BlockSummary;
pub use factor::CholeskyFactor;
pub use inverse::Inverse;
pub use inverse_entries::InverseEntries;
pub use panel::Panels;
pub use project::{Projected, Touched};
pub use solve::Modes;
pub use symbolic::{SymbolicFactor, TrailingGroup};
pub use trailing::TrailingKind;
