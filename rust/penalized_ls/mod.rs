//! Penalized least squares: A and θ -> the blocked Cholesky factor of Λ'AΛ + I, and what follows from it.
//!
//! Leading factors keep a block-diagonal part of the factor: the one with most levels, and those in which it is
//! nested.  All others share a trailing block, the Schur complement: dense, sparse, or never formed.  Blocks below a
//! leading one are kept unscaled on their own side: P = B Λ L^-T for B the reduced block of A, so that Λ multiplies a
//! block only when its turn comes, and may be singular.

mod backward;
mod blocks;
mod choice;
mod eliminate;
mod factor;
mod few_levels;
mod forward_sparse;
mod inverse;
pub mod iterative;
mod level_inverse;
mod memory;
mod panel;
pub mod product;
mod reduce;
mod solve;
mod sparse;
mod system;
mod trailing;
mod trailing_inverse;

pub use blocks::BlockSummary;
pub use factor::CholeskyFactor;
pub use few_levels::{Projected, Touched};
pub use inverse::Inverse;
pub use solve::Modes;
pub use system::{System, TrailingFactor, TrailingKind};
