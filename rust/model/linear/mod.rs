//! The linear mixed model: y | b ~ N(Xβ + Zb, σ²W⁻¹), b ~ N(0, σ²ΛΛ').

mod average_information;
mod chain_slopes;
pub mod coefficient_prior;
mod evaluator;
mod exact_curvature;
pub mod exact_kind;
pub mod gradient;
mod group_slopes;
pub mod held;
pub mod identifiability;
mod lmm;
pub mod memory;
mod one_factor;
mod pattern_slopes;
pub mod pull_back;
pub mod residual;
mod saved_strata;
mod start;
pub mod strata;
mod terms;

pub use coefficient_prior::{CoefficientPrior, CombinationRows, NormalCombination};
pub use evaluator::LmmEvaluator;
pub use held::{Held, HeldParameter};
pub use lmm::{Criterion, DataFootprint, Lmm, Scale, Workspace};
pub use one_factor::OneFactor;
pub use residual::{AtResidual, level_columns};
pub use strata::Strata;
pub use terms::LinearTerms;
