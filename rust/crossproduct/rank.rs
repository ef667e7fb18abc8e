//! Which columns of X depend on those before them.

/// The Cholesky factor of X'X in the order of its columns; a column that depends on earlier ones is left out.
pub struct Ranked {
    /// Columns kept, ascending.
    pub kept: Vec<usize>,
    /// R^-1 (kept x kept, upper triangular, column-major): columns of X R^-1 are orthonormal.
    pub inverse: Vec<f64>,
    /// Least part of a kept column's square that earlier columns leave unexplained.
    pub smallest: f64,
}

/// `xx` is p x p with leading dimension `stride`; a column whose unexplained part of its own square is
/// below `tolerance` depends on those before it.
pub fn rank(xx: &[f64], p: usize, stride: usize, tolerance: impl Fn(usize) -> f64) -> Ranked {
    let mut kept: Vec<usize> = Vec::new();
    let mut factor: Vec<Vec<f64>> = Vec::new(); // rows of R' (lower triangular), one a kept column
    let mut smallest = 1.0f64;
    for j in 0..p {
        let square = xx[j * stride + j];
        let mut row = Vec::with_capacity(kept.len() + 1);
        for (k, &other) in kept.iter().enumerate() {
            let dot: f64 = row.iter().zip(&factor[k]).map(|(a, b): (&f64, &f64)| a * b).sum();
            row.push((xx[j * stride + other] - dot) / factor[k][k]);
        }
        let left = square - row.iter().map(|v| v * v).sum::<f64>();
        if square > 0.0 && left > tolerance(j) * square {
            smallest = smallest.min(left / square);
            row.push(left.sqrt());
            factor.push(row);
            kept.push(j);
        }
    }
    let inverse = invert(&factor);
    Ranked { kept, inverse, smallest }
}

/// R^-1 (column-major) from the rows of R'.
fn invert(factor: &[Vec<f64>]) -> Vec<f64> {
    let p = factor.len();
    let mut inverse = vec![0.0; p * p];
    for j in 0..p {
        inverse[j * p + j] = 1.0 / factor[j][j];
        for i in (0..j).rev() {
            let sum: f64 = (i + 1..=j).map(|k| factor[k][i] * inverse[j * p + k]).sum();
            inverse[j * p + i] = -sum / factor[i][i];
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_columns_is_left_out_and_the_inverse_inverts() {
        let x = [[1.0, 0.0, 1.0, 2.0], [1.0, 1.0, 2.0, 0.0], [1.0, 2.0, 3.0, 1.0], [1.0, 5.0, 6.0, 4.0]];
        let p = 4;
        let mut xx = vec![0.0; p * p];
        for row in &x {
            for i in 0..p {
                for j in 0..p {
                    xx[j * p + i] += row[i] * row[j];
                }
            }
        }
        let ranked = rank(&xx, p, p, |_| 1e-10);
        assert_eq!(ranked.kept, [0, 1, 3]);
        for a in 0..3 {
            for b in 0..3 {
                let q = |row: &[f64; 4], c: usize| -> f64 {
                    (0..3).map(|k| row[ranked.kept[k]] * ranked.inverse[c * 3 + k]).sum()
                };
                let dot: f64 = x.iter().map(|row| q(row, a) * q(row, b)).sum();
                assert!((dot - f64::from(u8::from(a == b))).abs() < 1e-12);
            }
        }
    }
}
