//! Which columns of the data an expression reads.

use super::spec::{Expr, Factor, Model, Options};
use super::table::{Table, plain_name};
use crate::Result;

/// The columns that a model reads, once each, in the order of the formula.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsedColumns {
    pub names: Vec<String>,
    /// The name under which missing values are counted: the column's own, or its matrix's key.
    pub labels: Vec<String>,
}

impl UsedColumns {
    /// All columns of a model but the weights.
    pub fn of_model(model: &Model, options: &Options, table: &Table) -> Result<Self> {
        let mut used = Self::default();
        let terms = model.terms.iter().chain(model.random.iter().flat_map(|r| &r.terms));
        let groups = model.random.iter().flat_map(|r| &r.group);
        let factors =
            [&model.response].into_iter().chain(terms.flat_map(|t| &t.factors)).chain(groups).chain(&model.offsets);
        for Factor { expr, .. } in factors {
            used.add_expression(expr, table)?;
        }
        if let Some(name) = &options.offset {
            table.get(name)?;
            used.add(name, plain_name(name));
        }
        Ok(used)
    }

    /// The columns of one expression.
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
