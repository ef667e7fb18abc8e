//! Whether an encoding that was read from a file agrees with itself: what is computed with it asks no more.

use rustc_hash::FxHashSet;

use super::contrasts::Contrast;
use super::encoding::Encoding;
use super::expression::Expression;
use super::grouping::{Group, RandomTerm};
use super::layout::{FixedLayout, FixedTerm, MOST_COLUMNS};
use super::model_matrix::{ModelMatrix, TermVariables};
use super::transforms::Polynomial;
use super::variable::{Basis, Variable};
use crate::Result;
use crate::saved::{damaged, require};

impl Encoding {
    /// # Errors
    /// `Data` where an index leads nowhere, or a size is not that of what it counts.
    pub fn check(&self) -> Result<()> {
        for category in &self.categories {
            require(category.input < self.inputs.len(), "a category of no column")?;
            require(are_distinct(&category.levels), "a level twice")?;
        }
        self.variables.iter().try_for_each(|variable| self.check_variable(variable))?;
        self.offsets.iter().chain([&self.response]).try_for_each(|expression| self.check_expression(expression))?;
        self.check_matrix(&self.fixed)?;
        self.groups.iter().try_for_each(|group| self.check_group(group))?;
        let has_terms = |g: usize| self.random.iter().any(|term| term.layout.factor.0 == g);
        require((0..self.groups.len()).all(has_terms), "a grouping factor of no term")?;
        self.random.iter().try_for_each(|term| self.check_random(term))?;
        (0..self.random.len()).try_for_each(|t| require(self.has_places(t)?, "a random term at other places"))
    }

    fn check_variable(&self, variable: &Variable) -> Result<()> {
        match variable {
            Variable::Numeric { basis, .. } => self.check_basis(basis),
            Variable::Categorical { category, contrast, .. } => {
                let levels = self.categories.get(*category).map(|c| c.levels.len());
                check_contrast(contrast, levels.ok_or_else(|| damaged("a variable of no category"))?)
            }
        }
    }

    fn check_basis(&self, basis: &Basis) -> Result<()> {
        if let Basis::External(inputs) = basis {
            require(!inputs.is_empty() && inputs.len() <= MOST_COLUMNS, "a basis without columns")?;
            return require(inputs.iter().all(|&k| k < self.inputs.len()), "a basis of no columns of the data");
        }
        if let Basis::Polynomial { polynomial, .. } = basis {
            require(has_recurrence(polynomial), "a polynomial whose recurrence has gaps")?;
        }
        basis.expression().map_or(Ok(()), |expression| self.check_expression(expression))
    }

    fn check_expression(&self, expression: &Expression) -> Result<()> {
        let mut found = Ok(());
        expression.walk_into_means(&mut |part| found = found.clone().and_then(|()| self.check_part(part)));
        found
    }

    fn check_part(&self, part: &Expression) -> Result<()> {
        let levels = |category: &usize| self.categories.get(*category).map(|c| c.levels.len());
        let is_known = match part {
            Expression::Column(input) => *input < self.inputs.len(),
            Expression::Indicator { category, level, .. } => levels(category).is_some_and(|n| *level < n),
            Expression::GroupMean { category, means, .. } => levels(category) == Some(means.len()),
            _ => true,
        };
        require(is_known, "an expression of no column, or of other levels")
    }

    /// The layout is the one that the variables of its terms give.
    fn check_matrix(&self, matrix: &ModelMatrix) -> Result<()> {
        let ModelMatrix { layout, plans } = matrix;
        require(layout.terms.len() == plans.len(), "terms without variables")?;
        let mut again = ModelMatrix {
            layout: FixedLayout { has_intercept: layout.has_intercept, ..Default::default() },
            plans: vec![],
        };
        for (term, plan) in layout.terms.iter().zip(plans) {
            require(plan.variables.len() == plan.full.len(), "a variable without its coding")?;
            require(plan.variables.iter().all(|&v| v < self.variables.len()), "a term of no variable")?;
            require(self.n_entries(plan) == Some(n_entries(term)), "a coding of other contrasts")?;
            again.add(&self.variables, &self.categories, &term.name, plan.clone())?;
        }
        let starts_as_said = layout.has_intercept == plans.first().is_some_and(|plan| plan.variables.is_empty());
        require(starts_as_said && again == *matrix, "columns that are not those of their terms")
    }

    /// Entries of a term's coding, before it is made.
    fn n_entries(&self, plan: &TermVariables) -> Option<usize> {
        let (mut entries, mut cells, mut is_coded) = (1usize, 1usize, false);
        if plan.cells.as_ref().is_some_and(|own| !own.is_sorted_by(|a, b| a < b)) {
            return None;
        }
        for (&v, &full) in plan.variables.iter().zip(&plan.full) {
            let Variable::Categorical { category, contrast, .. } = &self.variables[v] else { continue };
            let n = self.categories[*category].levels.len();
            let own = if full { n } else { contrast.columns.iter().map(Vec::len).sum() };
            (entries, cells, is_coded) = (entries.checked_mul(own)?, cells.checked_mul(n)?, true);
        }
        let n_cells = u32::try_from(cells).ok()?;
        match &plan.cells {
            Some(own) => (is_coded && own.last().is_none_or(|&last| last < n_cells)).then_some(own.len()),
            None => Some(if is_coded { entries } else { 0 }),
        }
    }

