//! The model matrix of a right-hand side, fixed or of a random term: its layout, and how its terms are read.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::contrasts::{Contrast, full_indicators, indicators, product};
use super::inputs::Inputs;
use super::layout::{FixedColumn, FixedLayout, FixedTerm};
use super::spec::Term;
use super::variable::{Category, Variable};
use crate::table::NO_LEVEL;
use crate::{Error, Result};

/// X'X is a dense matrix: more columns than this are refused.
pub const MOST_COLUMNS: usize = 10_000;

/// Fails before anything is computed for terms that cannot all have columns.
pub fn check_n_terms(n_terms: usize) -> Result<()> {
    if n_terms <= MOST_COLUMNS {
        return Ok(());
    }
    Err(Error::Design(format!("the fixed part has {n_terms} terms; at most {MOST_COLUMNS} columns can be estimated")))
}

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
}

impl ModelMatrix {
    /// Applies R's rules to the terms, in their order.
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
            matrix.add(compiler, "(Intercept)", TermVariables::default())?;
        }
        for ((term, variables), full) in terms.iter().zip(lists).zip(full) {
            matrix.add(compiler, &term.name, TermVariables { variables, full })?;
        }
        Ok(matrix)
    }

    fn add(&mut self, compiler: &Compiler, name: &str, plan: TermVariables) -> Result<()> {
        let parts: Vec<_> = plan
            .variables
            .iter()
            .zip(&plan.full)
            .map(|(&v, &full)| Part::new(&compiler.variables[v], &compiler.categories, full))
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

    /// out = the numeric columns of a term (n x n_numeric, column-major): products, the first fastest.
    pub fn read_values(
        &self,
        term: usize,
        variables: &[Variable],
        inputs: &Inputs,
        rows: Range<usize>,
        out: &mut Vec<f64>,
    ) -> Result<()> {
        let n = rows.len();
        out.clear();
        out.resize(n * self.layout.terms[term].n_numeric, 1.0);
        let bases = self.plans[term].variables.iter().filter_map(|&v| match &variables[v] {
            Variable::Numeric { basis, .. } => Some(basis),
            Variable::Categorical { .. } => None,
        });
        let mut width = 0;
        for basis in bases {
            if width == 0 {
                width = basis.width();
                basis.read(inputs, rows.clone(), &mut out[..n * width]);
            } else {
                let mut next = vec![0.0; n * basis.width()];
                basis.read(inputs, rows.clone(), &mut next);
                multiply(&mut out[..n * width * basis.width()], width, &next, n);
                width *= basis.width();
                self.require_finite_product(term, inputs, rows.start, &out[..n * width])?;
            }
        }
        Ok(())
    }

    fn require_finite_product(&self, term: usize, inputs: &Inputs, start: usize, values: &[f64]) -> Result<()> {
        // Missing values of new data are NaN here, and stay so.
        let Some(k) = values.iter().position(|v| v.is_infinite()) else { return Ok(()) };
        let row = inputs.row_number(start + k % (values.len() / self.layout.terms[term].n_numeric));
        Err(Error::Data(format!(
            "the product '{}' is infinite at row {row}; rescale its columns",
            self.layout.terms[term].name
        )))
    }

    /// out = the cell of every row (n); empty for a term without categorical variables.
    pub fn read_cells(
        &self,
        term: usize,
        variables: &[Variable],
        categories: &[Category],
        inputs: &Inputs,
        rows: Range<usize>,
        out: &mut Vec<u32>,
    ) {
        out.clear();
        let mut stride = 1;
        for &v in &self.plans[term].variables {
            let Variable::Categorical { category, .. } = &variables[v] else { continue };
            let codes = &inputs.codes(*category)[rows.clone()];
            // A row of new data without a level is blanked later; any cell will do.
            let codes = codes.iter().map(|&c| if c == NO_LEVEL { 0 } else { c });
            if stride == 1 {
                out.extend(codes);
            } else {
                out.iter_mut().zip(codes).for_each(|(cell, c)| *cell += stride * c);
            }
            stride *= categories[*category].levels.len() as u32;
        }
    }
}

/// values[:, a + width b] = values[:, a] * next[:, b]
fn multiply(values: &mut [f64], width: usize, next: &[f64], n: usize) {
    let n_next = next.len().checked_div(n).unwrap_or(0);
    for b in (0..n_next).rev() {
        for a in 0..width {
            for i in 0..n {
                values[(a + width * b) * n + i] = values[a * n + i] * next[b * n + i];
            }
        }
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
