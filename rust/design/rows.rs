//! The rows of a fit: encoded and valid, or not built.

use std::ops::Range;
use std::sync::Arc;

use super::compile::Compiler;
use super::complete_rows::{Dropped, UsedColumns, check_weights, complete_rows, require_rows};
use super::encoding::Encoding;
use super::expression::Expression;
use super::inputs::Inputs;
use super::layout::{Batch, FixedLayout, GroupingFactor, MOST_COLUMNS, RandomLayout};
use super::spec::{ModelSpec, Options};
use super::transforms::Known;
use crate::table::{Column, Gaps, NO_LEVEL, Selection, Table, numeric};
use crate::{Error, Result};

/// Rows read by one task when a whole result is computed.
pub const BATCH_ROWS: usize = 2048;

/// A model on the rows of a frame that are complete.  Values stay in the frame's own arrays.
#[derive(Debug)]
pub struct Rows {
    pub encoding: Arc<Encoding>,
    pub(super) inputs: Inputs,
    pub(super) weights: Option<Column>,
    pub factors: Vec<GroupingFactor>,
    pub random: Vec<RandomLayout>,
    /// Per column, the rows in which it is missing.
    pub dropped: Dropped,
    /// Rows of the frame.
    pub n_rows_input: usize,
}

impl Rows {
    /// The complete rows of a frame, encoded.
    ///
    /// # Errors
    /// Those of `with_learned`.
    pub fn build(model: &ModelSpec, table: &Table, options: &Options) -> Result<Self> {
        Self::with_learned(model, table, options, &Known::new())
    }

    /// `learned`: what transforms learned from other rows.
    ///
    /// # Errors
    /// `Formula`, `Data` or `Design` where the model cannot be built from the columns.
    pub fn with_learned(model: &ModelSpec, table: &Table, options: &Options, learned: &Known) -> Result<Self> {
        if model.terms.len() > MOST_COLUMNS {
            return Err(Error::Design(format!(
                "the fixed part has {} terms; at most {MOST_COLUMNS} columns can be estimated",
                model.terms.len()
            )));
        }
        let used = UsedColumns::of_model(model, options, table)?;
        let weights = options.weights.as_deref().map(|name| table.get(name)).transpose()?.cloned();
        let kept = options.kept.as_deref().map(|name| table.get(name)).transpose()?;
        let left_out = kept.map(|column| Gaps::find(column).missing).unwrap_or_default();
        let (inputs, dropped) = complete_rows(&used.names, &used.labels, table, options.missing, &left_out)?;
        require_rows(&inputs, &dropped, table)?;
        let mut compiler = Compiler::new(&used, options, learned, inputs);
        let (encoding, factors) = Encoding::build(&mut compiler, model)?;
        let inputs = compiler.inputs;
        if let Some(column) = &weights {
            check_weights(column, &inputs.selection)?;
        }
        let random = encoding.random.iter().map(|term| term.layout.clone()).collect();
        let n_rows_input = table.n_rows();
        Ok(Self { encoding: Arc::new(encoding), inputs, weights, factors, random, dropped, n_rows_input })
    }

    /// Whether each row of the frame is used; `None` if all are.
    pub fn kept(&self) -> Option<Vec<bool>> {
        self.inputs.selection.mask(self.n_rows_input)
    }

    /// Labels of a grouping factor's levels.
    pub fn group_levels(&self, group: usize) -> Vec<String> {
        self.encoding.groups[group].levels(&self.encoding.categories)
    }

    /// The response in the rows used, offsets included.
    pub fn response(&self) -> Vec<f64> {
        let mut y = vec![0.0; self.n_rows()];
        self.encoding.response.read(&self.inputs, 0..self.n_rows(), &mut y);
        y
    }

    pub fn weights(&self) -> Option<Vec<f64>> {
        let column = self.weights.as_ref()?;
        let mut weights = vec![0.0; self.n_rows()];
        column.read(self.inputs.selection.picks(0..self.n_rows()), &mut weights);
        Some(weights)
    }

    /// The sum of the offsets; `None` without one.
    pub fn offset(&self) -> Option<Vec<f64>> {
        let mut offset = Vec::new();
        self.encoding.read_offset(&self.inputs, 0..self.n_rows(), &mut offset);
        (!self.encoding.offsets.is_empty()).then_some(offset)
    }

    /// The rows at these positions, ascending, with another response, which has the offset subtracted; grouping
    /// factors lose the levels without rows.
    ///
    /// # Errors
    /// Those of building its grouping factors.
    pub fn subset(&self, positions: &[u32], y: Vec<f64>) -> Result<Self> {
        let mut inputs = self.inputs.clone();
        if positions.len() < self.n_rows() {
            let row = |&position: &u32| self.inputs.selection.row(position as usize) as u32;
            inputs.selection = Selection::Rows(positions.iter().map(row).collect());
            let codes = inputs.codes.iter_mut().flatten();
            codes.for_each(|codes| *codes = Arc::new(picked(codes, positions)));
        }
        let mut encoding = Encoding::clone(&self.encoding);
        encoding.response = Expression::Column(inputs.columns.len());
        encoding.offsets.clear();
        inputs.columns.push(Some(numeric("(response)", inputs.selection.spread(y, self.n_rows_input, f64::NAN))));
        Ok(Self {
            factors: self.factors.iter().map(|factor| used_levels(factor, positions)).collect::<Result<_>>()?,
            encoding: Arc::new(encoding),
            weights: self.weights.clone(),
            random: self.random.clone(),
            dropped: self.dropped.clone(),
            n_rows_input: self.n_rows_input,
            inputs,
        })
    }

    /// X, row-major (n x p).
    ///
    /// # Errors
    /// Those of `Encoding::dense`.
    pub fn model_matrix(&self) -> Result<Vec<f64>> {
        self.encoding.dense(&self.encoding.fixed, &self.inputs)
    }

    pub fn n_rows(&self) -> usize {
        self.inputs.n_rows()
    }

    pub fn fixed(&self) -> &FixedLayout {
        &self.encoding.fixed.layout
    }

    pub fn has_weights(&self) -> bool {
        self.weights.is_some()
    }

    /// Fills `batch` with the given rows, of the rows used.
    ///
    /// # Errors
    /// Those of `Encoding::read`.
    pub fn read(&self, rows: Range<usize>, batch: &mut Batch) -> Result<()> {
        let (inputs, n) = (&self.inputs, rows.len());
        batch.y.resize(n, 0.0);
        self.encoding.response.read(inputs, rows.clone(), &mut batch.y);
        batch.weights.clear();
        if let Some(column) = &self.weights {
            batch.weights.resize(n, 0.0);
            column.read(inputs.selection.picks(rows.clone()), &mut batch.weights);
        }
        self.encoding.read(inputs, rows, |_| true, batch)
    }
}

fn picked(codes: &[u32], rows: &[u32]) -> Vec<u32> {
    rows.iter().map(|&i| codes[i as usize]).collect()
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
