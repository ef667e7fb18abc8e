//! Kernels for r x r blocks, column-major.  With `R > 0` the width is a constant and the loops unroll;
//! `R = 0` is the same code for any width.

/// The width in force: `R` where it is a constant, `r` otherwise.
#[inline(always)]
pub const fn width<const R: usize>(r: usize) -> usize {
    if R > 0 { R } else { r }
}

/// Calls a generic kernel with the width as a constant for the common widths 1 to 4.
#[macro_export]
macro_rules! with_width {
    ($r:expr, $kernel:ident ( $($arg:expr),* $(,)? )) => {
        match $r {
            1 => $kernel::<1>($($arg),*),
            2 => $kernel::<2>($($arg),*),
            3 => $kernel::<3>($($arg),*),
            4 => $kernel::<4>($($arg),*),
            _ => $kernel::<0>($($arg),*),
        }
    };
}

/// C (m x r) = A (m x k) B (k x r), all column-major.
#[inline(always)]
pub fn multiply(c: &mut [f64], a: &[f64], b: &[f64], m: usize, k: usize, r: usize) {
    for j in 0..r {
        let cj = &mut c[j * m..(j + 1) * m];
        if k == 0 {
            cj.fill(0.0);
        }
        for l in 0..k {
            let (blj, al) = (b[j * k + l], &a[l * m..(l + 1) * m]);
            for i in 0..m {
                cj[i] = if l == 0 { 0.0 } else { cj[i] } + al[i] * blj;
            }
        }
    }
}

/// C (m x n) -= A (m x r) B', B n x r.
#[inline(always)]
pub fn subtract_outer(c: &mut [f64], a: &[f64], b: &[f64], m: usize, n: usize, r: usize) {
    for j in 0..n {
        let cj = &mut c[j * m..(j + 1) * m];
        for l in 0..r {
            let (blj, al) = (b[l * n + j], &a[l * m..(l + 1) * m]);
            for i in 0..m {
                cj[i] -= al[i] * blj;
            }
        }
    }
}

/// C (k x r) += A' B, with A m x k and B m x r.
#[inline(always)]
pub fn add_cross(c: &mut [f64], a: &[f64], b: &[f64], m: usize, k: usize, r: usize) {
    for j in 0..r {
        let bj = &b[j * m..(j + 1) * m];
        for l in 0..k {
            let al = &a[l * m..(l + 1) * m];
            let mut sum = 0.0;
            for i in 0..m {
                sum += al[i] * bj[i];
            }
            c[j * k + l] += sum;
        }
    }
}

/// C = Λ'BΛ + I for lower triangular Λ and symmetric B; `work` is r x r.
#[inline(always)]
pub fn penalized<const R: usize>(c: &mut [f64], lambda: &[f64], b: &[f64], work: &mut [f64], r: usize) {
    let r = width::<R>(r);
    // BΛ: column j of Λ starts at row j
    for j in 0..r {
        for i in 0..r {
            let mut sum = 0.0;
            for l in j..r {
                sum += b[l * r + i] * lambda[j * r + l];
            }
            work[j * r + i] = sum;
        }
    }
    for j in 0..r {
        for i in 0..r {
            let mut sum = if i == j { 1.0 } else { 0.0 };
            for l in i..r {
                sum += lambda[i * r + l] * work[j * r + l];
            }
            c[j * r + i] = sum;
        }
    }
}

/// The logarithm of a product of positive numbers: one logarithm for many of them, as long as the product cannot overflow.
#[derive(Debug, Clone, Copy)]
pub struct LogProduct {
    product: f64,
    log: f64,
}

impl Default for LogProduct {
    fn default() -> Self {
        Self { product: 1.0, log: 0.0 }
    }
}

impl LogProduct {
    #[inline(always)]
    pub fn multiply(&mut self, factor: f64) {
        self.product *= factor;
        if !(1e-150..1e150).contains(&self.product) {
            self.log += self.product.ln();
            self.product = 1.0;
        }
    }

    pub fn log(self) -> f64 {
        self.log + self.product.ln()
    }
}

/// Overwrites the lower triangle of `a` with its Cholesky factor and zeroes the rest; returns log|A|,
/// or `None` where a pivot is not positive.
#[inline(always)]
pub fn cholesky<const R: usize>(a: &mut [f64], r: usize) -> Option<f64> {
    let mut determinant = LogProduct::default();
    cholesky_of_many::<R>(a, r, &mut determinant)?;
    Some(determinant.log())
}

/// The same for one of many matrices, whose determinants are multiplied.
#[inline(always)]
pub fn cholesky_of_many<const R: usize>(a: &mut [f64], r: usize, determinants: &mut LogProduct) -> Option<()> {
    let r = width::<R>(r);
    for j in 0..r {
        let mut d = a[j * r + j];
        for l in 0..j {
            d -= a[l * r + j] * a[l * r + j];
        }
        if d.is_nan() || d <= 0.0 {
            return None;
        }
        determinants.multiply(d);
        let pivot = d.sqrt();
        a[j * r + j] = pivot;
        for i in j + 1..r {
            let mut sum = a[j * r + i];
            for l in 0..j {
                sum -= a[l * r + i] * a[l * r + j];
            }
            a[j * r + i] = sum / pivot;
        }
        for i in 0..j {
            a[j * r + i] = 0.0;
        }
    }
    Some(())
}

