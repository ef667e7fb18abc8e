//! The model as the formula states it, before any data are seen.  Read from JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::covariance::Structure;
use crate::{Error, Result};

/// A parsed formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSpec {
    pub formula: String,
    pub response: TermFactor,
    /// Whether the fixed part has an intercept.
    pub intercept: bool,
    /// Fixed terms without the intercept, in the order of the columns.
    pub terms: Vec<Term>,
    #[serde(default)]
    pub offsets: Vec<TermFactor>,
    #[serde(default)]
    pub random: Vec<RandomSpec>,
}

/// A product of factors: `sector:cses`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    pub name: String,
    pub factors: Vec<TermFactor>,
}

/// An expression with the name it has in coefficients: `I(x^2)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermFactor {
    pub name: String,
    pub expr: Expr,
}

/// A random term: `(1 + ses | school)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomSpec {
    pub name: String,
    pub structure: Structure,
    /// The rank of its covariance, where it is given.
    #[serde(default)]
    pub rank: Option<usize>,
    pub intercept: bool,
    pub terms: Vec<Term>,
    /// The columns whose combinations are the levels.
    pub group: Vec<TermFactor>,
    pub label: String,
}

/// Arguments of a call by name.
pub type NamedArguments = BTreeMap<String, Expr>;

/// An expression on the columns of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Expr {
    Column {
        name: String,
    },
    Number {
        value: f64,
    },
    Text {
        value: String,
    },
    Call {
        name: String,
        #[serde(default)]
        args: Vec<Expr>,
        #[serde(default)]
        named: NamedArguments,
    },
}

impl Expr {
    /// A word used as a setting: `sum`, `"sum"`.
    pub fn word(&self) -> Option<&str> {
        match self {
            Expr::Text { value } => Some(value),
            Expr::Column { name } => Some(name),
            _ => None,
        }
    }

    /// The column of `g` or `factor(g)`.
    pub fn category_column(&self) -> Option<&str> {
        match self {
            Expr::Column { name } => Some(name),
            Expr::Call { name, args, .. } if name == "factor" && args.len() == 1 => args[0].category_column(),
            _ => None,
        }
    }

    /// A number used as a setting: `3`, `-1`.
    pub fn number(&self) -> Option<f64> {
        match self {
            Expr::Number { value } => Some(*value),
            Expr::Call { name, args, .. } if name == "neg" => Some(-args.first()?.number()?),
            _ => None,
        }
    }

    /// A yes or no used as a setting: 1 or 0.
    pub fn flag(&self) -> Option<bool> {
        self.number().map(|v| v != 0.0)
    }
}

/// What to do with rows that have a missing value in a used column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    #[default]
    Drop,
    Error,
}

/// How a categorical variable becomes columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ContrastSpec {
    Named(String),
    Matrix {
        matrix: Vec<Vec<f64>>,
        #[serde(default)]
        names: Option<Vec<String>>,
    },
}

/// What the user chose beside the formula.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// By column or by the variable's name: `x`, `factor(x)`.
    pub contrasts: BTreeMap<String, ContrastSpec>,
    pub missing: Missing,
    /// Columns of the data; arrays are given as `(weights)` and `(offset)`.
    pub weights: Option<String>,
    pub offset: Option<String>,
    /// A column that misses a value in rows which are not used, whatever the model's own columns hold there.
    pub kept: Option<String>,
    /// Levels by column, where they are known beforehand.
    pub levels: BTreeMap<String, Vec<String>>,
    pub coverage: Coverage,
}

/// What the rows are that a model is built from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Coverage {
    /// All rows of the fit.
    #[default]
    All,
    /// Rows that transforms may be learned from, though not all.
    Sample,
    /// The first of many batches, which teach no transform.
    First,
}

impl ModelSpec {
    /// The factors of all terms, fixed and random.
    pub fn effects(&self) -> impl Iterator<Item = &TermFactor> {
        let random = self.random.iter().flat_map(|random| &random.terms);
        self.terms.iter().chain(random).flat_map(|term| &term.factors)
    }

    /// Reads what Python wrote.
    ///
    /// # Errors
    /// `Formula` where the text is none.
    pub fn from_json(text: &str) -> Result<Self> {
        read_json(text, "the model")
    }
}

impl Options {
    /// Reads what Python wrote.
    ///
    /// # Errors
    /// `Formula` where the text is none.
    pub fn from_json(text: &str) -> Result<Self> {
        read_json(text, "the options")
    }
}

fn read_json<'a, T: Deserialize<'a>>(text: &'a str, what: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| {
        let message = e.to_string();
        if message.contains("recursion limit") {
            return Error::Formula("the formula nests its calls too deeply; compute the column before the fit".into());
        }
        Error::Formula(format!("{what} cannot be read: {message}"))
    })
}
