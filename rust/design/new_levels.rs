//! Levels of new data, looked up among those of the fit by their text.

use rustc_hash::FxHashMap;

use super::column::Column;
use super::label::shown;
use super::levels::NO_LEVEL;
use super::read_codes::categories;
use super::selection::Selection;
use super::table::listed;
use crate::{Error, Result};

/// The fit's level of every row; `NO_LEVEL` where the value is missing or was not seen.
pub fn known_codes(column: &Column, missing: &[u32], levels: &[String]) -> Result<Vec<u32>> {
    let present = Selection::without(column.n_rows(), missing);
    let new = categories(column, &present)?;
    let known: FxHashMap<&str, u32> = levels.iter().map(String::as_str).zip(0..).collect();
    let find = |label: &String| {
        let code = known.get(label.as_str()).or_else(|| known.get(without_zeros(label)?));
        code.copied().unwrap_or(NO_LEVEL)
    };
    let table: Vec<u32> = new.levels.iter().map(find).collect();
    let mut codes = vec![NO_LEVEL; column.n_rows()];
    for (position, code) in new.codes.into_iter().enumerate() {
        codes[present.row(position)] = table[code as usize];
    }
    Ok(codes)
}

/// The whole number that a text such as "1.0" stands for.
fn without_zeros(label: &str) -> Option<&str> {
    let whole = label.trim_end_matches('0').strip_suffix('.')?;
    whole.parse::<i64>().is_ok().then_some(whole)
}

/// Fails at the first value of a fixed variable that the fit did not see.
pub fn require_known(column: &Column, codes: &[u32], missing: &[u32], levels: &[String]) -> Result<()> {
    let unseen = |row: &usize| codes[*row] == NO_LEVEL && missing.binary_search(&(*row as u32)).is_err();
    let Some(row) = (0..codes.len()).find(unseen) else { return Ok(()) };
    Err(Error::Data(format!(
        "column '{}' is '{}' at row {row}, a level that the fit did not see; it knows {}",
        column.name,
        shown(&column.text(row).unwrap_or_default()),
        listed(levels.iter().map(String::as_str))
    )))
}
