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
mod kernel;
mod lanes;
mod link;
mod negative_binomial;
mod ordered_beta;
mod ordinal;
mod ordinal_logit;
mod poisson;
mod positive;
mod student;
mod tweedie;
#[cfg(test)]
mod whole_domain;
mod with_zeros;
mod zero;

pub use choice::{Family, FamilySpec, Zero};
pub use density::{Course, Density, Observation, Predictor, Way};
pub use kernel::{Kernel, RowDerivatives};
pub use link::Link;
pub use ordinal::Thresholds;
pub use student::median_and_spread;
