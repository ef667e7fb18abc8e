//! `diag()`: independent effects, a variance each; Λ = diag(θ).

use super::roles::{Columns, Role};
use super::{CovarianceStructure, Decay, Invariance, LinearDirection, Shape};
use crate::linalg::dual::Real;

#[derive(Debug, Clone, Copy)]
pub struct Diagonal;

impl CovarianceStructure for Diagonal {
    const NAME: &'static str = "diag";
    const INVARIANCE: Invariance = Invariance::Scaling;
    const ORDERED: bool = false;
    const DECAY: Option<Decay> = None;
    const IS_LINEAR: bool = true;
    const SATURATES: bool = true;
    const CONTAINS: &'static [&'static str] = &[];

    fn roles(self, shape: &Shape) -> Vec<Role> {
        (0..shape.r).map(|column| Role::Scale { of: Columns::One(column), power: 1 }).collect()
    }

    fn factor<T: Real>(self, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
        (0..shape.r).for_each(|j| lambda[j * stride + j] = theta[j]);
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        Some(LinearDirection::entries(sigma, r, (0..r).map(|i| (i, i))))
    }
}
