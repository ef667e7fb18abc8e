//! A variable of the model: numeric columns, or a category with its contrasts.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::contrasts::Contrast;
use super::expression::Expression;
use super::inputs::Inputs;
use super::transforms::Polynomial;

/// A column read as categories: its levels in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Category {
    pub input: usize,
    pub levels: Vec<String>,
}

/// One factor of a formula's terms, under the name it has in coefficients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variable {
    Numeric { name: String, basis: Basis },
    Categorical { name: String, category: usize, contrast: Contrast },
}

/// The numeric columns of a variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    Scalar(Expression),
    Polynomial {
        arg: Expression,
        polynomial: Polynomial,
    },
    /// Columns computed elsewhere: splines.
    External(Vec<usize>),
}

impl Variable {
    pub fn name(&self) -> &str {
        match self {
            Variable::Numeric { name, .. } | Variable::Categorical { name, .. } => name,
        }
    }
}

impl Basis {
    pub fn width(&self) -> usize {
        match self {
            Basis::Scalar(_) => 1,
            Basis::Polynomial { polynomial, .. } => polynomial.degree(),
            Basis::External(inputs) => inputs.len(),
        }
    }

    /// What distinguishes the columns' names: nothing for a single one, else 1, 2, ...
    pub fn suffixes(&self) -> Vec<String> {
        match self.width() {
            1 => vec![String::new()],
            width => (1..=width).map(|k| k.to_string()).collect(),
        }
    }

    /// out = the columns, one after the other, in the used rows at these positions.
    pub fn read(&self, inputs: &Inputs, rows: Range<usize>, out: &mut [f64]) {
        let n = rows.len();
        match self {
            Basis::Scalar(expression) => expression.read(inputs, rows, out),
            Basis::Polynomial { arg, polynomial } => {
                arg.read(inputs, rows, &mut out[..n]);
                polynomial.expand(n, out);
            }
            Basis::External(columns) if n > 0 => {
                for (input, column) in columns.iter().zip(out.chunks_mut(n)) {
                    inputs.read(*input, rows.clone(), column);
                }
            }
            Basis::External(_) => {}
        }
    }

    /// The expression that the columns are computed from, unless they come from elsewhere.
    pub fn expression(&self) -> Option<&Expression> {
        match self {
            Basis::Scalar(arg) | Basis::Polynomial { arg, .. } => Some(arg),
            Basis::External(_) => None,
        }
    }

    /// The inputs that the columns are computed from.
    pub fn inputs(&self) -> Vec<usize> {
        match self {
            Basis::External(inputs) => inputs.clone(),
            _ => self.expression().map(Expression::inputs).unwrap_or_default(),
        }
    }

    /// The categories whose levels they depend on.
    pub fn categories(&self) -> Vec<usize> {
        self.expression().map(Expression::categories).unwrap_or_default()
    }
}
