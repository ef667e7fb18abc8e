//! Minimizing a function; knows no statistics.

pub mod bobyqa;
pub mod optimizer;
pub mod trust_region;

pub use optimizer::{Objective, Outcome, Point, Settings, Stop};
