//! Generalized estimating equations (Liang and Zeger 1986): coefficients of the mean, with a working correlation of the rows of
//! a group that need not be right, and covariances of them that do not rest on it.
//!
//! Σ D'V⁻¹(y - μ) = 0 over the groups, V = φ A^½ W^-½ R(α) W^-½ A^½: slopes D of the means, variance function A, weights W.

mod clusters;
mod correlation;
mod equations;
mod mean;
mod model;
mod moments;
mod sandwich;
mod solve;

pub use correlation::WorkingCorrelation;
pub use model::{Equations, Waves};
pub use sandwich::{Kind, covariance, criterion, deletions};
pub use solve::{Settings, Solution, solve};
