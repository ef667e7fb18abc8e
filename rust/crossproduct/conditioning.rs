//! The rank of X, and another look at the rows where squares do not tell it.

use super::coding::Coding;
use super::fill::FillScratch;
use super::plan::Plan;
use super::rank::{Ranked, rank};
use crate::Result;
use crate::design::{FixedLayout, Rows};
use crate::linalg::dense::square_product;
use crate::rows::{ExtendedColumns, FixedBasis, WorkingRows};

/// A column of X with less than this part of its square left by earlier columns calls for another pass.
const ILL_CONDITIONED: f64 = 1e-6;
/// ... and below this part it depends on them, as far as squares can tell.
const SUSPECT: f64 = 1e-10;
/// The same, where residuals of the column itself were squared.
const DEPENDENT: f64 = 1e-16;
/// A response of which the fixed part leaves less than this part calls for another pass too: most of it is explained,
/// or it is far from zero in a model without an intercept.
const NEARLY_EXACT: f64 = 1e-4;

/// The user's coefficients from those of the columns as they were read, all p of them.
pub fn first_basis(extended: &ExtendedColumns, layout: &FixedLayout) -> FixedBasis {
    let p = layout.columns.len();
    let mut transform = vec![0.0; p * p];
    for (c, column) in layout.columns.iter().enumerate() {
        let dense = extended.dense.iter().position(|&k| k == (column.term, column.numeric));
        let (shift, scale) = match dense {
            Some(k) if layout.terms[column.term].coding.is_none() => (extended.shift[k], extended.scale[k]),
            _ => (0.0, 1.0),
        };
        transform[c * p + c] = 1.0 / scale;
        if shift != 0.0 {
            transform[c * p] -= shift / scale;
        }
    }
    let mut origin = vec![0.0; p];
    if layout.has_intercept {
        origin[0] = extended.shift[extended.n_dense()];
    }
    FixedBasis { kept: (0..p).collect(), n_columns: p, transform, origin, logdet: 0.0 }
}

/// Sums the rows and finds the rank of X, which the plan keeps; sums them again, as residuals, where squares do not tell
/// it.  Leaves the sums of the basis returned.
///
/// # Errors
/// Those of reading the rows.
pub fn condition(plan: &mut Plan, source: &Rows, scratch: &mut FillScratch) -> Result<FixedBasis> {
    let mut basis = first_basis(&plan.shape.extended, source.fixed());
    let (p, stride) = (basis.kept.len(), basis.kept.len() + 1);
    let mut pass = 0;
    // a first pass sees squares; later ones see residuals of columns of length one
    loop {
        scratch.pass(&WorkingRows::new(source, &plan.basis), &plan.shape)?;
        scratch.square(plan);
        let (xx, norms) = (&scratch.xx, norms(&scratch.xx, p));
        let tolerance = |j: usize| if pass == 0 { SUSPECT } else { (DEPENDENT / norms[j].powi(2)).max(1e-12) };
        let ranked = rank(xx, p, stride, tolerance);
        let empty = norms.iter().filter(|&&n| n == 0.0).count();
        let undecided = pass == 0 && ranked.kept.len() + empty < p;
        let exact = pass == 0 && unexplained(xx, p, &ranked) < NEARLY_EXACT * xx[p * stride + p];
        if pass == 2 || !(undecided || exact || ranked.smallest < ILL_CONDITIONED) {
            return Ok(keep(&mut plan.coding, &basis, &ranked.kept, &norms));
        }
        basis = residual_basis(xx, &basis, &ranked, &norms);
        plan.sum_dense(basis.clone(), source);
        pass += 1;
    }
}

/// The rank of X as far as squares tell it: there are no rows to look at again.
pub fn by_squares(coding: &mut Coding, xx: &[f64], basis: &FixedBasis) -> FixedBasis {
    let p = basis.kept.len();
    let ranked = rank(xx, p, p + 1, |_| SUSPECT);
    keep(coding, basis, &ranked.kept, &norms(xx, p))
}

