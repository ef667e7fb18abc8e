//! The working basis: columns centred and scaled inside, results in the user's units.

/// β = origin + T β_basis for the columns of X that are kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FixedBasis {
    /// Columns of the design that are in the model; the others depend on them.
    pub kept: Vec<usize>,
    /// Columns of the design in all.
    pub n_columns: usize,
    /// T (p x p, column-major).
    pub transform: Vec<f64>,
    pub origin: Vec<f64>,
    /// log|det T|.
    pub logdet: f64,
}

impl FixedBasis {
    pub fn beta(&self, basis: &[f64]) -> Vec<f64> {
        let p = self.kept.len();
        (0..p).map(|i| self.origin[i] + (0..p).map(|k| self.transform[k * p + i] * basis[k]).sum::<f64>()).collect()
    }

    /// T C T' of a covariance in the basis (p x p).
    pub fn covariance(&self, basis: &[f64]) -> Vec<f64> {
        let p = self.kept.len();
        let half = product(&self.transform, basis, p, false);
        product(&half, &self.transform, p, true)
    }
}

/// b = T b_basis for one random term, z_basis = T'z; T is upper triangular (r x r, column-major).
#[derive(Debug, Clone, PartialEq)]
pub struct RandomBasis {
    pub width: usize,
    pub transform: Vec<f64>,
}

impl RandomBasis {
    pub fn identity(width: usize) -> Self {
        let mut transform = vec![0.0; width * width];
        (0..width).for_each(|j| transform[j * width + j] = 1.0);
        Self { width, transform }
    }

    /// The basis T R for an upper triangular R.
    pub fn then(&self, step: &[f64]) -> Self {
        Self { width: self.width, transform: product(&self.transform, step, self.width, false) }
    }

    /// T^-T M T^-1: a square of z from that of z'T.
    pub fn undo(&self, square: &[f64]) -> Vec<f64> {
        let r = self.width;
        let mut m = square.to_vec();
        for _ in 0..2 {
            // rows by T^-T, then transpose; twice
            for column in m.chunks_exact_mut(r.max(1)) {
                for i in 0..r {
                    let sum: f64 = (0..i).map(|k| self.transform[i * r + k] * column[k]).sum();
                    column[i] = (column[i] - sum) / self.transform[i * r + i];
                }
            }
            m = (0..r * r).map(|k| m[(k % r) * r + k / r]).collect();
        }
        m
    }

    /// z'T in place, for one row.
    pub fn encode(&self, z: &mut [f64]) {
        let r = self.width;
        for j in (0..r).rev() {
            z[j] = (0..=j).map(|i| self.transform[j * r + i] * z[i]).sum();
        }
    }

    /// T b for one level.
    pub fn decode(&self, b: &[f64]) -> Vec<f64> {
        let r = self.width;
        (0..r).map(|i| (i..r).map(|j| self.transform[j * r + i] * b[j]).sum()).collect()
    }

    /// T C T' (r x r).
    pub fn covariance(&self, basis: &[f64]) -> Vec<f64> {
        let half = product(&self.transform, basis, self.width, false);
        product(&half, &self.transform, self.width, true)
    }
}

/// A B, or A B', n x n.
fn product(a: &[f64], b: &[f64], n: usize, transpose: bool) -> Vec<f64> {
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
