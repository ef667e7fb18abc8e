//! θ -> the relative covariance factor Λ of a random term, and its derivative; one file per structure.

pub mod ar1;
pub mod compound_symmetry;
pub mod diagonal;
pub mod random_basis;
pub mod structure;
mod theta_map;
pub mod toeplitz;
pub mod unstructured;

pub use random_basis::RandomBasis;
pub use structure::Structure;
pub use theta_map::{TermCovariance, ThetaMap};
