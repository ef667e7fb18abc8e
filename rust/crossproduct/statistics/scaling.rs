//! A change of shifts and scales is a linear map of the sums, so that it needs no rows.

use super::{RunningSums, widths};
use crate::covariance::RandomBasis;
use crate::crossproduct::pattern::pairs;
use crate::crossproduct::sums::Sums;
use crate::design::StreamingModel;
use crate::rows::{Columns, ExtendedColumns};
use crate::{Error, Result};

/// x' = a x + b 1 for every dense column and y, z' = R'z for every grouping factor.
pub struct Scaling {
    extended: ExtendedColumns,
    random: Vec<RandomBasis>,
    affine: Vec<(f64, f64)>,
    /// By grouping factor (r x r, column-major).
    blocks: Vec<Vec<f64>>,
}

impl Scaling {
    /// From the basis of some sums to that of others.
    ///
    /// # Errors
    /// `Design` for the columns of a fit, which are not those of the data.
    pub fn between(from: &RunningSums, to: &RunningSums, open: &StreamingModel) -> Result<Self> {
        let (Columns::Read(old), Columns::Read(new)) = (&from.columns, &to.columns) else {
            return Err(Error::Design("the columns of a fit cannot be scaled again".into()));
        };
        let columns = old.shift.iter().zip(&old.scale).zip(new.shift.iter().zip(&new.scale));
        let affine = columns.map(|((s, c), (shift, scale))| (c / scale, (s - shift) / scale)).collect();
        let steps: Vec<Vec<f64>> = from
            .random
            .iter()
            .zip(&to.random)
            .map(|(old, new)| solve(&old.transform, &new.transform, old.width))
            .collect();
        Ok(Self { extended: new.clone(), random: to.random.clone(), affine, blocks: blocks(&steps, open) })
    }

    /// To columns centred at their means, each of standard deviation one.
    pub fn centred(running: &RunningSums, extended: &ExtendedColumns, open: &StreamingModel, n: usize) -> Self {
        let (d, has_intercept) = (extended.n_dense() + 1, open.encoding.fixed.layout.has_intercept);
        let square = |i: usize, j: usize| running.sums.dense[i * d + j]; // i <= j
        let mut new = extended.clone();
        let mut affine = Vec::with_capacity(d);
        for k in 0..d {
            let is_one = has_intercept && k == 0;
            let (mean, total) =
                if has_intercept { (square(0, k) / square(0, 0), square(0, 0)) } else { (0.0, n as f64) };
            let sd = (square(k, k) / total - mean * mean).max(0.0).sqrt();
            let sd = if sd > 1e-7 * mean.abs() && sd > 0.0 { sd } else { 1.0 };
            let (mean, sd) = if is_one { (0.0, 1.0) } else { (mean, sd) };
            affine.push((1.0 / sd, -mean / sd));
            new.shift[k] += new.scale[k] * mean;
            new.scale[k] *= sd;
        }
        let totals = totals(&running.sums, open);
        let layouts = open.encoding.random.iter().map(|term| &term.layout);
        let steps: Vec<Vec<f64>> = layouts
            .zip(totals)
            .map(|(layout, total)| {
                let invariance = layout.structure.invariance();
                let centre = layout.has_intercept && invariance.allows_centring();
                random_step(&total, layout.columns.len(), centre, invariance.allows_scaling_by_column(), n)
            })
            .collect();
        let random = running.random.iter().zip(&steps).map(|(basis, step)| basis.then(step)).collect();
        Self { extended: new, random, affine, blocks: blocks(&steps, open) }
    }

    pub fn apply(&self, running: &mut RunningSums) {
        let (d, width) = (self.affine.len(), self.extended.width());
        let sums = &mut running.sums;
        let mut half: Vec<f64> = (0..d * d).map(|k| sums.dense[(k / d).min(k % d) * d + (k / d).max(k % d)]).collect();
        half.chunks_exact_mut(d).for_each(|row| self.affine_row(row));
        // the same from the other side
        let mut other: Vec<f64> = (0..d * d).map(|k| half[(k % d) * d + k / d]).collect();
        other.chunks_exact_mut(d).for_each(|row| self.affine_row(row));
        sums.dense = other;
        sums.cells_dense.chunks_exact_mut(d).for_each(|row| self.affine_row(row));
        for (g, block) in self.blocks.iter().enumerate() {
            sums.zx[g].chunks_exact_mut(width).for_each(|row| self.affine_row(&mut row[..d]));
            let r = block.len().isqrt();
            sums.zx[g].chunks_exact_mut(r * width).for_each(|level| left(block, level, r, width));
            for zz in sums.zz[g].chunks_exact_mut(r * r) {
                both(block, block, zz, r, r);
            }
        }
        for (link, (i, j)) in running.links.iter_mut().zip(pairs(self.blocks.len())) {
            let (a, b) = (&self.blocks[i], &self.blocks[j]);
            let (ri, rj) = (a.len().isqrt(), b.len().isqrt());
            link.values.chunks_exact_mut(ri * rj).for_each(|block| both(a, b, block, ri, rj));
        }
        running.columns = Columns::Read(self.extended.clone());
        running.random.clone_from(&self.random);
    }

