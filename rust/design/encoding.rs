//! What a fit remembers of its data to encode new rows: levels, contrasts, transforms; no rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::expression::Expression;
use super::grouping::{Group, RandomTerm};
use super::layout::GroupingFactor;
use super::model_matrix::ModelMatrix;
use super::spec::{Expr, ModelSpec};
use super::variable::{Basis, Category, Variable};
use crate::ids::FactorId;
use crate::table::listed;
use crate::{Error, Result};

const VERSION: u32 = 1;

/// A model whose columns, levels and transforms are fixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Encoding {
    version: u32,
    pub formula: String,
    pub response_name: String,
    pub response: Expression,
    /// Names of the columns that the model reads.
    pub inputs: Vec<String>,
    pub categories: Vec<Category>,
    pub variables: Vec<Variable>,
    pub offsets: Vec<Expression>,
    pub fixed: ModelMatrix,
    pub random: Vec<RandomTerm>,
    pub groups: Vec<Group>,
}

impl Encoding {
    /// Encodes the fixed part, the random terms and the offsets.
    ///
    /// # Errors
    /// `Formula`, `Data` or `Design` where a term cannot be built from the columns.
    pub fn build(compiler: &mut Compiler, model: &ModelSpec) -> Result<(Self, Vec<GroupingFactor>)> {
        let response = compiler.response(&model.response)?;
        let fixed = ModelMatrix::build(compiler, model.intercept, &model.terms)?;
        let (mut groups, mut factors, mut random) = (Vec::<Group>::new(), Vec::new(), Vec::new());
        for term in &model.random {
            let is_known = |g: &Group| g.name == term.label && g.categories.len() == term.group.len();
            let known = groups.iter().position(is_known);
            if known.is_none() {
                let (group, factor) = Group::build(compiler, term)?;
                groups.push(group);
                factors.push(factor);
            }
            random.push(RandomTerm::build(compiler, term, FactorId(known.unwrap_or(groups.len() - 1)))?);
        }
        let encoding = Self {
            version: VERSION,
            formula: model.formula.clone(),
            response_name: model.response.name.clone(),
            response,
            offsets: offsets(compiler, model)?,
            fixed,
            random,
            groups,
            inputs: compiler.used.names.clone(),
            categories: compiler.categories.clone(),
            variables: compiler.variables.clone(),
        };
        encoding.check_contrasts(compiler)?;
        Ok((encoding, factors))
    }

    /// Contrasts for a column that is not categorical, or not used, would have no effect.
    fn check_contrasts(&self, compiler: &Compiler) -> Result<()> {
        for key in compiler.options.contrasts.keys() {
            let has_effect = |v: &Variable| match v {
                Variable::Categorical { name, category, .. } => {
                    key == name || *key == self.inputs[self.categories[*category].input]
                }
                Variable::Numeric { .. } => false,
            };
            if self.variables.iter().any(has_effect) {
                continue;
            }
            if self.variables.iter().any(|v| v.name() == key) {
                return Err(Error::Design(format!(
                    "contrasts are given for '{key}', which is numeric; write factor({key}) in the formula"
                )));
            }
            if self.categories.iter().any(|category| self.inputs[category.input] == *key) {
                continue; // it names groups
            }
            let categorical = |v: &Variable| matches!(v, Variable::Categorical { .. });
            let known = self.variables.iter().filter(|v| categorical(v)).map(Variable::name);
            return Err(Error::Design(format!(
                "contrasts are given for '{key}', of which the formula makes no categorical effect; it makes them of: {}",
                listed(known)
            )));
        }
        Ok(())
    }

    /// Reads what `to_json` wrote, and checks it.
    ///
    /// # Errors
    /// `Data` where the text is no encoding, of another version, or does not agree with itself.
    pub fn from_json(text: &str) -> Result<Self> {
        let encoding: Self =
            serde_json::from_str(text).map_err(|e| Error::Data(format!("this is not a saved encoding: {e}")))?;
        if encoding.version != VERSION {
            return Err(Error::Data(format!(
                "the encoding has version {}, but this version of hlmrs reads {VERSION}",
                encoding.version
            )));
        }
        encoding.check()?;
        Ok(encoding)
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an encoding holds only finite numbers and text")
    }

