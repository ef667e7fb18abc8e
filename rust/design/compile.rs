//! Turns the expressions of a formula into numbers and categories, learning what they need from the
//! rows of the fit.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::expression::{Function, Node, Operator};
use super::finite::require_finite;
use super::inputs::Inputs;
use super::learned::{Call, Known, Learned};
use super::levels::Categories;
use super::new_levels::settled_codes;
use super::read_codes::categories;
use super::spec::{ContrastSpec, Coverage, Expr};
use super::transform;
use super::used::UsedColumns;
use super::variable::{Category, Variable};
use crate::{Error, Result};

/// The state of a model in the making.
pub struct Compiler<'a> {
    pub used: &'a UsedColumns,
    pub contrasts: &'a BTreeMap<String, ContrastSpec>,
    /// Levels that are known beforehand, by column.
    pub levels: &'a BTreeMap<String, Vec<String>>,
    pub learned: &'a Known,
    pub coverage: Coverage,
    pub inputs: Inputs,
    pub categories: Vec<Category>,
    pub variables: Vec<Variable>,
}

pub type Settings = BTreeMap<String, Expr>;

impl<'a> Compiler<'a> {
    /// The index of a used column.
    pub fn input(&self, name: &str) -> Result<usize> {
        self.used
            .names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| Error::Formula(format!("column '{name}' stands where a setting was expected")))
    }

    /// A numeric expression; `owner` is the whole of it, for messages.
    pub fn number(&mut self, expr: &Expr, owner: &str) -> Result<Node> {
        match expr {
            Expr::Column { name } => {
                let input = self.input(name)?;
                self.inputs.column(input).require_numbers(owner)?;
                Ok(Node::Column(input))
            }
            Expr::Number { value } => Ok(Node::Constant(*value)),
            Expr::Text { value } => {
                Err(Error::Formula(format!("the text \"{value}\" stands where {owner} needs a number")))
            }
            Expr::Call { name, args, named } => self.call(name, args, named, owner),
        }
    }

    /// A numeric expression that is finite in every row used.
    pub fn finite_number(&mut self, expr: &Expr, owner: &str) -> Result<Node> {
        let node = self.number(expr, owner)?;
        if !matches!(node, Node::Column(_)) {
            require_finite(&node, &self.inputs, |_| true)?;
        }
        Ok(node)
    }

    fn call(&mut self, name: &str, args: &[Expr], named: &Settings, owner: &str) -> Result<Node> {
        match (name, args) {
            ("log", [arg]) if named.contains_key("base") => self.log(arg, &named["base"], owner),
            ("scale" | "center", [arg]) => self.standardize(name, arg, named, owner),
            ("between", [arg, group]) => self.group_mean(arg, group, owner),
            ("within", [arg, group]) => {
                let mean = self.group_mean(arg, group, owner)?;
                let arg = self.number(arg, owner)?;
                Ok(Node::Combine(Operator::Subtract, Box::new(arg), Box::new(mean)))
            }
            (_, [arg]) if Function::parse(name).is_some() => {
                let function = Function::parse(name).unwrap_or(Function::Identity);
                Ok(Node::Map(function, Box::new(self.number(arg, owner)?)))
            }
            (_, [first, rest @ ..]) if Operator::parse(name).is_some() && !rest.is_empty() => {
                let operator = Operator::parse(name).unwrap_or(Operator::Add);
                let mut node = self.number(first, owner)?;
                for arg in rest {
                    let right = self.number(arg, owner)?;
                    node = Node::Combine(operator, Box::new(node), Box::new(right));
                }
                Ok(node)
            }
            _ => Err(not_a_number(name, args, owner)),
        }
    }

    fn log(&mut self, arg: &Expr, base: &Expr, owner: &str) -> Result<Node> {
        let log = |node| Box::new(Node::Map(Function::Log, Box::new(node)));
        let (arg, base) = (self.number(arg, owner)?, self.number(base, owner)?);
        Ok(Node::Combine(Operator::Divide, log(arg), log(base)))
    }

    /// scale(x), scale(x, scale = FALSE), center(x)
    fn standardize(&mut self, name: &str, arg: &Expr, named: &Settings, owner: &str) -> Result<Node> {
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
                let center = if by_center { transform::mean(&arg, &self.inputs) } else { 0.0 };
                (center, if by_scale { transform::spread(&arg, &self.inputs, center) } else { 1.0 })
            }
        };
        if !(scale > 0.0 && scale.is_finite()) {
            let text = arg.text(&self.inputs);
            return Err(Error::Design(format!("{owner}: {text} is constant; it cannot be scaled")));
        }
        Ok(Node::Standardize { name: name.into(), arg: Box::new(arg), center, scale })
    }

    fn group_mean(&mut self, arg: &Expr, group: &Expr, owner: &str) -> Result<Node> {
        let known = self.known("between", &[arg.clone(), group.clone()], &Settings::new());
        let arg = self.number(arg, owner)?;
        require_finite(&arg, &self.inputs, |_| true)?;
        let category = self.category(group, owner)?;
        let levels = &self.categories[category].levels;
        let means = match known {
            Some(Learned::GroupMeans { levels: known, means, .. }) => means_of(levels, known, means),
            _ => {
                self.require_all_rows("between", owner)?;
                transform::group_means(&arg, &self.inputs, category, levels.len())
            }
        };
        let column = &self.used.names[self.categories[category].input];
        let name = format!("between({}, {column})", arg.text(&self.inputs));
        Ok(Node::GroupMean { name, category, means })
    }

    /// What a call learned beforehand.
    pub fn known(&self, name: &str, args: &[Expr], named: &Settings) -> Option<&'a Learned> {
        self.learned.get(&Call::new(name, args, named).key())
    }

    /// A column read as categories: `g` or `factor(g)`.
    pub fn category(&mut self, expr: &Expr, owner: &str) -> Result<usize> {
        let name = match expr {
            Expr::Column { name } => name,
            Expr::Call { name, args, .. } if name == "factor" && args.len() == 1 => {
                return self.category(&args[0], owner);
            }
            _ => {
                return Err(Error::Formula(format!(
                    "{owner}: only a column can be read as categories; compute it before the fit"
                )));
            }
        };
        let input = self.input(name)?;
        if let Some(known) = self.categories.iter().position(|c| c.input == input) {
            return Ok(known);
        }
        let Categories { codes, levels } = match self.levels.get(name) {
            Some(levels) => self.known_categories(input, levels)?,
            None => categories(self.inputs.column(input), &self.inputs.selection)?,
        };
        self.inputs.codes.push(Some(Arc::new(codes)));
        self.categories.push(Category { input, levels });
        Ok(self.categories.len() - 1)
    }
}

