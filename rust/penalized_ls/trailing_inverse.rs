//! The inverse of the trailing block, and of the fixed effects with it.
//!
//! With F = S^-1 Λ'Z'X and K = (X'V^-1 X)^-1, the rows of the trailing block and of X in M^-1 are
//!   [S^-1 + F K F'   -F K]
//!   [   -K F'          K ]

use faer::MatRef;
use rayon::prelude::*;

use super::factor::CholeskyFactor;
use super::iterative::ApproximateInverse;
use super::sparse::SparseInverse;
use super::symbolic::{SymbolicFactor, TrailingKind};
use super::trailing::{combine, is_near_singular, scale_rows};
use crate::crossproduct::CrossProducts;
use crate::linalg::{dense, small};

/// N = Λ M^-1 Λ' of the trailing block, with X's rows beside it.
#[derive(Debug, Clone, Default)]
pub struct TrailingInverse {
    /// N, all of it (q_t x q_t), if the block is dense.
    n: Vec<f64>,
    pub approximate: Option<Box<ApproximateInverse>>,
    pub sparse: Option<Box<SparseInverse>>,
    /// Its rows of X: n_fixed x q_t.
    pub x: Vec<f64>,
    /// (X'V^-1 X)^-1, n_fixed x n_fixed.
    pub xx: Vec<f64>,
    /// Columns of X counted: p, or none.
    pub n_fixed: usize,
}

