//! Which columns a model reads, and which rows can be used: complete, finite, of positive weight.

use std::collections::BTreeMap;

use super::expression::Expression;
use super::inputs::Inputs;
use super::spec::{Expr, Missing, ModelSpec, Options, TermFactor};
use crate::table::{Column, Gaps, Selection, Table, by_segment, listed, plain_name};
use crate::{Error, Remedy, Result};

/// The columns that a model reads, once each, in the order of the formula.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsedColumns {
    pub names: Vec<String>,
    /// The name under which missing values are counted: the column's own, or its matrix's key.
    pub labels: Vec<String>,
}

impl UsedColumns {
    /// All columns of a model but the weights.
    ///
    /// # Errors
    /// `Data` where the table lacks a column.
    pub fn of_model(model: &ModelSpec, options: &Options, table: &Table) -> Result<Self> {
        let mut used = Self::default();
        let groups = model.random.iter().flat_map(|r| &r.group);
        let factors = [&model.response].into_iter().chain(model.effects()).chain(groups).chain(&model.offsets);
        for TermFactor { expr, .. } in factors {
            used.add_expression(expr, table)?;
        }
        if let Some(name) = &options.offset {
            table.get(name)?;
            used.add(name, plain_name(name));
        }
        Ok(used)
    }

    /// The columns of one expression.
    ///
    /// # Errors
    /// `Data` where the table lacks a column.
    pub fn of_expression(expr: &Expr, table: &Table) -> Result<Self> {
        let mut used = Self::default();
        used.add_expression(expr, table)?;
        Ok(used)
    }

    fn add_expression(&mut self, expr: &Expr, table: &Table) -> Result<()> {
        match expr {
            Expr::Column { name } => {
                table.get(name)?;
                self.add(name, name);
            }
            Expr::Call { name, args, .. } if name == "external" => {
                let key = args.first().and_then(Expr::word).unwrap_or_default();
                for column in table.matrix(key)? {
                    self.add(&column.name, key);
                }
            }
            Expr::Call { name, args, .. } => {
                for arg in &args[..n_data_arguments(name, args)] {
                    self.add_expression(arg, table)?;
                }
            }
            Expr::Number { .. } | Expr::Text { .. } => {}
        }
        Ok(())
    }

    fn add(&mut self, name: &str, label: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.into());
            self.labels.push(label.into());
        }
    }
}

/// Leading arguments that are data; the others are settings.
fn n_data_arguments(name: &str, args: &[Expr]) -> usize {
    match name {
        "C" => args.len().min(1),
        _ => args.len(),
    }
}

/// Per column (or matrix of columns), the number of rows in which it is missing; only where there are some.
pub type Dropped = BTreeMap<String, usize>;

/// The columns of these names in the rows that miss no value of theirs: all are finite there.
///
/// A null and NaN are missing alike; `labels` are the names under which missing values are counted.  Rows that are
/// `left_out`, in ascending order, are not used whatever they hold.  There may be no row: one of many batches need not
/// have any.
///
/// # Errors
/// `Data` where a column is missing or infinite, or values are missing and may not be.
pub fn complete_rows(
    names: &[String],
    labels: &[String],
    table: &Table,
    rule: Missing,
    left_out: &[u32],
) -> Result<(Inputs, Dropped)> {
    let columns = names.iter().map(|name| table.get(name).cloned()).collect::<Result<Vec<_>>>()?;
    let gaps: Vec<Gaps> = columns.iter().map(Gaps::find).collect();
    let mut missing: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (gaps, label) in gaps.iter().zip(labels) {
        merge(missing.entry(label).or_default(), &gaps.missing);
    }
    missing.retain(|_, rows| !rows.is_empty());
    let mut incomplete = Vec::new();
    missing.values().for_each(|rows| merge(&mut incomplete, rows));
    if rule == Missing::Error && !incomplete.is_empty() {
        return Err(refuse(&missing, table.first()));
    }
    merge(&mut incomplete, left_out);
    let selection = Selection::without(table.n_rows(), &incomplete);
    for (column, gaps) in columns.iter().zip(&gaps) {
        gaps.refuse_infinite(column, &selection)?;
    }
    let dropped = missing.iter().map(|(label, rows)| (label.to_string(), rows.len())).collect();
    Ok((Inputs { columns: columns.into_iter().map(Some).collect(), selection, codes: vec![] }, dropped))
}

