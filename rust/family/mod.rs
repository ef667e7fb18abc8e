//! Families of distributions: densities written once, for plain numbers and for numbers with derivatives.
//!
//! A density has one or more linear predictors: that of its mean, the logarithm of its dispersion, the logit of a zero
//! part, and shape parameters.  Families know neither rows of a design nor what the predictors are made of.

mod beta;
mod binomial;
mod choice;
mod density;
mod functions;
mod gaussian;
mod generalized_poisson;
mod link;
mod negative_binomial;
mod ordered_beta;
mod ordinal;
mod poisson;
mod positive;
mod student;
mod tweedie;
mod with_zeros;
mod zero;

pub use choice::{Family, FamilySpec, Zero};
pub use density::{Course, Density, Kernel, Observation, Predictor, RowDerivatives, Way};
pub use link::Link;
pub use ordinal::Thresholds;
pub use student::median_and_spread;