impl TrailingInverse {
    pub fn n(&self, q: usize) -> MatRef<'_, f64> {
        dense::view(&self.n, q, q)
    }

    /// Overwrites the inverse with that of `factor`, and adds E of every trailing grouping factor.
    pub fn update(
        &mut self,
        factor: &CholeskyFactor,
        a: &CrossProducts,
        symbolic: &SymbolicFactor,
        with_fixed: bool,
        e: &mut [Vec<f64>],
    ) {
        self.n_fixed = if with_fixed { factor.p } else { 0 };
        self.xx = if with_fixed { factor.fixed_covariance() } else { Vec::new() };
        match symbolic.kind {
            TrailingKind::Dense => self.update_dense(factor, symbolic, e),
            TrailingKind::Sparse => self.update_sparse(factor, symbolic, e),
            TrailingKind::Iterative => self.update_iterative(factor, a, symbolic, e),
        }
    }

    fn update_sparse(&mut self, factor: &CholeskyFactor, symbolic: &SymbolicFactor, e: &mut [Vec<f64>]) {
        self.update_x(factor, symbolic);
        let sparse = factor.sparse.as_ref().expect("a sparse trailing block");
        let mut inverse = self.sparse.take().unwrap_or_default();
        inverse.update(sparse, symbolic);
        inverse.add_fixed(&factor.solved_x, &self.x, self.n_fixed, symbolic);
        for (k, t) in symbolic.trailing.iter().enumerate() {
            let (e, lambda) = (&mut e[t.block], &factor.lambda[t.block]);
            let levels = (0..t.n_levels).map(|level| t.offset + level * t.r);
            if is_near_singular(lambda, t.r) {
                inverse.add_direct(e, k, sparse, &factor.lambda, symbolic);
                for first in levels {
                    for k in 0..t.r * t.r {
                        e[k] += self.direct_fixed(factor, first + k % t.r, first + k / t.r);
                    }
                }
            } else {
                for row in levels {
                    let (z, first, height) = inverse.own(symbolic.layout(), row);
                    add_identity_less(e, z, first, t.r, height);
                }
                small::solve_transposed_in_place::<0>(e, lambda, t.r, t.r);
            }
        }
        inverse.scale(&factor.lambda, symbolic);
        self.scale_x(factor, symbolic);
        self.sparse = Some(inverse);
    }

    fn update_iterative(
        &mut self,
        factor: &CholeskyFactor,
        a: &CrossProducts,
        symbolic: &SymbolicFactor,
        e: &mut [Vec<f64>],
    ) {
        let approximate = self.approximate.get_or_insert_default();
        approximate.update(factor, a, symbolic, &self.xx);
        let iterative = factor.iterative.as_ref().expect("an iterative trailing block");
        for (k, t) in symbolic.trailing.iter().enumerate() {
            let (e, size) = (&mut e[t.block], t.r * t.r);
            for block in approximate.inverse_blocks(iterative, symbolic, k).chunks_exact(size) {
                e.iter_mut().zip(block).for_each(|(e, v)| *e -= v);
            }
            (0..t.r).for_each(|j| e[j * t.r + j] += t.n_levels as f64);
            small::solve_transposed_in_place::<0>(e, &factor.lambda[t.block], t.r, t.r);
        }
    }

    fn update_dense(&mut self, factor: &CholeskyFactor, symbolic: &SymbolicFactor, e: &mut [Vec<f64>]) {
        let q = symbolic.n_trailing;
        self.n.resize(q * q, 0.0);
        dense::inverse_lower_from_cholesky(&mut self.n, &factor.trailing, q);
        self.update_x(factor, symbolic);
        let solved = dense::view(&factor.solved_x[..self.n_fixed * q], q, self.n_fixed);
        dense::product_lower(&mut self.n, solved, dense::view(&self.x, self.n_fixed, q), -1.0);
        dense::mirror_lower(&mut self.n, q);
        for t in &symbolic.trailing {
            let lambda = &factor.lambda[t.block];
            let levels = (0..t.n_levels).map(|level| t.offset + level * t.r);
            let e = &mut e[t.block];
            if is_near_singular(lambda, t.r) {
                self.add_direct(e, factor, symbolic, levels, t.r);
            } else {
                levels.for_each(|first| add_identity_less(e, &self.n, first, t.r, q));
                small::solve_transposed_in_place::<0>(e, lambda, t.r, t.r);
            }
        }
        self.scale(factor, symbolic);
    }

    /// Λ M^-1 Λ' of every level of a grouping factor (n_levels blocks r x r).
    pub fn level_blocks(&self, factor: &CholeskyFactor, symbolic: &SymbolicFactor, block: usize) -> Vec<f64> {
        let k = symbolic.trailing.iter().position(|t| t.block == block).expect("a block of the symbolic");
        if let (Some(approximate), Some(iterative)) = (&self.approximate, &factor.iterative) {
            return approximate.level_blocks(iterative, symbolic, k);
        }
        if let Some(sparse) = &self.sparse {
            return sparse.level_blocks(symbolic, k);
        }
        let t = &symbolic.trailing[k];
        let q = symbolic.n_trailing;
        (0..t.n_levels)
            .flat_map(|level| (0..t.r * t.r).map(move |k| (t.offset + level * t.r, k)))
            .map(|(first, k)| self.n[(first + k / t.r) * q + first + k % t.r])
            .collect()
    }

    /// -K F'.
    fn update_x(&mut self, factor: &CholeskyFactor, symbolic: &SymbolicFactor) {
        let (q, f) = (symbolic.n_trailing, self.n_fixed);
        self.x.resize(f * q, 0.0);
        let solved = dense::view(&factor.solved_x[..f * q], q, f);
        let k = dense::view(&self.xx, f, f);
        dense::multiply(dense::view_mut(&mut self.x, f, q), faer::Accum::Replace, k, solved.transpose(), -1.0);
    }

    /// E += (B Λ M^-1) of every level, from A's own blocks.
    fn add_direct(
        &self,
        e: &mut [f64],
        factor: &CholeskyFactor,
        symbolic: &SymbolicFactor,
        levels: impl Iterator<Item = usize>,
        r: usize,
    ) {
        let (q, b) = (symbolic.n_trailing, &factor.reduced_trailing);
        for first in levels {
            let mut scaled = self.n[first * q..(first + r) * q].to_vec();
            scale_rows(&mut scaled, &factor.lambda, symbolic, false);
            for j in 0..r {
                let column = &scaled[j * q..(j + 1) * q];
                for i in 0..r {
                    let row = first + i;
                    let above: f64 = (0..row).map(|k| b[k * q + row] * column[k]).sum();
                    let below: f64 =
                        b[row * q + row..(row + 1) * q].iter().zip(&column[row..]).map(|(x, y)| x * y).sum();
                    e[j * r + i] += above + below + self.direct_fixed(factor, row, first + j);
                }
            }
        }
    }

    /// The part of it that the rows of X give, for a row and a column.
    fn direct_fixed(&self, factor: &CholeskyFactor, row: usize, column: usize) -> f64 {
        let x = &self.x[column * self.n_fixed..(column + 1) * self.n_fixed];
        factor.reduced_x[row * (factor.p + 1)..].iter().zip(x).map(|(b, x)| b * x).sum()
    }

    /// N = Λ M^-1 Λ', from both sides.
    fn scale(&mut self, factor: &CholeskyFactor, symbolic: &SymbolicFactor) {
        let q = symbolic.n_trailing;
        for t in &symbolic.trailing {
            let (lambda, range) = (&factor.lambda[t.block], t.offset..t.offset + t.n_levels * t.r);
            let levels = self.n[range.start * q..range.end * q].par_chunks_mut(t.r * q);
            levels.for_each(|columns| {
                combine(columns, lambda, t.r, q, false);
                scale_rows(columns, &factor.lambda, symbolic, false);
            });
        }
        self.scale_x(factor, symbolic);
    }

    /// The rows of X of N.
    fn scale_x(&mut self, factor: &CholeskyFactor, symbolic: &SymbolicFactor) {
        let f = self.n_fixed;
        for t in &symbolic.trailing {
            let (lambda, range) = (&factor.lambda[t.block], t.offset..t.offset + t.n_levels * t.r);
            self.x[range.start * f..range.end * f]
                .chunks_exact_mut((t.r * f).max(1))
                .for_each(|columns| combine(columns, lambda, t.r, f, false));
        }
    }
}

/// E += I - M^-1 of one level: then Λ'E of the sum is what the direct product would give.
fn add_identity_less(e: &mut [f64], inverse: &[f64], first: usize, r: usize, q: usize) {
    for j in 0..r {
        for i in 0..r {
            e[j * r + i] += f64::from(u8::from(i == j)) - inverse[(first + j) * q + first + i];
        }
    }
}
