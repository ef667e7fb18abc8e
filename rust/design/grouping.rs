//! Random terms: the model matrix of their left side; the grouping factor of their right, which is one column or the
//! observed combinations of several.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::inputs::Inputs;
use super::layout::{GroupingFactor, RandomLayout};
use super::model_matrix::ModelMatrix;
use super::places::at_places;
use super::spec::{Coverage, RandomSpec};
use super::variable::{Category, Variable};
use crate::ids::FactorId;
use crate::table::NO_LEVEL;
use crate::{Error, Result};

/// `(1 + ses | school)`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomTerm {
    pub layout: RandomLayout,
    pub matrix: ModelMatrix,
}

impl RandomTerm {
    /// The columns of a random term.
    ///
    /// # Errors
    /// `Formula` or `Design` where the term has no columns or no levels, or its structure says nothing of them; those
    /// of its columns.
    pub fn build(compiler: &mut Compiler, random: &RandomSpec, factor: FactorId) -> Result<Self> {
        let (matrix, places) = match random.structure.decay() {
            Some(_) => at_places(compiler, random).map(|(matrix, places)| (matrix, Some(places)))?,
            None => (ModelMatrix::build(compiler, random.intercept, &random.terms)?, None),
        };
        let columns: Vec<_> = matrix.layout.columns.iter().map(|c| c.name.clone()).collect();
        if columns.is_empty() {
            return Err(Error::Formula(format!(
                "the random term {} has no columns; write (1 | {}) for an intercept",
                random.name, random.label
            )));
        }
        require_effects_to_correlate(compiler, random, &matrix)?;
        require_rank(random, columns.len())?;
        let layout = RandomLayout {
            name: random.name.clone(),
            factor,
            columns,
            has_intercept: random.intercept,
            structure: random.structure,
            places,
            rank: random.rank,
        };
        Ok(Self { layout, matrix })
    }
}

/// Fails where a structure would say nothing: an order of what has no levels, or correlations of a single effect.
fn require_effects_to_correlate(compiler: &Compiler, random: &RandomSpec, matrix: &ModelMatrix) -> Result<()> {
    let (structure, name, label) = (random.structure, random.structure.name(), &random.label);
    let is_number = |&v: &usize| matches!(compiler.variables[v], Variable::Numeric { .. });
    let number = matrix.plans.iter().flat_map(|plan| &plan.variables).copied().find(|v| is_number(v));
    let placed = matrix.plans.iter().all(|plan| plan.full.contains(&true));
    let single = structure.is_correlated() && !structure.is_unrestricted() && matrix.layout.columns.len() == 1;
    if !single && (placed || !structure.is_ordered()) {
        return Ok(());
    }
    let levels = match (number, random.terms.first()) {
        (Some(v), _) => format!("factor({})", compiler.variables[v].name()),
        (None, Some(term)) => term.name.clone(),
        (None, None) => "factor(time)".into(),
    };
    let why = match number {
        _ if !structure.is_ordered() => "correlates effects, and there is one".into(),
        Some(v) => format!("correlates the levels of a factor, and '{}' is a number", compiler.variables[v].name()),
        None => "correlates the levels of a factor, and the intercept is none".into(),
    };
    let plain = random.name.trim_start_matches(name);
    Err(Error::Design(format!("{}: {name}() {why}; write {name}(0 + {levels} | {label}), or {plain}", random.name)))
}

/// Fails where the rank of a covariance is above the number of its effects.
fn require_rank(random: &RandomSpec, n: usize) -> Result<()> {
    match random.rank {
        Some(rank) if rank == 0 || rank > n => Err(Error::Design(format!(
            "{}: a covariance of {n} effects has rank {n} at most, and d is {rank}; take a smaller d",
            random.name
        ))),
        _ => Ok(()),
    }
}

/// How levels of a grouping factor are made from categories; of one column they are its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub categories: Vec<usize>,
    /// For every category after the first, the combinations observed of (the factor so far, its
    /// level), in order.
    pub pairs: Vec<Vec<(u32, u32)>>,
}

impl Group {
    /// Reads the columns of a random term's group; fails if there is only one level.
    ///
    /// # Errors
    /// `Formula` without a column, `Design` for a single level; those of reading the columns.
    pub fn build(compiler: &mut Compiler, random: &RandomSpec) -> Result<(Self, GroupingFactor)> {
        let mut group = Self { name: random.label.clone(), categories: vec![], pairs: vec![] };
        for factor in &random.group {
            let owner = format!("the group of {}", random.name);
            group.categories.push(compiler.category(&factor.expr, &owner)?);
        }
        let first = *group
            .categories
            .first()
            .ok_or_else(|| Error::Formula(format!("{} has no grouping factor", random.name)))?;
        let mut codes = compiler.inputs.codes(first).clone();
        for &category in &group.categories[1..] {
            let next = compiler.inputs.codes(category);
            let pairs = observed_pairs(&codes, next);
            codes = Arc::new(combine(&codes, next, &pairs));
            group.pairs.push(pairs);
        }
        let n_levels = group.n_levels(&compiler.categories);
        if compiler.options.coverage == Coverage::All {
            require_levels(&group.name, n_levels)?;
        }
        let factor = GroupingFactor::new(group.name.clone(), codes, n_levels)?;
        Ok((group, factor))
    }

    pub fn n_levels(&self, categories: &[Category]) -> usize {
        match self.pairs.last() {
            Some(pairs) => pairs.len(),
            None => categories[self.categories[0]].levels.len(),
        }
    }