/// C = A L^-T for lower triangular L: solves C L' = A.  A and C are m x r.
#[inline(always)]
pub fn solve_right_transposed<const R: usize>(c: &mut [f64], a: &[f64], l: &[f64], m: usize, r: usize) {
    let r = width::<R>(r);
    for j in 0..r {
        for i in 0..m {
            let mut sum = a[j * m + i];
            for k in 0..j {
                sum -= c[k * m + i] * l[k * r + j];
            }
            c[j * m + i] = sum / l[j * r + j];
        }
    }
}

/// C = A L^-1 for lower triangular L: solves C L = A.  A and C are m x r and may not overlap.
#[inline(always)]
pub fn solve_right<const R: usize>(c: &mut [f64], a: &[f64], l: &[f64], m: usize, r: usize) {
    let r = width::<R>(r);
    for j in (0..r).rev() {
        for i in 0..m {
            let mut sum = a[j * m + i];
            for k in j + 1..r {
                sum -= c[k * m + i] * l[j * r + k];
            }
            c[j * m + i] = sum / l[j * r + j];
        }
    }
}

/// X = L^-T X in place; X is r x m, column-major.
#[inline(always)]
pub fn solve_transposed_in_place<const R: usize>(x: &mut [f64], l: &[f64], m: usize, r: usize) {
    let r = width::<R>(r);
    for column in 0..m {
        let x = &mut x[column * r..(column + 1) * r];
        for i in (0..r).rev() {
            let mut sum = x[i];
            for k in i + 1..r {
                sum -= l[i * r + k] * x[k];
            }
            x[i] = sum / l[i * r + i];
        }
    }
}

/// X = L⁻¹X in place; X has n rows, row-major.
pub fn solve_rows_lower(x: &mut [f64], l: &[f64], n: usize) {
    let width = x.len() / n;
    for a in 0..n {
        let (before, rest) = x.split_at_mut(a * width);
        let row = &mut rest[..width];
        for (b, other) in before.chunks_exact(width.max(1)).enumerate() {
            let v = l[b * n + a];
            row.iter_mut().zip(other).for_each(|(x, o)| *x -= v * o);
        }
        let inverse = 1.0 / l[a * n + a];
        row.iter_mut().for_each(|x| *x *= inverse);
    }
}

/// X = L⁻ᵀX in place; X has n rows, row-major.
pub fn solve_rows_transposed(x: &mut [f64], l: &[f64], n: usize) {
    let width = x.len() / n;
    for a in (0..n).rev() {
        let (head, rest) = x.split_at_mut((a + 1) * width);
        let row = &mut head[a * width..];
        for (k, other) in rest.chunks_exact(width.max(1)).enumerate() {
            let v = l[a * n + a + 1 + k];
            row.iter_mut().zip(other).for_each(|(x, o)| *x -= v * o);
        }
        let inverse = 1.0 / l[a * n + a];
        row.iter_mut().for_each(|x| *x *= inverse);
    }
}

/// The transpose of A (n x n), in place.
pub fn transpose(a: &mut [f64], n: usize) {
    for j in 0..n {
        (0..j).for_each(|i| a.swap(j * n + i, i * n + j));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cholesky_and_solves_agree_with_the_product() {
        let r = 3;
        let l = [2.0, 0.5, -1.0, 0.0, 1.5, 0.25, 0.0, 0.0, 3.0];
        let mut a = [0.0; 9];
        let lt = [2.0, 0.0, 0.0, 0.5, 1.5, 0.0, -1.0, 0.25, 3.0];
        multiply(&mut a, &l, &lt, r, r, r);
        let logdet = cholesky::<0>(&mut a, r).unwrap();
        assert!((logdet - 2.0 * (9.0f64).ln()).abs() < 1e-14);
        assert!(a.iter().zip(&l).all(|(x, y)| (x - y).abs() < 1e-14));

        let b = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let (mut x, mut back) = ([0.0; 6], [0.0; 6]);
        solve_right_transposed::<3>(&mut x, &b, &l, 2, r);
        multiply(&mut back, &x, &lt, 2, r, r);
        assert!(back.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-14));
        solve_right::<3>(&mut x, &b, &l, 2, r);
        multiply(&mut back, &x, &l, 2, r, r);
        assert!(back.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-14));
    }

    #[test]
    fn a_product_that_would_overflow_has_its_logarithm() {
        let mut product = LogProduct::default();
        (0..10).for_each(|_| product.multiply(1e120));
        (0..5).for_each(|_| product.multiply(1e-120));
        assert!((product.log() - 600.0 * 10.0f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn a_negative_pivot_is_refused() {
        assert!(cholesky::<2>(&mut [1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
