//! A model whose rows come in batches: grouping factors gain levels with each, all else is fixed by the first.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::complete_rows::{UsedColumns, check_weights, complete_rows, require_finite};
use super::encoding::Encoding;
use super::expression::Expression;
use super::inputs::Inputs;
use super::layout::GroupingFactor;
use super::level_registry::LevelRegistry;
use super::rows::Rows;
use super::spec::{Coverage, Expr, Missing, ModelSpec, Options, TermFactor};
use super::transforms::{Known, calls};
use super::variable::Category;
use crate::saved::require;
use crate::table::{Column, ColumnKind, GrowingLevels, GrowingPairs, Selection, Table, fixed_level_codes};
use crate::{Result, check_stop};

/// What encodes every batch alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamingModel {
    /// Levels that grow, and combinations of levels, are left empty.
    pub encoding: Encoding,
    /// By category, whether its levels grow: it is read by grouping factors alone.
    pub growing: Vec<bool>,
    pub weights: Option<String>,
    missing: Missing,
    /// The name under which missing values of each input are counted.
    labels: Vec<String>,
}

/// The columns whose levels must be known before rows are summed: those that effects read as categories, by the type
/// that they have in a table, and the groups of `between` and `within`.
///
/// # Errors
/// `Data` where the table lacks a column.
pub fn columns_of_levels(model: &ModelSpec, table: &Table) -> Result<Vec<String>> {
    let mut found: Vec<&str> = Vec::new();
    for TermFactor { expr, .. } in model.effects() {
        match expr {
            Expr::Column { name } if is_categorical(table.get(name)?) => found.push(name),
            Expr::Call { name, args, .. } if matches!(name.as_str(), "factor" | "C") => {
                found.extend(args.first().and_then(Expr::category_column));
            }
            _ => {}
        }
    }
    let calls = calls(model);
    let groups = calls.iter().filter(|call| call.name == "between").filter_map(|call| call.args.get(1));
    found.extend(groups.filter_map(Expr::category_column));
    let mut names: Vec<String> = Vec::new();
    for name in found {
        if !names.iter().any(|known| known == name) {
            names.push(name.into());
        }
    }
    Ok(names)
}

fn is_categorical(column: &Column) -> bool {
    matches!(column.kind(), ColumnKind::Text | ColumnKind::Categories | ColumnKind::Boolean)
}

/// The rows of a batch that have a value in every column of a model.
///
/// # Errors
/// Those of `complete_rows`.
pub fn rows_with_values(model: &ModelSpec, table: &Table, options: &Options) -> Result<Selection> {
    let used = UsedColumns::of_model(model, options, table)?;
    Ok(complete_rows(&used.names, &used.labels, table, options.missing, &[])?.0.selection)
}

/// The rows of one batch, with grouping factors in local codes.
pub struct StreamedRows {
    pub rows: Rows,
    /// By grouping factor, the number in the registry of each local level.
    pub ids: Vec<Vec<u32>>,
    /// Least and largest response.
    pub range: (f64, f64),
}

impl StreamingModel {
    /// Learns names, levels of fixed variables and transforms from rows, which are not counted.
    ///
    /// `learned`: what transforms learned from other rows.
    ///
    /// # Errors
    /// Those of `Rows::with_learned`.
    pub fn build(spec: &ModelSpec, table: &Table, options: &Options, learned: &Known) -> Result<(Self, LevelRegistry)> {
        let coverage = if options.coverage == Coverage::All { Coverage::First } else { options.coverage };
        let rows = Rows::with_learned(spec, table, &Options { coverage, ..options.clone() }, learned)?;
        let labels = UsedColumns::of_model(spec, options, table)?.labels;
        let model = Self::new(Encoding::clone(&rows.encoding), labels, options);
        let mut registry = model.registry();
        for (category, levels) in model.encoding.categories.iter().zip(&mut registry.categories) {
            if let Some(known) = options.levels.get(&model.encoding.inputs[category.input]) {
                *levels = GrowingLevels::known(known.clone());
            }
        }
        Ok((model, registry))
    }

    /// The model of an encoding that a fit remembers, with all of its levels.
    pub fn of_encoding(encoding: Encoding, options: &Options) -> (Self, LevelRegistry) {
        let (categories, groups) = (encoding.categories.clone(), encoding.groups.clone());
        let labels = encoding.inputs.clone();
        let model = Self::new(encoding, labels, options);
        let mut registry = model.registry();
        for (known, levels) in categories.into_iter().zip(&mut registry.categories) {
            levels.resume(known.levels);
        }
        for (group, pairs) in groups.into_iter().zip(&mut registry.pairs) {
            pairs.iter_mut().zip(group.pairs).for_each(|(growing, known)| growing.pairs = known);
        }
        registry.index();
        (model, registry)
    }

    fn new(mut encoding: Encoding, labels: Vec<String>, options: &Options) -> Self {
        let growing = growing(&encoding);
        let categories = encoding.categories.iter_mut().zip(&growing);
        categories.filter(|(_, grows)| **grows).for_each(|(category, _)| category.levels.clear());
        encoding.groups.iter_mut().flat_map(|g| &mut g.pairs).for_each(Vec::clear);
        Self { encoding, growing, labels, weights: options.weights.clone(), missing: options.missing }
    }

