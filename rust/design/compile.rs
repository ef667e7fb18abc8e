//! Turns the expressions of a formula into numbers and categories, learning what they need from the
//! rows of the fit.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::complete_rows::{UsedColumns, require_finite};
use super::expression::Expression;
use super::inputs::Inputs;
use super::operators::{Function, Operator};
use super::slopes::Moves;
use super::spec::{Coverage, Expr, NamedArguments, Options, TermFactor};
use super::transforms::{self, Call, Known, Learned};
use super::variable::{Category, Variable};
use crate::table::{Column, Selection, Table, categories, fixed_level_codes, listed};
use crate::{Error, Remedy, Result};

/// A model while its formula is compiled: what is given, and the categories and variables found so far.
pub struct Compiler<'a> {
    pub used: &'a UsedColumns,
    pub options: &'a Options,
    learned: &'a Known,
    pub inputs: Inputs,
    pub categories: Vec<Category>,
    pub variables: Vec<Variable>,
}

impl<'a> Compiler<'a> {
    /// `learned`: what transforms learned from other rows.
    pub fn new(used: &'a UsedColumns, options: &'a Options, learned: &'a Known, inputs: Inputs) -> Self {
        Self { used, options, learned, inputs, categories: vec![], variables: vec![] }
    }

    /// The response's expression; fails if it is not numeric, not finite, or constant.
    ///
    /// # Errors
    /// `Formula` or `Data` where it is not numeric or not finite, `Design` where it is constant.
    pub fn response(&mut self, factor: &TermFactor) -> Result<Expression> {
        let owner = match factor.expr {
            Expr::Column { .. } => "the response",
            _ => factor.name.as_str(),
        };
        let response = self.finite_number(&factor.expr, owner)?;
        if self.options.coverage == Coverage::All {
            require_rows(self.inputs.selection.len())?;
            require_variation(&factor.name, response.range(&self.inputs))?;
        }
        Ok(response)
    }

