//! Some rows of a design, held in memory: levels without rows are gone.

use std::ops::Range;

use super::layout::{Batch, FixedLayout, GroupingFactor, RandomLayout, RowSource};
use crate::Result;
use crate::table::NO_LEVEL;

/// Rows of another source, encoded.
#[derive(Debug)]
pub struct Subset {
    batch: Batch,
    fixed: FixedLayout,
    random: Vec<RandomLayout>,
    factors: Vec<GroupingFactor>,
}

impl Subset {
    /// The rows at these positions, ascending; `y` takes the place of their response, less its offset.
    pub fn new(source: &dyn RowSource, all: &Batch, rows: &[u32], y: Vec<f64>) -> Result<Self> {
        let n = all.n;
        let pick = |values: &[f64], r: usize| -> Vec<f64> {
            rows.iter().flat_map(|&i| &values[i as usize * r..(i as usize + 1) * r]).copied().collect()
        };
        let by_column =
            |values: &Vec<f64>| -> Vec<f64> { values.chunks(n).flat_map(|column| pick(column, 1)).collect() };
        let random = source.random().to_vec();
        let batch = Batch {
            n: rows.len(),
            y,
            offset: vec![],
            weights: if all.weights.is_empty() { vec![] } else { pick(&all.weights, 1) },
            values: all.values.iter().map(by_column).collect(),
            cells: all.cells.iter().map(|cells| picked(cells, rows)).collect(),
            z: all.z.iter().zip(&random).map(|(z, term)| pick(z, term.columns.len())).collect(),
        };
        let factors = source.factors().iter().map(|factor| used_levels(factor, rows)).collect::<Result<_>>()?;
        Ok(Self { batch, fixed: source.fixed().clone(), random, factors })
    }
}

fn picked(codes: &[u32], rows: &[u32]) -> Vec<u32> {
    if codes.is_empty() { vec![] } else { rows.iter().map(|&i| codes[i as usize]).collect() }
}

fn used_levels(factor: &GroupingFactor, rows: &[u32]) -> Result<GroupingFactor> {
    let mut codes = picked(factor.codes(), rows);
    let mut place = vec![NO_LEVEL; factor.n_levels()];
    codes.iter().for_each(|&c| place[c as usize] = 0);
    let used = place.iter_mut().filter(|p| **p == 0);
    let n_levels = used.zip(0..).map(|(p, k)| *p = k).count();
    codes.iter_mut().for_each(|c| *c = place[*c as usize]);
    GroupingFactor::new(factor.name.clone(), codes, n_levels)
}

impl RowSource for Subset {
    fn n_rows(&self) -> usize {
        self.batch.n
    }

    fn fixed(&self) -> &FixedLayout {
        &self.fixed
    }

    fn random(&self) -> &[RandomLayout] {
        &self.random
    }

    fn factors(&self) -> &[GroupingFactor] {
        &self.factors
    }

    fn has_weights(&self) -> bool {
        !self.batch.weights.is_empty()
    }

    fn read(&self, rows: Range<usize>, batch: &mut Batch) -> Result<()> {
        let (all, n) = (&self.batch, self.batch.n);
        let columns = |values: &Vec<f64>| values.chunks(n).flat_map(|c| &c[rows.clone()]).copied().collect();
        batch.n = rows.len();
        batch.y = all.y[rows.clone()].to_vec();
        batch.offset.clear();
        batch.weights = all.weights.get(rows.clone()).unwrap_or_default().to_vec();
        batch.values = all.values.iter().map(columns).collect();
        batch.cells = all.cells.iter().map(|c| c.get(rows.clone()).unwrap_or_default().to_vec()).collect();
        let z = all.z.iter().zip(&self.random);
        batch.z = z.map(|(z, t)| z[rows.start * t.columns.len()..rows.end * t.columns.len()].to_vec()).collect();
        Ok(())
    }
}
