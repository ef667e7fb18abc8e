//! θ -> the relative covariance factor Λ of a random term, and what users read of θ; one file per structure.

pub mod angle;
pub mod ar1;
pub mod by_distance;
mod cholesky;
pub mod compound_symmetry;
pub mod decay;
pub mod diagonal;
mod places;
pub mod random_basis;
pub mod reduced_rank;
pub mod roles;
mod shape;
pub mod structure;
pub mod theta_map;
pub mod toeplitz;
pub mod unstructured;

pub use decay::Decay;
pub use places::Places;
pub use random_basis::RandomBasis;
pub use roles::{Coordinate, Reported, Role};
pub use shape::Shape;
pub use structure::{CovarianceStructure, Invariance, LinearDirection, square, square_slope};
pub use theta_map::{TermCovariance, TermSpec, ThetaMap};

use crate::linalg::dual::Real;

/// Writes the enum of all structures, whose methods are those of the structures' own types.
macro_rules! structures {
    ($($module:ident::$name:ident),* $(,)?) => {
        /// The covariance of the r random effects of one level.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub enum Structure { $($name),* }

        /// Those of [`CovarianceStructure`].
        impl Structure {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $module::$name::NAME),* }
            }

            pub fn invariance(self) -> Invariance {
                match self { $(Self::$name => $module::$name::INVARIANCE),* }
            }

            pub fn is_ordered(self) -> bool {
                match self { $(Self::$name => $module::$name::ORDERED),* }
            }

            pub fn decay(self) -> Option<Decay> {
                match self { $(Self::$name => $module::$name::DECAY),* }
            }

            pub fn is_linear(self) -> bool {
                match self { $(Self::$name => $module::$name::IS_LINEAR),* }
            }

            pub fn saturates(self) -> bool {
                match self { $(Self::$name => $module::$name::SATURATES),* }
            }

            pub fn contains(self) -> &'static [&'static str] {
                match self { $(Self::$name => $module::$name::CONTAINS),* }
            }

            pub fn roles(self, shape: &Shape) -> Vec<Role> {
                match self { $(Self::$name => $module::$name.roles(shape)),* }
            }

            /// What users read of a term: standard deviations, then correlations and ranges.
            pub fn reported(self, shape: &Shape) -> Vec<Reported> {
                match self { $(Self::$name => $module::$name.reported(shape)),* }
            }

            pub fn factor<T: Real>(self, theta: &[T], size: (&Shape, usize), lambda: &mut [T]) {
                match self { $(Self::$name => $module::$name.factor(theta, size, lambda)),* }
            }

            pub fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
                match self { $(Self::$name => $module::$name.linear_directions(sigma, r)),* }
            }

            pub fn to_user(self, theta: &[f64], of: (&Shape, &RandomBasis)) -> Vec<f64> {
                match self { $(Self::$name => $module::$name.to_user(theta, of)),* }
            }

            pub fn to_working(self, user: &[f64], of: (&Shape, &RandomBasis)) -> Vec<f64> {
                match self { $(Self::$name => $module::$name.to_working(user, of)),* }
            }
        }
    };
}

structures! {
    unstructured::Unstructured,
    diagonal::Diagonal,
    compound_symmetry::CompoundSymmetry,
    compound_symmetry::HomogeneousCompoundSymmetry,
    ar1::Ar1,
    ar1::HeterogeneousAr1,
    toeplitz::Toeplitz,
    by_distance::OrnsteinUhlenbeck,
    by_distance::Exponential,
    by_distance::Gaussian,
    by_distance::Matern,
    by_distance::RoughMatern,
    by_distance::SmoothMatern,
    reduced_rank::ReducedRank,
}
