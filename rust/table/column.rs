//! One column of the data: Arrow arrays, chunk after chunk, read in place.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::label::{shown, text_of};
use super::levels::as_number;
use super::selection::Picks;
use crate::{Error, Result};

/// What a column can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Number,
    Boolean,
    Text,
    /// Dictionary-encoded: the values are categories.
    Categories,
    /// Dates, times, durations.
    Time,
    /// A column without a type: every value is missing.
    Empty,
    Other,
}

/// A named column.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub(super) chunks: Vec<ArrayRef>,
    /// First row of every chunk, then the number of rows.
    starts: Vec<usize>,
    pub(super) data_type: DataType,
    /// The user declared an order of the categories.
    pub(super) declared: bool,
    /// Number of the first row, where the column is a batch of a longer one; for messages.
    pub first: usize,
}

/// The rows of a batch that lie in one chunk.
pub struct Piece<'a, 'p> {
    pub array: &'a ArrayRef,
    pub picks: Picks<'p>,
    /// Where the part begins within the batch.
    pub offset: usize,
    /// First row of the chunk.
    pub start: usize,
}

impl Piece<'_, '_> {
    /// Calls `visit` with every index into the chunk.
    pub fn for_each(&self, mut visit: impl FnMut(usize)) {
        match &self.picks {
            Picks::Range(rows) => rows.clone().for_each(|row| visit(row - self.start)),
            Picks::Rows(rows) => rows.iter().for_each(|&row| visit(row as usize - self.start)),
        }
    }

    /// out[k] = value(k-th index)
    pub fn fill<T>(&self, out: &mut [T], mut value: impl FnMut(usize) -> T) {
        match &self.picks {
            Picks::Range(rows) => out.iter_mut().zip(rows.clone()).for_each(|(o, row)| *o = value(row - self.start)),
            Picks::Rows(rows) => {
                out.iter_mut().zip(*rows).for_each(|(o, &row)| *o = value(row as usize - self.start));
            }
        }
    }
}

impl Column {
    /// Joins chunks of one type.
    pub fn new(name: impl Into<String>, chunks: Vec<ArrayRef>, data_type: DataType) -> Self {
        let mut starts = vec![0];
        for chunk in &chunks {
            starts.push(starts[starts.len() - 1] + chunk.len());
        }
        let declared = matches!(data_type, DataType::Dictionary(..));
        Self { name: name.into(), chunks, starts, data_type, declared, first: 0 }
    }

    /// The same column, whose categories have no order that the user declared.
    pub fn undeclared(mut self) -> Self {
        self.declared = false;
        self
    }

    pub fn n_rows(&self) -> usize {
        self.starts[self.chunks.len()]
    }

    /// The chunk that holds a row.
    pub fn chunk_index(&self, row: usize) -> usize {
        self.starts.partition_point(|&s| s <= row) - 1
    }

    /// The labels of a dictionary, in its order, used or not.
    pub fn dictionary_labels(&self) -> Vec<String> {
        let Some(chunk) = self.chunks.first().filter(|_| matches!(self.data_type, DataType::Dictionary(..))) else {
            return vec![];
        };
        let values = chunk.as_any_dictionary().values();
        (0..values.len()).filter_map(|i| text_of(values.as_ref(), i)).collect()
    }

    /// Categories in no declared order are text, however they are stored.
    pub fn kind(&self) -> ColumnKind {
        match kind_of(&self.data_type) {
            ColumnKind::Categories if !self.declared => ColumnKind::Text,
            kind => kind,
        }
    }

    /// The parts of a batch, one for every chunk that it touches.
    pub fn pieces<'a, 'p>(&'a self, picks: Picks<'p>) -> impl Iterator<Item = Piece<'a, 'p>> {
        let mut offset = 0;
        std::iter::from_fn(move || {
            let k = self.chunk_index(picks.get(offset)?);
            let own = picks.before(self.starts[k + 1], offset);
            let piece = Piece { array: &self.chunks[k], offset, start: self.starts[k], picks: own };
            offset += piece.picks.n_rows();
            Some(piece)
        })
    }

    /// The value in a row as text: the canonical label of a level.  `None` where it is missing.
    pub fn text(&self, row: usize) -> Option<String> {
        let k = self.chunk_index(row);
        text_of(self.chunks[k].as_ref(), row - self.starts[k])
    }

    /// The first value that is not missing, for messages; of text the first that is no number, if there is one.
    pub fn example(&self) -> Option<String> {
        let values = || (0..self.n_rows()).filter_map(|row| self.text(row));
        let is_text = matches!(self.kind(), ColumnKind::Text | ColumnKind::Categories);
        let odd = if is_text { values().find(|value| as_number(value).is_none()) } else { None };
        odd.or_else(|| values().next())
    }

    /// What the column holds, in words: `text (for example 'oops')`.
    pub fn describe(&self) -> String {
        let what = match self.kind() {
            ColumnKind::Number => "numeric".into(),
            ColumnKind::Boolean => "boolean".into(),
            ColumnKind::Text => "text".into(),
            ColumnKind::Categories => "categorical".into(),
            ColumnKind::Time => format!("of type {}", time_name(&self.data_type)),
            ColumnKind::Empty => return "without any value".into(),
            ColumnKind::Other if is_bytes(&self.data_type) => return "of bytes that are no UTF-8 text".into(),
            ColumnKind::Other => return format!("of type {}", shown(&self.data_type.to_string())),
        };
        match self.example() {
            Some(value) => format!("{what} (for example '{}')", shown(&value)),
            None => what,
        }
    }

    /// Fails unless the column can be read as numbers for `user`: "log(Days)", "the response".
    ///
    /// # Errors
    /// `Data` in that case.
    pub fn require_numbers(&self, user: &str) -> Result<()> {
        let fix = match self.kind() {
            ColumnKind::Number | ColumnKind::Boolean | ColumnKind::Empty => return Ok(()),
            ColumnKind::Time => "convert it to a number first, for example to days since the first date",
            ColumnKind::Text | ColumnKind::Categories => "cast it to a number first",
            ColumnKind::Other => "compute a numeric column from it first",
        };
        Err(Error::Data(format!("column '{}' is {}, but {user} needs numbers; {fix}", self.name, self.describe())))
    }
}

fn kind_of(data_type: &DataType) -> ColumnKind {
    use DataType::*;
    match data_type {
        Null => ColumnKind::Empty,
        Boolean => ColumnKind::Boolean,
        Utf8 | LargeUtf8 | Utf8View => ColumnKind::Text,
        Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..) | Duration(_) => ColumnKind::Time,
        Dictionary(_, values) => match kind_of(values) {
            ColumnKind::Other | ColumnKind::Categories => ColumnKind::Other,
            _ => ColumnKind::Categories,
        },
        t if t.is_numeric() => ColumnKind::Number,
        _ => ColumnKind::Other,
    }
}

fn is_bytes(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(_, values) if values.is_binary()) || data_type.is_binary()
}

fn time_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Timestamp(..) => "date and time",
        DataType::Duration(_) => "duration",
        _ => "time of day",
    }
}
