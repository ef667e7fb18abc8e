//! How (X'V^-1 X)^-1 and the residual sum of squares change with θ; V relative to σ².
//!
//! With S = Z'V^-1 X and U = Λ'S, level by level:
//!   d(X'V^-1 X) = -Σ S'dΛ U + (S'dΛ U)',   d(X'V^-1 X)^-1 = C Σ(...) C,   d pwrss = -2 Σ s'dΛ u.

use crate::ids::BlockId;
use crate::linalg::dense;
use crate::model::linear::gradient::{pwrss_slope, scores};
use crate::model::{Lmm, Workspace};
use crate::penalized_ls::product::{Effects, add_zz};

/// Everything of one θ that derivatives are made of, in the working basis.
pub struct FixedScores {
    /// Z'V^-1 X: per block (n_levels r) rows of p.
    pub s: Effects,
    /// Λ'S.
    pub u: Effects,
    /// Z'V^-1 (y - Xβ): rows of 1.
    pub residual: Effects,
    /// Λ' of that: the spherical modes.
    pub modes: Effects,
    /// (X'V^-1 X)^-1 (p x p).
    pub inverse: Vec<f64>,
}

impl FixedScores {
    /// At the θ that `work` was last evaluated at.
    pub fn new(model: &Lmm, work: &Workspace) -> Self {
        let (a, symbolic, factor) = (&*model.a, &*model.symbolic, &work.factor);
        let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
        let solved = factor.backward(symbolic, 0..p, &[]);
        let mut s: Effects =
            a.factors.iter().map(|f| f.zx.chunks_exact(stride).flat_map(|row| &row[..p]).copied().collect()).collect();
        add_zz(&mut s, a, &solved.b, p, -1.0);
        let inverse = factor.fixed_covariance();
        let beta = factor.beta();
        let modes = factor.modes(symbolic, &beta);
        Self { s, u: solved.u, residual: scores(a, &beta, &modes.b), modes: modes.u, inverse }
    }

    /// d pwrss / dθ_k, from the derivative of Λ in one block.
    pub fn pwrss_slope(&self, model: &Lmm, block: BlockId, derivative: &[f64]) -> f64 {
        pwrss_slope(&self.residual[block], &self.modes[block], derivative, model.a.factors[block].width)
    }

    /// C Σ(S'dΛ U + (S'dΛ U)') C (p x p).
    pub fn vcov_slope(&self, model: &Lmm, block: BlockId, derivative: &[f64]) -> Vec<f64> {
        let (r, p) = (model.a.factors[block].width, model.a.n_fixed());
        let mut sum = vec![0.0; p * p];
        if p == 0 {
            return sum;
        }
        for (s, u) in self.s[block].chunks_exact(r * p).zip(self.u[block].chunks_exact(r * p)) {
            for (k, &d) in derivative.iter().enumerate().filter(|(_, d)| **d != 0.0) {
                let (s, u) = (&s[k % r * p..][..p], &u[k / r * p..][..p]);
                for (column, &u) in sum.chunks_exact_mut(p).zip(u) {
                    column.iter_mut().zip(s).for_each(|(sum, s)| *sum += d * s * u);
                }
            }
        }
        let symmetric: Vec<f64> = (0..p * p).map(|k| sum[k] + sum[k % p * p + k / p]).collect();
        sandwich(&self.inverse, &symmetric, p)
    }
}

/// C M C for symmetric C (n x n).
pub fn sandwich(c: &[f64], m: &[f64], n: usize) -> Vec<f64> {
    product(&product(c, m, n), c, n)
}

/// A B (n x n).
pub fn product(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    dense::product(dense::view(a, n, n), dense::view(b, n, n))
}
