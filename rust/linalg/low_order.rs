//! Symmetric matrices of low order, column-major: plain loops, where what a library prepares takes longer than the work.

use super::small::width;
use crate::with_width;

/// Orders up to which loops are faster.
pub const ORDER: usize = 8;
/// Terms of the sums of a product up to which they are.
pub const TERMS: usize = 512;
/// Orders up to which rotations find eigenvectors faster.
pub const EIGEN_ORDER: usize = 8;
/// Columns of a Gram matrix up to which its sums are plain loops.
pub const GRAM_ORDER: usize = 4;
/// Rotations of every pair, at most: they converge quadratically.
const MOST_SWEEPS: usize = 30;

/// Overwrites the lower triangle of A (n x n) with its Cholesky factor.
///
/// # Errors
/// The index of the first pivot that is not positive.
pub fn cholesky(a: &mut [f64], n: usize) -> Result<(), usize> {
    for j in 0..n {
        let (before, rest) = a.split_at_mut(j * n);
        let column = &mut rest[..n];
        for earlier in before.chunks_exact(n) {
            let v = earlier[j];
            (j..n).for_each(|i| column[i] -= earlier[i] * v);
        }
        let pivot = column[j];
        if pivot.is_nan() || pivot <= 0.0 {
            return Err(j);
        }
        let root = pivot.sqrt();
        column[j] = root;
        column[j + 1..].iter_mut().for_each(|v| *v /= root);
    }
    Ok(())
}

/// X = L⁻¹X; X is n x m.
pub fn solve(l: &[f64], x: &mut [f64], n: usize) {
    for column in x.chunks_exact_mut(n) {
        for j in 0..n {
            column[j] /= l[j * n + j];
            let v = column[j];
            (j + 1..n).for_each(|i| column[i] -= l[j * n + i] * v);
        }
    }
}

/// X = L⁻ᵀX; X is n x m.
pub fn solve_transposed(l: &[f64], x: &mut [f64], n: usize) {
    for column in x.chunks_exact_mut(n) {
        for j in (0..n).rev() {
            let sum: f64 = (j + 1..n).map(|i| l[j * n + i] * column[i]).sum();
            column[j] = (column[j] - sum) / l[j * n + j];
        }
    }
}

/// The lower triangle of A⁻¹ from the Cholesky factor of A.
pub fn inverse_lower(inverse: &mut [f64], l: &[f64], n: usize) {
    for j in 0..n {
        let mut unit = [0.0; ORDER];
        unit[j] = 1.0;
        solve(l, &mut unit[..n], n);
        solve_transposed(l, &mut unit[..n], n);
        inverse[j * n + j..(j + 1) * n].copy_from_slice(&unit[j..n]);
    }
}

/// The lower triangle of C (n x n) += A A'; A has columns of n.
#[inline(always)]
pub fn add_gram<const N: usize>(c: &mut [f64], a: &[f64], n: usize) {
    let n = width::<N>(n);
    let c = &mut c[..n * n];
    for column in a.chunks_exact(n) {
        for j in 0..n {
            (j..n).for_each(|i| c[j * n + i] += column[i] * column[j]);
        }
    }
}

/// Σ a b' over pairs of columns of m and of n numbers (m x n), both at most `ORDER`.
pub fn outer_sums<'a>(columns: impl Iterator<Item = (&'a [f64], &'a [f64])>, m: usize) -> [f64; ORDER * ORDER] {
    match m {
        5 => outer_sums_of::<5>(columns, m),
        6 => outer_sums_of::<6>(columns, m),
        7 => outer_sums_of::<7>(columns, m),
        8 => outer_sums_of::<8>(columns, m),
        _ => with_width!(m, outer_sums_of(columns, m)),
    }
}

/// The same where m is known to the compiler.
#[inline(always)]
fn outer_sums_of<'a, const M: usize>(
    columns: impl Iterator<Item = (&'a [f64], &'a [f64])>,
    m: usize,
) -> [f64; ORDER * ORDER] {
    let m = width::<M>(m);
    let mut sums = [0.0; ORDER * ORDER];
    for (a, b) in columns {
        let a = &a[..m];
        for (sums, b) in sums.chunks_exact_mut(m).zip(b) {
            (0..m).for_each(|i| sums[i] += a[i] * b);
        }
    }
    sums
}

