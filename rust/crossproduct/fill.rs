//! The pass over the rows, in parts; it can be repeated with other weights and another response.

use rayon::prelude::*;

use super::blocks::CrossProducts;
use super::plan::Plan;
use super::ranges::{self, Gathered, Ranges, wave_rows_of};
use super::sums::{Shape, Sums};
use crate::Result;
use crate::rows::{RowBlock, WorkingRows};

/// Rows that one part has at least; the number of parts never depends on the number of threads.
const PART_ROWS: usize = 40_000;
const MOST_PARTS: usize = 8;
/// Memory that the copies of all parts may take, in numbers.
const PARTS_SIZE: usize = 32 << 20;

/// Replaces the values of cross-products by those of rows with other weights or another response: the same columns,
/// the same rank.  In a scratch that has been used before nothing that grows with the data is allocated.
///
/// # Errors
/// Those of reading the rows.
pub fn fill(plan: &Plan, rows: &WorkingRows, a: &mut CrossProducts, scratch: &mut FillScratch) -> Result<()> {
    scratch.pass(rows, &plan.shape)?;
    scratch.square(plan);
    scratch.write(plan, a);
    Ok(())
}

/// What a pass needs and gives, reused from pass to pass.
#[derive(Default)]
pub struct FillScratch {
    pub parts: Vec<Part>,
    pub total: Sums,
    /// Squares of a row of sums, and of all columns of X and y.
    pub full: Vec<f64>,
    pub xx: Vec<f64>,
}

#[derive(Default)]
pub struct Part {
    sums: Sums,
    gathered: Gathered,
    block: RowBlock,
}

impl FillScratch {
    /// The squares of all columns of X and y, from the sums.
    pub fn square(&mut self, plan: &Plan) {
        plan.coding.squares(&self.total, &plan.shape.extended, &mut self.full, &mut self.xx);
    }

    /// Moves the sums into cross-products, whose old blocks are summed into next.
    pub fn write(&mut self, plan: &Plan, a: &mut CrossProducts) {
        plan.coding.select(&self.xx, &mut a.xx);
        a.sum_log_weights = self.total.sum_log_weights;
        for ((block, zz), zx) in a.factors.iter_mut().zip(&mut self.total.zz).zip(&self.total.zx) {
            std::mem::swap(&mut block.zz, zz);
            plan.coding.rows(zx, plan.shape.extended.width(), &mut block.zx);
        }
        a.links.iter_mut().flatten().zip(&mut self.total.links).for_each(|(own, sums)| std::mem::swap(own, sums));
    }

    /// Sums over all rows, in parts; rows whose levels lie far apart are gathered first.
    ///
    /// # Errors
    /// Those of reading the rows.
    pub fn pass(&mut self, rows: &WorkingRows, shape: &Shape) -> Result<()> {
        let first = shape.factors.first();
        match first.and_then(|f| Ranges::worthwhile(f.0, shape.size(0), rows.levels(0))) {
            Some(ranges) => self.by_ranges(rows, shape, &ranges),
            None => self.by_parts(rows, shape),
        }
    }

    /// Parts in parallel, merged in their order.
    fn by_parts(&mut self, rows: &WorkingRows, shape: &Shape) -> Result<()> {
        let n = rows.source.n_rows();
        let parts = n_parts(n, shape.size(0));
        self.parts.resize_with(parts, Part::default);
        self.parts[0].sums = std::mem::take(&mut self.total);
        let sum = |(k, Part { sums, block, .. }): (usize, &mut Part)| {
            sums.reset(shape, 0);
            rows.visit(n * k / parts..n * (k + 1) / parts, block, |_, block| {
                block.weigh();
                sums.push(shape, block, 0);
            })
        };
        match self.parts.as_mut_slice() {
            [one] => sum((0, one))?,
            all => all.par_iter_mut().enumerate().try_for_each(sum)?,
        }
        self.total = std::mem::take(&mut self.parts[0].sums);
        self.parts[1..].iter().for_each(|part| self.total.merge(&part.sums));
        Ok(())
    }

    /// Wave by wave: rows are gathered in parts, in parallel, and added range by range, in parallel.
    fn by_ranges(&mut self, rows: &WorkingRows, shape: &Shape, ranges: &Ranges) -> Result<()> {
        let (n, wave) = (rows.source.n_rows(), wave_rows_of(shape));
        let parts = n_parts(n.min(wave), shape.size(1));
        self.parts.resize_with(parts, Part::default);
        self.parts.iter_mut().for_each(|part| part.sums.reset(shape, 1));
        self.total.reset(shape, 0);
        for start in (0..n).step_by(wave) {
            let size = wave.min(n - start);
            self.parts.par_iter_mut().enumerate().try_for_each(|(k, Part { sums, gathered, block })| {
                let own = start + size * k / parts..start + size * (k + 1) / parts;
                gathered.expect(ranges, shape, &rows.levels(0)[own.clone()]);
                rows.visit(own, block, |_, block| {
                    block.weigh();
                    sums.push(shape, block, 1);
                    gathered.take(ranges, shape, block);
                })
            })?;
            let gathered: Vec<&Gathered> = self.parts.iter().map(|part| &part.gathered).collect();
            ranges::add(&mut self.total, shape, ranges, &gathered);
        }
        self.parts.iter().for_each(|part| self.total.merge(&part.sums));
        Ok(())
    }
}

/// Sums of a part cost as much as its rows where it has many levels.
pub fn n_parts(n: usize, size: usize) -> usize {
    let size = size.max(1);
    (n / PART_ROWS).min(PARTS_SIZE / size).min((4 * n / size).max(2)).clamp(1, MOST_PARTS)
}
