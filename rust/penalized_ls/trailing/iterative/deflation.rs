//! The few eigenvalues of E that stand out: subspace iteration with Rayleigh-Ritz (Saad 2011, Numerical
//! Methods for Large Eigenvalue Problems, chapter 5).

use faer::{Mat, MatRef, Side};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::operator::Product;
use crate::linalg::dense;

/// Columns that are multiplied with E at once: their products on the levels of a lead take memory.
pub const IMAGE_COLUMNS: usize = 16;

/// Outlying eigenpairs of E.
#[derive(Debug, Clone, Default)]
pub struct Outliers {
    pub values: Vec<f64>,
    /// Orthonormal, q_t x k, column-major.
    pub vectors: Vec<f64>,
}

impl Outliers {
    fn view(&self, q: usize) -> MatRef<'_, f64> {
        dense::view(&self.vectors, q, self.values.len())
    }

    /// x (q_t rows of m) += V g(l) V'x.
    pub fn add_image(&self, x: &mut [f64], m: usize, g: impl Fn(f64) -> f64) {
        let (q, k) = (x.len() / m, self.values.len());
        // rows of m, read as columns: x' is m x q
        let mut inner = Mat::zeros(m, k);
        dense::multiply(inner.as_mut(), faer::Accum::Replace, dense::view(x, m, q), self.view(q), 1.0);
        for (j, &l) in self.values.iter().enumerate() {
            inner.col_mut(j).iter_mut().for_each(|v| *v *= g(l));
        }
        let out = dense::view_mut(x, m, q);
        dense::multiply(out, faer::Accum::Add, inner.as_ref(), self.view(q).transpose(), 1.0);
    }
}

/// k random directions, always the same.
pub fn random(q: usize, k: usize, seed: u64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..q * k).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// The eigenpairs that some iterations from `start` (q_t x k) find.
pub fn find(problem: &Product, start: &[f64], iterations: usize) -> Outliers {
    // calls of faer that choose their own threads would let the number of threads change sums
    faer::set_global_parallelism(faer::Par::Seq);
    let q = problem.symbolic.n_trailing;
    let k = start.len() / q;
    let mut basis = orthonormal(dense::view(start, q, k));
    for _ in 1..iterations {
        basis = orthonormal(image(problem, &basis).as_ref());
    }
    let image = image(problem, &basis);
    let mut projected = Mat::zeros(k, k);
    dense::multiply(projected.as_mut(), faer::Accum::Replace, basis.transpose(), image.as_ref(), 1.0);
    let symmetric = Mat::from_fn(k, k, |i, j| 0.5 * (projected[(i, j)] + projected[(j, i)]));
    let Ok(eigen) = symmetric.self_adjoint_eigen(Side::Lower) else {
        return Outliers { values: vec![f64::NAN; k], vectors: start.to_vec() };
    };
    let rotated = &basis * eigen.U();
    Outliers {
        values: (0..k).map(|j| eigen.S()[j]).collect(),
        vectors: (0..k).flat_map(|j| rotated.col(j).iter().copied().collect::<Vec<f64>>()).collect(),
    }
}

fn orthonormal(x: MatRef<'_, f64>) -> Mat<f64> {
    x.qr().compute_thin_Q()
}

/// E V, a few columns at a time.
fn image(problem: &Product, basis: &Mat<f64>) -> Mat<f64> {
    let (q, k) = (basis.nrows(), basis.ncols());
    let mut image = Mat::zeros(q, k);
    for first in (0..k).step_by(IMAGE_COLUMNS) {
        let m = IMAGE_COLUMNS.min(k - first);
        let rows: Vec<f64> = (0..q).flat_map(|i| (0..m).map(move |j| basis[(i, first + j)])).collect();
        let out = problem.apply(&rows, m);
        (0..m).for_each(|j| image.col_mut(first + j).iter_mut().enumerate().for_each(|(i, v)| *v = out[i * m + j]));
    }
    image
}
