//! The rows of a fit: encoded and valid, or not built.

use std::ops::Range;
use std::sync::Arc;

use super::compile::Compiler;
use super::complete_rows::{Dropped, UsedColumns, check_weights, require_rows};
use super::encoding::Encoding;
use super::inputs::Inputs;
use super::layout::{Batch, FixedLayout, GroupingFactor, RandomLayout, RowSource};
use super::model_matrix::check_n_terms;
use super::spec::{ModelSpec, Options};
use super::transforms::Known;
use crate::Result;
use crate::table::{Column, Table};

/// Rows read by one task when a whole result is computed.
pub const BATCH_ROWS: usize = 2048;

/// A model on the rows of a frame that are complete.  Values stay in the frame's own arrays.
#[derive(Debug)]
pub struct Rows {
    pub(super) encoding: Arc<Encoding>,
    pub(super) inputs: Inputs,
    pub(super) weights: Option<Column>,
    pub(super) factors: Vec<GroupingFactor>,
    pub(super) random: Vec<RandomLayout>,
    pub(super) dropped: Dropped,
    pub(super) n_rows_input: usize,
}

impl Rows {
    pub fn build(model: &ModelSpec, table: &Table, options: &Options) -> Result<Self> {
        Self::with_learned(model, table, options, &Known::new())
    }

    /// `learned`: what transforms learned from other rows.
    pub fn with_learned(model: &ModelSpec, table: &Table, options: &Options, learned: &Known) -> Result<Self> {
        check_n_terms(model.terms.len())?;
        let used = UsedColumns::of_model(model, options, table)?;
        let weights = options.weights.as_deref().map(|name| table.get(name)).transpose()?.cloned();
        let (inputs, dropped) = used.complete_rows(table, options.missing)?;
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

    pub fn encoding(&self) -> &Arc<Encoding> {
        &self.encoding
    }

    /// Rows of the frame.
    pub fn n_rows_input(&self) -> usize {
        self.n_rows_input
    }

    /// Whether each row of the frame is used; `None` if all are.
    pub fn kept(&self) -> Option<Vec<bool>> {
        self.inputs.selection.mask(self.n_rows_input)
    }

    /// Per column, the rows in which it is missing.
    pub fn dropped(&self) -> &Dropped {
        &self.dropped
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
        column.read(&self.inputs.selection.picks(0..self.n_rows()), &mut weights);
        Some(weights)
    }

    /// The sum of the offsets; `None` without one.
    pub fn offset(&self) -> Option<Vec<f64>> {
        if self.encoding.offsets.is_empty() {
            return None;
        }
        let mut offset = vec![0.0; self.n_rows()];
        self.encoding.add_offset(&self.inputs, 0..self.n_rows(), &mut offset);
        Some(offset)
    }

    /// X, row-major (n x p).
    pub fn model_matrix(&self) -> Result<Vec<f64>> {
        self.encoding.dense(&self.encoding.fixed, &self.inputs)
    }
}

impl RowSource for Rows {
    fn n_rows(&self) -> usize {
        self.inputs.n_rows()
    }

    fn fixed(&self) -> &FixedLayout {
        &self.encoding.fixed.layout
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
        let (inputs, n) = (&self.inputs, rows.len());
        batch.n = n;
        batch.y.resize(n, 0.0);
        self.encoding.response.read(inputs, rows.clone(), &mut batch.y);
        batch.offset.clear();
        if !self.encoding.offsets.is_empty() {
            batch.offset.resize(n, 0.0);
            self.encoding.add_offset(inputs, rows.clone(), &mut batch.offset);
        }
        batch.weights.clear();
        if let Some(column) = &self.weights {
            batch.weights.resize(n, 0.0);
            column.read(&inputs.selection.picks(rows.clone()), &mut batch.weights);
        }
        self.encoding.read_fixed(inputs, rows.clone(), &mut batch.values, &mut batch.cells)?;
        batch.z.resize_with(self.random.len(), Vec::new);
        for (term, z) in self.encoding.random.iter().zip(&mut batch.z) {
            z.resize(n * term.layout.columns.len(), 0.0);
            self.encoding.expand(&term.matrix, inputs, rows.clone(), z)?;
        }
        Ok(())
    }
}