    /// Labels of the levels: `a:b`.  Where two would be alike, parts that hold a colon stand in backticks.
    pub fn levels(&self, categories: &[Category]) -> Vec<String> {
        let plain = self.labels(categories, str::to_string);
        let distinct: FxHashSet<&String> = plain.iter().collect();
        if distinct.len() == plain.len() {
            return plain;
        }
        self.labels(categories, |part| match part.contains([':', '`', '\\']) {
            true => format!("`{}`", part.replace('\\', "\\\\").replace('`', "\\`")),
            false => part.to_string(),
        })
    }

    fn labels(&self, categories: &[Category], part: impl Fn(&str) -> String) -> Vec<String> {
        let parts = |category: usize| categories[category].levels.iter().map(|level| part(level)).collect::<Vec<_>>();
        let mut labels = parts(self.categories[0]);
        for (pairs, &category) in self.pairs.iter().zip(&self.categories[1..]) {
            let next = parts(category);
            labels = pairs.iter().map(|&(a, b)| format!("{}:{}", labels[a as usize], next[b as usize])).collect();
        }
        labels
    }

    /// The levels of new rows; `NO_LEVEL` where a value is missing or the level was not seen in the fit.
    pub fn codes(&self, inputs: &Inputs) -> Arc<Vec<u32>> {
        let mut codes = inputs.codes(self.categories[0]).clone();
        for (pairs, &category) in self.pairs.iter().zip(&self.categories[1..]) {
            codes = Arc::new(combine(&codes, inputs.codes(category), pairs));
        }
        codes
    }
}

/// Fails for a grouping factor of one level.
///
/// # Errors
/// `OneLevel` in that case.
pub fn require_levels(name: &str, n_levels: usize) -> Result<()> {
    if n_levels >= 2 {
        return Ok(());
    }
    Err(Error::OneLevel(name.to_owned()))
}

/// The combinations that occur, by the first code, then the second.
pub(super) fn observed_pairs(first: &[u32], second: &[u32]) -> Vec<(u32, u32)> {
    let n_second = second.iter().max().map_or(0, |&c| c as usize + 1);
    let n_cells = first.iter().max().map_or(0, |&c| c as usize + 1).saturating_mul(n_second);
    // A table of all cells is faster than a set while it is not much larger than the rows.
    if n_cells <= 2 * first.len() + 1024 {
        let mut seen = vec![false; n_cells];
        first.iter().zip(second).for_each(|(&a, &b)| seen[a as usize * n_second + b as usize] = true);
        let cells = (0..n_cells).filter(|&cell| seen[cell]);
        return cells.map(|cell| ((cell / n_second) as u32, (cell % n_second) as u32)).collect();
    }
    let seen: FxHashSet<(u32, u32)> = first.iter().copied().zip(second.iter().copied()).collect();
    let mut pairs: Vec<_> = seen.into_iter().collect();
    pairs.sort_unstable();
    pairs
}

/// The place of every row's combination among those observed.
pub(super) fn combine(first: &[u32], second: &[u32], pairs: &[(u32, u32)]) -> Vec<u32> {
    let place: FxHashMap<(u32, u32), u32> = pairs.iter().copied().zip(0..).collect();
    let mut last = ((NO_LEVEL, NO_LEVEL), NO_LEVEL);
    first
        .iter()
        .zip(second)
        .map(|(&a, &b)| {
            if last.0 != (a, b) {
                last = ((a, b), place.get(&(a, b)).copied().unwrap_or(NO_LEVEL));
            }
            last.1
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_observed_combinations_are_levels() {
        let categories = [("b", ["x", "y"]), ("c", ["1", "2"])]
            .map(|(_, levels)| Category { input: 0, levels: levels.map(String::from).to_vec() });
        let (first, second) = ([1, 0, 0, 1], [0, 1, 1, 0]);
        let pairs = observed_pairs(&first, &second);
        assert_eq!(combine(&first, &second, &pairs), [1, 0, 0, 1]);
        let group = Group { name: "b:c".into(), categories: vec![0, 1], pairs: vec![pairs] };
        assert_eq!(group.levels(&categories), ["x:2", "y:1"]);
    }

    #[test]
    fn levels_whose_labels_would_be_alike_are_told_apart() {
        let levels = |own: [&str; 2]| Category { input: 0, levels: own.map(String::from).to_vec() };
        let group = Group { name: "b:c".into(), categories: vec![0, 1], pairs: vec![vec![(0, 0), (1, 1)]] };
        assert_eq!(group.levels(&[levels(["a:b", "a"]), levels(["c", "b:c"])]), ["`a:b`:c", "a:`b:c`"]);
        assert_eq!(group.levels(&[levels(["a:b", "a"]), levels(["c", "d"])]), ["a:b:c", "a:d"]);
    }

    #[test]
    fn combinations_not_seen_have_no_level() {
        assert_eq!(combine(&[0, 1, NO_LEVEL], &[0, 0, 0], &[(0, 0)]), [0, NO_LEVEL, NO_LEVEL]);
    }

    proptest! {
        #[test]
        fn codes_are_ranks_of_sorted_pairs(rows in prop::collection::vec((0u32..2000, 0u32..2000), 1..60)) {
            let (first, second): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
            let pairs = observed_pairs(&first, &second);
            let codes = combine(&first, &second, &pairs);
            prop_assert!(pairs.is_sorted());
            for (row, code) in rows.iter().zip(codes) {
                prop_assert_eq!(*row, pairs[code as usize]);
            }
        }
    }
}
