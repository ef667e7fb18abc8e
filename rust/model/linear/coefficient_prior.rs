//! Independent normal priors of linear combinations of β, integrated over with β itself.
//!
//! With c_k'β ~ N(m_k, s_k²) the last block [X y] of the factor gets σ² Σ a_k a_k', a_k = [c_k; m_k]/s_k, as rows of data would
//! give it; then |X'V⁻¹X + S₀⁻¹| and r²/σ² are those of the posterior of β (Gelman et al. 2013, Bayesian Data Analysis,
//! section 14.8).

use std::f64::consts::TAU;

use crate::rows::FixedBasis;

/// A linear combination of the user's coefficients that are estimated, with its mean and standard deviation.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalCombination {
    pub along: Vec<f64>,
    pub mean: f64,
    pub sd: f64,
}

/// Σ a a' of such combinations, all that the criterion takes of them.
#[derive(Debug, Clone, PartialEq)]
pub struct CoefficientPrior {
    /// In the working basis, of the response less X origin ((p + 1) x (p + 1)).
    products: Vec<f64>,
    /// Σ log(2π s²).
    pub constant: f64,
}

impl CoefficientPrior {
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
}

/// The rows a of combinations in the working basis, whose variances can be scaled.
#[derive(Debug, Clone)]
pub struct CombinationRows {
    p: usize,
    /// a, and log(2π s²).
    rows: Vec<(Vec<f64>, f64)>,
}

impl CombinationRows {
    pub fn new(combinations: &[NormalCombination], basis: &FixedBasis) -> Self {
        let p = basis.kept.len();
        let row = |one: &NormalCombination| {
            let along = |k: usize| (0..p).map(|i| basis.transform[k * p + i] * one.along[i]).sum::<f64>();
            let centred = one.mean - one.along.iter().zip(&basis.origin).map(|(c, o)| c * o).sum::<f64>();
            let a = (0..p).map(along).chain([centred]).map(|v| v / one.sd).collect();
            (a, (TAU * one.sd * one.sd).ln())
        };
        Self { p, rows: combinations.iter().map(row).collect() }
    }

    /// The prior whose variances are those times exp(`log_scales`).
    pub fn prior(&self, log_scales: &[f64]) -> CoefficientPrior {
        let n = self.p + 1;
        let (mut products, mut constant) = (vec![0.0; n * n], 0.0);
        for ((a, log), scale) in self.rows.iter().zip(log_scales) {
            let weight = (-scale).exp();
            products.iter_mut().enumerate().for_each(|(e, v)| *v += weight * a[e % n] * a[e / n]);
            constant += log + scale;
        }
        CoefficientPrior { products, constant }
    }

    /// The criterion's slope in each of `log_scales`: 1 - (σ² a'(X'V⁻¹X)⁻¹a + (v'a)²)/scale, v = [-β; 1].
    pub fn slopes(&self, log_scales: &[f64], (variance, covariance, beta): (f64, &[f64], &[f64])) -> Vec<f64> {
        let p = self.p;
        let slope = |((a, _), scale): (&(Vec<f64>, f64), &f64)| {
            let form: f64 = (0..p * p).map(|e| a[e % p] * covariance[e] * a[e / p]).sum();
            let along = a[p] - a.iter().zip(beta).map(|(a, b)| a * b).sum::<f64>();
            1.0 - (variance * form + along * along) * (-scale).exp()
        };
        self.rows.iter().zip(log_scales).map(slope).collect()
    }
}
