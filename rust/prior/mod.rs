//! Priors of single parameters, of linear combinations of them, and of correlation matrices by their partial correlations.

mod combination;
mod density;
pub mod lkj;

pub use combination::{Combination, same_length};
pub use density::Prior;