    fn affine_row(&self, row: &mut [f64]) {
        let one = row[0];
        row.iter_mut().zip(&self.affine).for_each(|(v, (a, b))| *v = if *b == 0.0 { a * *v } else { a * *v + b * one });
    }
}

/// Per random term Σ zz' over all levels, in the basis.
pub fn totals(sums: &Sums, open: &StreamingModel) -> Vec<Vec<f64>> {
    let widths = widths(open);
    let mut offsets = vec![0; widths.len()];
    let mut all = Vec::new();
    for term in &open.encoding.random {
        let (g, r) = (term.layout.factor, term.layout.columns.len());
        let (full, first) = (widths[g], offsets[g]);
        let mut total = vec![0.0; r * r];
        for zz in sums.zz[g].chunks_exact(full * full) {
            total.iter_mut().enumerate().for_each(|(k, t)| *t += zz[(first + k / r) * full + first + k % r]);
        }
        offsets[g] += r;
        all.push(total);
    }
    all
}

/// R that centres on a constant first column and scales.
fn random_step(total: &[f64], r: usize, centre: bool, by_column: bool, n: usize) -> Vec<f64> {
    let mut step = RandomBasis::identity(r).transform;
    let mut common = 0.0f64;
    for j in usize::from(centre)..r {
        let (mean, weight) = if centre { (total[j * r] / total[0], total[0]) } else { (0.0, n as f64) };
        let sd = (total[j * r + j] / weight - mean * mean).max(0.0).sqrt();
        let sd = if sd > 1e-7 * mean.abs() && sd > 0.0 { sd } else { 1.0 };
        common = common.max(sd);
        step[j * r + j] = 1.0 / sd;
        if centre {
            step[j * r] = -mean / sd;
        }
    }
    if !by_column && r > 0 {
        (0..r).for_each(|j| step[j * r + j] = 1.0 / common);
    }
    step
}

/// A^-1 B of upper triangular matrices.
fn solve(a: &[f64], b: &[f64], r: usize) -> Vec<f64> {
    let mut x = b.to_vec();
    for column in x.chunks_exact_mut(r.max(1)) {
        for i in (0..r).rev() {
            let sum: f64 = (i + 1..r).map(|k| a[k * r + i] * column[k]).sum();
            column[i] = (column[i] - sum) / a[i * r + i];
        }
    }
    x
}

/// The steps of a grouping factor's terms as diagonal blocks.
fn blocks(steps: &[Vec<f64>], open: &StreamingModel) -> Vec<Vec<f64>> {
    let widths = widths(open);
    let mut blocks: Vec<Vec<f64>> = widths.iter().map(|r| vec![0.0; r * r]).collect();
    let mut offsets = vec![0; widths.len()];
    for (term, step) in open.encoding.random.iter().zip(steps) {
        let (g, r) = (term.layout.factor, term.layout.columns.len());
        for (k, v) in step.iter().enumerate() {
            blocks[g][(offsets[g] + k / r) * widths[g] + offsets[g] + k % r] = *v;
        }
        offsets[g] += r;
    }
    blocks
}

/// R' M for the r rows (of `width`) of one level.
fn left(block: &[f64], level: &mut [f64], r: usize, width: usize) {
    for column in 0..width {
        for a in (0..r).rev() {
            level[a * width + column] = (0..=a).map(|i| block[a * r + i] * level[i * width + column]).sum();
        }
    }
}

/// Ri' M Rj in place (ri x rj, column-major); both are upper triangular.
fn both(ri_block: &[f64], rj_block: &[f64], m: &mut [f64], ri: usize, rj: usize) {
    for j in 0..rj {
        for a in (0..ri).rev() {
            m[j * ri + a] = (0..=a).map(|i| ri_block[a * ri + i] * m[j * ri + i]).sum();
        }
    }
    for i in 0..ri {
        for b in (0..rj).rev() {
            m[b * ri + i] = (0..=b).map(|j| rj_block[b * rj + j] * m[j * ri + i]).sum();
        }
    }
}
