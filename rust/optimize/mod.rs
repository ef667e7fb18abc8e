//! Minimizing a function; knows no statistics.

pub mod bobyqa;
mod multipliers;
pub mod optimizer;
pub mod trust_region;

pub use multipliers::Multipliers;
pub use optimizer::{Objective, Outcome, Point, Settings, Stop};
