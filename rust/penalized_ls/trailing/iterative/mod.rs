//! The trailing block where it is too large to be stored: S = R (I + E) R' is never formed.
//!
//! R is the Cholesky factor of S's diagonal blocks, one per level.  E, what is left off the diagonal, is
//! small but for few eigenvalues:
//!   log|S| = 2 log|R| + Σ f(l) over outlying eigenvalues l - tr(E²)/2 + tr f(E) over the others,
//!   f(x) = log(1 + x) - x + x²/2
//! with the last part, of third order, by stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017, SIAM J.
//! Matrix Anal. Appl. 38, 1075-1099), and its standard error reported.  Outlying eigenvectors are kept from
//! the first θ on, and probes are fixed, so that the criterion is a smooth function of θ.  Solving goes by
//! conjugate gradients, to rounding.

mod conjugate_gradients;
mod cost;
mod deflation;
mod inverse;
mod lanczos;
mod operator;
mod row_blocks;
mod scaled_schur;
mod squares;

pub use inverse::ApproximateInverse;
pub use row_blocks::RowBlocks;

use std::sync::Arc;

use deflation::Outliers;
use scaled_schur::ScaledSchur;

use super::{FixedColumns, to_columns, to_rows};
use crate::crossproduct::CrossProducts;
use crate::penalized_ls::factor::LeadFactor;
use crate::penalized_ls::panel::Panels;
use crate::penalized_ls::symbolic::SymbolicFactor;
use crate::{Error, Result};

/// Outliers looked for at first, and at most.
const FIRST_OUTLIERS: usize = 2;
const MOST_OUTLIERS: usize = 64;
/// Standard error of the log-determinant that more outliers are taken for.
pub const WANTED_ERROR: f64 = 2e-4;
/// Residual of a solution, relative to its right-hand side; of one that enters a quadratic form alone, where
/// its error enters squared.
const SOLVED: f64 = 1e-12;
const SOLVED_FOR_FORM: f64 = 1e-7;
/// Iterations of the subspace at the first θ, and at every later one.
const FIRST_ITERATIONS: usize = 8;
const ITERATIONS: usize = 3;

/// S for one θ, ready to solve with.
#[derive(Debug, Clone, Default)]
pub struct IterativeFactor {
    schur: ScaledSchur,
    outliers: Outliers,
    /// The subspace that every θ starts from (q_t x k, column-major).
    subspace: Option<Vec<f64>>,
    probes: lanczos::Probes,
    /// H'E H of every level of the first lead.
    forms: Vec<f64>,
    /// Standard error of log|S|.
    pub std_error: f64,
}

impl IterativeFactor {
    pub fn new(row_blocks: Arc<RowBlocks>) -> Self {
        Self { schur: ScaledSchur::new(row_blocks), ..Self::default() }
    }

    /// S, its log-determinant, and X'X less the part that S^-1 explains, by conjugate gradients.
    ///
    /// # Errors
    /// `Numerical` where S is not positive definite.
    pub fn factor(
        &mut self,
        (a, panels): (&CrossProducts, &Panels),
        symbolic: &SymbolicFactor,
        (leads, lambda): (&[LeadFactor], &[Vec<f64>]),
        mut x: FixedColumns,
    ) -> Result<f64> {
        self.schur.update(a, panels, symbolic, leads, lambda)?;
        let problem = operator::Product { schur: &self.schur, a, symbolic };
        let forms = squares::forms(&problem);
        (self.outliers, self.probes) = match &self.subspace {
            Some(subspace) => {
                let outliers = deflation::find(&problem, subspace, ITERATIONS);
                let probes = lanczos::probe(&problem, &outliers);
                (outliers, probes)
            }
            None => find_outliers(&problem),
        };
        self.subspace.get_or_insert_with(|| self.outliers.vectors.clone());
        let outlying: f64 = self.outliers.values.iter().map(|&l| lanczos::remainder(l)).sum();
        let (mean, std_error) = self.probes.mean();
        let logdet = self.schur.logdet + outlying - 0.5 * forms.trace_of_square + mean;
        self.forms = forms.levels;
        self.std_error = std_error;
        if !logdet.is_finite() {
            let not_positive = "the Schur complement of the crossed random effects is not positive definite";
            return Err(Error::Numerical(not_positive.into()));
        }
        let (q, stride) = (symbolic.n_trailing, x.stride);
        let scaled = x.scaled(lambda, symbolic);
        let mut rows = vec![0.0; q * stride];
        to_rows(&scaled, &mut rows, q, stride);
        to_columns(&self.solve(&rows, stride, SOLVED, a, symbolic), x.solved, q, stride);
        x.subtract_explained(&scaled, q);
        Ok(logdet)
    }

    /// S^-1 of m columns (q_t x m) in place, as exact as a quadratic form needs.
    pub fn solve_for_form(&self, columns: &mut [f64], m: usize, a: &CrossProducts, symbolic: &SymbolicFactor) {
        let q = symbolic.n_trailing;
        let mut rows = vec![0.0; q * m];
        to_rows(columns, &mut rows, q, m);
        to_columns(&self.solve(&rows, m, SOLVED_FOR_FORM, a, symbolic), columns, q, m);
    }

    /// S^-1 h for m right-hand sides (q_t rows of m), to a residual relative to h.
    fn solve(&self, h: &[f64], m: usize, residual: f64, a: &CrossProducts, symbolic: &SymbolicFactor) -> Vec<f64> {
        let problem = operator::Product { schur: &self.schur, a, symbolic };
        let mut b = h.to_vec();
        self.schur.apply_root(&mut b, symbolic, m, false);
        let mut x = conjugate_gradients::solve(&problem, &self.outliers, &b, m, residual);
        self.schur.apply_root(&mut x, symbolic, m, true);
        x
    }
}

/// Takes more outliers until the rest is small.
fn find_outliers(problem: &operator::Product) -> (Outliers, lanczos::Probes) {
    let q = problem.symbolic.n_trailing;
    let mut k = FIRST_OUTLIERS.min(q);
    let mut start = deflation::random(q, k, 1);
    loop {
        let outliers = deflation::find(problem, &start, FIRST_ITERATIONS);
        let probes = lanczos::probe(problem, &outliers);
        if probes.mean().1 <= WANTED_ERROR || 2 * k > MOST_OUTLIERS.min(q) {
            return (outliers, probes);
        }
        start = outliers.vectors;
        start.extend(deflation::random(q, k, 2));
        k *= 2;
    }
}
