//! The matrices that correct a cluster's residuals for having been fitted; Φ = LL' is the cluster's covariance over σ².

use faer::{Mat, Side};

/// Eigenvalues this far below the largest are none: directions that a cluster's residuals cannot have.
const NO_EIGENVALUE: f64 = 1e-12;

/// F = A Φ⁻¹X for A = L B^(-1/2) L', B = L'SL.
pub fn bias_reduced(l: &Mat<f64>, x: &Mat<f64>, half: &Mat<f64>) -> Mat<f64> {
    let r = l.nrows();
    let p = l.transpose() * l;
    let y = l.transpose() * x;
    let b = &p * &p - &y * y.transpose();
    let b = Mat::from_fn(r, r, |i, j| 0.5 * (b[(i, j)] + b[(j, i)]));
    let Ok(eigen) = b.self_adjoint_eigen(Side::Lower) else { return Mat::from_fn(r, x.ncols(), |_, _| f64::NAN) };
    let largest = (0..r).map(|k| eigen.S()[k]).fold(0.0, f64::max);
    let along = eigen.U().transpose() * half;
    let scaled = Mat::from_fn(r, x.ncols(), |k, j| {
        let value = eigen.S()[k];
        if value > NO_EIGENVALUE * largest { along[(k, j)] / value.sqrt() } else { 0.0 }
    });
    l * (eigen.U() * scaled)
}

/// L⁻¹b.
pub fn solve_lower(l: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
    let mut x = b.clone();
    faer::linalg::triangular_solve::solve_lower_triangular_in_place(l.as_ref(), x.as_mut(), faer::Par::Seq);
    x
}

/// L⁻ᵀb.
pub fn solve_upper(l: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
    let mut x = b.clone();
    faer::linalg::triangular_solve::solve_upper_triangular_in_place(l.transpose(), x.as_mut(), faer::Par::Seq);
    x
}

/// The pseudo-inverse of a symmetric matrix: over its eigenvalues that are not zero.
pub fn pseudo_inverse(a: &Mat<f64>) -> Mat<f64> {
    let n = a.nrows();
    if n == 0 {
        return Mat::new();
    }
    let Ok(eigen) = a.self_adjoint_eigen(Side::Lower) else { return Mat::from_fn(n, n, |_, _| f64::NAN) };
    let largest = (0..n).map(|k| eigen.S()[k]).fold(0.0, f64::max);
    let scaled = Mat::from_fn(n, n, |i, k| {
        let value = eigen.S()[k];
        if value > NO_EIGENVALUE * largest { eigen.U()[(i, k)] / value } else { 0.0 }
    });
    &scaled * eigen.U().transpose()
}
