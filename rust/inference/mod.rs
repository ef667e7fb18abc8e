//! What follows from an optimum: how variances and covariances of estimates depend on the variance parameters.

pub mod cluster_adjustment;
mod cluster_rows;
pub mod coefficient_tests;
pub mod components;
pub mod fixed_scores;
pub mod forecast_slopes;
mod free_covariance;
pub mod generalized_profile;
pub mod generalized_scores;
pub mod kenward_roger;
pub mod linear_covariance;
pub mod mode_slopes;
pub mod prediction_slopes;
pub mod profile;
pub mod residual_parameters;
pub mod residual_slopes;
pub mod robust;
mod row_covariance;
pub mod row_scores;
pub mod satterthwaite;
mod variance_sums;
