//! Dense blocks, column-major, by faer: Cholesky, inverse, products; of low order by plain loops.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_solve;
use faer::prelude::Solve;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};

use super::low_order::{self, EIGEN_ORDER, GRAM_ORDER, ORDER, TERMS, add_gram, outer_sums};
use crate::with_width;

/// Above this order two threads gain in a dense kernel (benches/kernels.rs).
const PARALLEL_ORDER: usize = 512;

/// Threads for a dense kernel of order `n`: faer's in the current pool, or none for a small one.
pub fn par(n: usize) -> Par {
    if n >= PARALLEL_ORDER { Par::rayon(0) } else { Par::Seq }
}

pub fn view(a: &[f64], m: usize, n: usize) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(a, m, n)
}

pub fn view_mut(a: &mut [f64], m: usize, n: usize) -> MatMut<'_, f64> {
    MatMut::from_column_major_slice_mut(a, m, n)
}

/// Overwrites the lower triangle of A (n x n) with its Cholesky factor; the strict upper triangle is
/// scratch.  Fails with the index of the first pivot that is not positive.
///
/// # Errors
/// The index of the first pivot that is not positive.
pub fn cholesky_lower(a: &mut [f64], n: usize) -> Result<(), usize> {
    if n <= ORDER {
        return low_order::cholesky(a, n);
    }
    let par = par(n);
    let mut memory = MemBuffer::new(llt::factor::cholesky_in_place_scratch::<f64>(n, par, Default::default()));
    llt::factor::cholesky_in_place(
        view_mut(a, n, n),
        Default::default(),
        par,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map(|_| ())
    .map_err(|e| match e {
        llt::factor::LltError::NonPositivePivot { index } => index,
    })
}

/// log|A| from the diagonal of its Cholesky factor (order n, leading dimension `stride`).
pub fn logdet(l: &[f64], stride: usize, n: usize) -> f64 {
    2.0 * (0..n).map(|j| l[j * stride + j].ln()).sum::<f64>()
}

/// Fills `inverse` (both triangles) with A^-1 from the Cholesky factor in the lower triangle of `l`.
pub fn inverse_from_cholesky(inverse: &mut [f64], l: &[f64], n: usize) {
    inverse_lower_from_cholesky(inverse, l, n);
    mirror_lower(inverse, n);
}

/// The lower triangle of A^-1 alone.
pub fn inverse_lower_from_cholesky(inverse: &mut [f64], l: &[f64], n: usize) {
    if n <= ORDER {
        return low_order::inverse_lower(inverse, l, n);
    }
    let par = par(n);
    let mut memory = MemBuffer::new(llt::inverse::inverse_scratch::<f64>(n, par));
    llt::inverse::inverse(view_mut(inverse, n, n), view(l, n, n), par, MemStack::new(&mut memory));
}

/// Copies the lower triangle of A (n x n) to the upper one, by tiles that stay in the cache.
pub fn mirror_lower(a: &mut [f64], n: usize) {
    const TILE: usize = 32;
    for left in (0..n).step_by(TILE) {
        for top in (left..n).step_by(TILE) {
            for j in left..(left + TILE).min(n) {
                for i in top.max(j + 1)..(top + TILE).min(n) {
                    a[i * n + j] = a[j * n + i];
                }
            }
        }
    }
}

/// The lower triangle of C (n x n) += alpha A B, for a product that is symmetric.
pub fn product_lower(c: &mut [f64], a: MatRef<'_, f64>, b: MatRef<'_, f64>, alpha: f64) {
    let n = a.nrows();
    if n == 0 || a.ncols() == 0 {
        return;
    }
    if n <= ORDER && a.ncols() <= ORDER {
        for j in 0..n {
            (j..n).for_each(|i| c[j * n + i] += alpha * (0..a.ncols()).map(|l| a[(i, l)] * b[(l, j)]).sum::<f64>());
        }
        return;
    }
    if n <= ORDER
        && a.ncols() <= TERMS
        && let Some(sums) = low_order_sums(a, b)
    {
        for j in 0..n {
            (j..n).for_each(|i| c[j * n + i] += alpha * sums[j * n + i]);
        }
        return;
    }
    triangular::matmul(
        view_mut(c, n, n),
        BlockStructure::TriangularLower,
        Accum::Add,
        a,
        BlockStructure::Rectangular,
        b,
        BlockStructure::Rectangular,
        alpha,
        par(n),
    );
}

/// X = L^-1 X; X is n x m.
pub fn solve_lower(l: &[f64], x: &mut [f64], n: usize, m: usize) {
    if n == 0 {
        return;
    }
    if n <= ORDER {
        low_order::solve(l, x, n);
    } else if m > 0 {
        triangular_solve::solve_lower_triangular_in_place(view(l, n, n), view_mut(x, n, m), par(n.min(64 * m)));
    }
}

/// X = L^-T X; X is n x m.
pub fn solve_lower_transposed(l: &[f64], x: &mut [f64], n: usize, m: usize) {
    if n == 0 {
        return;
    }
    if n <= ORDER {
        low_order::solve_transposed(l, x, n);
    } else if m > 0 {
        triangular_solve::solve_upper_triangular_in_place(
            view(l, n, n).transpose(),
            view_mut(x, n, m),
            par(n.min(64 * m)),
        );
    }
}

/// S = L^-1 S L^-T for symmetric S (n x n).
pub fn whiten(l: &[f64], s: &mut [f64], n: usize) {
    solve_lower(l, s, n, n);
    super::small::transpose(s, n);
    solve_lower(l, s, n, n);
}

/// S = L^-T S L^-1 for symmetric S (n x n).
pub fn unwhiten(l: &[f64], s: &mut [f64], n: usize) {
    solve_lower_transposed(l, s, n, n);
    super::small::transpose(s, n);
    solve_lower_transposed(l, s, n, n);
}

/// The lower triangle of C (n x n) += alpha A A', A n x k.
pub fn rank_update_lower(c: &mut [f64], a: MatRef<'_, f64>, alpha: f64) {
    product_lower(c, a, a.transpose(), alpha);
}

/// The lower triangle of C (n x n) += A A'; A has columns of n.
pub fn add_gram_lower(c: &mut [f64], a: &[f64], n: usize) {
    if n <= GRAM_ORDER {
        with_width!(n, add_gram(c, a, n));
    } else {
        rank_update_lower(c, view(a, n, a.len() / n), 1.0);
    }
}

/// The rows `first` and after of C (`ld` x n) += alpha Σ a b' over rows of m of `a` and of n of `b`.
pub fn add_outer(
    c: &mut [f64],
    (ld, first): (usize, usize),
    (a, m): (&[f64], usize),
    (b, n): (&[f64], usize),
    alpha: f64,
) {
    if m == 0 || n == 0 {
        return;
    }
    let rows = a.len() / m;
    let to = view_mut(c, ld, n).subrows_mut(first, m);
    if m.max(n) <= ORDER && rows <= TERMS {
        let sums = outer_sums(a.chunks_exact(m).zip(b.chunks_exact(n)), m);
        return add_low_order(to, Accum::Add, &sums, alpha);
    }
    multiply(to, Accum::Add, view(a, m, rows), view(b, n, rows).transpose(), alpha);
}

/// C = beta C + alpha A B, with beta 0 or 1.
pub fn multiply(c: MatMut<'_, f64>, accumulate: Accum, a: MatRef<'_, f64>, b: MatRef<'_, f64>, alpha: f64) {
    let (m, n) = (c.nrows(), c.ncols());
    if m == 0 || n == 0 {
        return;
    }
    if m.max(n) <= ORDER
        && a.ncols() <= TERMS
        && let Some(sums) = low_order_sums(a, b)
    {
        return add_low_order(c, accumulate, &sums, alpha);
    }
    matmul(c, accumulate, a, b, alpha, par(m.min(a.ncols().max(n))));
}

/// A B of low order, where A has contiguous columns and B contiguous rows.
fn low_order_sums(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Option<[f64; ORDER * ORDER]> {
    let (m, a, b) = (a.nrows(), a.try_as_col_major()?, b.transpose().try_as_col_major()?);
    let columns = (0..a.ncols()).map(|l| (a.col(l).as_slice(), b.col(l).as_slice()));
    Some(outer_sums(columns, m))
}

fn add_low_order(mut c: MatMut<'_, f64>, accumulate: Accum, sums: &[f64], alpha: f64) {
    let m = c.nrows();
    for (j, sums) in sums.chunks_exact(m).take(c.ncols()).enumerate() {
        for (i, sum) in sums.iter().enumerate() {
            let before = if matches!(accumulate, Accum::Add) { c[(i, j)] } else { 0.0 };
            c[(i, j)] = before + alpha * sum;
        }
    }
}

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix (n x n).
pub fn eigen(a: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    if n <= EIGEN_ORDER && a.iter().all(|v| v.is_finite()) {
        return low_order::eigen(a, n);
    }
    let symmetric = Mat::from_fn(n, n, |i, j| 0.5 * (a[j * n + i] + a[i * n + j]));
    match symmetric.self_adjoint_eigen(Side::Lower) {
        Ok(e) => ((0..n).map(|k| e.S()[k]).collect(), (0..n * n).map(|k| e.U()[(k % n, k / n)]).collect()),
        // only for entries that are not finite: no curvature, the unit vectors
        Err(_) => (vec![0.0; n], (0..n * n).map(|k| f64::from(u8::from(k % n == k / n))).collect()),
    }
}

/// A^-1 (n x n), by pivoted elimination.
pub fn inverse(a: &[f64], n: usize) -> Vec<f64> {
    let inverse = view(a, n, n).full_piv_lu().solve(Mat::<f64>::identity(n, n));
    (0..n * n).map(|k| inverse[(k % n, k / n)]).collect()
}

/// log|det A|, A n x n; minus infinity of a singular one.
pub fn log_abs_determinant(a: &[f64], n: usize) -> f64 {
    if n == 0 {
        return 0.0;
    }
    let factor = view(a, n, n).partial_piv_lu();
    (0..n).map(|k| factor.U()[(k, k)].abs().ln()).sum()
}

/// A B.
pub fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Vec<f64> {
    let mut c = vec![0.0; a.nrows() * b.ncols()];
    multiply(view_mut(&mut c, a.nrows(), b.ncols()), Accum::Replace, a, b, 1.0);
    c
}

/// A B, or A B', n x n and small.
pub fn square_product(a: &[f64], b: &[f64], n: usize, transpose: bool) -> Vec<f64> {
    let mut c = vec![0.0; n * n];
    for j in 0..n {
        for k in 0..n {
            let bkj = if transpose { b[k * n + j] } else { b[j * n + k] };
            if bkj != 0.0 {
                for i in 0..n {
                    c[j * n + i] += a[k * n + i] * bkj;
                }
            }
        }
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spd(n: usize) -> Vec<f64> {
        let mut a = vec![0.0; n * n];
        for j in 0..n {
            for i in 0..n {
                a[j * n + i] = 1.0 / (1.0 + (i as f64 - j as f64).abs()) + if i == j { n as f64 } else { 0.0 };
            }
        }
        a
    }

    #[test]
    fn the_inverse_from_the_cholesky_factor_inverts() {
        for n in [1, 2, 7, 40, 150] {
            let a = spd(n);
            let mut l = a.clone();
            cholesky_lower(&mut l, n).unwrap();
            let mut inverse = vec![0.0; n * n];
            inverse_from_cholesky(&mut inverse, &l, n);
            for i in 0..n {
                for j in 0..n {
                    let sum: f64 = (0..n).map(|k| a[k * n + i] * inverse[j * n + k]).sum();
                    assert!((sum - f64::from(u8::from(i == j))).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_refused() {
        assert!(cholesky_lower(&mut [1.0, 2.0, 2.0, 1.0], 2).is_err());
    }

    #[test]
    fn eigenvectors_diagonalize() {
        let a = [2.0, -1.0, 0.5, -1.0, 3.0, 0.0, 0.5, 0.0, -1.0];
        let (values, vectors) = eigen(&a, 3);
        for k in 0..3 {
            for i in 0..3 {
                let av: f64 = (0..3).map(|j| a[j * 3 + i] * vectors[k * 3 + j]).sum();
                assert!((av - values[k] * vectors[k * 3 + i]).abs() < 1e-12);
            }
        }
    }
}