    fn check_group(&self, group: &Group) -> Result<()> {
        let known = group.categories.iter().all(|&c| c < self.categories.len());
        require(known && group.categories.len() == group.pairs.len() + 1, "a grouping factor of no category")?;
        let mut before = self.categories[group.categories[0]].levels.len();
        for (pairs, &category) in group.pairs.iter().zip(&group.categories[1..]) {
            let levels = self.categories[category].levels.len();
            let known = pairs.iter().all(|&(a, b)| (a as usize) < before && (b as usize) < levels);
            require(known && pairs.is_sorted_by(|a, b| a < b), "combinations of no levels")?;
            before = pairs.len();
        }
        Ok(())
    }

    fn check_random(&self, RandomTerm { layout, matrix }: &RandomTerm) -> Result<()> {
        require(layout.factor.0 < self.groups.len(), "a random term of no grouping factor")?;
        self.check_matrix(matrix)?;
        let names = matrix.layout.columns.iter().map(|column| &column.name);
        let is_same = layout.columns.iter().eq(names) && layout.has_intercept == matrix.layout.has_intercept;
        require(is_same && !layout.columns.is_empty(), "a random term of other columns")?;
        require(layout.rank.is_none_or(|d| (1..=layout.columns.len()).contains(&d)), "a covariance of no rank")
    }
}

fn check_contrast(contrast: &Contrast, n_levels: usize) -> Result<()> {
    let mut entries = contrast.columns.iter().flatten();
    let is_in_order = |column: &Vec<(u32, f64)>| column.is_sorted_by(|(before, _), (after, _)| before < after);
    require(contrast.columns.iter().all(is_in_order), "contrasts whose levels are not in order")?;
    let known = entries.all(|&(level, _)| (level as usize) < n_levels)
        && contrast.reference.is_none_or(|reference| reference < n_levels);
    require(known && contrast.columns.len() == contrast.names.len(), "contrasts of no levels")
}

fn has_recurrence(polynomial: &Polynomial) -> bool {
    let fits = match polynomial {
        Polynomial::Raw { .. } => true,
        Polynomial::Orthogonal { alpha, norm2, .. } => norm2.len() == alpha.len() + 1,
    };
    fits && (1..=100).contains(&polynomial.degree()) && polynomial.is_usable()
}

fn n_entries(term: &FixedTerm) -> usize {
    term.coding.iter().flat_map(|coding| &coding.columns).map(Vec::len).sum()
}

fn are_distinct(levels: &[String]) -> bool {
    let mut seen = FxHashSet::default();
    levels.iter().all(|level| seen.insert(level.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::design::{Options, Rows};
    use crate::table::{Table, categorical, numeric};

    fn encoding() -> Encoding {
        let mut table = Table::default();
        let codes: Vec<u32> = (0..12).map(|k| k % 3).collect();
        let labels = ["a", "b", "c"].map(String::from);
        table.add(numeric("y", (0..12).map(|k| f64::from(k * k % 7)).collect())).unwrap();
        table.add(categorical("g", &codes, &labels, false).unwrap()).unwrap();
        let spec = r#"{"formula":"y ~ g + (1 | g)","response":{"name":"y","expr":{"kind":"column","name":"y"}},
            "intercept":true,"terms":[{"name":"g","factors":[{"name":"g","expr":{"kind":"column","name":"g"}}]}],
            "random":[{"name":"(1 | g)","structure":"us","intercept":true,"terms":[],"label":"g",
            "group":[{"name":"g","expr":{"kind":"column","name":"g"}}]}]}"#;
        let spec = crate::design::ModelSpec::from_json(spec).unwrap();
        Encoding::clone(&Rows::build(&spec, &table, &Options::default()).unwrap().encoding)
    }

    #[test]
    fn what_was_built_agrees_with_itself() {
        assert_eq!(encoding().check(), Ok(()));
    }

    #[test]
    fn sizes_that_nothing_counts_are_refused() {
        let mut damaged = encoding();
        damaged.fixed.layout.terms[1].coding.as_mut().unwrap().n_cells = 1 << 42;
        assert!(matches!(damaged.check(), Err(Error::Data(_))));
        let mut damaged = encoding();
        damaged.fixed.layout.terms[0].n_numeric = 1 << 42;
        assert!(matches!(damaged.check(), Err(Error::Data(_))));
    }

    #[test]
    fn contrasts_list_each_level_once_and_in_order() {
        for entries in [vec![(2, 1.0), (1, -1.0)], vec![(1, 1.0), (1, 1.0)]] {
            let mut damaged = encoding();
            let Variable::Categorical { contrast, .. } = &mut damaged.variables[0] else { panic!("g is categorical") };
            contrast.columns[0] = entries;
            let refused = damaged.check().unwrap_err().to_string();
            assert!(refused.contains("contrasts whose levels are not in order"), "{refused}");
        }
    }

    #[test]
    fn indices_that_lead_nowhere_are_refused() {
        let mut damaged = encoding();
        damaged.random[0].layout.factor.0 = 1;
        assert!(matches!(damaged.check(), Err(Error::Data(_))));
        let mut damaged = encoding();
        damaged.groups.push(damaged.groups[0].clone());
        assert!(matches!(damaged.check(), Err(Error::Data(_))));
        let mut damaged = encoding();
        damaged.categories[0].input = 9;
        assert!(matches!(damaged.check(), Err(Error::Data(_))));
    }
}
