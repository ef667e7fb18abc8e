//! A design over plain arrays, for callers that have no frame: terms are added one after the other.

use std::ops::Range;

use super::layout::{Batch, Coding, FixedColumn, FixedLayout, FixedTerm, GroupingFactor, RandomLayout, RowSource};
use crate::covariance::Structure;
use crate::ids::FactorId;
use crate::{Error, Result};

/// Response, fixed terms, grouping factors and random terms, all in memory.
#[derive(Debug, Clone, Default)]
pub struct ArrayDesign {
    y: Vec<f64>,
    weights: Option<Vec<f64>>,
    fixed: FixedLayout,
    /// Per fixed term, column-major (n x n_numeric).
    values: Vec<Vec<f64>>,
    cells: Vec<Vec<u32>>,
    random: Vec<RandomLayout>,
    /// Per random term, row-major (n x r).
    z: Vec<Vec<f64>>,
    factors: Vec<GroupingFactor>,
}

impl ArrayDesign {
    pub fn new(y: Vec<f64>) -> Self {
        Self { y, ..Self::default() }
    }

    /// Adds the intercept; it must be the first fixed term.
    pub fn intercept(mut self) -> Result<Self> {
        if !self.fixed.terms.is_empty() {
            return Err(Error::Design("the intercept must be the first term".into()));
        }
        self.fixed.has_intercept = true;
        let ones = vec![1.0; self.y.len()];
        self.numeric("(Intercept)", ones)
    }

    /// Adds a term of one numeric column.
    pub fn numeric(self, name: &str, column: Vec<f64>) -> Result<Self> {
        self.term(name, column, vec![], None)
    }

    /// Adds a categorical term: the cell of every row, and the columns over the cells.
    pub fn categorical(self, name: &str, cells: Vec<u32>, coding: Coding) -> Result<Self> {
        let ones = vec![1.0; self.y.len()];
        self.term(name, ones, cells, Some(coding))
    }

    /// Adds a term: numeric columns (column-major), each times every coded column of the cells.
    pub fn term(mut self, name: &str, values: Vec<f64>, cells: Vec<u32>, coding: Option<Coding>) -> Result<Self> {
        let n_cells = coding.as_ref().map_or(0, |c| c.n_cells);
        let n_numeric = self.columns_of(name, values.len())?;
        let n_coded = if coding.is_some() { self.y.len() } else { 0 };
        if cells.len() != n_coded || cells.iter().any(|&c| c as usize >= n_cells) {
            return Err(Error::Design(format!("{name}: the cells do not fit the rows or the coding")));
        }
        let term = FixedTerm { name: name.into(), n_numeric, coding };
        let index = self.fixed.terms.len();
        for coded in 0..term.width() / n_numeric {
            for numeric in 0..n_numeric {
                let name = match term.width() {
                    1 => name.into(),
                    _ => format!("{name}{}", coded * n_numeric + numeric + 1),
                };
                self.fixed.columns.push(FixedColumn { name, term: index, numeric, coded });
            }
        }
        self.fixed.terms.push(term);
        self.values.push(values);
        self.cells.push(cells);
        Ok(self)
    }

    pub fn weighted(mut self, weights: Vec<f64>) -> Result<Self> {
        if weights.len() != self.y.len() || !weights.iter().all(|w| *w > 0.0 && w.is_finite()) {
            return Err(Error::Data("weights must be one positive number a row".into()));
        }
        self.weights = Some(weights);
        Ok(self)
    }

    /// Adds a grouping factor, to which random terms refer in order.
    pub fn grouping(mut self, name: &str, codes: Vec<u32>, n_levels: usize) -> Result<Self> {
        if codes.len() != self.y.len() {
            return Err(Error::Data(format!("{name} needs one code a row")));
        }
        self.factors.push(GroupingFactor::new(name, codes, n_levels)?);
        Ok(self)
    }

