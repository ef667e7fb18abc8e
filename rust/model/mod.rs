//! The criterion of a fit: its value, gradient and curvature in θ, from cross-products alone.

pub mod build;
pub mod curvature;
pub mod linear;

pub use linear::{Criterion, DataFootprint, Evaluation, Lmm, LmmEvaluator, Workspace};
