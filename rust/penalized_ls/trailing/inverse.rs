//! The inverse of the trailing block, and of the fixed effects with it.
//!
//! With F = S^-1 Λ'Z'X and K = (X'V^-1 X)^-1, the rows of the trailing block and of X in M^-1 are
//!   [S^-1 + F K F'   -F K]
//!   [   -K F'          K ]

use super::{ApproximateInverse, DenseInverse, SparseInverse, TrailingFactor, combine};
use crate::crossproduct::CrossProducts;
use crate::linalg::dense;
use crate::penalized_ls::factor::CholeskyFactor;
use crate::penalized_ls::symbolic::SymbolicFactor;

/// N = Λ M^-1 Λ' of the trailing block, with X's rows beside it.
#[derive(Debug, Clone, Default)]
pub struct TrailingInverse {
    pub blocks: InverseBlocks,
    pub fixed: FixedInverse,
}

/// N itself, or what stands for it.
#[derive(Debug, Clone)]
pub enum InverseBlocks {
    Dense(DenseInverse),
    Sparse(Box<SparseInverse>),
    Iterative(Box<ApproximateInverse>),
}

impl Default for InverseBlocks {
    fn default() -> Self {
        Self::Dense(DenseInverse::default())
    }
}

/// The rows of X.
#[derive(Debug, Clone, Default)]
pub struct FixedInverse {
    /// Columns of X counted: p, or none.
    pub n: usize,
    /// n x q_t.
    pub x: Vec<f64>,
    /// (X'V^-1 X)^-1, n x n.
    pub xx: Vec<f64>,
}

impl TrailingInverse {
    /// Overwrites the inverse with that of `factor`, and adds E of every trailing grouping factor.
    pub fn update(
        &mut self,
        factor: &CholeskyFactor,
        a: &CrossProducts,
        symbolic: &SymbolicFactor,
        with_fixed: bool,
        e: &mut [Vec<f64>],
    ) {
        let Self { blocks, fixed } = self;
        fixed.n = if with_fixed { factor.p } else { 0 };
        fixed.xx = if with_fixed { factor.fixed_covariance() } else { Vec::new() };
        match &factor.trailing {
            TrailingFactor::Dense(own) => {
                fixed.update(factor, symbolic);
                let mut inverse = match std::mem::take(blocks) {
                    InverseBlocks::Dense(inverse) => inverse,
                    _ => DenseInverse::default(),
                };
                inverse.update(own, factor, symbolic, fixed, e);
                fixed.scale(factor, symbolic);
                *blocks = InverseBlocks::Dense(inverse);
            }
            TrailingFactor::Sparse(own) => {
                fixed.update(factor, symbolic);
                // the old one is freed first
                *blocks = InverseBlocks::default();
                let mut inverse = Box::new(SparseInverse::new(own));
                inverse.update(own, factor, symbolic, fixed, e);
                fixed.scale(factor, symbolic);
                *blocks = InverseBlocks::Sparse(inverse);
            }
            TrailingFactor::Iterative(own) => {
                let mut inverse = match std::mem::take(blocks) {
                    InverseBlocks::Iterative(inverse) => inverse,
                    _ => Box::default(),
                };
                inverse.update(own, factor, a, symbolic, &fixed.xx, e);
                *blocks = InverseBlocks::Iterative(inverse);
            }
        }
    }

    /// Λ M^-1 Λ' of every level of a grouping factor (n_levels blocks r x r).
    pub fn level_blocks(&self, factor: &CholeskyFactor, symbolic: &SymbolicFactor, block: usize) -> Vec<f64> {
        let k = symbolic.groups.iter().position(|t| t.block == block).expect("a trailing group of the block");
        match (&self.blocks, &factor.trailing) {
            (InverseBlocks::Iterative(inverse), TrailingFactor::Iterative(own)) => {
                inverse.level_blocks(own, symbolic, k)
            }
            (InverseBlocks::Sparse(inverse), _) => inverse.level_blocks(symbolic, k),
            (InverseBlocks::Dense(inverse), _) => inverse.level_blocks(symbolic, k),
            (InverseBlocks::Iterative(_), _) => Vec::new(),
        }
    }
}

impl FixedInverse {
    /// -K F'.
    fn update(&mut self, factor: &CholeskyFactor, symbolic: &SymbolicFactor) {
        let (q, f) = (symbolic.n_trailing, self.n);
        self.x.resize(f * q, 0.0);
        let solved = dense::view(&factor.solved_x[..f * q], q, f);
        let k = dense::view(&self.xx, f, f);
        dense::multiply(dense::view_mut(&mut self.x, f, q), faer::Accum::Replace, k, solved.transpose(), -1.0);
    }

    /// The part of B Λ M^-1 that the rows of X give, for a row and a column.
    pub fn direct(&self, factor: &CholeskyFactor, row: usize, column: usize) -> f64 {
        let x = &self.x[column * self.n..(column + 1) * self.n];
        factor.reduced_x[row * (factor.p + 1)..].iter().zip(x).map(|(b, x)| b * x).sum()
    }

    /// The rows of X of N.
    fn scale(&mut self, factor: &CholeskyFactor, symbolic: &SymbolicFactor) {
        let f = self.n;
        for t in &symbolic.groups {
            let (lambda, range) = (&factor.lambda[t.block], t.offset..t.offset + t.n_levels * t.r);
            self.x[range.start * f..range.end * f]
                .chunks_exact_mut((t.r * f).max(1))
                .for_each(|columns| combine(columns, lambda, t.r, f, false));
        }
    }
}

/// E += I - M^-1 of one level: then Λ'E of the sum is what the direct product would give.
pub fn add_identity_less(e: &mut [f64], inverse: &[f64], first: usize, r: usize, q: usize) {
    for j in 0..r {
        for i in 0..r {
            e[j * r + i] += f64::from(u8::from(i == j)) - inverse[(first + j) * q + first + i];
        }
    }
}