    /// The index of a used column.
    ///
    /// # Errors
    /// `Formula` where no such column is used.
    pub fn input(&self, name: &str) -> Result<usize> {
        self.used
            .names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| Error::Formula(format!("column '{name}' stands where a setting was expected")))
    }

    /// A numeric expression; `owner` names the term that it is part of, for messages.
    ///
    /// # Errors
    /// `Formula` where the expression gives no number, `Data` where a column holds none, `Design` where nothing can be
    /// learned.
    pub fn number(&mut self, expr: &Expr, owner: &str) -> Result<Expression> {
        match expr {
            Expr::Column { name } => {
                let input = self.input(name)?;
                self.inputs.column(input).require_numbers(owner)?;
                Ok(Expression::Column(input))
            }
            Expr::Number { value } => Ok(Expression::Constant(*value)),
            Expr::Text { value } => {
                Err(Error::Formula(format!("the text \"{value}\" stands where {owner} needs a number")))
            }
            Expr::Call { name, args, named } => self.call(name, args, named, owner),
        }
    }

    /// A numeric expression that is finite in every row used.
    ///
    /// # Errors
    /// Those of `number`; `Data` where a value is not finite.
    pub fn finite_number(&mut self, expr: &Expr, owner: &str) -> Result<Expression> {
        let expression = self.number(expr, owner)?;
        if !matches!(expression, Expression::Column(_)) {
            require_finite(&expression, &self.inputs, |_| true)?;
        }
        Ok(expression)
    }

    fn call(&mut self, name: &str, args: &[Expr], named: &NamedArguments, owner: &str) -> Result<Expression> {
        match (name, args) {
            ("log", [arg]) if named.contains_key("base") => self.log(arg, &named["base"], owner),
            ("scale" | "center", [arg]) => self.standardize(name, arg, named, owner),
            ("center", [arg, group]) => self.center_over_groups(arg, group, owner),
            ("dummy" | "==", [factor, Expr::Text { value }]) => self.indicator(name, factor, value, owner),
            ("==", [Expr::Text { value }, factor]) => self.indicator(name, factor, value, owner),
            ("!=", [factor, Expr::Text { value }]) | ("!=", [Expr::Text { value }, factor]) => {
                let same = self.indicator("==", factor, value, owner)?;
                Ok(Expression::Combine(Operator::Subtract, Box::new(Expression::Constant(1.0)), Box::new(same)))
            }
            ("between", [arg, group]) => self.group_mean(arg, group, owner),
            ("within", [arg, group]) => {
                let mean = self.group_mean(arg, group, owner)?;
                let arg = self.number(arg, owner)?;
                Ok(Expression::Combine(Operator::Subtract, Box::new(arg), Box::new(mean)))
            }
            (_, [arg]) if Function::parse(name).is_some() => {
                let function = Function::parse(name).unwrap_or(Function::Identity);
                Ok(Expression::Map(function, Box::new(self.number(arg, owner)?)))
            }
            (_, [first, rest @ ..]) if Operator::parse(name).is_some() && !rest.is_empty() => {
                let operator = Operator::parse(name).unwrap_or(Operator::Add);
                let mut left = self.number(first, owner)?;
                for arg in rest {
                    let right = self.number(arg, owner)?;
                    left = Expression::Combine(operator, Box::new(left), Box::new(right));
                }
                Ok(left)
            }
            _ => Err(not_a_number(name, args, owner)),
        }
    }

    fn log(&mut self, arg: &Expr, base: &Expr, owner: &str) -> Result<Expression> {
        let log = |arg| Box::new(Expression::Map(Function::Log, Box::new(arg)));
        let (arg, base) = (self.number(arg, owner)?, self.number(base, owner)?);
        Ok(Expression::Combine(Operator::Divide, log(arg), log(base)))
    }

    /// scale(x), scale(x, scale = FALSE), center(x)
    fn standardize(&mut self, name: &str, arg: &Expr, named: &NamedArguments, owner: &str) -> Result<Expression> {
        let flag = |key: &str| match named.get(key) {
            None => Ok(true),
            Some(expr) => expr.flag().ok_or_else(|| Error::Formula(format!("{owner}: {key} must be TRUE or FALSE"))),
        };
        let (by_center, by_scale) = (flag("center")?, name == "scale" && flag("scale")?);
        let known = self.known(name, std::slice::from_ref(arg), named);
        let arg = self.number(arg, owner)?;
        require_finite(&arg, &self.inputs, |_| true)?;
        let (center, scale) = match known {
            Some(&Learned::Standard { center, scale }) => (center, scale),
            _ => {
                self.require_all_rows(name, owner)?;
                let center = if by_center { transforms::mean(&arg, &self.inputs) } else { 0.0 };
                (center, if by_scale { transforms::spread(&arg, &self.inputs, center) } else { 1.0 })
            }
        };
        if !(scale > 0.0 && scale.is_finite()) {
            let text = arg.text(&self.inputs);
            return Err(Error::Design(format!("{owner}: {text} is constant; it cannot be scaled")));
        }
        let name = format!("{name}({})", arg.text(&self.inputs));
        Ok(Expression::Standardize { name, arg: Box::new(arg), center, scale })
    }

    /// center(x, g): x less the mean over the groups of their means, in which every group counts the same.
    fn center_over_groups(&mut self, arg: &Expr, group: &Expr, owner: &str) -> Result<Expression> {
        let known = self.known("center", &[arg.clone(), group.clone()], &NamedArguments::new());
        let arg = self.number(arg, owner)?;
        require_finite(&arg, &self.inputs, |_| true)?;
        let column = self.inputs.column(self.input(category_name(group, owner)?)?);
        let name = format!("center({}, {})", arg.text(&self.inputs), column.name);
        let center = match known {
            Some(&Learned::Standard { center, .. }) => center,
            _ => {
                self.require_all_rows("center", owner)?;
                let groups = categories(column, &self.inputs.selection)?;
                transforms::mean_of(&transforms::group_means(&arg, &self.inputs, &groups.codes, groups.levels.len()))
            }
        };
        Ok(Expression::Standardize { name, arg: Box::new(arg), center, scale: 1.0 })
    }

    fn group_mean(&mut self, arg: &Expr, group: &Expr, owner: &str) -> Result<Expression> {
        let known = self.known("between", &[arg.clone(), group.clone()], &NamedArguments::new());
        let arg = self.number(arg, owner)?;
        require_finite(&arg, &self.inputs, |_| true)?;
        let category = self.category(group, owner)?;
        let levels = &self.categories[category].levels;
        let means = match known {
            Some(Learned::GroupMeans { levels: known, means, .. }) => means_of(levels, known, means),
            _ => {
                self.require_all_rows("between", owner)?;
                let means = transforms::group_means(&arg, &self.inputs, self.inputs.codes(category), levels.len());
                means.into_iter().map(|mean| if mean.is_nan() { WITHOUT_ROWS } else { mean }).collect()
            }
        };
        let column = &self.used.names[self.categories[category].input];
        let name = format!("between({}, {column})", arg.text(&self.inputs));
        Ok(Expression::GroupMean { name, category, means, arg: Box::new(arg) })
    }

    /// 1 in rows of one level: `dummy(f, "b")`, `f == "b"`.
    fn indicator(&mut self, name: &str, factor: &Expr, level: &str, owner: &str) -> Result<Expression> {
        let category = self.category(factor, owner)?;
        let Category { input, levels } = &self.categories[category];
        let column = &self.used.names[*input];
        let known = levels.iter().position(|known| known == level).ok_or_else(|| {
            let known = listed(levels.iter().map(String::as_str));
            Error::Data(format!("{owner}: column '{column}' has no level '{level}' in the rows used; it has {known}"))
        })?;
        let name = match name {
            "dummy" => format!("dummy({column}, \"{level}\")"),
            _ => format!("({column} == \"{level}\")"),
        };
        Ok(Expression::Indicator { name, category, level: known })
    }

    /// What a call learned beforehand.
    pub fn known(&self, name: &str, args: &[Expr], named: &NamedArguments) -> Option<&'a Learned> {
        self.learned.get(&Call::new(name, args, named).key())
    }

    /// A column read as categories: `g` or `factor(g)`.
    ///
    /// # Errors
    /// `Formula` for what is no column, `Data` for a column that cannot be read as categories.
    pub fn category(&mut self, expr: &Expr, owner: &str) -> Result<usize> {
        let name = category_name(expr, owner)?;
        let input = self.input(name)?;
        if let Some(known) = self.categories.iter().position(|c| c.input == input) {
            return Ok(known);
        }
        let (column, rows) = (self.inputs.column(input), &self.inputs.selection);
        let (codes, levels) = match self.options.levels.get(name) {
            Some(levels) => (fixed_level_codes(column, rows, levels)?, levels.clone()),
            None => {
                let found = categories(column, rows)?;
                (found.codes, found.levels)
            }
        };
        self.inputs.codes.push(Some(Arc::new(codes)));
        self.categories.push(Category { input, levels });
        Ok(self.categories.len() - 1)
    }

    /// Fails where a transform would be learned from the first of many batches.
    ///
    /// # Errors
    /// `Design` in a first batch.
    pub fn require_all_rows(&self, call: &str, owner: &str) -> Result<()> {
        if self.options.coverage != Coverage::First {
            return Ok(());
        }
        let what = format!("{owner}: {call}() is learned from rows, and a first batch is not all of them");
        Err(Error::Design(what).unless(Remedy::GiveRows))
    }
}

