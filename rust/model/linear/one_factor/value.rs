//! What one Λ gives: the factor's last block, and log|M|.

use super::levels::{LevelSums, WIDEST, triangle};
use crate::crossproduct::CrossProducts;
use crate::linalg::small;
use crate::penalized_ls::CholeskyFactor;
use crate::with_width;

/// The entries of a block.
pub type Block = [f64; WIDEST * WIDEST];
pub const EMPTY: Block = [0.0; WIDEST * WIDEST];

/// Sums over levels, and Q of the Λ that they were evaluated at last.  One per thread.
#[derive(Debug, Clone)]
pub struct OneFactor {
    pub(super) sums: LevelSums,
    /// By A the lower triangle of Q; entries off its diagonal count twice.
    q: Vec<f64>,
}

impl OneFactor {
    /// None where a model has no such sums.
    pub fn of(a: &CrossProducts) -> Option<Self> {
        let sums = LevelSums::of(a)?;
        Some(Self { q: vec![0.0; sums.n() * triangle(sums.r)], sums })
    }

    /// Overwrites log|M| and [X y]'[X y] less what the random effects explain, for the Λ of the factor; None where a
    /// number is not finite.  The blocks of the levels are left as they are.
    pub fn update(&mut self, factor: &mut CholeskyFactor) -> Option<()> {
        factor.logdet_random = with_width!(self.sums.r, weigh(&self.sums, &factor.lambda[0], &mut self.q))?;
        let stride = self.sums.stride;
        factor.xx.copy_from_slice(&self.sums.within);
        let mut pair = 0;
        for a in 0..stride {
            for b in 0..=a {
                factor.xx[b * stride + a] += dot(self.sums.of_pair(pair), &self.q);
                pair += 1;
            }
        }
        Some(())
    }
}

/// Q of every A; returns log|M| over all levels.
fn weigh<const R: usize>(sums: &LevelSums, lambda: &[f64], q: &mut [f64]) -> Option<f64> {
    let r = small::width::<R>(sums.r);
    let (size, mut logdet) = (r * r, 0.0);
    let levels = sums.roots.chunks_exact(size).zip(&sums.n_levels);
    for ((root, n), q) in levels.zip(q.chunks_exact_mut(triangle(r))) {
        let (own, log) = shrinkage::<R>(root, lambda, r)?;
        logdet += n * log;
        let mut to = q.iter_mut();
        for j in 0..r {
            for i in j..r {
                *to.next()? = if i == j { own.q[j * r + i] } else { 2.0 * own.q[j * r + i] };
            }
        }
    }
    Some(logdet)
}

/// What Λ makes of one A (r x r).
pub struct Shrinkage {
    /// Q = (I + YY')⁻¹ = I - YM⁻¹Y', and QY = YM⁻¹.
    pub q: Block,
    pub qy: Block,
}

/// Q, QY, and log|M|; None where a number is not finite.
///
/// M = I + Y'Y, and not I + YY', for the columns of Y are those of Λ, of very different sizes where few combinations of effects
/// have a large variance.
#[inline(always)]
pub fn shrinkage<const R: usize>(root: &[f64], lambda: &[f64], r: usize) -> Option<(Shrinkage, f64)> {
    let r = small::width::<R>(r);
    let (mut y, mut l, mut c, mut q, mut qy) = (EMPTY, EMPTY, EMPTY, EMPTY, EMPTY);
    small::multiply(&mut y, root, lambda, r, r, r);
    if r == 1 {
        let m = 1.0 + y[0] * y[0];
        (q[0], qy[0]) = (1.0 / m, y[0] / m);
        return Some((Shrinkage { q, qy }, m.ln())).filter(|(_, log)| log.is_finite());
    }
    (0..r).for_each(|j| (l[j * r + j], q[j * r + j]) = (1.0, 1.0));
    small::add_cross(&mut l, &y, &y, r, r, r);
    let log = small::cholesky::<R>(&mut l, r).filter(|log| log.is_finite())?;
    // Y M⁻¹Y' = CC', C = YL⁻ᵀ
    small::solve_right_transposed::<R>(&mut c, &y, &l, r, r);
    small::subtract_outer(&mut q, &c, &c, r, r, r);
    small::solve_right::<R>(&mut qy, &c, &l, r, r);
    Some((Shrinkage { q, qy }, log))
}

/// Σ a b, in four sums.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 4];
    for (a, b) in a.zip(b) {
        (0..4).for_each(|k| sums[k] += a[k] * b[k]);
    }
    sums.iter().sum::<f64>() + rest
}
