//! The rank of X, and another look at the rows where squares do not tell it.

use super::accumulate::run;
use super::basis::FixedBasis;
use super::coded_sums::CodedSums;
use super::extended::ExtendedColumns;
use super::order::OrderedFactor;
use super::rank::{Ranked, rank};
use super::sums::Shape;
use crate::Result;
use crate::design::{Batch, FixedLayout, RowSource};

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

/// Finds the rank of X; reads the rows again, as residuals, where squares do not tell.
pub fn condition(
    source: &dyn RowSource,
    mut coded: CodedSums,
    mut basis: FixedBasis,
    shape: &Shape,
    order: &[OrderedFactor],
) -> Result<(CodedSums, FixedBasis)> {
    // a first pass sees squares; later ones see residuals of columns of length one
    for pass in 0..3 {
        let (p, stride) = (coded.p, coded.p + 1);
        let norms: Vec<f64> = (0..p).map(|j| coded.xx[j * stride + j].max(0.0).sqrt()).collect();
        let tolerance = |j: usize| if pass == 0 { SUSPECT } else { (DEPENDENT / norms[j].powi(2)).max(1e-12) };
        let ranked = rank(&coded.xx, p, stride, tolerance);
        let empty = norms.iter().filter(|&&n| n == 0.0).count();
        let undecided = pass == 0 && ranked.kept.len() + empty < p;
        let rest = unexplained(&coded, &ranked.kept, &ranked.inverse);
        let total = coded.xx[p * stride + p];
        let exact = pass == 0 && rest < NEARLY_EXACT * total;
        if pass == 2 || !(undecided || exact || ranked.smallest < ILL_CONDITIONED) {
            let scale: Vec<f64> = norms.iter().map(|&n| if n > 0.0 { 1.0 / n } else { 0.0 }).collect();
            basis = narrow(&basis, &ranked.kept, &scale);
            coded.select(&ranked.kept, &scale);
            break;
        }
        (coded, basis) = refine(source, &coded, &basis, &ranked, &norms, shape, order)?;
    }
    Ok((coded, basis))
}

/// The rank of X as far as squares tell it: there are no rows to look at again.
pub fn by_squares(mut coded: CodedSums, basis: FixedBasis) -> (CodedSums, FixedBasis) {
    let (p, stride) = (coded.p, coded.p + 1);
    let ranked = rank(&coded.xx, p, stride, |_| SUSPECT);
    let norm = |j: usize| coded.xx[j * stride + j].max(0.0).sqrt();
    let scale: Vec<f64> = (0..p).map(|j| if norm(j) > 0.0 { 1.0 / norm(j) } else { 0.0 }).collect();
    let basis = narrow(&basis, &ranked.kept, &scale);
    coded.select(&ranked.kept, &scale);
    (coded, basis)
}