    /// Bytes of the levels and their combinations.
    pub fn n_bytes(&self) -> usize {
        let labels =
            self.categories.iter().flat_map(|c| &c.levels).map(|l| size_of::<String>() + l.capacity().max(8) + 16);
        let pairs = self.groups.iter().flat_map(|g| &g.pairs).map(|p| 8 * p.len());
        labels.chain(pairs).sum()
    }

    /// Columns of X, before dependent ones are left out.
    pub fn coef_names(&self) -> Vec<&str> {
        self.fixed.layout.columns.iter().map(|c| c.name.as_str()).collect()
    }

    /// Per column of X 0 for the intercept, else the term's number from 1.
    pub fn coef_terms(&self) -> Vec<usize> {
        let first = usize::from(!self.fixed.layout.has_intercept);
        self.fixed.layout.columns.iter().map(|c| c.term + first).collect()
    }

    pub fn term_names(&self) -> Vec<&str> {
        let layout = &self.fixed.layout;
        layout.terms.iter().skip(usize::from(layout.has_intercept)).map(|t| t.name.as_str()).collect()
    }

    /// The encoding without its last offset, which was given beside the formula and belongs to the rows of the fit.
    pub fn without_given_offset(&self) -> Self {
        let mut encoding = self.clone();
        encoding.offsets.pop();
        encoding
    }

    /// The encoding that reads numeric variables of these names as columns of the data.
    pub fn with_columns_in_place_of(&self, names: &[String]) -> Self {
        let mut encoding = self.clone();
        for variable in &mut encoding.variables {
            if let Variable::Numeric { name, basis } = variable
                && names.contains(name)
            {
                *basis = Basis::Scalar(Expression::Column(encoding.inputs.len()));
                encoding.inputs.push(name.clone());
            }
        }
        encoding
    }

    /// Variables of the fixed part, in the order of the formula.
    pub fn fixed_variables(&self) -> impl Iterator<Item = &Variable> {
        let mut indices: Vec<usize> = self.fixed.plans.iter().flat_map(|plan| plan.variables.iter().copied()).collect();
        indices.sort_unstable();
        indices.dedup();
        indices.into_iter().map(|v| &self.variables[v])
    }

    /// The levels of every categorical variable of the fixed part.
    pub fn factor_levels(&self) -> BTreeMap<&str, &[String]> {
        let levels = |v| match v {
            &Variable::Categorical { ref name, category, .. } => {
                Some((name.as_str(), &self.categories[category].levels[..]))
            }
            Variable::Numeric { .. } => None,
        };
        self.fixed_variables().filter_map(levels).collect()
    }

    /// The level that the others are compared with, of variables with treatment contrasts somewhere
    /// in the fixed part.
    pub fn reference_levels(&self) -> BTreeMap<&str, &str> {
        let contrasted = self.fixed.plans.iter().flat_map(|plan| plan.variables.iter().zip(&plan.full));
        let reference = |v: usize| match &self.variables[v] {
            Variable::Categorical { name, category, contrast } => {
                let level = &self.categories[*category].levels[contrast.reference?];
                Some((name.as_str(), level.as_str()))
            }
            Variable::Numeric { .. } => None,
        };
        contrasted.filter(|(_, full)| !**full).filter_map(|(&v, _)| reference(v)).collect()
    }

    /// Names of inputs, once each.
    pub fn names_of(&self, mut inputs: Vec<usize>) -> Vec<&str> {
        inputs.sort_unstable();
        inputs.dedup();
        inputs.into_iter().map(|input| self.inputs[input].as_str()).collect()
    }

    /// Inputs that a random term reads, its group's columns included.
    pub fn inputs_of_term(&self, term: usize) -> Vec<usize> {
        let random = &self.random[term];
        let group = self.groups[random.layout.factor].categories.iter();
        let mut inputs = self.inputs_of_matrix(&random.matrix);
        inputs.extend(group.map(|&c| self.categories[c].input));
        inputs
    }

    /// Inputs of all but the response.
    pub fn inputs_of_predictors(&self) -> Vec<usize> {
        let terms = (0..self.random.len()).flat_map(|t| self.inputs_of_term(t));
        self.inputs_of_fixed().into_iter().chain(terms).collect()
    }

    /// Inputs that the fixed part and the offsets read.
    pub fn inputs_of_fixed(&self) -> Vec<usize> {
        let mut inputs = self.inputs_of_matrix(&self.fixed);
        inputs.extend(self.offsets.iter().flat_map(|offset| self.inputs_of_expression(offset)));
        inputs
    }

