//! What the derivative needs of (I + E)^-1: its diagonal blocks, and its product with G where G has entries.
//!
//!   (I + E)^-1 = I - E + V h(l) V' + h(E) over the others,   h(x) = 1/(1 + x) - 1 + x
//! with the probes for the last part, as in the criterion; for the mixed model equations it gains F K F'.

use rayon::prelude::*;

use super::Iterative;
use super::lanczos::inverse_remainder;
use super::operator::Product;
use super::squares::product_on_pattern;
use crate::crossproduct::CrossProducts;
use crate::penalized_ls::factor::CholeskyFactor;
use crate::penalized_ls::system::System;

/// I - E + A B'.
#[derive(Debug, Clone, Default)]
pub struct ApproximateInverse {
    /// q_t rows of `width`.
    a: Vec<f64>,
    b: Vec<f64>,
    width: usize,
    /// R'F = (I + E)^-1 R^-1 Λ'Z'X, q_t rows of n_fixed.
    fixed: Vec<f64>,
    /// Per lead, W = N_RR P of the trailing rows, in the pattern of its panel, and of the rows of X.
    pub w: Vec<Vec<f64>>,
    pub wx: Vec<Vec<f64>>,
}

impl ApproximateInverse {
    /// `k`: (X'V^-1 X)^-1, n_fixed x n_fixed.
    pub fn update(&mut self, factor: &CholeskyFactor, a: &CrossProducts, system: &System, k: &[f64]) {
        let iterative = factor.iterative.as_ref().expect("an iterative trailing block");
        let n_fixed = k.len().isqrt();
        self.fixed = iterative.scaled_solution(factor, system, n_fixed);
        self.collect(iterative, system, k, n_fixed);
        let problem = Product { schur: &iterative.schur, a, system };
        let weighted = product_on_pattern(&problem);
        self.w.resize(system.leads.len(), Vec::new());
        self.wx.resize(system.leads.len(), Vec::new());
        for (i, weighted) in weighted.into_iter().enumerate() {
            self.weigh(i, weighted, iterative, factor, system, k);
        }
    }

    /// A and B: outliers, probes, fixed effects.
    fn collect(&mut self, iterative: &Iterative, system: &System, k: &[f64], n_fixed: usize) {
        let (q, outliers, probes) = (system.n_trailing, &iterative.outliers, &iterative.probes);
        let (n, s) = (outliers.values.len(), probes.n());
        let half = 0.5 / s as f64;
        self.width = n + 2 * s + n_fixed;
        self.a.clear();
        self.b.clear();
        for row in 0..q {
            let v = (0..n).map(|j| outliers.vectors[j * q + row]);
            let (z, y) = (&probes.z[row * s..(row + 1) * s], &probes.image[row * s..(row + 1) * s]);
            let f = &self.fixed[row * n_fixed..(row + 1) * n_fixed];
            self.a.extend(v.clone().zip(&outliers.values).map(|(v, &l)| v * inverse_remainder(l)));
            self.a.extend(z.iter().chain(y).map(|v| half * v));
            self.a.extend((0..n_fixed).map(|c| (0..n_fixed).map(|j| f[j] * k[c * n_fixed + j]).sum::<f64>()));
            self.b.extend(v);
            self.b.extend(y.iter().chain(z).chain(f));
        }
    }

