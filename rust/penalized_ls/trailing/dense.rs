//! The trailing block by dense Cholesky: S = L L', and its whole inverse.

use faer::MatRef;
use rayon::prelude::*;

use super::inverse::{FixedInverse, add_identity_less};
use super::{FixedColumns, apply_transposed, combine, is_near_singular, scale_rows, to_columns};
use crate::crossproduct::CrossProducts;
use crate::linalg::{dense, small};
use crate::penalized_ls::cost::{DENSE_FLOPS, NUMBER};
use crate::penalized_ls::factor::CholeskyFactor;
use crate::penalized_ls::symbolic::{SymbolicFactor, TrailingGroup};
use crate::{Error, Result};

/// S for one θ.
#[derive(Debug, Clone, Default)]
pub struct DenseFactor {
    /// S, then its Cholesky factor: the lower triangle (q_t x q_t).
    pub l: Vec<f64>,
    /// S before Λ: kept only where some Λ is near singular.
    before: Vec<f64>,
}

impl DenseFactor {
    pub fn new(q: usize) -> Self {
        Self { l: vec![0.0; q * q], before: Vec::new() }
    }

    /// Seconds of one evaluation with its gradient.
    pub fn predicted_seconds(q: usize) -> f64 {
        (q as f64).powi(3) / DENSE_FLOPS
    }

    /// Bytes of the factor and its inverse.
    pub fn predicted_bytes(q: usize) -> f64 {
        24.0 * (q as f64).powi(2)
    }

    /// Operations of one factorization with x columns behind it.
    pub fn flops(q: f64, x: f64) -> f64 {
        q * q * q / 3.0 + q * q * x
    }

    pub fn n_bytes(q: usize) -> usize {
        NUMBER * q * q
    }

    /// Writes A's part into the lower triangle.
    pub fn load(&mut self, a: &CrossProducts, symbolic: &SymbolicFactor) {
        let q = symbolic.n_trailing;
        self.l.fill(0.0);
        for t in &symbolic.groups {
            for (level, zz) in a.factors[t.block].zz.chunks_exact(t.r * t.r).enumerate() {
                let first = t.offset + level * t.r;
                for (j, column) in zz.chunks_exact(t.r).enumerate() {
                    self.l[(first + j) * q + first..][..t.r].copy_from_slice(column);
                }
            }
            let is_own = |block: usize| block == t.block && a.own_link(block).is_some();
            for other in symbolic.groups.iter().filter(|o| o.block < t.block || is_own(o.block)) {
                load_link(&mut self.l, a, t, other, q);
            }
        }
    }

    /// S = L L'.
    ///
    /// # Errors
    /// `Numerical` at a pivot that is not positive.
    pub fn factor(&mut self, symbolic: &SymbolicFactor, lambda: &[Vec<f64>], x: FixedColumns) -> Result<f64> {
        let (q, stride) = (symbolic.n_trailing, x.stride);
        let singular = symbolic.groups.iter().any(|t| is_near_singular(&lambda[t.block], t.r));
        self.before.clear();
        if singular {
            self.before.extend_from_slice(&self.l);
        }
        scale(&mut self.l, lambda, symbolic);
        (0..q).for_each(|j| self.l[j * q + j] += 1.0);
        dense::cholesky_lower(&mut self.l, q).map_err(|pivot| {
            Error::Numerical(format!(
                "the Schur complement of the crossed random effects is not positive definite at {pivot}"
            ))
        })?;
        // X'X less the square of L^-1 Λ'[Z'X Z'y], which L^-T completes
        to_columns(x.reduced, x.solved, q, stride);
        scale_rows(x.solved, lambda, symbolic, true);
        dense::solve_lower(&self.l, x.solved, q, stride);
        dense::rank_update_lower(x.xx, dense::view(x.solved, q, stride).transpose(), -1.0);
        dense::solve_lower_transposed(&self.l, x.solved, q, stride);
        Ok(dense::logdet(&self.l, q, q))
    }

    /// S^-1 of m columns in place.
    pub fn solve(&self, columns: &mut [f64], m: usize) {
        let q = self.l.len().isqrt();
        dense::solve_lower(&self.l, columns, q, m);
        dense::solve_lower_transposed(&self.l, columns, q, m);
    }

    /// L^-T of one column in place.
    pub fn solve_transposed(&self, column: &mut [f64]) {
        dense::solve_lower_transposed(&self.l, column, column.len(), 1);
    }
}

/// N = Λ M^-1 Λ', all of it (q_t x q_t).
#[derive(Debug, Clone, Default)]
pub struct DenseInverse {
    n: Vec<f64>,
}

impl DenseInverse {
    /// The inversion takes as much again as scratch.
    pub fn n_bytes(q: usize, fixed: usize) -> usize {
        NUMBER * q * (2 * q + fixed)
    }

