//! `cs()` and `homcs()`: one correlation ρ between all columns, from -1/(r-1) to 1; a variance each, or one.

use super::angle::Angle;
use super::roles::{Columns, Role};
use super::structure::scale_rows;
use super::{CovarianceStructure, Decay, Invariance, LinearDirection, Shape};
use crate::linalg::dual::Real;

/// θ = (t_1, ..., t_r, φ) with standard deviations t²: their sign must not flip a covariance.
#[derive(Debug, Clone, Copy)]
pub struct CompoundSymmetry;

/// θ = (sd, φ).
#[derive(Debug, Clone, Copy)]
pub struct HomogeneousCompoundSymmetry;

impl CovarianceStructure for CompoundSymmetry {
    const NAME: &'static str = "cs";
    const INVARIANCE: Invariance = Invariance::Scaling;
    const ORDERED: bool = false;
    const DECAY: Option<Decay> = None;
    const IS_LINEAR: bool = false;
    const SATURATES: bool = false;
    const CONTAINS: &'static [&'static str] = &["homcs", "diag"];

    fn roles(self, shape: &Shape) -> Vec<Role> {
        let r = shape.r;
        let sds = (0..r).map(|column| Role::Scale { of: Columns::One(column), power: 2 });
        sds.chain((r > 1).then(|| Role::Angle(range(r)))).collect()
    }

    fn factor<T: Real>(self, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
        correlation_factor(theta.get(shape.r).copied(), (shape.r, stride), lambda);
        scale_rows(lambda, |i| theta[i] * theta[i], (shape.r, stride));
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        (r <= 2).then(|| LinearDirection::all(sigma, r))
    }
}

impl CovarianceStructure for HomogeneousCompoundSymmetry {
    const NAME: &'static str = "homcs";
    const INVARIANCE: Invariance = Invariance::CommonScaling;
    const ORDERED: bool = false;
    const DECAY: Option<Decay> = None;
    const IS_LINEAR: bool = false;
    const SATURATES: bool = true;
    const CONTAINS: &'static [&'static str] = &[];

    fn roles(self, shape: &Shape) -> Vec<Role> {
        homogeneous_roles(Role::Angle(range(shape.r)), shape.r)
    }

    fn factor<T: Real>(self, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
        correlation_factor(theta.get(1).copied(), (shape.r, stride), lambda);
        scale_rows(lambda, |_| theta[0], (shape.r, stride));
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        Some(LinearDirection::exchangeable(sigma, r))
    }
}

/// One standard deviation, and what makes correlations where there are several columns.
pub(super) fn homogeneous_roles(correlations: Role, r: usize) -> Vec<Role> {
    match r {
        1 => vec![Role::Scale { of: Columns::One(0), power: 1 }],
        _ => vec![Role::Scale { of: Columns::All, power: 1 }, correlations],
    }
}

fn range(r: usize) -> Angle {
    Angle::Above(-1.0 / (r as f64 - 1.0))
}

/// The Cholesky factor of (1 - ρ)I + ρ11': below its diagonal each column is constant.
fn correlation_factor<T: Real>(phi: Option<T>, (r, stride): (usize, usize), lambda: &mut [T]) {
    let rho = phi.map_or(T::from(0.0), |phi| range(r).correlation(phi));
    let mut sum = T::from(0.0); // of the squares of a row's entries so far
    for j in 0..r {
        let diagonal = (T::from(1.0) - sum).sqrt();
        lambda[j * stride + j] = diagonal;
        if diagonal.value() > 0.0 {
            let below = (rho - sum) / diagonal;
            for i in j + 1..r {
                lambda[j * stride + i] = below;
            }
            sum = sum + below * below;
        }
    }
}
