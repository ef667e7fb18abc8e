//! A numeric expression by itself, in every row of a table.

use std::collections::BTreeMap;

use super::compile::Compiler;
use super::inputs::Inputs;
use super::learned::Known;
use super::selection::Selection;
use super::spec::{Coverage, Expr};
use super::table::Table;
use super::used::UsedColumns;
use crate::Result;

/// The expression in every row; NaN where a value is missing.
pub fn evaluate(expr: &Expr, table: &Table) -> Result<Vec<f64>> {
    let used = UsedColumns::of_expression(expr, table)?;
    let mut columns = Vec::with_capacity(used.names.len());
    for name in &used.names {
        columns.push(Some(table.get(name)?.clone()));
    }
    let inputs = Inputs { columns, selection: Selection::All(table.n_rows()), codes: vec![] };
    let contrasts = BTreeMap::new();
    let (levels, learned, coverage) = (BTreeMap::new(), Known::new(), Coverage::All);
    let mut compiler = Compiler {
        used: &used,
        contrasts: &contrasts,
        levels: &levels,
        learned: &learned,
        coverage,
        inputs,
        categories: vec![],
        variables: vec![],
    };
    let node = compiler.number(expr, "the expression")?;
    let mut values = vec![0.0; table.n_rows()];
    node.read(&compiler.inputs, 0..table.n_rows(), &mut values);
    Ok(values)
}
