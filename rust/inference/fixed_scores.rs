//! How (X'V^-1 X)^-1 and the residual sum of squares change with θ; V relative to σ².
//!
//! With S = Z'V^-1 X and U = Λ'S, level by level:
//!   d(X'V^-1 X) = -Σ S'dΛ U + (S'dΛ U)',   d(X'V^-1 X)^-1 = C Σ(...) C,   d pwrss = -2 Σ s'dΛ u.

use crate::ids::BlockId;
use crate::linalg::dense;
use crate::model::linear::gradient::scores;
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
        let (residual, modes) = residual_parts(model, work);
        Self { s, u: solved.u, residual, modes, inverse }
    }

    /// d pwrss / dθ_k, from the derivative of Λ in one block.
    pub fn pwrss_slope(&self, model: &Lmm, block: BlockId, derivative: &[f64]) -> f64 {
        slope(&self.residual[block], &self.modes[block], derivative, model.a.factors[block].width)
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

/// d pwrss / dθ at the θ that `work` was last evaluated at.
pub fn pwrss_gradient(model: &Lmm, work: &Workspace, theta: &[f64]) -> Vec<f64> {
    let (residual, modes) = residual_parts(model, work);
    (0..theta.len())
        .map(|k| {
            let (block, d) = model.theta_map.derivative(theta, k);
            slope(&residual[block], &modes[block], &d, model.a.factors[block].width)
        })
        .collect()
}

/// Z'V^-1 (y - Xβ), and Λ' of it.
fn residual_parts(model: &Lmm, work: &Workspace) -> (Effects, Effects) {
    let (a, symbolic, factor) = (&*model.a, &*model.symbolic, &work.factor);
    let beta = factor.beta();
    let modes = factor.modes(symbolic, &beta);
    (scores(a, &beta, &modes.b), modes.u)
}

/// -2 Σ s' dΛ u over levels.
fn slope(s: &[f64], u: &[f64], derivative: &[f64], r: usize) -> f64 {
    -2.0 * s.chunks_exact(r).zip(u.chunks_exact(r)).map(|(s, u)| bilinear(s, derivative, u, r)).sum::<f64>()
}

/// x'D y for D (r x r, column-major).
fn bilinear(x: &[f64], d: &[f64], y: &[f64], r: usize) -> f64 {
    (0..r * r).map(|k| x[k % r] * d[k] * y[k / r]).sum()
}

/// C M C for symmetric C (n x n).
pub fn sandwich(c: &[f64], m: &[f64], n: usize) -> Vec<f64> {
    product(&product(c, m, n), c, n)
}

/// A B (n x n).
pub fn product(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    dense::product(dense::view(a, n, n), dense::view(b, n, n))
}
