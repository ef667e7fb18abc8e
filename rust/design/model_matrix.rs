//! The model matrix of a right-hand side, fixed or of a random term: its layout, and the variables of its terms.

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::contrasts::{Contrast, full_indicators, indicators, product};
use super::layout::{Coding, FixedColumn, FixedLayout, FixedTerm, MOST_COLUMNS};
use super::places::parts;
use super::spec::Term;
use super::variable::{Category, Variable};
use crate::{Error, Result};

/// A layout and, per term of it, the variables it is computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelMatrix {
    pub layout: FixedLayout,
    pub plans: Vec<TermVariables>,
}

/// The variables of one term, in its order; none for the intercept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TermVariables {
    pub variables: Vec<usize>,
    /// Per variable, whether it has full indicators.
    pub full: Vec<bool>,
    /// The cells that have a column each, in order, where these are not those of the contrasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<Vec<u32>>,
}

impl TermVariables {
    /// The levels of every categorical variable.
    pub fn levels<'a>(
        &'a self,
        variables: &'a [Variable],
        categories: &'a [Category],
    ) -> impl Iterator<Item = &'a [String]> {
        self.variables.iter().filter_map(|&v| match variables[v] {
            Variable::Categorical { category, .. } => Some(&categories[category].levels[..]),
            Variable::Numeric { .. } => None,
        })
    }
}

impl ModelMatrix {
    /// Applies R's rules to the terms, in their order.
    ///
    /// # Errors
    /// `Formula`, `Data` or `Design` where a variable cannot be built, `Design` where there are too many columns.
    pub fn build(compiler: &mut Compiler, intercept: bool, terms: &[Term]) -> Result<Self> {
        let mut lists = Vec::with_capacity(terms.len());
        for term in terms {
            let variables: Result<Vec<_>> = term.factors.iter().map(|f| compiler.variable(f)).collect();
            lists.push(variables?);
        }
        let is_categorical = |v: usize| matches!(compiler.variables[v], Variable::Categorical { .. });
        let full = full_indicators(intercept, &lists, is_categorical);
        let mut matrix = Self { layout: FixedLayout { has_intercept: intercept, ..Default::default() }, plans: vec![] };
        if intercept {
            matrix.add(&compiler.variables, &compiler.categories, "(Intercept)", TermVariables::default())?;
        }
        for ((term, variables), full) in terms.iter().zip(lists).zip(full) {
            matrix.add(
                &compiler.variables,
                &compiler.categories,
                &term.name,
                TermVariables { variables, full, cells: None },
            )?;
        }
        Ok(matrix)
    }

    /// Adds a term whose variables are known.
    ///
    /// # Errors
    /// `Design` where there are too many columns.
    pub fn add(
        &mut self,
        variables: &[Variable],
        categories: &[Category],
        name: &str,
        plan: TermVariables,
    ) -> Result<()> {
        if plan.cells.is_some() {
            self.add_cells(variables, categories, name, plan);
            return Ok(());
        }
        let parts: Vec<_> = plan
            .variables
            .iter()
            .zip(&plan.full)
            .map(|(&v, &full)| Part::new(&variables[v], categories, full))
            .collect();
        let width = parts.iter().try_fold(1usize, |w, part| w.checked_mul(part.names.len()));
        if width.is_none_or(|w| w + self.layout.columns.len() > MOST_COLUMNS) {
            return Err(Error::Design(format!(
                "the term '{name}' takes the model matrix beyond {MOST_COLUMNS} columns; \
                 use a random term for variables with many levels"
            )));
        }
        let term = self.layout.terms.len();
        let codings: Vec<_> = parts.iter().filter_map(|p| p.coding.as_ref().map(|(m, c)| (*m, c))).collect();
        self.layout.columns.extend(columns(name, term, &parts));
        let n_numeric = parts.iter().filter(|p| p.coding.is_none()).map(|p| p.names.len()).product();
        self.layout.terms.push(FixedTerm { name: name.into(), n_numeric, coding: product(&codings) });
        self.plans.push(plan);
        Ok(())
    }

    /// Adds a term of categorical variables that has a column for some of their cells.
    fn add_cells(&mut self, variables: &[Variable], categories: &[Category], name: &str, plan: TermVariables) {
        let levels: Vec<&[String]> = plan.levels(variables, categories).collect();
        let names: Vec<&str> = plan.variables.iter().map(|&v| variables[v].name()).collect();
        let term = self.layout.terms.len();
        let cells = plan.cells.iter().flatten();
        let column = |(coded, &cell): (usize, &u32)| {
            let own = names.iter().zip(parts(cell, &levels)).map(|(name, (levels, k))| format!("{name}{}", levels[k]));
            FixedColumn { name: own.collect::<Vec<_>>().join(":"), term, numeric: 0, coded }
        };
        self.layout.columns.extend(cells.clone().enumerate().map(column));
        let n_cells = levels.iter().map(|levels| levels.len()).product();
        let coding = Coding { n_cells, columns: cells.map(|&cell| vec![(cell, 1.0)]).collect() };
        self.layout.terms.push(FixedTerm { name: name.into(), n_numeric: 1, coding: Some(coding) });
        self.plans.push(plan);
    }
}

/// The columns that one variable contributes to a term.
struct Part {
    names: Vec<String>,
    /// Number of levels and columns over them, of a categorical variable.
    coding: Option<(usize, Contrast)>,
}

impl Part {
    fn new(variable: &Variable, categories: &[Category], full: bool) -> Self {
        let prefixed =
            |name: &str, suffixes: &[String]| suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect();
        match variable {
            Variable::Numeric { name, basis } => Self { names: prefixed(name, &basis.suffixes()), coding: None },
            Variable::Categorical { name, category, contrast } => {
                let levels = &categories[*category].levels;
                let contrast = if full { indicators(levels) } else { contrast.clone() };
                Self { names: prefixed(name, &contrast.names), coding: Some((levels.len(), contrast)) }
            }
        }
    }
}

/// The columns of a term in R's order: the first variable varies fastest.
fn columns(name: &str, term: usize, parts: &[Part]) -> Vec<FixedColumn> {
    let mut columns = vec![FixedColumn { name: String::new(), term, numeric: 0, coded: 0 }];
    let (mut n_numeric, mut n_coded) = (1, 1);
    for part in parts {
        let joined = |fast: &str, slow: &str| {
            if fast.is_empty() { slow.to_string() } else { format!("{fast}:{slow}") }
        };
        let crossed = part.names.iter().enumerate().flat_map(|(k, slow)| {
            columns.iter().map(move |fast| FixedColumn {
                name: joined(&fast.name, slow),
                term,
                numeric: fast.numeric + if part.coding.is_none() { k * n_numeric } else { 0 },
                coded: fast.coded + if part.coding.is_some() { k * n_coded } else { 0 },
            })
        });
        columns = crossed.collect();
        match part.coding {
            None => n_numeric *= part.names.len(),
            Some(_) => n_coded *= part.names.len(),
        }
    }
    if parts.is_empty() {
        columns[0].name = name.into();
    }
    columns
}
