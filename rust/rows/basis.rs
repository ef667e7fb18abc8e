//! The working basis of X: columns centred and scaled inside, results in the user's units.

use crate::linalg::dense::square_product;

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

    /// T⁻¹ origin; T is upper triangular.
    pub fn origin_in_basis(&self) -> Vec<f64> {
        let (p, mut x) = (self.kept.len(), self.origin.clone());
        for k in (0..p).rev() {
            x[k] /= self.transform[k * p + k];
            (0..k).for_each(|i| x[i] -= self.transform[k * p + i] * x[k]);
        }
        x
    }

    /// T C T' of a covariance in the basis (p x p).
    pub fn covariance(&self, basis: &[f64]) -> Vec<f64> {
        let p = self.kept.len();
        let half = square_product(&self.transform, basis, p, false);
        square_product(&half, &self.transform, p, true)
    }
}
