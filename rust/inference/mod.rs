//! What follows from an optimum: how variances and covariances of estimates depend on the variance parameters.

pub mod cluster_adjustment;
pub mod coefficient_tests;
pub mod components;
pub mod fixed_scores;
pub mod generalized_profile;
pub mod generalized_scores;
pub mod kenward_roger;
pub mod linear_covariance;
pub mod mode_slopes;
pub mod prediction_slopes;
pub mod profile;
pub mod robust;
pub mod row_scores;
pub mod satterthwaite;
mod variance_sums;