/// Ascending eigenvalues and eigenvectors (columns) of a symmetric matrix (n x n) of finite numbers, by Jacobi's rotations.
pub fn eigen(a: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut s, mut v) = ([0.0; EIGEN_ORDER * EIGEN_ORDER], [0.0; EIGEN_ORDER * EIGEN_ORDER]);
    for j in 0..n {
        (0..n).for_each(|i| s[j * n + i] = 0.5 * (a[j * n + i] + a[i * n + j]));
        v[j * n + j] = 1.0;
    }
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for q in 1..n {
            (0..q).for_each(|p| rotated |= rotate(&mut s, &mut v, (p, q), n));
        }
        if !rotated {
            break;
        }
    }
    let mut order: [usize; EIGEN_ORDER] = std::array::from_fn(|k| k);
    order[..n].sort_by(|&j, &k| s[j * n + j].total_cmp(&s[k * n + k]));
    let mut vectors = vec![0.0; n * n];
    for (to, k) in vectors.chunks_exact_mut(n.max(1)).zip(order) {
        to.copy_from_slice(&v[k * n..(k + 1) * n]);
    }
    (order[..n].iter().map(|&k| s[k * n + k]).collect(), vectors)
}

/// Makes an entry zero by a rotation of two columns (Golub and Van Loan 2013, section 8.5); whether there was one to make.
fn rotate(s: &mut [f64], v: &mut [f64], (p, q): (usize, usize), n: usize) -> bool {
    let (off, first, last) = (s[q * n + p], s[p * n + p], s[q * n + q]);
    if off.abs() <= f64::EPSILON * f64::EPSILON * first.abs().max(last.abs()) {
        return false;
    }
    let tau = (last - first) / (2.0 * off);
    // a square that is too large leaves no rotation, as it should
    let t = 1f64.copysign(tau) / (tau.abs() + (1.0 + tau * tau).sqrt());
    let cosine = 1.0 / t.hypot(1.0); // to the last digit, so that vectors stay orthonormal
    let sine = t * cosine;
    for k in 0..n {
        turn(v, (p * n + k, q * n + k), (cosine, sine));
        if k != p && k != q {
            turn(s, (p * n + k, q * n + k), (cosine, sine));
            (s[k * n + p], s[k * n + q]) = (s[p * n + k], s[q * n + k]);
        }
    }
    (s[p * n + p], s[q * n + q]) = (first - t * off, last + t * off);
    (s[q * n + p], s[p * n + q]) = (0.0, 0.0);
    true
}

fn turn(values: &mut [f64], (i, j): (usize, usize), (cosine, sine): (f64, f64)) {
    let (x, y) = (values[i], values[j]);
    (values[i], values[j]) = (cosine * x - sine * y, sine * x + cosine * y);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::dense;

    /// A symmetric matrix with eigenvalues of several sizes.
    fn symmetric(n: usize, lift: f64) -> Vec<f64> {
        let entry = |i: usize, j: usize| ((i * j + i + j) as f64).sin() * 10f64.powi(-(i.max(j) as i32));
        (0..n * n).map(|k| entry(k % n, k / n) + if k % n == k / n { lift } else { 0.0 }).collect()
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_make_up_the_matrix() {
        for n in 1..=EIGEN_ORDER {
            let a = symmetric(n, 0.0);
            let (values, vectors) = eigen(&a, n);
            let rounding = 1e-15 * (n as f64 / 4.0).max(1.0);
            assert!(values.is_sorted());
            for k in 0..n * n {
                let (i, j) = (k % n, k / n);
                let sum: f64 = (0..n).map(|e| values[e] * vectors[e * n + i] * vectors[e * n + j]).sum();
                assert!((sum - a[k]).abs() < rounding, "{n}: {sum} {}", a[k]);
                let dot: f64 = (0..n).map(|e| vectors[i * n + e] * vectors[j * n + e]).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < rounding);
            }
        }
    }

    #[test]
    fn a_diagonal_matrix_has_unit_vectors_in_ascending_order() {
        let (values, vectors) = eigen(&[3.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 2.0], 3);
        assert_eq!(values, [-1.0, 2.0, 3.0]);
        assert_eq!(vectors, [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn the_gram_matrix_is_factored_solved_and_inverted() {
        for n in 1..=ORDER {
            let columns = symmetric(n, 2.0);
            let mut a = vec![0.0; n * n];
            add_gram::<0>(&mut a, &columns, n);
            let whole = |i: usize, j: usize| a[i.min(j) * n + i.max(j)];
            let mut l = a.clone();
            cholesky(&mut l, n).unwrap();
            let mut inverse = vec![0.0; n * n];
            inverse_lower(&mut inverse, &l, n);
            dense::mirror_lower(&mut inverse, n);
            for k in 0..n * n {
                let product: f64 = (0..n).map(|e| whole(k % n, e) * inverse[k / n * n + e]).sum();
                assert!((product - f64::from(u8::from(k % n == k / n))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_pivot_that_is_not_positive_is_named() {
        assert_eq!(cholesky(&mut [1.0, 2.0, 2.0, 1.0], 2), Err(1));
        assert_eq!(cholesky(&mut [f64::NAN], 1), Err(0));
    }
}