/// y'y less its projection on the columns kept.
fn unexplained(coded: &CodedSums, kept: &[usize], inverse: &[f64]) -> f64 {
    let (p, stride, k) = (coded.p, coded.p + 1, kept.len());
    let explained: f64 =
        (0..k).map(|j| (0..=j).map(|i| inverse[j * k + i] * coded.xx[p * stride + kept[i]]).sum::<f64>().powi(2)).sum();
    coded.xx[p * stride + p] - explained
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

/// Reads the rows again with every column of X replaced by what earlier columns leave of it, and y by
/// its residual: what squares of the columns themselves lose to rounding, squares of residuals keep.
fn refine(
    source: &dyn RowSource,
    coded: &CodedSums,
    basis: &FixedBasis,
    ranked: &Ranked,
    norms: &[f64],
    shape: &Shape,
    order: &[OrderedFactor],
) -> Result<(CodedSums, FixedBasis)> {
    let layout = source.fixed();
    let (p, k) = (coded.p, ranked.kept.len());
    // columns of the step: R^-1 for a column kept, x_j - X_kept γ for a suspect one
    let mut step = vec![0.0; p * p];
    for j in 0..p {
        match ranked.kept.binary_search(&j) {
            Ok(c) => (0..=c).for_each(|i| step[j * p + ranked.kept[i]] = ranked.inverse[c * k + i]),
            Err(earlier) if norms[j] > 0.0 => {
                step[j * p + j] = 1.0 / norms[j];
                for (i, gamma) in solve(coded, ranked, j, earlier).into_iter().enumerate() {
                    step[j * p + ranked.kept[i]] = -gamma / norms[j];
                }
            }
            Err(_) => {}
        }
    }
    let beta = solve(coded, ranked, p, k);
    let mut origin = basis.origin.clone();
    for (i, &b) in beta.iter().enumerate() {
        (0..p).for_each(|row| origin[row] += basis.transform[ranked.kept[i] * p + row] * b);
    }
    let transform: Vec<f64> = {
        let mut product = vec![0.0; p * p];
        for j in 0..p {
            for l in 0..p {
                let s = step[j * p + l];
                if s != 0.0 {
                    (0..p).for_each(|i| product[j * p + i] += basis.transform[l * p + i] * s);
                }
            }
        }
        product
    };
    let basis = FixedBasis { transform, origin, ..basis.clone() };
    let dense = ExtendedColumns::of_basis(p);
    let reader = DenseRows::new(layout, &basis);
    let shape = Shape { extended: &dense, factors: shape.factors.clone(), links: shape.links };
    let sums = run(source, &shape, order, |batch, w, rows| reader.read(batch, w, rows))?;
    let identity: Vec<Vec<(usize, f64)>> = (0..=p).map(|j| vec![(j, 1.0)]).collect();
    Ok((CodedSums::new(sums, &identity, &dense), basis))
}

/// Coefficients of column j (p: y) on the first `k` columns kept.
fn solve(coded: &CodedSums, ranked: &Ranked, j: usize, k: usize) -> Vec<f64> {
    let (stride, size) = (coded.p + 1, ranked.kept.len());
    let projection: Vec<f64> = (0..k)
        .map(|c| (0..=c).map(|i| ranked.inverse[c * size + i] * coded.xx[j * stride + ranked.kept[i]]).sum())
        .collect();
    (0..k).map(|i| (i..k).map(|c| ranked.inverse[c * size + i] * projection[c]).sum()).collect()
}

/// Rows of X T and of y - X origin, for a dense T.
pub struct DenseRows<'a> {
    layout: &'a FixedLayout,
    basis: &'a FixedBasis,
    /// Per coded term, per cell: (coded column, value).
    by_cell: Vec<Vec<Vec<(usize, f64)>>>,
}

impl<'a> DenseRows<'a> {
    pub fn new(layout: &'a FixedLayout, basis: &'a FixedBasis) -> Self {
        let by_cell = layout
            .terms
            .iter()
            .map(|term| {
                let mut cells = vec![Vec::new(); term.n_cells()];
                for (k, column) in term.coding.iter().flat_map(|c| c.columns.iter().enumerate()) {
                    column.iter().for_each(|&(cell, v)| cells[cell as usize].push((k, v)));
                }
                cells
            })
            .collect();
        Self { layout, basis, by_cell }
    }

    pub fn read(&self, batch: &Batch, sqrt_w: &[f64], rows: &mut Vec<f64>) {
        let p = self.basis.kept.len();
        rows.resize(batch.n * (p + 1), 0.0);
        let mut x = vec![0.0; p];
        for i in 0..batch.n {
            self.row(batch, i, &mut x);
            let out = &mut rows[i * (p + 1)..(i + 1) * (p + 1)];
            let weight = if sqrt_w.is_empty() { 1.0 } else { sqrt_w[i] };
            for j in 0..p {
                let column = &self.basis.transform[j * p..(j + 1) * p];
                out[j] = weight * column.iter().zip(&x).map(|(t, v)| t * v).sum::<f64>();
            }
            let fitted: f64 = self.basis.origin.iter().zip(&x).map(|(b, v)| b * v).sum();
            out[p] = weight * (batch.y[i] - fitted);
        }
    }

    /// Row i of X: the columns kept.
    fn row(&self, batch: &Batch, i: usize, x: &mut [f64]) {
        for (value, &k) in x.iter_mut().zip(&self.basis.kept) {
            let column = &self.layout.columns[k];
            let numeric = batch.values[column.term][column.numeric * batch.n + i];
            *value = if self.layout.terms[column.term].coding.is_none() {
                numeric
            } else {
                let cell = batch.cells[column.term][i] as usize;
                let entry = self.by_cell[column.term][cell].iter().find(|(k, _)| *k == column.coded);
                entry.map_or(0.0, |(_, v)| v * numeric)
            };
        }
    }
}
