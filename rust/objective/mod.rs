//! The criterion of a fit: its value, gradient and curvature in θ, from cross-products alone.

pub mod average_information;
pub mod gradient;
pub mod problem;
pub mod profiled_deviance;

pub use problem::{Criterion, Origin, Problem, Workspace};
pub use profiled_deviance::Evaluation;
