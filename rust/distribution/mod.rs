//! Tails and quantiles of the distributions that tests refer to.

mod beta;
mod student;

pub use beta::incomplete_beta;
pub use student::{two_sided_p, two_sided_quantile};