    /// A registry with the levels that do not grow.
    fn registry(&self) -> LevelRegistry {
        let levels = |(category, &grows): (&Category, &bool)| match grows {
            true => GrowingLevels::default(),
            false => GrowingLevels::known(category.levels.clone()),
        };
        LevelRegistry {
            categories: self.encoding.categories.iter().zip(&self.growing).map(levels).collect(),
            pairs: self.encoding.groups.iter().map(|g| vec![GrowingPairs::default(); g.categories.len() - 1]).collect(),
        }
    }

    /// Columns whose levels do not grow, with those of them that no row has had.
    pub fn unseen<'a>(&'a self, registry: &'a LevelRegistry) -> impl Iterator<Item = (&'a str, Vec<&'a str>)> {
        let all = self.encoding.categories.iter().zip(&registry.categories).zip(&self.growing);
        all.filter(|(_, grows)| !**grows).map(|((category, levels), _)| {
            let is_seen = |k: usize| levels.seen.get(k).copied().unwrap_or(false);
            let unseen =
                levels.labels.iter().enumerate().filter(|(k, _)| !is_seen(*k)).map(|(_, label)| label.as_str());
            (self.encoding.inputs[category.input].as_str(), unseen.collect())
        })
    }

    /// # Errors
    /// `Data` where this was read from a file and does not agree with itself.
    pub fn check(&self) -> Result<()> {
        self.encoding.check()?;
        require(self.growing == growing(&self.encoding), "levels of no category")?;
        require(self.labels.len() == self.encoding.inputs.len(), "names of no columns")
    }

    /// Encodes the complete rows of a batch; there may be none.
    ///
    /// # Errors
    /// `Data` where a column lacks, holds values that have no meaning, or levels that are not known and may not grow;
    /// `Interrupted`.
    pub fn rows(&self, table: &Table, registry: &mut LevelRegistry, stop: &AtomicBool) -> Result<StreamedRows> {
        let (mut inputs, dropped) = complete_rows(&self.encoding.inputs, &self.labels, table, self.missing, &[])?;
        let weights = self.weights.as_deref().map(|name| table.get(name)).transpose()?.cloned();
        if let Some(column) = &weights {
            check_weights(column, &inputs.selection)?;
        }
        self.read_fixed_levels(&mut inputs, registry)?;
        self.check_numbers(&inputs)?;
        let (factors, ids) = self.factors(&inputs, registry, stop)?;
        let range = self.encoding.response.range(&inputs);
        let rows = Rows {
            random: self.encoding.random.iter().map(|term| term.layout.clone()).collect(),
            encoding: Arc::new(self.encoding.clone()),
            n_rows_input: table.n_rows(),
            inputs,
            weights,
            factors,
            dropped,
        };
        Ok(StreamedRows { rows, ids, range })
    }

    fn read_fixed_levels(&self, inputs: &mut Inputs, registry: &mut LevelRegistry) -> Result<()> {
        for (c, (category, grows)) in self.encoding.categories.iter().zip(&self.growing).enumerate() {
            let codes = match grows {
                true => None,
                false => {
                    let column = inputs.column(category.input);
                    let codes = fixed_level_codes(column, &inputs.selection, &category.levels)?;
                    registry.categories[c].mark(&codes);
                    Some(Arc::new(codes))
                }
            };
            inputs.codes.push(codes);
        }
        Ok(())
    }

    fn check_numbers(&self, inputs: &Inputs) -> Result<()> {
        let response = &self.encoding.response;
        let response = ("the response".into(), response.inputs(), Some(response));
        for (owner, columns, expression) in self.encoding.numbers().chain([response]) {
            columns.into_iter().try_for_each(|input| inputs.column(input).require_numbers(&owner))?;
            match expression {
                None | Some(Expression::Column(_)) => {}
                Some(expression) => require_finite(expression, inputs, |_| true)?,
            }
        }
        Ok(())
    }

    fn factors(
        &self,
        inputs: &Inputs,
        registry: &mut LevelRegistry,
        stop: &AtomicBool,
    ) -> Result<(Vec<GroupingFactor>, Vec<Vec<u32>>)> {
        let column = |c: usize| -> Column { inputs.column(self.encoding.categories[c].input).clone() };
        let (mut factors, mut all_ids) = (Vec::new(), Vec::new());
        for (g, group) in self.encoding.groups.iter().enumerate() {
            check_stop(stop)?;
            let (codes, ids) = registry.codes(g, group, column, &inputs.selection)?;
            factors.push(GroupingFactor::new(group.name.clone(), codes, ids.len())?);
            all_ids.push(ids);
        }
        Ok((factors, all_ids))
    }
}

/// By category, whether its levels grow: no effect and no expression is of them.
fn growing(encoding: &Encoding) -> Vec<bool> {
    (0..encoding.categories.len()).map(|c| !encoding.has_effects(c) && !encoding.is_in_expressions(c)).collect()
}
