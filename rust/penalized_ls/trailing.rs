//! The trailing block: all factors that are not nested in each other share one Schur complement.

use super::factor::CholeskyFactor;
use super::iterative::SOLVED;
use super::panel::Panels;
use super::symbolic::{SymbolicFactor, TrailingGroup, TrailingKind};
use crate::crossproduct::CrossProducts;
use crate::linalg::dense;
use crate::{Error, Result};

/// Below this a diagonal entry of Λ counts as singular, and the derivative needs the block before Λ.
pub const NEAR_SINGULAR: f64 = 1e-3;

/// Writes A's part into the lower triangle, and its columns of X.
pub fn load(factor: &mut CholeskyFactor, a: &CrossProducts, symbolic: &SymbolicFactor) {
    let (q, stride) = (symbolic.n_trailing, factor.p + 1);
    factor.trailing.fill(0.0);
    for t in &symbolic.trailing {
        let block = &a.factors[t.block];
        factor.reduced_x[t.offset * stride..][..t.r * t.n_levels * stride].copy_from_slice(&block.zx);
        if symbolic.kind != TrailingKind::Dense {
            continue;
        }
        for level in 0..t.n_levels {
            let first = t.offset + level * t.r;
            for j in 0..t.r {
                let column = &block.zz[(level * t.r + j) * t.r..][..t.r];
                factor.trailing[(first + j) * q + first..][..t.r].copy_from_slice(column);
            }
        }
        for other in symbolic.trailing.iter().filter(|o| o.block < t.block) {
            load_link(factor, a, t, other, q);
        }
    }
}

fn load_link(factor: &mut CholeskyFactor, a: &CrossProducts, to: &TrailingGroup, from: &TrailingGroup, q: usize) {
    let (link, values) = a.link(to.block, from.block);
    for level in 0..from.n_levels {
        for k in link.ptr[level]..link.ptr[level + 1] {
            let row = to.offset + link.level[k] as usize * to.r;
            for j in 0..from.r {
                let column = from.offset + level * from.r + j;
                let values = &values[(k * from.r + j) * to.r..][..to.r];
                factor.trailing[column * q + row..][..to.r].copy_from_slice(values);
            }
        }
    }
}

/// S = Λ'BΛ + I ready to solve with, and the columns of X behind it; returns log|S|.
pub fn factor(
    factor: &mut CholeskyFactor,
    a: &CrossProducts,
    panels: &Panels,
    symbolic: &SymbolicFactor,
) -> Result<f64> {
    match symbolic.kind {
        _ if symbolic.n_trailing == 0 => Ok(0.0),
        TrailingKind::Dense => factor_dense(factor, symbolic),
        TrailingKind::Sparse => factor_sparse(factor, panels, symbolic),
        TrailingKind::Iterative => factor_iterative(factor, a, panels, symbolic),
    }
}

/// X'X less the part that S^-1 explains, by conjugate gradients.
fn factor_iterative(
    factor: &mut CholeskyFactor,
    a: &CrossProducts,
    panels: &Panels,
    symbolic: &SymbolicFactor,
) -> Result<f64> {
    let (q, stride) = (symbolic.n_trailing, factor.p + 1);
    let mut iterative = factor.iterative.take().expect("an iterative trailing block");
    let updated = iterative.update(a, panels, symbolic, &factor.leads, &factor.lambda);
    if updated.is_ok() {
        let mut columns = from_rows(&factor.reduced_x, q, stride);
        scale_rows(&mut columns, &factor.lambda, symbolic, true);
        let mut rows = vec![0.0; q * stride];
        to_rows(&columns, &mut rows, q, stride);
        let solved = iterative.solve(&rows, stride, SOLVED, a, symbolic);
        to_columns(&solved, &mut factor.solved_x, q, stride);
        let (left, right) = (dense::view(&columns, q, stride).transpose(), dense::view(&factor.solved_x, q, stride));
        dense::product_lower(&mut factor.xx, left, right, -1.0);
    }
    let logdet = iterative.logdet;
    factor.iterative = Some(iterative);
    updated.map(|()| logdet)
}

/// S = L_S L_S' on the pattern of S, and X'X less the part that S^-1 explains.
fn factor_sparse(factor: &mut CholeskyFactor, panels: &Panels, symbolic: &SymbolicFactor) -> Result<f64> {
    let (q, stride) = (symbolic.n_trailing, factor.p + 1);
    let sparse = factor.sparse.as_mut().expect("a sparse trailing block");
    sparse.update(panels, symbolic, &factor.leads, &factor.lambda)?;
    let mut columns = from_rows(&factor.reduced_x, q, stride);
    scale_rows(&mut columns, &factor.lambda, symbolic, true);
    factor.solved_x.copy_from_slice(&columns);
    sparse.solve(&mut factor.solved_x, stride, symbolic);
    let (left, right) = (dense::view(&columns, q, stride).transpose(), dense::view(&factor.solved_x, q, stride));
    dense::product_lower(&mut factor.xx, left, right, -1.0);
    Ok(sparse.logdet)
}

/// S = L_S L_S'.
fn factor_dense(factor: &mut CholeskyFactor, symbolic: &SymbolicFactor) -> Result<f64> {
    let (q, stride) = (symbolic.n_trailing, factor.p + 1);
    let singular = symbolic.trailing.iter().any(|t| is_near_singular(&factor.lambda[t.block], t.r));
    factor.reduced_trailing.clear();
    if singular {
        factor.reduced_trailing.extend_from_slice(&factor.trailing);
    }
    scale(&mut factor.trailing, &factor.lambda, symbolic);
    (0..q).for_each(|j| factor.trailing[j * q + j] += 1.0);
    dense::cholesky_lower(&mut factor.trailing, q).map_err(|pivot| {
        Error::Numerical(format!(
            "the Schur complement of the crossed random effects is not positive definite at {pivot}"
        ))
    })?;
    // X'X less the square of L_S^-1 Λ'[Z'X Z'y], which L_S^-T completes
    to_columns(&factor.reduced_x, &mut factor.solved_x, q, stride);
    scale_rows(&mut factor.solved_x, &factor.lambda, symbolic, true);
    dense::solve_lower(&factor.trailing, &mut factor.solved_x, q, stride);
    dense::rank_update_lower(&mut factor.xx, dense::view(&factor.solved_x, q, stride).transpose(), -1.0);
    dense::solve_lower_transposed(&factor.trailing, &mut factor.solved_x, q, stride);
    Ok(dense::logdet(&factor.trailing, q, q))
}

pub fn is_near_singular(lambda: &[f64], r: usize) -> bool {
    (0..r).any(|j| lambda[j * r + j].abs() < NEAR_SINGULAR)
}

/// Λ'SΛ in place, lower triangle.
fn scale(s: &mut [f64], lambda: &[Vec<f64>], symbolic: &SymbolicFactor) {
    let q = symbolic.n_trailing;
    // columns: S Λ, each column a sum of later ones of its level
    for t in &symbolic.trailing {
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
        for t in &symbolic.trailing {
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
        for t in &symbolic.trailing {
            let l = &lambda[t.block];
            for level in values[t.offset..t.offset + t.n_levels * t.r].chunks_exact_mut(t.r) {
                if transposed { apply_transposed(l, level, t.r) } else { apply(l, level, t.r) }
            }
        }
    }
}
