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

/// The code of every row used; fails at a level that is not known.
pub fn settled_codes(column: &Column, selection: &Selection, levels: &[String]) -> Result<Vec<u32>> {
    let used: Vec<bool> = selection.mask(column.n_rows()).unwrap_or_else(|| vec![true; column.n_rows()]);
    let unused: Vec<u32> = (0..used.len() as u32).filter(|&row| !used[row as usize]).collect();
    let codes = known_codes(column, &unused, levels)?;
    require_known(column, &codes, &unused, levels, OPEN)?;
    Ok((0..selection.len()).map(|position| codes[selection.row(position)]).collect())
}

/// Of a fit, what a level is that it does not know.
pub const FITTED: &str = "the fit did not see";
/// The same of rows that come in batches, and what to do.
const OPEN: &str = "earlier batches did not have (name all levels in SufficientStatistics(levels=), or give rows that \
                    have them as first=)";

/// Fails at the first value of a fixed variable that is not known; `why` says of what a level that is.
pub fn require_known(column: &Column, codes: &[u32], missing: &[u32], levels: &[String], why: &str) -> Result<()> {
    let unseen = |row: &usize| codes[*row] == NO_LEVEL && missing.binary_search(&(*row as u32)).is_err();
    let Some(row) = (0..codes.len()).find(unseen) else { return Ok(()) };
    Err(Error::Data(format!(
        "column '{}' is '{}' at row {}, a level that {why}; known are {}",
        column.name,
        shown(&column.text(row).unwrap_or_default()),
        column.first + row,
        listed(levels.iter().map(String::as_str))
    )))
}
