//! A variable of the model, made from a factor of the formula: numeric columns, or a category with its contrasts.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::contrasts::{Contrast, ContrastChoice};
use super::expression::Expression;
use super::inputs::Inputs;
use super::model_matrix::MOST_COLUMNS;
use super::spec::{Coverage, Expr, NamedArguments, TermFactor};
use super::transforms::{self, Learned, Polynomial};
use crate::table::{ColumnKind, as_number, listed, shown};
use crate::{Error, Result};

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

impl Compiler<'_> {
    /// The variable of a factor, made at its first use.
    pub fn variable(&mut self, factor: &TermFactor) -> Result<usize> {
        if let Some(known) = self.variables.iter().position(|v| v.name() == factor.name) {
            return Ok(known);
        }
        let variable = self.new_variable(factor)?;
        self.variables.push(variable);
        Ok(self.variables.len() - 1)
    }

    fn new_variable(&mut self, factor: &TermFactor) -> Result<Variable> {
        let name = factor.name.clone();
        match &factor.expr {
            Expr::Column { name: column } => {
                let input = self.input(column)?;
                let kind = self.inputs.column(input).kind();
                if !matches!(kind, ColumnKind::Text | ColumnKind::Categories | ColumnKind::Boolean) {
                    let basis = Basis::Scalar(self.number(&factor.expr, &format!("the term '{name}'"))?);
                    return Ok(Variable::Numeric { name, basis });
                }
                let category = self.category(&factor.expr, &name)?;
                if kind == ColumnKind::Text {
                    refuse_numbers_as_text(column, &self.categories[category].levels)?;
                }
                self.categorical(factor, category, None)
            }
            Expr::Call { name: call, args, .. } if call == "factor" && args.len() == 1 => {
                let category = self.category(&factor.expr, &name)?;
                self.categorical(factor, category, None)
            }
            Expr::Call { name: call, args, named } if call == "C" && !args.is_empty() => {
                let category = self.category(&args[0], &name)?;
                let choice = ContrastChoice::from_call(&name, args.get(1), named.get("base"))?;
                self.categorical(factor, category, choice)
            }
            Expr::Call { name: call, args, named } if call == "poly" && !args.is_empty() => {
                let basis = self.polynomial(&name, &args[0], named)?;
                Ok(Variable::Numeric { name, basis })
            }
            Expr::Call { name: call, args, .. } if call == "external" => {
                let key = args.first().and_then(Expr::word).unwrap_or_default();
                let labels = self.used.labels.iter().enumerate();
                let inputs: Vec<_> = labels.filter(|(_, label)| *label == key).map(|(k, _)| k).collect();
                inputs.iter().try_for_each(|&k| self.inputs.column(k).require_numbers(&name))?;
                Ok(Variable::Numeric { name, basis: Basis::External(inputs) })
            }
            expr => {
                let basis = Basis::Scalar(self.finite_number(expr, &name)?);
                Ok(Variable::Numeric { name, basis })
            }
        }
    }

    fn categorical(
        &mut self,
        factor: &TermFactor,
        category: usize,
        choice: Option<ContrastChoice>,
    ) -> Result<Variable> {
        let Category { input, levels } = &self.categories[category];
        let (name, column) = (&factor.name, &self.used.names[*input]);
        if let [only] = &levels[..] {
            return Err(Error::Design(format!(
                "'{name}' has one level ('{}') in the rows used; leave it out of the formula",
                shown(only)
            )));
        }
        if levels.len() > MOST_COLUMNS {
            return Err(Error::Design(format!(
                "'{name}' has {} levels, too many for fixed effects; use a random term: (1 | {column})",
                levels.len()
            )));
        }
        let given = || self.options.contrasts.get(name).or(self.options.contrasts.get(column)).cloned();
        let choice = choice.or_else(|| given().map(ContrastChoice::from)).unwrap_or_default();
        let contrast = choice.build(name, levels)?;
        Ok(Variable::Categorical { name: name.clone(), category, contrast })
    }

    fn polynomial(&mut self, owner: &str, arg: &Expr, named: &NamedArguments) -> Result<Basis> {
        let degree = named.get("degree").map_or(Some(1.0), Expr::number);
        let whole = degree.filter(|d| d.fract() == 0.0 && (1.0..=100.0).contains(d));
        let degree = whole
            .ok_or_else(|| Error::Formula(format!("{owner}: the degree must be a whole number from 1 to 100")))?
            as usize;
        let raw = named.get("raw").is_some_and(|expr| expr.flag() == Some(true));
        let known = self.known("poly", std::slice::from_ref(arg), named);
        let arg = self.finite_number(arg, owner)?;
        let known = known.filter(|_| !raw);
        let distinct = match known {
            Some(Learned::Polynomial { distinct, .. }) => *distinct,
            _ => transforms::count_distinct(&arg, &self.inputs, degree + 1),
        };
        if distinct <= degree && (self.options.coverage == Coverage::All || known.is_some()) {
            return Err(Error::Design(format!(
                "{owner}: {} has {distinct} distinct values, too few for degree {degree}",
                arg.text(&self.inputs)
            )));
        }
        let polynomial = match (raw, known) {
            (true, _) => Polynomial::Raw { degree },
            (_, Some(Learned::Polynomial { polynomial, .. })) => polynomial.clone(),
            _ => {
                self.require_all_rows("poly", owner)?;
                Polynomial::orthogonal(&arg, &self.inputs, degree)
            }
        };
        if !polynomial.is_usable() {
            return Err(Error::Design(format!("{owner}: the powers leave the range of numbers; rescale first")));
        }
        Ok(Basis::Polynomial { arg, polynomial })
    }
}

/// Fails where a few values that are not numbers turned a numeric column into text.
fn refuse_numbers_as_text(column: &str, levels: &[String]) -> Result<()> {
    let junk: Vec<_> = levels.iter().filter(|l| as_number(l).is_none()).map(String::as_str).collect();
    let numbers = levels.len() - junk.len();
    if junk.is_empty() || numbers * 5 < levels.len() * 4 {
        return Ok(());
    }
    Err(Error::Data(format!(
        "column '{column}' is text, but {numbers} of its {} distinct values look like numbers (not: {}); \
         cast it to a number, or wrap it in factor({column}) if categories are meant",
        levels.len(),
        listed(junk.into_iter())
    )))
}