    /// W of one lead: T'(I - E + A B') G - T'F K P_X for trailing rows, K P_X - K F'G for those of X.
    fn weigh(
        &mut self,
        i: usize,
        weighted: Vec<f64>,
        iterative: &Iterative,
        factor: &CholeskyFactor,
        system: &System,
        k: &[f64],
    ) {
        let (lead, g) = (&system.leads[i], &iterative.schur.g[i]);
        let (r, f, stride, width) = (lead.r, k.len().isqrt(), system.p + 1, self.width);
        let (x, fixed_from) = (&factor.leads[i].blocks.x, width - f);
        let levels: Vec<(Vec<f64>, Vec<f64>)> = (0..lead.n_levels)
            .into_par_iter()
            .with_min_len(256)
            .map(|level| {
                let (rows, range) = (lead.panel.level_rows(level), lead.panel.range(level, r));
                let (d, mut w, mut wx) = (rows.len(), g[range.clone()].to_vec(), vec![0.0; f * r]);
                w.iter_mut().zip(&weighted[range.clone()]).for_each(|(w, e)| *w -= e);
                for l in 0..r {
                    let g = &g[range.clone()][l * d..(l + 1) * d];
                    let mut inner = vec![0.0; width];
                    for (g, &row) in g.iter().zip(rows) {
                        let b = &self.b[row as usize * width..(row as usize + 1) * width];
                        inner.iter_mut().zip(b).for_each(|(s, b)| *s += g * b);
                    }
                    // P_X less F'G, times K, is W of X; its negative image belongs to the trailing rows
                    let px = &x[(level * r + l) * stride..][..f];
                    inner[fixed_from..].iter_mut().zip(px).for_each(|(s, p)| *s -= p);
                    for c in 0..f {
                        wx[l * f + c] = -(0..f).map(|j| k[c * f + j] * inner[fixed_from + j]).sum::<f64>();
                    }
                    for (w, &row) in w[l * d..(l + 1) * d].iter_mut().zip(rows) {
                        let a = &self.a[row as usize * width..(row as usize + 1) * width];
                        *w += a.iter().zip(&inner).map(|(a, s)| a * s).sum::<f64>();
                    }
                }
                (w, wx)
            })
            .collect();
        self.w[i] = levels.iter().flat_map(|(w, _)| w.iter().copied()).collect();
        self.wx[i] = levels.iter().flat_map(|(_, wx)| wx.iter().copied()).collect();
        iterative.schur.transform_panel(&mut self.w[i], system, i, true);
    }

    /// Diagonal blocks of (I + E)^-1 of the k-th trailing factor (n_levels blocks r x r).
    fn own_blocks(&self, system: &System, k: usize) -> Vec<f64> {
        let (t, width) = (&system.trailing[k], self.width);
        let mut blocks = vec![0.0; t.n_levels * t.r * t.r];
        for level in 0..t.n_levels {
            for j in 0..t.r {
                for i in 0..t.r {
                    let (row, column) = (t.offset + level * t.r + i, t.offset + level * t.r + j);
                    let (a, b) =
                        (&self.a[row * width..(row + 1) * width], &self.b[column * width..(column + 1) * width]);
                    blocks[(level * t.r + j) * t.r + i] =
                        f64::from(u8::from(i == j)) + a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                }
            }
        }
        blocks
    }

    /// Diagonal blocks of S^-1, fixed effects counted.
    pub fn inverse_blocks(&self, iterative: &Iterative, system: &System, k: usize) -> Vec<f64> {
        let mut blocks = self.own_blocks(system, k);
        iterative.schur.unscale_blocks(k, system.trailing[k].r, &mut blocks);
        blocks
    }

    /// Diagonal blocks of N = Λ S^-1 Λ'.
    pub fn level_blocks(&self, iterative: &Iterative, system: &System, k: usize) -> Vec<f64> {
        let mut blocks = self.own_blocks(system, k);
        iterative.schur.project_blocks(k, system.trailing[k].r, &mut blocks);
        blocks
    }
}

impl Iterative {
    /// R'S^-1 Λ'Z'X from S^-1 Λ'Z'X, q_t rows of n.
    fn scaled_solution(&self, factor: &CholeskyFactor, system: &System, n: usize) -> Vec<f64> {
        let q = system.n_trailing;
        let mut rows = vec![0.0; q * n];
        crate::penalized_ls::trailing::to_rows(&factor.solved_x[..q * n], &mut rows, q, n);
        self.schur.apply_transposed_root(&mut rows, system, n);
        rows
    }
}