    /// Adds a random term of a grouping factor: `z` is row-major (n x r).
    pub fn random(mut self, factor: FactorId, z: Vec<f64>, has_intercept: bool, structure: Structure) -> Result<Self> {
        let Some(group) = self.factors.get(factor.0) else {
            return Err(Error::Design(format!("there is no grouping factor {}", factor.0)));
        };
        let name = format!("term {} of {}", self.random.len(), group.name);
        let columns = (0..self.columns_of(&name, z.len())?).map(|k| match k {
            0 if has_intercept => "(Intercept)".into(),
            k => format!("z{k}"),
        });
        let columns = columns.collect();
        self.random.push(RandomLayout { name, factor, columns, has_intercept, structure });
        self.z.push(z);
        Ok(self)
    }

    fn columns_of(&self, name: &str, len: usize) -> Result<usize> {
        let n = self.y.len();
        if n == 0 || len == 0 || !len.is_multiple_of(n) {
            return Err(Error::Data(format!("{name}: {len} values do not make columns of {n} rows")));
        }
        Ok(len / n)
    }
}

impl RowSource for ArrayDesign {
    fn n_rows(&self) -> usize {
        self.y.len()
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
        self.weights.is_some()
    }

    fn read(&self, rows: Range<usize>, batch: &mut Batch) -> Result<()> {
        batch.n = rows.len();
        copy(&mut batch.y, &self.y[rows.clone()]);
        batch.offset.clear();
        copy(&mut batch.weights, self.weights.as_ref().map_or(&[], |w| &w[rows.clone()]));
        batch.values.resize_with(self.values.len(), Vec::new);
        batch.cells.resize_with(self.cells.len(), Vec::new);
        batch.z.resize_with(self.z.len(), Vec::new);
        for (out, values) in batch.values.iter_mut().zip(&self.values) {
            out.clear();
            let columns = values.chunks(self.y.len());
            columns.for_each(|column| out.extend_from_slice(&column[rows.clone()]));
        }
        for (out, cells) in batch.cells.iter_mut().zip(&self.cells) {
            copy(out, if cells.is_empty() { &[] } else { &cells[rows.clone()] });
        }
        for ((out, z), layout) in batch.z.iter_mut().zip(&self.z).zip(&self.random) {
            let r = layout.columns.len();
            copy(out, &z[rows.start * r..rows.end * r]);
        }
        Ok(())
    }
}

fn copy<T: Copy>(out: &mut Vec<T>, values: &[T]) {
    out.clear();
    out.extend_from_slice(values);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_slices_of_the_arrays() {
        let coding = Coding { n_cells: 2, columns: vec![vec![(1, 1.0)]] };
        let design = ArrayDesign::new(vec![1.0, 2.0, 3.0])
            .intercept()
            .and_then(|d| d.term("x:f", vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], vec![0, 1, 1], Some(coding)))
            .and_then(|d| d.grouping("g", vec![0, 1, 0], 2))
            .and_then(|d| d.random(FactorId(0), vec![1.0, 0.1, 1.0, 0.2, 1.0, 0.3], true, Structure::Unstructured))
            .unwrap();
        let mut batch = Batch::default();
        design.read(1..3, &mut batch).unwrap();
        assert_eq!(batch.y, [2.0, 3.0]);
        assert_eq!(batch.values, [vec![1.0, 1.0], vec![2.0, 3.0, 5.0, 6.0]]);
        assert_eq!(batch.cells, [vec![], vec![1, 1]]);
        assert_eq!(batch.z, [vec![1.0, 0.2, 1.0, 0.3]]);
        assert_eq!(design.fixed().columns[2].name, "x:f2");
        assert!(batch.weights.is_empty() && !design.has_weights());
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused() {
        let design = ArrayDesign::new(vec![1.0, 2.0]);
        assert!(design.clone().numeric("x", vec![1.0]).is_err());
        assert!(design.clone().weighted(vec![1.0, -1.0]).is_err());
        assert!(design.clone().grouping("g", vec![0, 2], 2).is_err());
        assert!(design.random(FactorId(0), vec![1.0, 1.0], true, Structure::Unstructured).is_err());
    }
}
