//! Independent normal priors of linear combinations of β, integrated over with β itself.
//!
//! With c_k'β ~ N(m_k, s_k²) the last block [X y] of the factor gets σ² Σ a_k a_k', a_k = [c_k; m_k]/s_k, as rows of data would
//! give it; then |X'V⁻¹X + S₀⁻¹| and r²/σ² are those of the posterior of β (Gelman et al. 2013, Bayesian Data Analysis,
//! section 14.8).

use std::f64::consts::TAU;

use crate::crossproduct::CrossProducts;
use crate::linalg::dense;
use crate::rows::FixedBasis;

/// A linear combination of the user's coefficients that are estimated, with its mean and standard deviation.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalCombination {
    pub along: Vec<f64>,
    pub mean: f64,
    pub sd: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CoefficientPrior {
    /// Σ a a' in the working basis, of the response less X origin ((p + 1) x (p + 1)).
    products: Vec<f64>,
    /// Σ log(2π s²).
    pub constant: f64,
}

impl CoefficientPrior {
    pub fn new(combinations: &[NormalCombination], basis: &FixedBasis) -> Self {
        let p = basis.kept.len();
        let mut products = vec![0.0; (p + 1) * (p + 1)];
        for one in combinations {
            let along = |k: usize| (0..p).map(|i| basis.transform[k * p + i] * one.along[i]).sum::<f64>();
            let centred = one.mean - one.along.iter().zip(&basis.origin).map(|(c, o)| c * o).sum::<f64>();
            let a: Vec<f64> = (0..p).map(along).chain([centred]).map(|v| v / one.sd).collect();
            products.iter_mut().enumerate().for_each(|(e, v)| *v += a[e % (p + 1)] * a[e / (p + 1)]);
        }
        let constant = combinations.iter().map(|one| (TAU * one.sd * one.sd).ln()).sum();
        Self { products, constant }
    }

    /// Adds σ² Σ a a' to [X y]'[X y].
    pub fn add(&self, variance: f64, xx: &mut [f64]) {
        xx.iter_mut().zip(&self.products).for_each(|(xx, own)| *xx += variance * own);
    }

    /// What the criterion's slope in log σ² gains: σ² tr((X'V⁻¹X)⁻¹ P) + v'Pv, v = [-β; 1], P = Σ a a'.
    pub fn slope(&self, variance: f64, covariance: &[f64], beta: &[f64]) -> f64 {
        let p = beta.len();
        let entry = |i: usize, j: usize| self.products[j * (p + 1) + i];
        let v = |i: usize| if i < p { -beta[i] } else { 1.0 };
        let trace: f64 = (0..p * p).map(|e| covariance[e] * entry(e % p, e / p)).sum();
        let form: f64 = (0..=p).map(|j| v(j) * (0..=p).map(|i| entry(i, j) * v(i)).sum::<f64>()).sum();
        variance * trace + form
    }

    /// Whether it alone, without data, determines all coefficients.
    pub fn is_proper(&self, a: &CrossProducts) -> bool {
        let p = a.n_fixed();
        let mut own: Vec<f64> = (0..p * p).map(|e| self.products[e / p * (p + 1) + e % p]).collect();
        dense::cholesky_lower(&mut own, p).is_ok()
    }
}
