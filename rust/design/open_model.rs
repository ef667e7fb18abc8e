//! A model whose rows come in batches: grouping factors gain levels with each, all else is settled by the first.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::column::{Column, Kind};
use super::encoding::Encoding;
use super::expression::Node;
use super::finite::require_finite;
use super::gaps::Gaps;
use super::inputs::Inputs;
use super::layout::GroupingFactor;
use super::missing::{Used, without_missing};
use super::new_levels::settled_codes;
use super::open_levels::{OpenLevels, OpenPairs};
use super::registry::Registry;
use super::response::{check_weights, range};
use super::rows::Rows;
use super::selection::Selection;
use super::spec::{Coverage, Expr, Missing, Model, Options};
use super::table::Table;
use super::used::UsedColumns;
use super::variable::{Basis, Variable};
use crate::Result;

/// What encodes every batch alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenModel {
    /// Levels that grow, and combinations of levels, are left empty.
    pub encoding: Encoding,
    /// By category, whether its levels grow: it does nothing but name groups.
    pub growing: Vec<bool>,
    weights: Option<String>,
    missing: Missing,
    /// The name under which missing values of each input are counted.
    labels: Vec<String>,
}

/// The columns that effects read as categories, by the type that they have in a table.
pub fn categorical_columns(model: &Model, table: &Table) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let terms = model.terms.iter().chain(model.random.iter().flat_map(|random| &random.terms));
    for factor in terms.flat_map(|term| &term.factors) {
        let name = match &factor.expr {
            Expr::Column { name } => match table.get(name)?.kind() {
                Kind::Text | Kind::Categories | Kind::Boolean => name,
                _ => continue,
            },
            Expr::Call { name, args, .. } if matches!(name.as_str(), "factor" | "C") => match args.first() {
                Some(Expr::Column { name }) => name,
                _ => continue,
            },
            _ => continue,
        };
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

/// The rows of a batch that have a value in every column of a model.
pub fn complete_rows(model: &Model, table: &Table, options: &Options) -> Result<Selection> {
    let used = UsedColumns::of_model(model, options, table)?;
    let columns = used.names.iter().map(|name| table.get(name)).collect::<Result<Vec<_>>>()?;
    let gaps: Vec<_> = columns.into_iter().map(Gaps::find).collect();
    let counted: Vec<_> = gaps.iter().zip(&used.labels).map(|(gaps, label)| Used { gaps, label }).collect();
    Ok(without_missing(&counted, table.n_rows(), options.missing)?.0)
}

/// The rows of one batch, with grouping factors in local codes.
pub struct OpenRows {
    pub rows: Rows,
    /// By grouping factor, the number in the registry of each local level.
    pub ids: Vec<Vec<u32>>,
    /// Least and largest response.
    pub range: (f64, f64),
}

impl OpenModel {
    /// Learns names, levels of fixed variables and transforms from rows, which are not counted.
    pub fn build(model: &Model, table: &Table, options: &Options) -> Result<(Self, Registry)> {
        let coverage = if options.coverage == Coverage::All { Coverage::First } else { options.coverage };
        let rows = Rows::build(model, table, &Options { coverage, ..options.clone() })?;
        let encoding = rows.encoding().clone();
        let labels = UsedColumns::of_model(model, options, table)?.labels;
        let open = Self::open(encoding, labels, options);
        let mut registry = open.registry();
        for (category, levels) in open.encoding.categories.iter().zip(&mut registry.categories) {
            if let Some(known) = options.levels.get(&open.encoding.inputs[category.input]) {
                *levels = OpenLevels::known(known.clone());
            }
        }
        Ok((open, registry))
    }

    /// The model of an encoding that a fit remembers, with all of its levels.
    pub fn of_encoding(encoding: Encoding, options: &Options) -> (Self, Registry) {
        let (categories, groups) = (encoding.categories.clone(), encoding.groups.clone());
        let labels = encoding.inputs.clone();
        let open = Self::open(encoding, labels, options);
        let mut registry = open.registry();
        for (known, levels) in categories.into_iter().zip(&mut registry.categories) {
            levels.resume(known.levels);
        }
        for (group, pairs) in groups.into_iter().zip(&mut registry.pairs) {
            pairs.iter_mut().zip(group.pairs).for_each(|(open, known)| open.pairs = known);
        }
        registry.index();
        (open, registry)
    }

    fn open(mut encoding: Encoding, labels: Vec<String>, options: &Options) -> Self {
        let growing: Vec<bool> = (0..encoding.categories.len()).map(|c| !encoding.needs_known_levels(c)).collect();
        let categories = encoding.categories.iter_mut().zip(&growing);
        categories.filter(|(_, grows)| **grows).for_each(|(category, _)| category.levels.clear());
        encoding.groups.iter_mut().flat_map(|g| &mut g.pairs).for_each(Vec::clear);
        Self { encoding, growing, labels, weights: options.weights.clone(), missing: options.missing }
    }

    /// A registry with the levels that are settled.
    fn registry(&self) -> Registry {
        let levels = |(category, &grows): (&super::variable::Category, &bool)| match grows {
            true => OpenLevels::default(),
            false => OpenLevels::known(category.levels.clone()),
        };
        Registry {
            categories: self.encoding.categories.iter().zip(&self.growing).map(levels).collect(),
            pairs: self.encoding.groups.iter().map(|g| vec![OpenPairs::default(); g.categories.len() - 1]).collect(),
        }
    }

    /// Columns whose levels do not grow, with those of them that no row has had.
    pub fn unseen<'a>(&'a self, registry: &'a Registry) -> impl Iterator<Item = (&'a str, Vec<&'a str>)> {
        let settled = self.encoding.categories.iter().zip(&registry.categories).zip(&self.growing);
        settled.filter(|(_, grows)| !**grows).map(|((category, levels), _)| {
            let is_seen = |k: usize| levels.seen.get(k).copied().unwrap_or(false);
            let unseen =
                levels.labels.iter().enumerate().filter(|(k, _)| !is_seen(*k)).map(|(_, label)| label.as_str());
            (self.encoding.inputs[category.input].as_str(), unseen.collect())
        })
    }

    pub fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// Encodes the complete rows of a batch; there may be none.
    pub fn rows(&self, table: &Table, registry: &mut Registry) -> Result<OpenRows> {
        let mut columns = Vec::with_capacity(self.encoding.inputs.len());
        for name in &self.encoding.inputs {
            columns.push(table.get(name)?.clone());
        }
        let gaps: Vec<_> = columns.iter().map(Gaps::find).collect();
        let counted: Vec<_> = gaps.iter().zip(&self.labels).map(|(gaps, label)| Used { gaps, label }).collect();
        let (selection, dropped) = without_missing(&counted, table.n_rows(), self.missing)?;
        for (column, gaps) in columns.iter().zip(&gaps) {
            gaps.refuse_infinite(column, &selection)?;
        }
        let weights = self.weights.as_deref().map(|name| table.get(name)).transpose()?.cloned();
        if let Some(column) = &weights {
            check_weights(column, &selection)?;
        }
        let mut inputs = Inputs { columns: columns.into_iter().map(Some).collect(), selection, codes: vec![] };
        self.read_settled_codes(&mut inputs, registry)?;
        self.check_numbers(&inputs)?;
        let (factors, ids) = self.factors(&inputs, registry)?;
        let range = range(&self.encoding.response, &inputs);
        let rows = Rows {
            random: self.encoding.random.iter().map(|term| term.layout.clone()).collect(),
            encoding: self.encoding.clone(),
            n_rows_input: table.n_rows(),
            inputs,
            weights,
            factors,
            dropped,
        };
        Ok(OpenRows { rows, ids, range })
    }

    fn read_settled_codes(&self, inputs: &mut Inputs, registry: &mut Registry) -> Result<()> {
        for (c, (category, grows)) in self.encoding.categories.iter().zip(&self.growing).enumerate() {
            let codes = match grows {
                true => None,
                false => {
                    let column = inputs.column(category.input);
                    let codes = settled_codes(column, &inputs.selection, &category.levels)?;
                    registry.categories[c].mark(&codes);
                    Some(Arc::new(codes))
                }
            };
            inputs.codes.push(codes);
        }
        Ok(())
    }

    fn check_numbers(&self, inputs: &Inputs) -> Result<()> {
        let check = |node: &Node, owner: &str| {
            node.inputs().into_iter().try_for_each(|input| inputs.column(input).require_numbers(owner))?;
            match node {
                Node::Column(_) => Ok(()),
                node => require_finite(node, inputs, |_| true),
            }
        };
        for variable in &self.encoding.variables {
            match variable {
                Variable::Numeric { name, basis: Basis::Scalar(node) | Basis::Polynomial { arg: node, .. } } => {
                    check(node, &format!("the term '{name}'"))?;
                }
                Variable::Numeric { name, basis: Basis::External(columns) } => {
                    columns.iter().try_for_each(|&input| inputs.column(input).require_numbers(name))?;
                }
                Variable::Categorical { .. } => {}
            }
        }
        self.encoding.offsets.iter().try_for_each(|node| check(node, "the offset"))?;
        check(&self.encoding.response, "the response")
    }

    fn factors(&self, inputs: &Inputs, registry: &mut Registry) -> Result<(Vec<GroupingFactor>, Vec<Vec<u32>>)> {
        let column = |c: usize| -> Column { inputs.column(self.encoding.categories[c].input).clone() };
        let (mut factors, mut all_ids) = (Vec::new(), Vec::new());
        for (g, group) in self.encoding.groups.iter().enumerate() {
            let (codes, ids) = registry.codes(g, group, column, &inputs.selection)?;
            factors.push(GroupingFactor::new(group.name.clone(), codes, ids.len())?);
            all_ids.push(ids);
        }
        Ok((factors, all_ids))
    }
}
