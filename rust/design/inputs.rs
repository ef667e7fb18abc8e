//! The columns that a model reads, the rows it uses, and its categories' codes in them.

use crate::table::{Column, Selection};
use std::ops::Range;
use std::sync::Arc;

/// What expressions and terms are evaluated on.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// By input of the model; `None` for one that new data lack and no used term needs.
    pub columns: Vec<Option<Column>>,
    pub selection: Selection,
    /// By category of the model: the level of every row used.
    pub codes: Vec<Option<Arc<Vec<u32>>>>,
}

impl Inputs {
    pub fn n_rows(&self) -> usize {
        self.selection.len()
    }

    /// The column of an input; it must be there.
    pub fn column(&self, input: usize) -> &Column {
        self.columns[input].as_ref().expect("inputs are checked before they are read")
    }

    /// out = the input in the used rows at these positions.
    pub fn read(&self, input: usize, positions: Range<usize>, out: &mut [f64]) {
        self.column(input).read(self.selection.picks(positions), out);
    }

    /// The codes of a category in all rows used; it must be there.
    pub fn codes(&self, category: usize) -> &Arc<Vec<u32>> {
        self.codes[category].as_ref().expect("categories are checked before they are read")
    }

    /// The number of a used row in messages.
    pub fn row_number(&self, position: usize) -> usize {
        let first = self.columns.iter().flatten().next().map_or(0, |column| column.first);
        first + self.selection.row(position)
    }

    pub fn has(&self, input: usize) -> bool {
        self.columns[input].is_some()
    }
}