    pub fn view(&self, q: usize) -> MatRef<'_, f64> {
        dense::view(&self.n, q, q)
    }

    /// N, and E of every trailing grouping factor.
    pub fn update(
        &mut self,
        own: &DenseFactor,
        factor: &CholeskyFactor,
        symbolic: &SymbolicFactor,
        fixed: &FixedInverse,
        e: &mut [Vec<f64>],
    ) {
        let q = symbolic.n_trailing;
        self.n.resize(q * q, 0.0);
        dense::inverse_lower_from_cholesky(&mut self.n, &own.l, q);
        let solved = dense::view(&factor.solved_x[..fixed.n * q], q, fixed.n);
        dense::product_lower(&mut self.n, solved, dense::view(&fixed.x, fixed.n, q), -1.0);
        dense::mirror_lower(&mut self.n, q);
        for t in &symbolic.groups {
            let lambda = &factor.lambda[t.block];
            let levels = (0..t.n_levels).map(|level| t.offset + level * t.r);
            let e = &mut e[t.block];
            if is_near_singular(lambda, t.r) {
                levels.for_each(|first| self.add_direct(e, (own, fixed), factor, symbolic, first, t.r));
            } else {
                levels.for_each(|first| add_identity_less(e, &self.n, first, t.r, q));
                small::solve_transposed_in_place::<0>(e, lambda, t.r, t.r);
            }
        }
        self.scale(&factor.lambda, symbolic);
    }

    /// E += (B Λ M^-1) of one level, from A's own blocks.
    fn add_direct(
        &self,
        e: &mut [f64],
        (own, fixed): (&DenseFactor, &FixedInverse),
        factor: &CholeskyFactor,
        symbolic: &SymbolicFactor,
        first: usize,
        r: usize,
    ) {
        let (q, b) = (symbolic.n_trailing, &own.before);
        let mut scaled = self.n[first * q..(first + r) * q].to_vec();
        scale_rows(&mut scaled, &factor.lambda, symbolic, false);
        for (j, column) in scaled.chunks_exact(q).enumerate() {
            for i in 0..r {
                let row = first + i;
                let above: f64 = (0..row).map(|k| b[k * q + row] * column[k]).sum();
                let below: f64 = b[row * q + row..(row + 1) * q].iter().zip(&column[row..]).map(|(x, y)| x * y).sum();
                e[j * r + i] += above + below + fixed.direct(factor, row, first + j);
            }
        }
    }

    /// N = Λ M^-1 Λ', from both sides.
    fn scale(&mut self, lambda: &[Vec<f64>], symbolic: &SymbolicFactor) {
        let q = symbolic.n_trailing;
        for t in &symbolic.groups {
            let range = t.offset..t.offset + t.n_levels * t.r;
            let levels = self.n[range.start * q..range.end * q].par_chunks_mut(t.r * q);
            levels.for_each(|columns| {
                combine(columns, &lambda[t.block], t.r, q, false);
                scale_rows(columns, lambda, symbolic, false);
            });
        }
    }

    /// Diagonal blocks of the k-th group (n_levels blocks r x r).
    pub fn level_blocks(&self, symbolic: &SymbolicFactor, k: usize) -> Vec<f64> {
        let (t, q) = (&symbolic.groups[k], symbolic.n_trailing);
        (0..t.n_levels)
            .flat_map(|level| (0..t.r * t.r).map(move |k| (t.offset + level * t.r, k)))
            .map(|(first, k)| self.n[(first + k / t.r) * q + first + k % t.r])
            .collect()
    }
}

fn load_link(s: &mut [f64], a: &CrossProducts, to: &TrailingGroup, from: &TrailingGroup, q: usize) {
    let (link, values) = a.link(to.block, from.block);
    link.blocks().for_each(|(level, other, k)| {
        let row = to.offset + other * to.r;
        for j in 0..from.r {
            let column = from.offset + level * from.r + j;
            s[column * q + row..][..to.r].copy_from_slice(&values[(k * from.r + j) * to.r..][..to.r]);
        }
    });
}

/// Λ'SΛ in place, lower triangle.
fn scale(s: &mut [f64], lambda: &[Vec<f64>], symbolic: &SymbolicFactor) {
    let q = symbolic.n_trailing;
    // columns: S Λ, each column a sum of later ones of its level
    for t in &symbolic.groups {
        let l = &lambda[t.block];
        for level in 0..t.n_levels {
            let first = t.offset + level * t.r;
            symmetrize_level(s, first, t.r, q);
            for j in 0..t.r {
                let column = first + j;
                for row in first..q {
                    s[column * q + row] = (j..t.r).map(|k| s[(first + k) * q + row] * l[j * t.r + k]).sum();
                }
            }
        }
    }
    scale_rows_lower(s, lambda, symbolic);
}

/// Mirrors the lower triangle of one level's own block, so that a product of whole blocks is right.
fn symmetrize_level(s: &mut [f64], first: usize, r: usize, q: usize) {
    for j in 1..r {
        for i in 0..j {
            s[(first + j) * q + first + i] = s[(first + i) * q + first + j];
        }
    }
}

/// Λ' from the left, for rows at or below the diagonal block of each column.
fn scale_rows_lower(s: &mut [f64], lambda: &[Vec<f64>], symbolic: &SymbolicFactor) {
    let q = symbolic.n_trailing;
    for (column, values) in s.chunks_exact_mut(q).enumerate() {
        for t in &symbolic.groups {
            let end = t.offset + t.n_levels * t.r;
            if end <= column {
                continue;
            }
            let first_level = column.saturating_sub(t.offset) / t.r;
            for level in first_level..t.n_levels {
                apply_transposed(&lambda[t.block], &mut values[t.offset + level * t.r..][..t.r], t.r);
            }
        }
    }
}
