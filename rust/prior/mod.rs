//! Priors of single parameters, and of correlation matrices by their partial correlations.

mod density;
pub mod lkj;

pub use density::Prior;
