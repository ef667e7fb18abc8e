//! The trailing block: all factors that are not nested in each other share one Schur complement S, of one of three kinds.
//!
//! A kind has its own pattern, factor and inverse, and says what they cost and how much memory they take.

mod dense;
mod inverse;
mod iterative;
mod sparse;

pub use dense::{DenseFactor, DenseInverse};
pub use inverse::{FixedInverse, InverseBlocks, TrailingInverse};
pub use iterative::{ApproximateInverse, IterativeFactor, RowBlocks};
pub use sparse::{Order, SparseFactor, SparseInverse, SparseLayout, order_if_thin};

use std::sync::Arc;

use super::factor::CholeskyFactor;
use super::panel::Panels;
use super::symbolic::SymbolicFactor;
use crate::crossproduct::CrossProducts;
use crate::linalg::dense as kernels;
use crate::{Error, Result};

/// How the trailing block is factored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrailingKind {
    /// By dense Cholesky: exact.
    Dense,
    /// By sparse Cholesky, where few of its levels meet: exact.
    Sparse,
    /// Never formed: solved to rounding, its log-determinant to a standard error that is reported.
    Iterative,
}

/// The kind, with what its pattern takes.
#[derive(Debug, Clone)]
pub enum TrailingPattern {
    Dense,
    /// Where S and L are stored.
    Sparse(Arc<SparseLayout>),
    /// The panels by blocks of rows.
    Iterative(Arc<RowBlocks>),
}

impl TrailingPattern {
    pub fn kind(&self) -> TrailingKind {
        match self {
            Self::Dense => TrailingKind::Dense,
            Self::Sparse(_) => TrailingKind::Sparse,
            Self::Iterative(_) => TrailingKind::Iterative,
        }
    }

    /// Bytes of the pattern, and of the values of A in it.
    pub fn n_bytes(&self) -> usize {
        match self {
            Self::Dense => 0,
            Self::Sparse(layout) => layout.n_bytes(),
            Self::Iterative(rows) => rows.n_bytes(),
        }
    }
}

/// S for one θ, ready to solve with.
#[derive(Debug, Clone)]
pub enum TrailingFactor {
    Dense(DenseFactor),
    Sparse(Box<SparseFactor>),
    Iterative(Box<IterativeFactor>),
}

impl Default for TrailingFactor {
    fn default() -> Self {
        Self::Dense(DenseFactor::default())
    }
}

impl TrailingFactor {
    pub fn new(symbolic: &SymbolicFactor) -> Self {
        match &symbolic.trailing {
            TrailingPattern::Dense => Self::Dense(DenseFactor::new(symbolic.n_trailing)),
            TrailingPattern::Sparse(layout) => Self::Sparse(Box::new(SparseFactor::new(layout.clone()))),
            TrailingPattern::Iterative(rows) => Self::Iterative(Box::new(IterativeFactor::new(rows.clone()))),
        }
    }

    /// S^-1 of m columns (q_t x m) in place, as exact as a quadratic form needs.
    pub fn solve(&self, columns: &mut [f64], m: usize, a: &CrossProducts, symbolic: &SymbolicFactor) {
        match self {
            Self::Dense(dense) => dense.solve(columns, m),
            Self::Sparse(sparse) => sparse.solve(columns, m),
            Self::Iterative(iterative) => iterative.solve_for_form(columns, m, a, symbolic),
        }
    }

    /// A root of S^-1 times one column of independent noise.
    ///
    /// # Errors
    /// `Design` where S is never factored.
    pub fn colour(&self, column: &mut [f64]) -> Result<()> {
        match self {
            Self::Dense(dense) => dense.solve_transposed(column),
            Self::Sparse(sparse) => sparse.solve_transposed(column),
            Self::Iterative(_) => {
                return Err(Error::Design(
                    "draws of random effects need a factor of the crossed random effects, which are too many here"
                        .into(),
                ));
            }
        }
        Ok(())
    }

    /// Standard error of log|S|.
    pub fn std_error(&self) -> f64 {
        match self {
            Self::Dense(_) | Self::Sparse(_) => 0.0,
            Self::Iterative(iterative) => iterative.std_error,
        }
    }
}

/// The columns of [X y] behind the trailing block.
pub struct FixedColumns<'a> {
    /// Z'[X y] before Λ, (q_t) rows of `stride`.
    reduced: &'a [f64],
    /// S^-1 Λ' of those, q_t x `stride`.
    solved: &'a mut [f64],
    /// [X y]'[X y], less what S explains of it.
    xx: &'a mut [f64],
    stride: usize,
}