/// The column that an expression reads as categories.
fn category_name<'e>(expr: &'e Expr, owner: &str) -> Result<&'e str> {
    expr.category_column().ok_or_else(|| {
        Error::Formula(format!("{owner}: only a column can be read as categories; compute it before the fit"))
    })
}

/// A numeric expression by itself in every row of a table; NaN where a value is missing.
///
/// # Errors
/// `Formula` where the expression gives no number, `Data` where the table lacks a column or one holds no numbers.
pub fn evaluate(expr: &Expr, table: &Table) -> Result<Vec<f64>> {
    let (expression, inputs) = by_itself(expr, table)?;
    let mut values = vec![0.0; table.n_rows()];
    expression.read(&inputs, 0..table.n_rows(), &mut values);
    Ok(values)
}

/// Its derivative by a column.
///
/// # Errors
/// Those of `evaluate`.
pub fn evaluate_slope(expr: &Expr, table: &Table, column: &str) -> Result<Vec<f64>> {
    let (expression, inputs) = by_itself(expr, table)?;
    let named = |input: &Option<Column>| input.as_ref().is_some_and(|c| c.name == column);
    let moves = Moves { input: inputs.columns.iter().position(named), given: FxHashMap::default() };
    let mut slopes = vec![0.0; table.n_rows()];
    expression.read_slope(&inputs, &moves, 0..table.n_rows(), &mut slopes);
    Ok(slopes)
}

fn by_itself(expr: &Expr, table: &Table) -> Result<(Expression, Inputs)> {
    let used = UsedColumns::of_expression(expr, table)?;
    let columns = used.names.iter().map(|name| table.get(name).cloned().map(Some)).collect::<Result<_>>()?;
    let inputs = Inputs { columns, selection: Selection::All(table.n_rows()), codes: vec![] };
    let (options, learned) = (Options::default(), Known::new());
    let mut compiler = Compiler::new(&used, &options, &learned, inputs);
    let expression = compiler.number(expr, "the expression")?;
    Ok((expression, compiler.inputs))
}

/// Fails for a single row.
fn require_rows(n: usize) -> Result<()> {
    if n != 1 {
        return Ok(());
    }
    Err(Error::Design("only one row has all values that the model reads; give two rows or more".into()))
}

/// Fails for a response that is the same in every row.
///
/// # Errors
/// `Design` in that case.
pub fn require_variation(name: &str, (low, high): (f64, f64)) -> Result<()> {
    if low != high {
        return Ok(());
    }
    Err(Error::Design(format!("the response '{name}' is {low} in every row used; there is no variation to explain")))
}

/// The mean in a level without rows.
const WITHOUT_ROWS: f64 = 0.0;

/// Means in the order of `levels`.
fn means_of(levels: &[String], known: &[String], means: &[f64]) -> Vec<f64> {
    if levels == known {
        return means.to_vec();
    }
    let found: FxHashMap<&String, f64> = known.iter().zip(means.iter().copied()).collect();
    levels.iter().map(|level| found.get(level).copied().unwrap_or(WITHOUT_ROWS)).collect()
}

fn not_a_number(name: &str, args: &[Expr], owner: &str) -> Error {
    match name {
        "cbind" => {
            Error::Design("cbind() is for a binomial response; a linear model has one column as its response".into())
        }
        "poly" | "external" => {
            Error::Formula(format!("{owner}: {name}() gives several columns; it can only be a factor of a term"))
        }
        "factor" | "C" => {
            Error::Formula(format!("{owner}: {name}() gives categories; it can only be a factor of a term"))
        }
        _ if Function::parse(name).is_some() || matches!(name, "scale" | "center" | "between" | "within") => {
            Error::Formula(format!("{owner}: {name}() cannot take {} arguments", args.len()))
        }
        _ => Error::Formula(format!("{owner}: the formula language has no function '{name}'")),
    }
}
