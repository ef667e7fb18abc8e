//! What transforms have learned from rows that are not at hand any more, by the call that learned it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compile::Settings;
use super::spec::{Expr, Factor, Model};
use super::transform::Polynomial;

/// By the text of a call.
pub type Known = BTreeMap<String, Learned>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learned {
    /// scale(x), center(x)
    Standard { center: f64, scale: f64 },
    /// between(x, g), within(x, g)
    GroupMeans { column: String, levels: Vec<String>, means: Vec<f64> },
    /// poly(x, degree)
    Polynomial { polynomial: Polynomial, distinct: usize },
}

/// A call that learns from rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub name: String,
    pub args: Vec<Expr>,
    pub named: Settings,
}

impl Call {
    /// Group means are the same for `between` and `within`.
    pub fn new(name: &str, args: &[Expr], named: &Settings) -> Self {
        let name = if name == "within" { "between" } else { name };
        Self { name: name.into(), args: args.to_vec(), named: named.clone() }
    }

    pub fn key(&self) -> String {
        serde_json::to_string(self).expect("an expression is text and numbers")
    }

    /// A setting that is on unless it is turned off.
    pub fn flag(&self, key: &str) -> bool {
        self.named.get(key).and_then(Expr::flag).unwrap_or(true)
    }
}

/// The calls of a model that learn from rows, inner ones first.
pub fn calls(model: &Model) -> Vec<Call> {
    let terms = model.terms.iter().chain(model.random.iter().flat_map(|r| &r.terms));
    let factors = [&model.response].into_iter().chain(terms.flat_map(|t| &t.factors)).chain(&model.offsets);
    let mut found = Vec::new();
    factors.for_each(|Factor { expr, .. }| collect(expr, &mut found));
    found
}

/// Adds the calls in an expression.
pub fn collect(expr: &Expr, found: &mut Vec<Call>) {
    let Expr::Call { name, args, named } = expr else { return };
    args.iter().for_each(|arg| collect(arg, found));
    let learns = match name.as_str() {
        "scale" | "center" | "between" | "within" => true,
        "poly" => named.get("raw").and_then(Expr::flag) != Some(true),
        _ => false,
    };
    let call = Call::new(name, args, named);
    if learns && !found.contains(&call) {
        found.push(call);
    }
}
