//! `us()`: any covariance.  Λ is any lower triangle; θ lists it by columns, as lme4 does.

use super::roles::{Columns, Role};
use super::{CovarianceStructure, Decay, Invariance, LinearDirection, RandomBasis, Shape};
use crate::linalg::dual::Real;

#[derive(Debug, Clone, Copy)]
pub struct Unstructured;

impl CovarianceStructure for Unstructured {
    const NAME: &'static str = "us";
    const INVARIANCE: Invariance = Invariance::Linear;
    const ORDERED: bool = false;
    const DECAY: Option<Decay> = None;
    const IS_LINEAR: bool = true;
    const SATURATES: bool = true;
    const CONTAINS: &'static [&'static str] = &[];

    fn roles(self, shape: &Shape) -> Vec<Role> {
        let r = shape.r;
        if r == 1 {
            return vec![Role::Scale { of: Columns::One(0), power: 1 }];
        }
        lower(r).map(|(row, column)| Role::Entry { row, column }).collect()
    }

    fn factor<T: Real>(self, theta: &[T], (shape, stride): (&Shape, usize), lambda: &mut [T]) {
        lower(shape.r).zip(theta).for_each(|((i, j), &value)| lambda[j * stride + i] = value);
    }

    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>> {
        Some(LinearDirection::all(sigma, r))
    }

    /// The lower triangle of T Λ, its diagonal not negative.
    fn to_user(self, theta: &[f64], (shape, basis): (&Shape, &RandomBasis)) -> Vec<f64> {
        let r = shape.r;
        let mut lambda = vec![0.0; r * r];
        self.factor(theta, (shape, r), &mut lambda);
        let columns: Vec<f64> = lambda.chunks_exact(r).flat_map(|column| basis.decode(column)).collect();
        lower_triangle(&columns, r)
    }

    /// That of T^-1 Λ, T upper triangular.
    fn to_working(self, user: &[f64], (shape, basis): (&Shape, &RandomBasis)) -> Vec<f64> {
        let r = shape.r;
        let mut lambda = vec![0.0; r * r];
        self.factor(user, (shape, r), &mut lambda);
        lambda.chunks_exact_mut(r).for_each(|column| basis.solve(column));
        lower_triangle(&lambda, r)
    }
}

/// Rows and columns of the lower triangle, by columns.
fn lower(r: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..r).flat_map(move |j| (j..r).map(move |i| (i, j)))
}

/// The lower triangle, by columns, of a Cholesky factor of M M': rotations from the right (M = L Q).
pub fn lower_triangle(m: &[f64], r: usize) -> Vec<f64> {
    let mut a = m.to_vec();
    for i in 0..r {
        for j in i + 1..r {
            let (x, y) = (a[i * r + i], a[j * r + i]);
            let h = x.hypot(y);
            if y == 0.0 || h == 0.0 {
                continue;
            }
            let (c, s) = (x / h, y / h);
            for k in 0..r {
                let (u, v) = (a[i * r + k], a[j * r + k]);
                a[i * r + k] = c * u + s * v;
                a[j * r + k] = c * v - s * u;
            }
            a[j * r + i] = 0.0;
        }
        if a[i * r + i] < 0.0 {
            (i..r).for_each(|k| a[i * r + k] = -a[i * r + k]);
        }
    }
    lower(r).map(|(i, j)| a[j * r + i]).collect()
}
