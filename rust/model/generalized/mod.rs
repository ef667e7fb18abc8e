//! The generalized linear mixed model, by Laplace's approximation.
//!
//! η_a = X_a β + Z_a Λ(θ) u + o_a,   u ~ N(0, I),   h(u) = Σ w ℓ(y; η) + u'u/2,   ℓ = -log density
//!
//! F = 2 h(û) + log|M|,   M = I + Λ'Z'DZΛ,   D = ∂²ℓ/∂η∂η' at the mode û

mod build;
mod curvature;
mod definite;
mod drawn_rows;
mod evaluator;
mod expansion;
mod expected;
mod gradient;
mod integrated;
mod leverage;
mod mode;
mod model;
mod nested_quadrature;
mod nodes;
mod ordered;
mod prior;
mod quadrature;
mod separation;
mod start;
mod unit;

pub use build::{PartSource, Responses, glmm};
pub use drawn_rows::DrawnRows;
pub use evaluator::GlmmEvaluator;
pub use expansion::laplace_error;
pub use integrated::Integrated;
pub use mode::{Point, scaled};
pub use model::{Approximation, Glmm, PartCoefficients, PartName, product};
pub use nodes::{MOST_NODES, Nodes};
pub use prior::NormalPrior;
pub use separation::Separation;
