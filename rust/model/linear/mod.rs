//! The linear mixed model: y | b ~ N(Xβ + Zb, σ²W⁻¹), b ~ N(0, σ²ΛΛ').

mod average_information;
mod evaluator;
pub mod exact_kind;
pub mod gradient;
pub mod identifiability;
mod lmm;
pub mod memory;
mod start;
mod terms;

pub use evaluator::LmmEvaluator;
pub use lmm::{Criterion, DataFootprint, Lmm, Scale, Workspace};
pub use terms::LinearTerms;
