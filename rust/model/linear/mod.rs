//! The linear mixed model, σ profiled out.

mod average_information;
mod evaluator;
pub mod exact_kind;
pub mod gradient;
pub mod identifiability;
mod lmm;
pub mod memory;
mod profiled_deviance;
pub mod start;

pub use evaluator::LmmEvaluator;
pub use lmm::{Criterion, DataFootprint, Lmm, Workspace};
pub use profiled_deviance::Evaluation;
