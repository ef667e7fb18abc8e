//! Small symmetric matrices of rows made positive definite.

use rayon::prelude::*;

/// Curvatures below this part of a row's largest are raised to it.
const LEAST: f64 = 1e-6;
/// Parts of the largest that are rounding.
const NOTHING: f64 = 1e-12;
const MOST_SWEEPS: usize = 30;
/// Rows of one task.
const ROWS: usize = 1024;

/// Makes the m x m matrix of every row positive semidefinite, zero where neither curvature nor slope is; returns Σ r'D⁻r over
/// the rows, r = D η - g.
pub fn make_definite(d: &mut [f64], g: &[f64], eta: &[f64], m: usize, r: &mut [f64]) -> f64 {
    let of_rows = d.par_chunks_mut(ROWS * m * m).zip(r.par_chunks_mut(ROWS * m));
    let of_rows = of_rows.zip(g.par_chunks(ROWS * m).zip(eta.par_chunks(ROWS * m)));
    // added in order: the same on any number of threads
    let sums: Vec<f64> = of_rows.map(|((d, r), (g, eta))| make_rows_definite(d, g, eta, m, r)).collect();
    sums.iter().sum()
}

fn make_rows_definite(d: &mut [f64], g: &[f64], eta: &[f64], m: usize, r: &mut [f64]) -> f64 {
    let rows = d.chunks_exact_mut(m * m).zip(r.chunks_exact_mut(m)).zip(g.chunks_exact(m).zip(eta.chunks_exact(m)));
    match m {
        1 => rows.map(|((d, r), (g, eta))| one(d, g[0], eta[0], r)).sum(),
        2 => rows.map(|((d, r), (g, eta))| several::<2>(d, g, eta, r)).sum(),
        3 => rows.map(|((d, r), (g, eta))| several::<3>(d, g, eta, r)).sum(),
        _ => rows.map(|((d, r), (g, eta))| several::<4>(d, g, eta, r)).sum(),
    }
}

fn one(d: &mut [f64], g: f64, eta: f64, r: &mut [f64]) -> f64 {
    if d[0].is_nan() || d[0] <= 0.0 {
        // a curvature that takes the step of a slope of one
        d[0] = LEAST * g.abs();
    }
    r[0] = d[0] * eta - g;
    if d[0] > 0.0 { r[0] * r[0] / d[0] } else { 0.0 }
}

fn several<const M: usize>(d: &mut [f64], g: &[f64], eta: &[f64], r: &mut [f64]) -> f64 {
    (0..M).for_each(|i| r[i] = (0..M).map(|j| d[j * M + i] * eta[j]).sum::<f64>() - g[i]);
    semidefinite::<M>(d, g, r).unwrap_or_else(|| raised(d, g, eta, M, r))
}

/// r'D⁻r of a matrix that is clearly positive semidefinite, without slope where it is zero; None of another.
fn semidefinite<const M: usize>(d: &[f64], g: &[f64], r: &[f64]) -> Option<f64> {
    let (mut a, mut g_left, mut r_left) = ([[0.0; M]; M], [0.0; M], [0.0; M]);
    a.iter_mut().zip(d.chunks_exact(M)).for_each(|(a, d)| a.copy_from_slice(d));
    g_left.copy_from_slice(g);
    r_left.copy_from_slice(r);
    let size = |v: &[f64]| v.iter().fold(0.0f64, |a, v| a.max(v.abs()));
    let (largest, slope) = (size(d), size(g));
    let (mut total, mut left) = (0.0, [true; M]);
    for _ in 0..M {
        let at = |k: usize| if left[k] { a[k][k] } else { f64::NEG_INFINITY };
        let k = (0..M).fold(0, |best, k| if at(k) > at(best) { k } else { best });
        let pivot = at(k);
        if pivot.is_nan() || pivot < LEAST * largest || pivot == 0.0 {
            let is_zero = |i: usize| {
                !left[i]
                    || (g_left[i].abs() <= NOTHING * slope
                        && (0..M).all(|j| !left[j] || a[j][i].abs() <= NOTHING * largest))
            };
            return (0..M).all(is_zero).then_some(total);
        }
        left[k] = false;
        total += r_left[k] * r_left[k] / pivot;
        for i in (0..M).filter(|&i| left[i]) {
            let share = a[k][i] / pivot;
            g_left[i] -= share * g_left[k];
            r_left[i] -= share * r_left[k];
            for j in (0..M).filter(|&j| left[j]) {
                a[j][i] -= share * a[j][k];
            }
        }
    }
    Some(total)
}

/// Curvatures that are too small or negative, raised.
fn raised(d: &mut [f64], g: &[f64], eta: &[f64], m: usize, r: &mut [f64]) -> f64 {
    let (mut values, vectors) = jacobi(d, m);
    let largest = values[..m].iter().fold(0.0f64, |a, v| a.max(v.abs()));
    let along = |k: usize, x: &[f64]| -> f64 { (0..m).map(|i| vectors[k * m + i] * x[i]).sum() };
    let slope = g.iter().fold(0.0f64, |a, v| a.max(v.abs()));
    let mut changed = false;
    for (k, value) in values[..m].iter_mut().enumerate() {
        if *value < LEAST * largest {
            let has_slope = along(k, g).abs() > 1e-12 * slope && slope > 0.0;
            *value = if has_slope { LEAST * largest.max(slope) } else { value.max(0.0) };
            changed = true;
        }
    }
    if changed {
        for i in 0..m {
            for j in 0..m {
                d[j * m + i] = (0..m).map(|k| values[k] * vectors[k * m + i] * vectors[k * m + j]).sum();
            }
        }
    }
    (0..m).for_each(|i| r[i] = (0..m).map(|j| d[j * m + i] * eta[j]).sum::<f64>() - g[i]);
    (0..m).filter(|&k| values[k] > 0.0).map(|k| along(k, r).powi(2) / values[k]).sum()
}

