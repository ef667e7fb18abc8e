//! `diag()`: independent effects, a variance each; Λ = diag(θ).

use super::roles::{Columns, Role};
use super::{CovarianceStructure, Invariance, LinearDirection};
use crate::linalg::dual::Real;

#[derive(Debug, Clone, Copy)]
pub struct Diagonal;

impl CovarianceStructure for Diagonal {
    const NAME: &'static str = "diag";
    const INVARIANCE: Invariance = Invariance::Scaling;
    const ORDERED: bool = false;
    const IS_LINEAR: bool = true;
    const SATURATES: bool = true;
    const CONTAINS: &'static [&'static str] = &[];

    fn roles(self, r: usize) -> Vec<Role> {
        (0..r).map(|column| Role::Scale { of: Columns::One(column), power: 1 }).collect()
    }

    fn factor<T: Real>(self, theta: &[T], (r, stride): (usize, usize), lambda: &mut [T]) {
        (0..r).for_each(|j| lambda[j * stride + j] = theta[j]);
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        Some(LinearDirection::entries(sigma, r, (0..r).map(|i| (i, i))))
    }
}
