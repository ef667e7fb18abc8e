//! Small tables and models for the tests.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray};
use hlmrs::design::{Batch, Rows};
use hlmrs::design::{ModelSpec, Options};
use hlmrs::table::{Column, Table, numeric};
use serde_json::{Value, json};

pub fn column(name: &str, array: impl Array + 'static) -> Column {
    let array: ArrayRef = Arc::new(array);
    let data_type = array.data_type().clone();
    Column::new(name, vec![array], data_type)
}

pub fn text(name: &str, values: &[&str]) -> Column {
    column(name, StringArray::from(values.to_vec()))
}

pub fn table(columns: impl IntoIterator<Item = Column>) -> Table {
    let mut table = Table::default();
    columns.into_iter().for_each(|column| table.add(column).unwrap());
    table
}

/// y, x, two text columns and a group, 12 rows.
pub fn small() -> Table {
    let number = |f: fn(f64) -> f64| (0..12).map(|i| f(f64::from(i))).collect();
    let cycle = |names: &[&'static str]| (0..12).map(|i| names[i % names.len()]).collect::<Vec<_>>();
    table([
        numeric("y", number(|i| (i * 1.7).sin())),
        numeric("x", number(|i| i * i / 10.0 - 3.0)),
        text("a", &cycle(&["lo", "hi", "mid"])),
        text("b", &cycle(&["p", "q"])),
        text("g", &cycle(&["g10", "g9", "g2", "g1"])),
    ])
}

pub fn col(name: &str) -> Value {
    json!({"kind": "column", "name": name})
}

pub fn call(name: &str, args: &[Value]) -> Value {
    json!({"kind": "call", "name": name, "args": args})
}

pub fn factor(name: &str, expr: Value) -> Value {
    json!({"name": name, "expr": expr})
}

/// A product of plain columns: `a:x`.
pub fn term(name: &str) -> Value {
    json!({"name": name, "factors": name.split(':').map(|v| factor(v, col(v))).collect::<Vec<_>>()})
}

pub fn function_term(name: &str, expr: Value) -> Value {
    json!({"name": name, "factors": [factor(name, expr)]})
}

pub fn random(intercept: bool, terms: &[Value], label: &str) -> Value {
    let group: Vec<_> = label.split(':').map(|v| factor(v, col(v))).collect();
    json!({"name": format!("(... | {label})"), "structure": "us", "intercept": intercept,
           "terms": terms, "group": group, "label": label, "at": [0, 1]})
}

pub fn model(response: Value, intercept: bool, terms: &[Value], random: &[Value]) -> ModelSpec {
    let response = match response.as_str() {
        Some(name) => factor(name, col(name)),
        None => factor("the left side", response),
    };
    let model = json!({"formula": "", "response": response, "intercept": intercept, "terms": terms,
                       "offsets": [], "random": random});
    ModelSpec::from_json(&model.to_string()).unwrap()
}

pub fn rows(table: &Table, model: &ModelSpec) -> Rows {
    Rows::build(model, table, &Options::default()).unwrap()
}

pub fn error(table: &Table, model: &ModelSpec, options: &Options) -> String {
    Rows::build(model, table, options).unwrap_err().to_string()
}

pub fn names(rows: &Rows) -> Vec<&str> {
    rows.fixed().columns.iter().map(|c| c.name.as_str()).collect()
}

/// X by brute force from batches of a given size, row-major.
pub fn dense(rows: &Rows, batch_rows: usize) -> Vec<f64> {
    let (n, p) = (rows.n_rows(), rows.fixed().columns.len());
    let mut x = vec![0.0; n * p];
    let mut batch = Batch::default();
    for start in (0..n).step_by(batch_rows) {
        let end = (start + batch_rows).min(n);
        rows.read(start..end, &mut batch).unwrap();
        for i in 0..batch.n {
            for (c, column) in rows.fixed().columns.iter().enumerate() {
                let value = batch.values[column.term][column.numeric * batch.n + i];
                let coded = match &rows.fixed().terms[column.term].coding {
                    None => 1.0,
                    Some(coding) => {
                        let entries = &coding.columns[column.coded];
                        let cell = batch.cells[column.term][i];
                        entries.iter().find(|(c, _)| *c == cell).map_or(0.0, |(_, v)| *v)
                    }
                };
                x[(start + i) * p + c] = value * coded;
            }
        }
    }
    x
}
