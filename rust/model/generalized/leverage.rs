//! Leverages C_i = z_i'N z_i of every row, over its linear predictors that have random effects (m x m).

use rayon::prelude::*;

use super::model::Glmm;
use crate::crossproduct::CrossProducts;
use crate::penalized_ls::{InverseEntries, Panels};
use crate::rows::PartedRows;

/// Rows of one task.
const ROWS: usize = 1024;

/// n x m x m, from the inverse of what was made of `source`.
pub fn leverages(model: &Glmm, n: &InverseEntries, source: (&CrossProducts, &Panels)) -> Vec<f64> {
    let (rows, slot) = (&model.rows, &model.rows.random_slots());
    let m = rows.random_parts.len();
    let mut out = vec![0.0; rows.n * m * m];
    if m == 1 && rows.blocks.iter().all(|b| b.width == 1) {
        out.par_chunks_mut(ROWS).enumerate().for_each(|(k, out)| scalar_leverages(model, n, source, k * ROWS, out));
        return out;
    }
    // the columns of a block that belong to each part
    let masks: Vec<Vec<Vec<f64>>> = rows.blocks.iter().map(|block| masks(&block.part, slot, m)).collect();
    out.par_chunks_mut(ROWS * m * m).enumerate().for_each(|(k, out)| {
        let mut z: Vec<Vec<f64>> = rows.blocks.iter().map(|b| vec![0.0; b.width * m]).collect();
        for (i, c) in out.chunks_exact_mut(m * m).enumerate() {
            let row = k * ROWS + i;
            for ((block, masks), z) in rows.blocks.iter().zip(&masks).zip(&mut z) {
                for (mask, z) in masks.iter().zip(z.chunks_exact_mut(block.width)) {
                    z.iter_mut().zip(mask).zip(block.z(row)).for_each(|((z, mask), v)| *z = mask * v);
                }
            }
            row_leverage(rows, n, row, &z, m, c);
        }
    });
    out
}

/// Those of terms of one column in one predictor, of the rows from `first` on.
fn scalar_leverages(
    model: &Glmm,
    n: &InverseEntries,
    source: (&CrossProducts, &Panels),
    first: usize,
    out: &mut [f64],
) {
    for (f, block) in model.rows.blocks.iter().enumerate() {
        let (codes, z) = (&block.codes[first..], &block.z[first..]);
        for ((c, &code), &z) in out.iter_mut().zip(codes).zip(z) {
            *c += n.own(f, code as usize, 1)[0] * z * z;
        }
        for (g, other) in model.rows.blocks.iter().enumerate().take(f) {
            let (others, w) = (&other.codes[first..], &other.z[first..]);
            let rows = out.iter_mut().zip(z).zip(w);
            if let Some(entry) = n.scalar_pairs(f, g, source) {
                let positions = &model.reweighting.positions(f, g)[first..];
                rows.zip(positions).for_each(|(((c, z), w), &position)| *c += 2.0 * z * w * entry(position));
            } else {
                for (((c, &z), w), (&lf, &lg)) in rows.zip(codes.iter().zip(others)) {
                    *c += 2.0 * n.bilinear((f, lf as usize, &[z]), (g, lg as usize, std::slice::from_ref(w)));
                }
            }
        }
    }
}

fn masks(parts: &[usize], slot: &[usize], m: usize) -> Vec<Vec<f64>> {
    (0..m).map(|s| parts.iter().map(|&part| f64::from(u8::from(slot[part] == s))).collect()).collect()
}

/// Adds the products of all pairs of blocks; `z` has a block's columns once for each predictor, zero where they are of others.
fn row_leverage(rows: &PartedRows, n: &InverseEntries, row: usize, z: &[Vec<f64>], m: usize, c: &mut [f64]) {
    for (f, block) in rows.blocks.iter().enumerate() {
        let (r, level) = (block.width, block.codes[row] as usize);
        let own = n.own(f, level, r);
        let column = |s: usize| &z[f][s * r..(s + 1) * r];
        for a in 0..m {
            for b in 0..m {
                let quadratic = |x: &[f64], y: &[f64]| -> f64 {
                    (0..r).map(|j| y[j] * (0..r).map(|i| own[j * r + i] * x[i]).sum::<f64>()).sum()
                };
                c[a * m + b] += quadratic(column(a), column(b));
            }
        }
        for (g, other) in rows.blocks.iter().enumerate().take(f) {
            let (rg, lg) = (other.width, other.codes[row] as usize);
            for a in 0..m {
                for b in 0..m {
                    let value = n.bilinear((f, level, column(a)), (g, lg, &z[g][b * rg..(b + 1) * rg]));
                    c[a * m + b] += value;
                    c[b * m + a] += value;
                }
            }
        }
    }
}
