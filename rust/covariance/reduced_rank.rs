//! `rr()`: a covariance of rank d, that of d latent effects with loadings.  Λ is lower triangular with d columns, which θ
//! lists one after the other; a rotation of the latent effects is no other covariance.

use super::roles::{self, Reported, Role};
use super::unstructured::{Unstructured, lower_triangle};
use super::{CovarianceStructure, Decay, Invariance, LinearDirection, RandomBasis, Shape};
use crate::linalg::dual::Real;

#[derive(Debug, Clone, Copy)]
pub struct ReducedRank;

impl CovarianceStructure for ReducedRank {
    const NAME: &'static str = "rr";
    const INVARIANCE: Invariance = Invariance::Scaling;
    const ORDERED: bool = false;
    const DECAY: Option<Decay> = None;
    const IS_LINEAR: bool = true;
    const SATURATES: bool = false;
    const CONTAINS: &'static [&'static str] = &[];

    fn roles(self, shape: &Shape) -> Vec<Role> {
        loadings(shape).map(|(row, column)| Role::Entry { row, column }).collect()
    }

    /// Those of any covariance, though they depend on each other.
    fn reported(self, shape: &Shape) -> Vec<Reported> {
        roles::reported(&Unstructured.roles(shape))
    }

    fn factor<T: Real>(self, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
        loadings(shape).zip(theta).for_each(|((i, j), &value)| lambda[j * stride + i] = value);
    }

    fn linear_directions(self, _sigma: &[f64], _r: usize) -> Option<Vec<LinearDirection>> {
        None
    }

    /// The first columns of T Λ, whose diagonal is not negative.
    fn to_user(self, theta: &[f64], (shape, basis): (&Shape, &RandomBasis)) -> Vec<f64> {
        self.turned(theta, shape, |column| {
            let decoded = basis.decode(column);
            column.copy_from_slice(&decoded);
        })
    }

    fn to_working(self, user: &[f64], (shape, basis): (&Shape, &RandomBasis)) -> Vec<f64> {
        self.turned(user, shape, |column| basis.solve(column))
    }
}

impl ReducedRank {
    /// Parameters of Λ, whose columns change.
    fn turned(self, theta: &[f64], shape: &Shape, change: impl Fn(&mut [f64])) -> Vec<f64> {
        let r = shape.r;
        let mut lambda = vec![0.0; r * r];
        self.factor(theta, (shape, r), &mut lambda);
        lambda.chunks_exact_mut(r).for_each(change);
        let mut all = lower_triangle(&lambda, r);
        all.truncate(theta.len());
        all
    }
}

/// Rows and columns of Λ where it is not zero, by columns.
fn loadings(shape: &Shape) -> impl Iterator<Item = (usize, usize)> {
    let r = shape.r;
    (0..shape.rank()).flat_map(move |column| (column..r).map(move |row| (row, column)))
}
