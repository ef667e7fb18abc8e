//! `ar1()` and `ar1h()`: correlation ρ^|i-j| between columns i and j, in their order, ρ = sin φ; one variance, or one each.

use super::angle::Angle;
use super::compound_symmetry::homogeneous_roles;
use super::roles::{Columns, Role};
use super::structure::scale_rows;
use super::{CovarianceStructure, Decay, Invariance, LinearDirection, Shape};
use crate::linalg::dual::Real;

/// θ = (sd, φ).
#[derive(Debug, Clone, Copy)]
pub struct Ar1;

/// θ = (t_1, ..., t_r, φ) with standard deviations t²: their sign must not flip a covariance.
#[derive(Debug, Clone, Copy)]
pub struct HeterogeneousAr1;

impl CovarianceStructure for Ar1 {
    const NAME: &'static str = "ar1";
    const INVARIANCE: Invariance = Invariance::CommonScaling;
    const ORDERED: bool = true;
    const DECAY: Option<Decay> = None;
    const IS_LINEAR: bool = false;
    const SATURATES: bool = false;
    const CONTAINS: &'static [&'static str] = &[];

    fn roles(self, shape: &Shape) -> Vec<Role> {
        homogeneous_roles(Role::Angle(Angle::Full), shape.r)
    }

    fn factor<T: Real>(self, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
        correlation_factor(theta.get(1).copied(), (shape.r, stride), lambda);
        scale_rows(lambda, |_| theta[0], (shape.r, stride));
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        (r <= 2).then(|| LinearDirection::exchangeable(sigma, r))
    }
}

impl CovarianceStructure for HeterogeneousAr1 {
    const NAME: &'static str = "ar1h";
    const INVARIANCE: Invariance = Invariance::Scaling;
    const ORDERED: bool = true;
    const DECAY: Option<Decay> = None;
    const IS_LINEAR: bool = false;
    const SATURATES: bool = false;
    const CONTAINS: &'static [&'static str] = &["ar1", "diag"];

    fn roles(self, shape: &Shape) -> Vec<Role> {
        let r = shape.r;
        let sds = (0..r).map(|column| Role::Scale { of: Columns::One(column), power: 2 });
        sds.chain((r > 1).then_some(Role::Angle(Angle::Full))).collect()
    }

    fn factor<T: Real>(self, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
        correlation_factor(theta.get(shape.r).copied(), (shape.r, stride), lambda);
        scale_rows(lambda, |i| theta[i] * theta[i], (shape.r, stride));
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        (r <= 2).then(|| LinearDirection::all(sigma, r))
    }
}

/// The Cholesky factor: ρ^i in the first column, ρ^(i-j) sqrt(1 - ρ²) in column j; sqrt(1 - ρ²) = cos φ.
fn correlation_factor<T: Real>(phi: Option<T>, (r, stride): (usize, usize), lambda: &mut [T]) {
    let phi = phi.unwrap_or(T::from(0.0));
    let (rho, innovation) = (phi.sin(), phi.cos());
    for j in 0..r {
        let mut entry = if j == 0 { T::from(1.0) } else { innovation };
        for i in j..r {
            lambda[j * stride + i] = entry;
            entry = entry * rho;
        }
    }
}