    /// What is read as numbers beside the response: its name in messages, its inputs, and the expression on them.
    pub fn numbers(&self) -> impl Iterator<Item = (String, Vec<usize>, Option<&Expression>)> {
        let variables = self.variables.iter().filter_map(|variable| match variable {
            Variable::Numeric { name, basis } => {
                Some((format!("the term '{name}'"), basis.inputs(), basis.expression()))
            }
            Variable::Categorical { .. } => None,
        });
        variables.chain(self.offsets.iter().map(|offset| ("the offset".into(), offset.inputs(), Some(offset))))
    }

    /// Whether the levels of a category have effects: new data may have only those of the fit.
    pub fn has_effects(&self, category: usize) -> bool {
        let own = |v: &Variable| matches!(v, Variable::Categorical { category: own, .. } if *own == category);
        self.variables.iter().any(own) || self.is_indicated(category)
    }

    /// Whether an expression is one in a level of a category.
    pub fn is_indicated(&self, category: usize) -> bool {
        self.has_part(|part| matches!(part, Expression::Indicator { category: of, .. } if *of == category))
    }

    /// Whether means of an expression in the levels of a category are used.
    pub fn has_means(&self, category: usize) -> bool {
        self.has_part(|part| matches!(part, Expression::GroupMean { category: of, .. } if *of == category))
    }

    /// Whether an expression, the response's included, or what a group mean is taken of depends on the levels of a
    /// category.
    pub fn is_in_expressions(&self, category: usize) -> bool {
        let mut any = false;
        for expression in self.expressions().chain([&self.response]) {
            expression.walk_into_means(&mut |part| any |= part.categories().contains(&category));
        }
        any
    }

    /// Whether a property holds of any part of an expression.
    fn has_part(&self, holds: impl Fn(&Expression) -> bool) -> bool {
        let mut any = false;
        for expression in self.expressions() {
            expression.walk(&mut |part| any |= holds(part));
        }
        any
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.numbers().filter_map(|(_, _, expression)| expression)
    }

    /// Inputs of what group means are taken of.
    pub fn inputs_of_means(&self) -> Vec<usize> {
        let mut inputs = Vec::new();
        for expression in self.expressions() {
            expression.walk_into_means(&mut |part| {
                if let Expression::GroupMean { arg, .. } = part {
                    inputs.extend(self.inputs_of_expression(arg));
                }
            });
        }
        inputs
    }

    /// Inputs that an expression reads, its categories' included.
    pub fn inputs_of_expression(&self, expression: &Expression) -> Vec<usize> {
        let categories = expression.categories().into_iter().map(|c| self.categories[c].input);
        expression.inputs().into_iter().chain(categories).collect()
    }

    /// Adds the means of new levels, which `find` computes of a category and an expression.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn extend_means(&mut self, find: &mut impl FnMut(usize, &Expression) -> Result<Vec<f64>>) -> Result<()> {
        let bases = self.variables.iter_mut().filter_map(|variable| match variable {
            Variable::Numeric { basis: Basis::Scalar(arg) | Basis::Polynomial { arg, .. }, .. } => Some(arg),
            _ => None,
        });
        bases.chain(&mut self.offsets).try_for_each(|expression| expression.extend_means(find))
    }

    fn inputs_of_matrix(&self, matrix: &ModelMatrix) -> Vec<usize> {
        let variables = matrix.plans.iter().flat_map(|plan| &plan.variables);
        variables.flat_map(|&v| self.inputs_of_variable(&self.variables[v])).collect()
    }

    fn inputs_of_variable(&self, variable: &Variable) -> Vec<usize> {
        let (mut inputs, categories) = match variable {
            Variable::Numeric { basis, .. } => (basis.inputs(), basis.categories()),
            Variable::Categorical { category, .. } => (vec![], vec![*category]),
        };
        inputs.extend(categories.into_iter().map(|c| self.categories[c].input));
        inputs
    }
}

fn offsets(compiler: &mut Compiler, model: &ModelSpec) -> Result<Vec<Expression>> {
    let mut offsets = Vec::new();
    for offset in &model.offsets {
        offsets.push(compiler.finite_number(&offset.expr, &offset.name)?);
    }
    if let Some(name) = &compiler.options.offset {
        let expr = Expr::Column { name: name.clone() };
        offsets.push(compiler.number(&expr, "the offset")?);
    }
    Ok(offsets)
}
