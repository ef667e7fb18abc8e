//! One rule for missing values: null and NaN alike, in any used column; the row is dropped and counted.

use std::collections::BTreeMap;

use super::gaps::Gaps;
use super::selection::Selection;
use super::spec::Missing;
use super::table::listed;
use crate::{Error, Result};

/// Per column (or matrix of columns), the number of rows in which it is missing; only where there are some.
pub type Dropped = BTreeMap<String, usize>;

/// What a used column misses, and the name under which its missing values are counted.
pub struct Used<'a> {
    pub gaps: &'a Gaps,
    pub label: &'a str,
}

/// The complete rows, and how many values each column misses.
pub fn complete_rows(used: &[Used], n_rows: usize, rule: Missing) -> Result<(Selection, Dropped)> {
    if n_rows == 0 {
        return Err(Error::Data("the data have no rows".into()));
    }
    let (selection, counts) = without_missing(used, n_rows, rule)?;
    if selection.is_empty() {
        return Err(nothing_left(&counts, n_rows));
    }
    Ok((selection, counts))
}

/// The same for one of many batches, which may have no complete row.
pub fn without_missing(used: &[Used], n_rows: usize, rule: Missing) -> Result<(Selection, Dropped)> {
    let mut by_label: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for u in used {
        merge(by_label.entry(u.label).or_default(), &u.gaps.missing);
    }
    by_label.retain(|_, rows| !rows.is_empty());
    let mut dropped = Vec::new();
    by_label.values().for_each(|rows| merge(&mut dropped, rows));
    let counts: Dropped = by_label.iter().map(|(k, rows)| (k.to_string(), rows.len())).collect();
    if rule == Missing::Error && !dropped.is_empty() {
        return Err(refuse(&by_label, used.first().map_or(0, |u| u.gaps.first)));
    }
    Ok((Selection::without(n_rows, &dropped), counts))
}

fn merge(into: &mut Vec<u32>, rows: &[u32]) {
    let sorted = into.is_empty();
    into.extend(rows);
    if !sorted && !rows.is_empty() {
        into.sort_unstable();
        into.dedup();
    }
}

fn refuse(by_label: &BTreeMap<&str, Vec<u32>>, start: usize) -> Error {
    let parts: Vec<_> = by_label
        .iter()
        .map(|(label, rows)| {
            let first: Vec<_> = rows.iter().take(5).map(|&row| (start + row as usize).to_string()).collect();
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