impl Compiler<'_> {
    fn known_categories(&self, input: usize, levels: &[String]) -> Result<Categories> {
        let codes = settled_codes(self.inputs.column(input), &self.inputs.selection, levels)?;
        Ok(Categories { codes, levels: levels.to_vec() })
    }

    /// Fails where a transform would be learned from the first of many batches.
    pub fn require_all_rows(&self, call: &str, owner: &str) -> Result<()> {
        if self.coverage != Coverage::First {
            return Ok(());
        }
        Err(Error::Design(format!(
            "{owner}: {call}() is learned from rows, and a first batch is not all of them; give the rows to learn it from \
             as first=, or compute the column before the fit"
        )))
    }
}

/// Means in the order of `levels`; one that no row had has none.
fn means_of(levels: &[String], known: &[String], means: &[f64]) -> Vec<f64> {
    if levels == known {
        return means.to_vec();
    }
    let found: FxHashMap<&String, f64> = known.iter().zip(means.iter().copied()).collect();
    levels.iter().map(|level| found.get(level).copied().unwrap_or(0.0)).collect()
}

fn not_a_number(name: &str, args: &[Expr], owner: &str) -> Error {
    match name {
        "cbind" => Error::Design("cbind() is for glmer: lmer has one column as its response".into()),
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