/// Lengths of the columns.
fn norms(xx: &[f64], p: usize) -> Vec<f64> {
    (0..p).map(|j| xx[j * (p + 1) + j].max(0.0).sqrt()).collect()
}

/// The basis of the columns kept, each of length one.
fn keep(coding: &mut Coding, basis: &FixedBasis, kept: &[usize], norms: &[f64]) -> FixedBasis {
    let scale: Vec<f64> = norms.iter().map(|&n| if n > 0.0 { 1.0 / n } else { 0.0 }).collect();
    coding.keep(kept, &scale);
    narrow(basis, kept, &scale)
}

/// y'y less its projection on the columns kept.
fn unexplained(xx: &[f64], p: usize, ranked: &Ranked) -> f64 {
    let (stride, k, kept) = (p + 1, ranked.kept.len(), &ranked.kept);
    let explained: f64 = (0..k)
        .map(|j| (0..=j).map(|i| ranked.inverse[j * k + i] * xx[p * stride + kept[i]]).sum::<f64>().powi(2))
        .sum();
    xx[p * stride + p] - explained
}

/// The basis of some of the columns, each scaled.
fn narrow(basis: &FixedBasis, kept: &[usize], scale: &[f64]) -> FixedBasis {
    let (old, p) = (basis.kept.len(), kept.len());
    let mut transform = vec![0.0; p * p];
    for (j, &cj) in kept.iter().enumerate() {
        for (i, &ci) in kept.iter().enumerate() {
            transform[j * p + i] = basis.transform[cj * old + ci] * scale[cj];
        }
    }
    FixedBasis {
        kept: kept.iter().map(|&k| basis.kept[k]).collect(),
        n_columns: basis.n_columns,
        logdet: (0..p).map(|j| transform[j * p + j].abs().ln()).sum(),
        origin: kept.iter().map(|&k| basis.origin[k]).collect(),
        transform,
    }
}

/// Every column of X replaced by what earlier columns leave of it, and y by its residual: what squares of the columns
/// themselves lose to rounding, squares of residuals keep.
fn residual_basis(xx: &[f64], basis: &FixedBasis, ranked: &Ranked, norms: &[f64]) -> FixedBasis {
    let (p, k) = (basis.kept.len(), ranked.kept.len());
    // columns of the step: R^-1 for a column kept, x_j - X_kept γ for a suspect one
    let mut step = vec![0.0; p * p];
    for j in 0..p {
        match ranked.kept.binary_search(&j) {
            Ok(c) => (0..=c).for_each(|i| step[j * p + ranked.kept[i]] = ranked.inverse[c * k + i]),
            Err(earlier) if norms[j] > 0.0 => {
                step[j * p + j] = 1.0 / norms[j];
                for (i, gamma) in solve(xx, ranked, j, (p, earlier)).into_iter().enumerate() {
                    step[j * p + ranked.kept[i]] = -gamma / norms[j];
                }
            }
            Err(_) => {}
        }
    }
    let beta = solve(xx, ranked, p, (p, k));
    let mut origin = basis.origin.clone();
    for (i, &b) in beta.iter().enumerate() {
        (0..p).for_each(|row| origin[row] += basis.transform[ranked.kept[i] * p + row] * b);
    }
    let transform = square_product(&basis.transform, &step, p, false);
    FixedBasis { transform, origin, ..basis.clone() }
}

/// Coefficients of column j (p: y) on the first `k` columns kept.
fn solve(xx: &[f64], ranked: &Ranked, j: usize, (p, k): (usize, usize)) -> Vec<f64> {
    let (stride, size) = (p + 1, ranked.kept.len());
    let projection: Vec<f64> =
        (0..k).map(|c| (0..=c).map(|i| ranked.inverse[c * size + i] * xx[j * stride + ranked.kept[i]]).sum()).collect();
    (0..k).map(|i| (i..k).map(|c| ranked.inverse[c * size + i] * projection[c]).sum()).collect()
}
