//! Finds the values of a column that cannot be used: missing (null or NaN) and infinite ones.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;

use super::column::Column;
use super::dictionary::dictionary_key;
use super::label::text_of;
use super::selection::{Picks, Selection, by_segment};
use crate::{Error, Result};

/// Rows of the frame, ascending.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gaps {
    pub missing: Vec<u32>,
    pub infinite: Vec<u32>,
}

impl Gaps {
    pub fn find(column: &Column) -> Self {
        if is_float(&column.data_type) {
            return scan_numbers(column);
        }
        let mut missing = Vec::new();
        let mut start = 0;
        for chunk in &column.chunks {
            null_rows(chunk.as_ref(), start, &mut missing);
            start += chunk.len() as u32;
        }
        Self { missing, infinite: vec![] }
    }

    /// The same, with every row missing that is not used.
    pub fn outside(&self, used: &[bool]) -> Self {
        let mut missing: Vec<u32> = (0..used.len() as u32).filter(|&row| !used[row as usize]).collect();
        missing.extend(self.missing.iter().filter(|&&row| used[row as usize]));
        missing.sort_unstable();
        let infinite = self.infinite.iter().copied().filter(|&row| used[row as usize]).collect();
        Self { missing, infinite }
    }

    /// Fails at the first infinite value in a row that is used.
    ///
    /// # Errors
    /// `Data` in that case.
    pub fn refuse_infinite(&self, column: &Column, selection: &Selection) -> Result<()> {
        let used = |row: &&u32| match selection {
            Selection::All(_) => true,
            Selection::Rows(rows) => rows.binary_search(row).is_ok(),
        };
        let Some(&row) = self.infinite.iter().find(used) else { return Ok(()) };
        let sign = if column.number(row as usize) > 0.0 { "infinite" } else { "minus infinite" };
        Err(Error::Data(format!(
            "column '{}' is {sign} at row {}; correct that value, or make it missing to drop the row",
            column.name,
            column.first + row as usize
        )))
    }
}

fn is_float(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Float16 | DataType::Float32 | DataType::Float64)
}

fn scan_numbers(column: &Column) -> Gaps {
    let parts = by_segment(column.n_rows(), |part| {
        let mut values = vec![0.0; part.len()];
        column.read(Picks::Range(part.clone()), &mut values);
        let mut gaps = Gaps::default();
        // One pass without a branch: most segments have none.
        if values.iter().fold(true, |all, v| all & v.is_finite()) {
            return gaps;
        }
        for (value, row) in values.into_iter().zip(part) {
            if value.is_nan() {
                gaps.missing.push(row as u32);
            } else if value.is_infinite() {
                gaps.infinite.push(row as u32);
            }
        }
        gaps
    });
    let mut all = Gaps::default();
    for part in parts {
        all.missing.extend(part.missing);
        all.infinite.extend(part.infinite);
    }
    all
}

fn null_rows(chunk: &dyn Array, start: u32, rows: &mut Vec<u32>) {
    if let Some(nulls) = chunk.logical_nulls().filter(|n| n.null_count() > 0) {
        rows.extend((0..chunk.len()).filter(|&i| nulls.is_null(i)).map(|i| start + i as u32));
    }
    if let DataType::Dictionary(_, values) = chunk.data_type()
        && is_float(values)
    {
        nan_categories(chunk, start, rows);
    }
}

/// Rows whose category is NaN.
fn nan_categories(chunk: &dyn Array, start: u32, rows: &mut Vec<u32>) {
    let values = chunk.as_any_dictionary().values();
    let is_nan = |i| values.is_valid(i) && text_of(values.as_ref(), i).is_none();
    if !(0..values.len()).any(is_nan) {
        return;
    }
    let keys = chunk.as_any_dictionary().keys();
    let row_is_nan = |&i: &usize| keys.is_valid(i) && is_nan(dictionary_key(keys, i));
    rows.extend((0..chunk.len()).filter(row_is_nan).map(|i| start + i as u32));
    rows.sort_unstable();
}
