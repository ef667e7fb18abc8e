//! Linear mixed models, from columns to a verified fit.
//!
//! y | b ~ N(Xβ + Zb, σ²W⁻¹),   b = Λ(θ)u,   u ~ N(0, σ²I)
//!
//! The rooms below follow one fit in order, from data to report.

#[cfg(feature = "python")]
pub mod bindings;
pub mod covariance;
pub mod crossproduct;
pub mod design;
mod error;
pub mod fit;
pub mod linalg;
pub mod objective;
pub mod optimize;
pub mod penalized_ls;

pub use covariance::Structure;
pub use error::{Error, Result};