impl FixedColumns<'_> {
    /// Λ'Z'[X y], q_t x `stride`.
    fn scaled(&self, lambda: &[Vec<f64>], symbolic: &SymbolicFactor) -> Vec<f64> {
        let mut columns = from_rows(self.reduced, symbolic.n_trailing, self.stride);
        scale_rows(&mut columns, lambda, symbolic, true);
        columns
    }

    /// Subtracts what S^-1 explains, `scaled`' `solved`.
    fn subtract_explained(&mut self, scaled: &[f64], q: usize) {
        let (left, right) =
            (kernels::view(scaled, q, self.stride).transpose(), kernels::view(self.solved, q, self.stride));
        kernels::product_lower(self.xx, left, right, -1.0);
    }
}

/// Writes A's part.
pub fn load(factor: &mut CholeskyFactor, a: &CrossProducts, symbolic: &SymbolicFactor) {
    let stride = factor.p + 1;
    for t in &symbolic.groups {
        let rows = &mut factor.reduced_x[t.offset * stride..][..t.r * t.n_levels * stride];
        rows.copy_from_slice(&a.factors[t.block].zx);
    }
    if let TrailingFactor::Dense(dense) = &mut factor.trailing {
        dense.load(a, symbolic);
    }
}

/// S = Λ'BΛ + I ready to solve with, and the columns of X behind it; returns log|S|.
///
/// # Errors
/// `Numerical` where S is not positive definite.
pub fn factor(
    factor: &mut CholeskyFactor,
    a: &CrossProducts,
    panels: &Panels,
    symbolic: &SymbolicFactor,
) -> Result<f64> {
    if symbolic.n_trailing == 0 {
        return Ok(0.0);
    }
    let CholeskyFactor { trailing, leads, lambda, reduced_x, solved_x, xx, p, .. } = factor;
    let x = FixedColumns { reduced: reduced_x, solved: solved_x, xx, stride: *p + 1 };
    match trailing {
        TrailingFactor::Dense(dense) => dense.factor(symbolic, lambda, x),
        TrailingFactor::Sparse(sparse) => sparse.factor(panels, symbolic, (leads, lambda), x),
        TrailingFactor::Iterative(iterative) => iterative.factor((a, panels), symbolic, (leads, lambda), x),
    }
}

/// Below this a diagonal entry of Λ counts as singular, and the derivative needs the block before Λ.
pub const NEAR_SINGULAR: f64 = 1e-3;

pub fn is_near_singular(lambda: &[f64], r: usize) -> bool {
    (0..r).any(|j| lambda[j * r + j].abs() < NEAR_SINGULAR)
}

/// v = Λ'v for one level.
#[inline]
pub fn apply_transposed(lambda: &[f64], v: &mut [f64], r: usize) {
    for i in 0..r {
        v[i] = (i..r).map(|k| lambda[i * r + k] * v[k]).sum();
    }
}

/// v = Λv for one level.
#[inline]
pub fn apply(lambda: &[f64], v: &mut [f64], r: usize) {
    for i in (0..r).rev() {
        v[i] = (0..=i).map(|k| lambda[k * r + i] * v[k]).sum();
    }
}

/// Columns V (n x r) of one level become V Λ', or V Λ.
pub fn combine(columns: &mut [f64], lambda: &[f64], r: usize, n: usize, transposed: bool) {
    if r == 1 {
        columns.iter_mut().for_each(|v| *v *= lambda[0]);
        return;
    }
    let mut row = vec![0.0; r];
    for i in 0..n {
        (0..r).for_each(|j| row[j] = columns[j * n + i]);
        if transposed {
            apply_transposed(lambda, &mut row, r)
        } else {
            apply(lambda, &mut row, r)
        }
        (0..r).for_each(|j| columns[j * n + i] = row[j]);
    }
}

/// Rows of m as m columns (q x m), and back.
pub fn to_columns(rows: &[f64], columns: &mut [f64], q: usize, m: usize) {
    for (row, values) in rows.chunks_exact(m.max(1)).enumerate() {
        values.iter().enumerate().for_each(|(c, v)| columns[c * q + row] = *v);
    }
}

pub fn from_rows(rows: &[f64], q: usize, m: usize) -> Vec<f64> {
    let mut columns = vec![0.0; q * m];
    to_columns(rows, &mut columns, q, m);
    columns
}

pub fn to_rows(columns: &[f64], rows: &mut [f64], q: usize, m: usize) {
    for (row, values) in rows.chunks_exact_mut(m.max(1)).enumerate() {
        values.iter_mut().enumerate().for_each(|(c, v)| *v = columns[c * q + row]);
    }
}

/// Λ' or Λ from the left of columns of length q_t.
pub fn scale_rows(x: &mut [f64], lambda: &[Vec<f64>], symbolic: &SymbolicFactor, transposed: bool) {
    let q = symbolic.n_trailing;
    if q == 0 {
        return;
    }
    for values in x.chunks_exact_mut(q) {
        for t in &symbolic.groups {
            let l = &lambda[t.block];
            for level in values[t.offset..t.offset + t.n_levels * t.r].chunks_exact_mut(t.r) {
                if transposed { apply_transposed(l, level, t.r) } else { apply(l, level, t.r) }
            }
        }
    }
}
