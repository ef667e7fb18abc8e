//! V of connected rows and its slopes in the free parameters.
//!
//!   V = R(φ) + Σ Z ΛΛ' Z',   dV/dθ_k = Z (dΛ Λ' + Λ dΛ') Z',   dV/dφ_k = dR_k; of log sd R_ab (w_a + w_b)

use super::connected::{Connected, GroupId};
use crate::Result;
use crate::covariance::{square, square_slope};
use crate::fit::Fit;
use crate::ids::BlockId;
use crate::model::AtResidual;
use crate::residual::Correlations;

/// V and all its slopes at one φ (n x n each).
pub struct Covariance {
    pub v: Vec<f64>,
    pub slopes: Vec<Vec<f64>>,
}

/// R (n x n) and its slopes.
pub type Slopes = (Vec<f64>, Vec<Vec<f64>>);

/// Builds V of any connected rows of a fit.
pub struct RowBlocks<'a> {
    own: &'a AtResidual,
    /// ΛΛ' of every block.
    random: Vec<Vec<f64>>,
    /// By θ: its block, and dΛ Λ' + Λ dΛ'.
    random_slopes: Vec<(BlockId, Vec<f64>)>,
    widths: Vec<usize>,
}

impl<'a> RowBlocks<'a> {
    pub fn new(fit: &'a Fit, own: &'a AtResidual, lambda: &[Vec<f64>]) -> Self {
        let widths: Vec<usize> = fit.model.a.factors.iter().map(|f| f.width).collect();
        let slope = |k: usize| {
            let (block, d) = fit.model.theta_map.derivative(&fit.theta, k);
            let r = widths[block];
            (block, square_slope(&lambda[block], &d, r))
        };
        Self {
            own,
            random: lambda.iter().zip(&widths).map(|(l, &r)| square(l, r)).collect(),
            random_slopes: (0..fit.theta.len()).map(slope).collect(),
            widths,
        }
    }

    /// V of the rows of groups.
    ///
    /// # Errors
    /// `Numerical` where a standard deviation is not a number.
    pub fn covariance(&self, groups: &[GroupId], correlations: &[Correlations]) -> Result<Covariance> {
        let n = self.size(groups);
        let (mut v, of_residual) = self.at_optimum(groups, correlations)?;
        for (block, s) in self.random.iter().enumerate() {
            self.add_random(groups, block, s, &mut v);
        }
        let of_theta = |(block, s): &(BlockId, Vec<f64>)| {
            let mut d = vec![0.0; n * n];
            self.add_random(groups, block.0, s, &mut d);
            d
        };
        let slopes = self.random_slopes.iter().map(of_theta).chain(of_residual).collect();
        Ok(Covariance { v, slopes })
    }

    /// R and its slopes at the optimum.
    ///
    /// # Errors
    /// As those of `residual`.
    pub fn at_optimum(&self, groups: &[GroupId], correlations: &[Correlations]) -> Result<Slopes> {
        self.residual(groups, &self.own.phi, correlations)
    }

    /// R and its slopes in φ.
    ///
    /// # Errors
    /// `Numerical` where a standard deviation is not a number.
    pub fn residual(&self, groups: &[GroupId], phi: &[f64], correlations: &[Correlations]) -> Result<Slopes> {
        let (n, layout) = (self.size(groups), &self.own.residual.layout);
        let (mut r, mut slopes) = (vec![0.0; n * n], vec![vec![0.0; n * n]; phi.len()]);
        let mut first = 0;
        for &(piece, group) in groups {
            let group = &self.own.residual.pieces[piece].groups[group];
            let at = |a: usize, b: usize| (first + b) * n + first + a;
            let covariance = self.own.residual.of_pattern(group.pattern, phi, correlations)?;
            let of_level = covariance.pattern.by * layout.n_of_level();
            let places = (of_level..of_level + layout.n_of_level()).chain(layout.n_correlation()..);
            let (own, own_slopes) = covariance.slopes();
            own.iter().enumerate().for_each(|(e, &v)| r[at(e % group.n, e / group.n)] = v);
            for (k, slope) in places.zip(own_slopes) {
                slope.iter().enumerate().for_each(|(e, &v)| slopes[k][at(e % group.n, e / group.n)] = v);
            }
            first += group.n;
        }
        Ok((r, slopes))
    }

    /// X of the rows: p columns of n.
    pub fn fixed(&self, groups: &[GroupId], p: usize) -> Vec<f64> {
        let n = self.size(groups);
        let mut out = vec![0.0; n * p];
        for (i, (piece, row)) in self.rows(groups).enumerate() {
            let xy = &self.own.residual.pieces[piece].rows.dense[row * (p + 1)..];
            (0..p).for_each(|j| out[j * n + i] = xy[j]);
        }
        out
    }

    /// Σ x_a x_b' (p x p) of every pair of rows over the members of a block, where products stand for them.
    pub fn products(&self, block: &Connected, p: usize) -> Option<Vec<f64>> {
        let grid = self.own.residual.grid.as_ref()?;
        let (piece, group) = block.members[0][0];
        Some(grid.of_fixed(self.own.residual.pieces[piece].groups[group].pattern, block.n, p))
    }

    fn size(&self, groups: &[GroupId]) -> usize {
        groups.iter().map(|&(piece, group)| self.own.residual.pieces[piece].groups[group].n).sum()
    }

    /// The piece of every row, and its place there.
    fn rows(&self, groups: &[GroupId]) -> impl Iterator<Item = (usize, usize)> {
        groups.iter().flat_map(|&(piece, group)| {
            let own = self.own.residual.pieces[piece].groups[group];
            (own.first..own.first + own.n).map(move |row| (piece, row))
        })
    }

    /// Adds Z S Z' of one block.
    fn add_random(&self, groups: &[GroupId], block: usize, s: &[f64], out: &mut [f64]) {
        let (r, rows) = (self.widths[block], self.rows(groups).collect::<Vec<_>>());
        let of_row = |&(piece, row): &(usize, usize)| {
            let (z, levels) = &self.own.residual.pieces[piece].rows.z[block];
            (&z[row * r..(row + 1) * r], levels[row])
        };
        for (b, right) in rows.iter().enumerate() {
            let (z, level) = of_row(right);
            let sz: Vec<f64> = (0..r).map(|i| (0..r).map(|j| s[j * r + i] * z[j]).sum()).collect();
            for (a, left) in rows.iter().enumerate() {
                let (z, other) = of_row(left);
                if level == other {
                    out[b * rows.len() + a] += z.iter().zip(&sz).map(|(z, s)| z * s).sum::<f64>();
                }
            }
        }
    }
}
