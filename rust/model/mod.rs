//! The criterion of a fit: its value, gradient and curvature in θ, from cross-products alone.

pub mod build;
pub mod curvature;
pub mod linear;
pub mod parameters;

pub use linear::{Criterion, DataFootprint, Evaluation, Lmm, LmmEvaluator, Workspace};
pub use parameters::{Parameter, Parameters};
