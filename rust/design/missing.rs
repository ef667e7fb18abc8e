//! One rule for missing values: null and NaN alike, in any used column; the row is dropped and counted.

use std::collections::BTreeMap;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;

use super::column::{Column, Kind};
use super::selection::{Picks, Selection, by_segment};
use super::spec::Missing;
use super::table::listed;
use crate::{Error, Result};

/// Per column (or matrix of columns), the number of rows in which it is missing; only where there are some.
pub type Dropped = BTreeMap<String, usize>;

/// A used column and the name under which its missing values are counted.
pub struct Used<'a> {
    pub column: &'a Column,
    pub label: &'a str,
}

/// The complete rows, and how many values each column misses.
pub fn complete_rows(used: &[Used], n_rows: usize, rule: Missing) -> Result<(Selection, Dropped)> {
    if n_rows == 0 {
        return Err(Error::Data("the data have no rows".into()));
    }
    let mut by_label: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for u in used {
        merge(by_label.entry(u.label).or_default(), missing_rows(u.column));
    }
    by_label.retain(|_, rows| !rows.is_empty());
    let mut dropped = Vec::new();
    by_label.values().for_each(|rows| merge(&mut dropped, rows.clone()));
    let counts: Dropped = by_label.iter().map(|(k, rows)| (k.to_string(), rows.len())).collect();
    if rule == Missing::Error && !dropped.is_empty() {
        return Err(refuse(&by_label));
    }
    if dropped.len() == n_rows {
        return Err(nothing_left(&counts, n_rows));
    }
    Ok((Selection::without(n_rows, &dropped), counts))
}

fn merge(into: &mut Vec<u32>, rows: Vec<u32>) {
    if into.is_empty() {
        *into = rows;
    } else if !rows.is_empty() {
        into.extend(rows);
        into.sort_unstable();
        into.dedup();
    }
}

fn refuse(by_label: &BTreeMap<&str, Vec<u32>>) -> Error {
    let parts: Vec<_> = by_label
        .iter()
        .map(|(label, rows)| {
            let first: Vec<_> = rows.iter().take(5).map(u32::to_string).collect();
            let more = if rows.len() > 5 { ", ..." } else { "" };
            let s = if rows.len() == 1 { "" } else { "s" };
            format!("column '{label}' in {} row{s} ({}{more})", rows.len(), first.join(", "))
        })
        .collect();
    Error::Data(format!(
        "values are missing: {}; fill them in, or drop the rows with missing=\"drop\"",
        parts.join(", ")
    ))
}

fn nothing_left(counts: &Dropped, n_rows: usize) -> Error {
    let full: Vec<_> = counts.iter().filter(|(_, k)| **k == n_rows).map(|(c, _)| c.as_str()).collect();
    if !full.is_empty() {
        let has = if full.len() == 1 { "has" } else { "have" };
        return Error::Data(format!(
            "no row is left: {} {has} no value in any of the {n_rows} rows",
            listed(full.into_iter())
        ));
    }
    let parts: Vec<_> = counts.iter().map(|(c, k)| format!("'{c}' in {k}")).collect();
    Error::Data(format!("no row is left: each of the {n_rows} rows misses a value ({})", parts.join(", ")))
}

/// The rows in which a column is null or NaN, ascending.
pub fn missing_rows(column: &Column) -> Vec<u32> {
    if is_float(column.data_type()) {
        return scan_numbers(column, f64::is_nan);
    }
    let mut rows = Vec::new();
    let mut start = 0;
    for chunk in column.chunks() {
        null_rows(chunk.as_ref(), start, &mut rows);
        start += chunk.len() as u32;
    }
    rows
}

fn is_float(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Float16 | DataType::Float32 | DataType::Float64)
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
    let is_nan = |i| values.is_valid(i) && super::label::text_of(values.as_ref(), i).is_none();
    if !(0..values.len()).any(is_nan) {
        return;
    }
    let keys = chunk.as_any_dictionary().keys();
    let row_is_nan = |&i: &usize| keys.is_valid(i) && is_nan(super::dictionary::dictionary_key(keys, i));
    rows.extend((0..chunk.len()).filter(row_is_nan).map(|i| start + i as u32));
    rows.sort_unstable();
}

fn scan_numbers(column: &Column, found: impl Fn(f64) -> bool + Sync) -> Vec<u32> {
    let parts = by_segment(column.n_rows(), |part| {
        let mut values = vec![0.0; part.len()];
        column.read(&Picks::Range(part.clone()), &mut values);
        if !values.iter().fold(false, |any, &v| any | found(v)) {
            return Vec::new();
        }
        let rows = values.iter().zip(part).filter(|(v, _)| found(**v));
        rows.map(|(_, row)| row as u32).collect()
    });
    parts.concat()
}

/// Fails at the first infinite value in a row that is used.
pub fn refuse_infinite(column: &Column, selection: &Selection) -> Result<()> {
    if column.kind() != Kind::Number || !is_float(column.data_type()) {
        return Ok(());
    }
    let infinite = scan_numbers(column, f64::is_infinite);
    let used = |&row: &u32| match selection {
        Selection::All(_) => true,
        Selection::Rows(rows) => rows.binary_search(&row).is_ok(),
    };
    let Some(row) = infinite.into_iter().find(used) else { return Ok(()) };
    let value = column.number(row as usize);
    Err(Error::Data(format!(
        "column '{}' is {} at row {row}; correct that value, or make it missing to drop the row",
        column.name,
        if value > 0.0 { "infinite" } else { "minus infinite" }
    )))
}
