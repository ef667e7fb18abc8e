//! The working basis of Z: columns centred and scaled inside, results in the user's units.

use crate::linalg::dense::square_product;

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

    /// The factor from a column's unit inside to the user's.
    pub fn scale(&self, column: usize) -> f64 {
        self.transform[column * self.width + column]
    }

    /// The basis T R for an upper triangular R.
    pub fn then(&self, step: &[f64]) -> Self {
        Self { width: self.width, transform: square_product(&self.transform, step, self.width, false) }
    }

    /// T^-T M T^-1: a square of z from that of z'T.
    pub fn undo(&self, square: &[f64]) -> Vec<f64> {
        let r = self.width;
        let mut m = square.to_vec();
        for _ in 0..2 {
            // rows by T^-T, then transpose; twice
            m.chunks_exact_mut(r.max(1)).for_each(|column| self.solve_transposed(column));
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

    /// T^-1 b in place, the inverse of `decode`.
    pub fn solve(&self, b: &mut [f64]) {
        let r = self.width;
        for i in (0..r).rev() {
            let sum: f64 = (i + 1..r).map(|k| self.transform[k * r + i] * b[k]).sum();
            b[i] = (b[i] - sum) / self.scale(i);
        }
    }

    /// T^-T v in place: weights v of the effects inside, as weights of the user's.
    pub fn solve_transposed(&self, v: &mut [f64]) {
        let r = self.width;
        for i in 0..r {
            let sum: f64 = (0..i).map(|k| self.transform[i * r + k] * v[k]).sum();
            v[i] = (v[i] - sum) / self.scale(i);
        }
    }

    /// T C T' (r x r).
    pub fn covariance(&self, basis: &[f64]) -> Vec<f64> {
        let half = square_product(&self.transform, basis, self.width, false);
        square_product(&half, &self.transform, self.width, true)
    }
}
