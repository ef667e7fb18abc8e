//! `ou()`, `exp()`, `gau()` and `mat()`: correlations of columns that lie at places fall with the distance; one variance.
//!
//! θ = (sd, φ).  The exponential correlation at the smallest distance d is ρ = sin²(φ/2 + π/4), which makes the range,
//! d / -log ρ: zero and infinity are at the ends of φ's, where the criterion is smooth.

use super::cholesky::correlation_factor;
use super::compound_symmetry::homogeneous_roles;
use super::decay::{Decay, steepness};
use super::roles::Role;
use super::structure::scale_rows;
use super::{CovarianceStructure, Invariance, LinearDirection, Shape};
use crate::linalg::dual::Real;

/// Read as a rate, 1 / range.
#[derive(Debug, Clone, Copy)]
pub struct OrnsteinUhlenbeck;

#[derive(Debug, Clone, Copy)]
pub struct Exponential;

#[derive(Debug, Clone, Copy)]
pub struct Gaussian;

/// Matérn's of smoothness 3/2.
#[derive(Debug, Clone, Copy)]
pub struct Matern;

/// Matérn's of smoothness 1/2, the exponential one.
#[derive(Debug, Clone, Copy)]
pub struct RoughMatern;

/// Matérn's of smoothness 5/2.
#[derive(Debug, Clone, Copy)]
pub struct SmoothMatern;

/// What all of them say, with their names, decays, and what they read of the range.
macro_rules! decaying {
    ($($name:ident, $called:literal, $decay:ident, $role:ident;)*) => { $(
        impl CovarianceStructure for $name {
            const NAME: &'static str = $called;
            const INVARIANCE: Invariance = Invariance::CommonScaling;
            const ORDERED: bool = false;
            const DECAY: Option<Decay> = Some(Decay::$decay);
            const IS_LINEAR: bool = false;
            const SATURATES: bool = false;
            const CONTAINS: &'static [&'static str] = &[];

            fn roles(self, shape: &Shape) -> Vec<Role> {
                homogeneous_roles(Role::$role, shape.r)
            }

            fn factor<T: Real>(self, theta: &[T], size: (&Shape, usize), lambda: &mut [T]) {
                factor(Decay::$decay, theta, size, lambda);
            }

            fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
                (r <= 2).then(|| LinearDirection::exchangeable(sigma, r))
            }
        }
    )* };
}

decaying! {
    OrnsteinUhlenbeck, "ou", Exponential, Rate;
    Exponential, "exp", Exponential, Range;
    Gaussian, "gau", Gaussian, Range;
    Matern, "mat", Smooth, Range;
    RoughMatern, "mat(nu=0.5)", Exponential, Range;
    SmoothMatern, "mat(nu=2.5)", Smoother, Range;
}

fn factor<T: Real>(decay: Decay, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
    let places = shape.places();
    let per_unit = theta.get(1).map_or(T::from(0.0), |&phi| steepness(phi));
    let correlation = |i, j| decay.correlation(T::from(places.distance(i, j) / places.unit()) * per_unit);
    match decay {
        Decay::Exponential if places.ascend() => chain_factor(correlation, (shape.r, stride), lambda),
        _ => correlation_factor(correlation, (shape.r, stride), lambda),
    }
    scale_rows(lambda, |_| theta[0], (shape.r, stride));
}

/// The Cholesky factor where an effect depends on those before it by the last of them alone: entry (i, j) is the
/// correlation of i and j times the standard deviation of what is new at j.
fn chain_factor<T: Real>(correlation: impl Fn(usize, usize) -> T, (r, stride): (usize, usize), lambda: &mut [T]) {
    for j in 0..r {
        let before = if j == 0 { T::from(0.0) } else { correlation(j, j - 1) };
        let new = (T::from(1.0) - before * before).sqrt();
        (j..r).for_each(|i| lambda[j * stride + i] = correlation(i, j) * new);
    }
}