/// Fails where no row is left to fit a model to.
///
/// # Errors
/// `Data` in that case.
pub fn require_rows(inputs: &Inputs, dropped: &Dropped, table: &Table) -> Result<()> {
    match table.n_rows() {
        0 => Err(Error::Data("the data have no rows".into())),
        n_rows if inputs.n_rows() == 0 => Err(nothing_left(dropped, n_rows)),
        _ => Ok(()),
    }
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
    Error::Data(format!("values are missing: {}", parts.join(", "))).unless(Remedy::DropRows)
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

/// Fails at the first used row, of those for which `counts` holds, where `expression` is not finite.
///
/// # Errors
/// `Data` in that case.
pub fn require_finite(expression: &Expression, inputs: &Inputs, counts: impl Fn(usize) -> bool + Sync) -> Result<()> {
    let firsts = by_segment(inputs.n_rows(), |part| {
        let mut values = vec![0.0; part.len()];
        expression.read(inputs, part.clone(), &mut values);
        let mut rows = values.iter().zip(part);
        rows.find(|(v, position)| !v.is_finite() && counts(*position)).map(|(_, position)| position)
    });
    match firsts.into_iter().flatten().next() {
        Some(position) => Err(explain(expression, inputs, position)),
        None => Ok(()),
    }
}

fn explain(expression: &Expression, inputs: &Inputs, position: usize) -> Error {
    let at = |expression: &Expression| {
        let mut value = [0.0];
        expression.read(inputs, position..position + 1, &mut value);
        value[0]
    };
    // The innermost part that is not finite.
    let mut culprit = expression;
    while let Some(part) = culprit.parts().into_iter().find(|part| !at(part).is_finite()) {
        culprit = part;
    }
    let mut values = Vec::new();
    culprit.walk(&mut |part| {
        if matches!(part, Expression::Column(_)) {
            let text = format!("{} is {}", part.text(inputs), at(part));
            if !values.contains(&text) {
                values.push(text);
            }
        }
    });
    let (text, row) = (culprit.text(inputs), inputs.row_number(position));
    let what = if at(culprit).is_nan() { "not a number" } else { "infinite" };
    Error::Data(match values.is_empty() {
        true => format!("{text} is {what} at row {row}; write another expression"),
        false => format!(
            "{text} is {what} at row {row}, where {}; correct that value, or make it missing to drop the row",
            values.join(" and ")
        ),
    })
}

/// Fails unless every weight of a used row is a positive number.
///
/// # Errors
/// `Data` in that case.
pub fn check_weights(column: &Column, selection: &Selection) -> Result<()> {
    let name = plain_name(&column.name);
    column.require_numbers("a column of weights")?;
    let bad = by_segment(selection.len(), |part| {
        let mut weights = vec![0.0; part.len()];
        column.read(selection.picks(part.clone()), &mut weights);
        let mut rows = weights.into_iter().zip(part);
        rows.find(|(w, _)| !(*w > 0.0 && w.is_finite()))
    });
    let Some((weight, position)) = bad.into_iter().flatten().next() else { return Ok(()) };
    let (what, fix) = match weight {
        w if w.is_nan() => ("missing".into(), "give every row a weight, or drop the row"),
        0.0 => ("0".into(), "drop the rows of weight zero"),
        w => (w.to_string(), "weights must be positive and finite"),
    };
    let row = column.first + selection.row(position);
    Err(Error::Data(format!("weight '{name}' is {what} at row {row}; {fix}")))
}