/// Eigenvalues and eigenvectors (side by side) of a symmetric matrix of at most four rows, by Jacobi's rotations.
fn jacobi(d: &[f64], m: usize) -> ([f64; 4], [f64; 16]) {
    let (mut a, mut v) = ([0.0; 16], [0.0; 16]);
    a[..m * m].copy_from_slice(d);
    (0..m).for_each(|i| v[i * m + i] = 1.0);
    for _ in 0..MOST_SWEEPS {
        let off: f64 = (0..m).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[j * m + i].powi(2)).sum();
        let all: f64 = a[..m * m].iter().map(|v| v * v).sum();
        if off <= 1e-32 * all {
            break;
        }
        for p in 0..m {
            for q in p + 1..m {
                rotate(&mut a, &mut v, m, p, q);
            }
        }
    }
    (std::array::from_fn(|k| if k < m { a[k * m + k] } else { 0.0 }), v)
}

/// The rotation that makes one entry zero.
fn rotate(a: &mut [f64; 16], v: &mut [f64; 16], m: usize, p: usize, q: usize) {
    let off = a[q * m + p];
    if off == 0.0 {
        return;
    }
    let ratio = (a[q * m + q] - a[p * m + p]) / (2.0 * off);
    let t = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for k in 0..m {
        let (x, y) = (a[p * m + k], a[q * m + k]);
        (a[p * m + k], a[q * m + k]) = (c * x - s * y, s * x + c * y);
    }
    for k in 0..m {
        let (x, y) = (a[k * m + p], a[k * m + q]);
        (a[k * m + p], a[k * m + q]) = (c * x - s * y, s * x + c * y);
        let (x, y) = (v[p * m + k], v[q * m + k]);
        (v[p * m + k], v[q * m + k]) = (c * x - s * y, s * x + c * y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_find_eigenvalues_and_vectors() {
        let d = [4.0, 1.0, -2.0, 1.0, 0.5, 0.3, -2.0, 0.3, -1.0];
        let (values, vectors) = jacobi(&d, 3);
        for k in 0..3 {
            for i in 0..3 {
                let product: f64 = (0..3).map(|j| d[j * 3 + i] * vectors[k * 3 + j]).sum();
                assert!((product - values[k] * vectors[k * 3 + i]).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_semidefinite_row_without_slope_where_it_is_zero_stays_and_its_square_is_that_by_eigenvalues() {
        // of a difference of two predictors: nothing depends on their sum
        let d0 = [2.0, -2.0, 0.3, -2.0, 2.0, -0.3, 0.3, -0.3, 1.0];
        let (g, eta) = ([0.4, -0.4, 0.1], [1.0, -0.5, 0.2]);
        let (mut d, mut r) = (d0, [0.0; 3]);
        let square = make_definite(&mut d, &g, &eta, 3, &mut r);
        assert_eq!(d, d0);
        let mut other = d0;
        assert!((raised(&mut other, &g, &eta, 3, &mut r.clone()) - square).abs() < 1e-12 * square);
        assert!(semidefinite::<2>(&[2.0, -2.0, -2.0, 2.0], &[0.4, -0.3], &[0.1, 0.1]).is_none());
        assert!(semidefinite::<2>(&[1.0, 0.0, 0.0, -0.1], &[0.4, 0.0], &[0.1, 0.1]).is_none());
        assert!(semidefinite::<2>(&[f64::NAN, 0.0, 0.0, 1.0], &[0.4, 0.0], &[0.1, 0.1]).is_none());
    }

    #[test]
    fn a_definite_row_stays_and_another_gets_curvature_where_it_has_a_slope() {
        let (mut d, mut r) = ([2.0, 0.5, 0.5, 1.0], [0.0; 2]);
        let square = make_definite(&mut d, &[0.3, -0.2], &[1.0, 2.0], 2, &mut r);
        assert_eq!(d, [2.0, 0.5, 0.5, 1.0]);
        assert!((r[0] - 2.7).abs() < 1e-14 && (r[1] - 2.7).abs() < 1e-14);
        // r'D⁻¹r
        assert!((square - (2.7 * 2.7 * (1.0 + 2.0 - 1.0) / 1.75)).abs() < 1e-12);
        let mut other = [1.0, 0.0, 0.0, -3.0];
        make_definite(&mut other, &[0.0, 0.1], &[0.0, 0.0], 2, &mut r);
        assert!(other[0] == 1.0 && other[3] > 0.0);
        let mut empty = [1.0, 0.0, 0.0, 0.0];
        make_definite(&mut empty, &[0.5, 0.0], &[0.0, 0.0], 2, &mut r);
        assert_eq!(empty[3], 0.0);
    }
}
