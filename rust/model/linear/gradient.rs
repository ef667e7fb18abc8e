//! The exact gradient, from the factor of the same θ.
//!
//! d log|M| =  2 tr(dΛ' E)      E from the selected inverse; for REML that of the mixed model equations
//! d pwrss  = -2 Σ s' dΛ u      s = Z'W(y - Xβ - Zb), u = Λ's, over levels

use super::lmm::{Criterion, Lmm, Workspace};
use super::pull_back::ResidualSlopes;
use crate::crossproduct::CrossProducts;
use crate::ids::BlockId;
use crate::penalized_ls::Modes;
use crate::penalized_ls::product::{Effects, add_zz};

/// The gradient and what it was made of.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// dd/dθ.
    pub theta: Vec<f64>,
    /// Per parameter the grouping factor that it belongs to, and dΛ/dθ there (r x r).
    pub derivatives: Vec<(BlockId, Vec<f64>)>,
    /// dd/dΛ of every grouping factor (r x r).
    pub lambda: Vec<Vec<f64>>,
    /// The modes and s of the response.
    pub modes: Modes,
    pub scores: Effects,
    /// Of the parameters of the residuals, where there are some.
    pub residual: Option<ResidualSlopes>,
}

impl Lmm {
    /// The gradient at the θ that `work` was last evaluated at.
    pub fn gradient(&self, theta: &[f64], work: &mut Workspace) -> Gradient {
        work.inverse.keeps_first |= self.residual.is_some();
        work.inverse.update(&work.factor, &self.a, &self.panels, &self.symbolic, self.criterion == Criterion::Reml);
        let factor = &work.factor;
        let beta = factor.beta();
        let modes = factor.modes(&self.symbolic, &beta);
        let scores = scores(&self.a, &beta, &modes.b);
        let weight = 2.0 * self.residual_weight(factor.pwrss);
        let mut lambda: Vec<Vec<f64>> = work.inverse.e.iter().map(|e| e.iter().map(|v| 2.0 * v).collect()).collect();
        for (block, d) in lambda.iter_mut().enumerate() {
            subtract_cross(d, &scores[block], &modes.u[block], self.a.factors[block].width, weight);
        }
        let derivatives: Vec<_> =
            (0..self.theta_map.n_parameters).map(|k| self.theta_map.derivative(theta, k)).collect();
        let slope = |(block, d): &(BlockId, Vec<f64>)| lambda[*block].iter().zip(d).map(|(a, b)| a * b).sum();
        Gradient { theta: derivatives.iter().map(slope).collect(), derivatives, lambda, modes, scores, residual: None }
    }

    /// 1/σ², at its best where it is not known.
    pub fn residual_weight(&self, pwrss: f64) -> f64 {
        self.known_variance().map_or_else(|| self.denominator() / pwrss, f64::recip)
    }
}

impl Gradient {
    /// The gradient in θ, then in the parameters of the residuals.
    pub fn free(self) -> Vec<f64> {
        let mut free = self.theta;
        free.extend(self.residual.into_iter().flat_map(|slopes| slopes.gradient));
        free
    }

    /// dr²/dθ, then in the parameters of the residuals.
    pub fn pwrss_slopes(&self, widths: &[usize]) -> Vec<f64> {
        let of = |(block, d): &(BlockId, Vec<f64>)| {
            pwrss_slope(&self.scores[*block], &self.modes.u[*block], d, widths[*block])
        };
        let of_residual = self.residual.iter().flat_map(|slopes| slopes.r.iter().map(|r| -r));
        self.derivatives.iter().map(of).chain(of_residual).collect()
    }
}

/// s = Z'W(y - Xβ - Zb).
pub fn scores(a: &CrossProducts, beta: &[f64], b: &Effects) -> Effects {
    let (p, stride) = (beta.len(), beta.len() + 1);
    let mut s: Effects = a
        .factors
        .iter()
        .map(|f| {
            let fitted = |row: &[f64]| row[..p].iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
            f.zx.chunks_exact(stride).map(|row| row[p] - fitted(row)).collect()
        })
        .collect();
    add_zz(&mut s, a, b, 1, -1.0);
    s
}

/// d (r x r) -= weight Σ over levels of s u'.
fn subtract_cross(d: &mut [f64], s: &[f64], u: &[f64], r: usize, weight: f64) {
    for (s, u) in s.chunks_exact(r).zip(u.chunks_exact(r)) {
        for j in 0..r {
            for i in 0..r {
                d[j * r + i] -= weight * s[i] * u[j];
            }
        }
    }
}

/// dr²/dθ_k = -2 Σ s' dΛ u over levels, from the derivative of Λ in one block (r x r).
pub fn pwrss_slope(s: &[f64], u: &[f64], derivative: &[f64], r: usize) -> f64 {
    let bilinear = |s: &[f64], u: &[f64]| -> f64 { (0..r * r).map(|k| s[k % r] * derivative[k] * u[k / r]).sum() };
    -2.0 * s.chunks_exact(r).zip(u.chunks_exact(r)).map(|(s, u)| bilinear(s, u)).sum::<f64>()
}
