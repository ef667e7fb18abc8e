//! Products of pairs of rows, summed over the groups of a pattern: with them nothing that is computed at a φ needs the rows.
//!
//!   C_ab = Σ_i w_ia w_ib',  w_ia row a of [X y] of group i;   A(φ) = Σ_patterns Σ_ab (R⁻¹)_ab C_ab

use rayon::prelude::*;

use super::factor::Factor;
use super::patterns::Patterns;
use super::stored::Piece;
use crate::linalg::dense;

/// Numbers that products of all patterns may have together.
const MOST: usize = 8_000_000;
/// Groups that a pattern has at least, in the mean.
const GROUPS: usize = 3;

/// By pattern, the products of its rows.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Numbers in a row of [X y].
    stride: usize,
    n_groups: Vec<usize>,
    products: Vec<Vec<f64>>,
}

/// Sums over the groups of a pattern that slopes are made of.
pub struct PatternSums {
    pub n_groups: usize,
    /// Σ x_a'Nx_b, and Σ e_a e_b for e = y - Xβ (n x n).
    pub explained: Vec<f64>,
    pub squares: Vec<f64>,
    /// Σ x_a e_b: p numbers for every b, and a within it.
    pub cross: Vec<f64>,
}

impl Grid {
    /// None where there are random effects, or the rows themselves take less time or memory.
    pub fn of_pieces(pieces: &[Piece], patterns: &Patterns) -> Option<Self> {
        let first = pieces.first()?;
        let stride = first.rows.dense.len() / first.rows.n.max(1);
        let size: usize = (0..patterns.count()).map(|k| (patterns.get(k).n * stride).pow(2)).sum();
        let n_all: usize = pieces.iter().map(|piece| piece.groups.len()).sum();
        if !first.rows.z.is_empty() || size > MOST || n_all < GROUPS * patterns.count() {
            return None;
        }
        let mut runs: Vec<Vec<&[f64]>> = vec![Vec::new(); patterns.count()];
        let mut n_groups = vec![0; patterns.count()];
        for piece in pieces {
            for run in piece.groups.chunk_by(|a, b| a.pattern == b.pattern) {
                let (first, last) = (run[0], run[run.len() - 1]);
                n_groups[first.pattern] += run.len();
                runs[first.pattern].push(&piece.rows.dense[first.first * stride..(last.first + last.n) * stride]);
            }
        }
        let of_pattern = |(k, runs): (usize, &Vec<&[f64]>)| {
            let width = patterns.get(k).n * stride;
            let mut products = vec![0.0; width * width];
            for rows in runs {
                dense::rank_update_lower(&mut products, dense::view(rows, width, rows.len() / width), 1.0);
            }
            dense::mirror_lower(&mut products, width);
            products
        };
        let products = runs.par_iter().enumerate().map(of_pattern).collect();
        Some(Self { stride, n_groups, products })
    }

    /// A(φ) ([X y]'R⁻¹[X y]), the lower triangle.
    pub fn sums(&self, patterns: &Patterns, factors: &[Factor]) -> Vec<f64> {
        let of_pattern = |k: usize| {
            let n = patterns.get(k).n;
            self.weighted(k, n, &inverse(factors[k].dense(), n))
        };
        let parts: Vec<Vec<f64>> = (0..patterns.count()).into_par_iter().map(of_pattern).collect();
        let mut total = vec![0.0; self.stride * self.stride];
        parts.iter().for_each(|part| total.iter_mut().zip(part).for_each(|(t, v)| *t += v));
        total
    }

    /// Σ_ab W_ab C_ab of a pattern of n rows for symmetric W, the lower triangle.
    pub fn weighted(&self, pattern: usize, n: usize, weights: &[f64]) -> Vec<f64> {
        let (stride, width) = (self.stride, n * self.stride);
        let (products, mut sums) = (&self.products[pattern], vec![0.0; stride * stride]);
        for b in 0..n {
            for a in 0..n {
                let weight = weights[b * n + a];
                for j in 0..stride {
                    let own = &products[(b * stride + j) * width + a * stride..][..stride];
                    let to = &mut sums[j * stride..(j + 1) * stride];
                    to[j..].iter_mut().zip(&own[j..]).for_each(|(s, v)| *s += weight * v);
                }
            }
        }
        sums
    }

    /// Σ x_a x_b' (p x p) of every pair of rows of a pattern: for every b, all a.
    pub fn of_fixed(&self, pattern: usize, n: usize, p: usize) -> Vec<f64> {
        let (stride, width) = (self.stride, n * self.stride);
        let column =
            |b: usize, a: usize, j: usize| &self.products[pattern][(b * stride + j) * width + a * stride..][..p];
        let pairs = (0..n * n).flat_map(|e| (0..p).flat_map(move |j| column(e / n, e % n, j)));
        pairs.copied().collect()
    }

    /// What slopes of a pattern of n rows are made of; `inverse` is N of `n_fixed` columns of X.
    pub fn of_pattern(&self, pattern: usize, n: usize, inverse: &[f64], n_fixed: usize, beta: &[f64]) -> PatternSums {
        let (stride, width, p) = (self.stride, n * self.stride, beta.len());
        let products = &self.products[pattern];
        let mut out = PatternSums {
            n_groups: self.n_groups[pattern],
            explained: vec![0.0; n * n],
            squares: vec![0.0; n * n],
            cross: vec![0.0; n * n * p],
        };
        let residual = |column: &[f64]| column[p] - column.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
        let mut with_e = vec![0.0; stride];
        for b in 0..n {
            for a in 0..n {
                let column = |j: usize| &products[(b * stride + j) * width + a * stride..][..stride];
                let dot = |j: usize| column(j).iter().zip(&inverse[j * n_fixed..(j + 1) * n_fixed]).map(|(c, n)| c * n);
                out.explained[b * n + a] = (0..n_fixed).map(|j| dot(j).sum::<f64>()).sum();
                with_e.copy_from_slice(column(p));
                for (j, beta) in beta.iter().enumerate() {
                    with_e.iter_mut().zip(column(j)).for_each(|(w, v)| *w -= beta * v);
                }
                out.cross[(b * n + a) * p..][..p].copy_from_slice(&with_e[..p]);
                out.squares[b * n + a] = residual(&with_e);
            }
        }
        out
    }
}

/// R⁻¹ = L⁻ᵀL⁻¹ (n x n).
fn inverse(l: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    (0..n).for_each(|i| out[i * n + i] = 1.0);
    dense::solve_lower(l, &mut out, n, n);
    dense::solve_lower_transposed(l, &mut out, n, n);
    out
}
