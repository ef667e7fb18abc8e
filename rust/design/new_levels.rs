//! Levels in new data that the fit did not see: their names, their numbers, and the means of groups over the new rows.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::expression::Expression;
use super::grouping::Group;
use super::new_rows::NewRows;
use super::transforms::group_means;
use crate::table::{Gaps, NO_LEVEL};
use crate::{Error, Result};

impl NewRows {
    /// Adds the groups that are new to those whose means are known; NaN for one whose rows all miss a value.
    ///
    /// # Errors
    /// `Data` where the rows lack a column that a new group's mean is taken of, or hold values that have none.
    pub(super) fn take_own_means(&mut self, gaps: &[Gaps]) -> Result<()> {
        let mut encoding = self.encoding.as_ref().clone();
        for k in (0..encoding.categories.len()).filter(|&k| self.encoding.is_in_expressions(k)) {
            let Some(codes) = &self.inputs.codes[k] else { continue };
            let n_known = encoding.categories[k].levels.len();
            let codes = self.with_new_levels(codes, &[k], n_known).0;
            if encoding.has_means(k) {
                self.own_mean.iter_mut().zip(&codes).for_each(|(own, &code)| *own |= is_new(code, n_known));
            }
            self.inputs.codes[k] = Some(Arc::new(codes));
        }
        encoding.extend_means(&mut |category, arg| self.own_means(category, arg, gaps))?;
        self.encoding = Arc::new(encoding);
        Ok(())
    }

    /// The means of an expression in the new levels of a category, over the rows that have a value.
    fn own_means(&self, category: usize, arg: &Expression, gaps: &[Gaps]) -> Result<Vec<f64>> {
        let n_known = self.encoding.categories[category].levels.len();
        let Some(codes) = &self.inputs.codes[category] else { return Ok(vec![]) };
        let Some(&last) = codes.iter().filter(|&&code| is_new(code, n_known)).max() else { return Ok(vec![]) };
        let inputs = self.encoding.inputs_of_expression(arg);
        if let Some(&lacking) = inputs.iter().find(|&&input| !self.inputs.has(input)) {
            return Err(Error::Data(format!(
                "the data have no column '{}', of which a new group needs the mean",
                self.encoding.inputs[lacking]
            )));
        }
        self.check_columns(&arg.inputs(), "the mean of a new group", gaps)?;
        self.check_expression(arg, |row| is_new(codes[row], n_known))?;
        Ok(group_means(arg, &self.inputs, self.inputs.codes(category), last as usize + 1).split_off(n_known))
    }

    /// Codes in which levels that the fit did not see are numbered on from `n_known`, and the number of levels then;
    /// they are the combinations of the values of categories.
    fn with_new_levels(&self, codes: &[u32], categories: &[usize], n_known: usize) -> (Vec<u32>, usize) {
        let mut new: FxHashMap<Vec<String>, u32> = FxHashMap::default();
        let mut all = codes.to_vec();
        for (row, labels) in self.unseen(codes, categories) {
            let next = (n_known + new.len()) as u32;
            all[row] = *new.entry(labels).or_insert(next);
        }
        (all, n_known + new.len())
    }

    /// The level of a random term's group in every row, new ones numbered on from those of the fit; `NO_LEVEL` where
    /// it is missing.  And the number of levels.
    ///
    /// # Errors
    /// `Data` where the rows lack a column of the term.
    pub fn all_term_codes(&self, t: usize) -> Result<(Vec<u32>, usize)> {
        let group = &self.encoding.groups[self.encoding.random[t].layout.factor];
        let n_known = group.n_levels(&self.encoding.categories);
        Ok(self.with_new_levels(self.term_codes(t)?, &group.categories, n_known))
    }

    /// Per grouping factor, up to `most` levels that the fit did not see, in order of appearance.
    pub fn unseen_levels(&self, most: usize) -> Vec<(String, Vec<String>)> {
        let unseen = |(g, group): (usize, &Group)| {
            let of_group = |t: &usize| self.encoding.random[*t].layout.factor.0 == g;
            let term = (0..self.encoding.random.len()).find(of_group)?;
            let labels = self.unseen_labels(self.term_codes(term).ok()?, &group.categories, most);
            (!labels.is_empty()).then(|| (group.name.clone(), labels))
        };
        self.encoding.groups.iter().enumerate().filter_map(unseen).collect()
    }

    fn unseen_labels(&self, codes: &[u32], categories: &[usize], most: usize) -> Vec<String> {
        let mut found = Vec::new();
        for (_, labels) in self.unseen(codes, categories) {
            let label = labels.join(":");
            if !found.contains(&label) {
                found.push(label);
            }
            if found.len() == most {
                break;
            }
        }
        found
    }

    /// Rows whose combination of values of categories the fit did not see, and the values.
    fn unseen(&self, codes: &[u32], categories: &[usize]) -> impl Iterator<Item = (usize, Vec<String>)> {
        let rows = codes.iter().enumerate().filter(|(_, code)| **code == NO_LEVEL);
        rows.filter_map(|(row, _)| {
            let text = |&c: &usize| self.inputs.column(self.encoding.categories[c].input).text(row);
            Some((row, categories.iter().map(text).collect::<Option<Vec<_>>>()?))
        })
    }
}

fn is_new(code: u32, n_known: usize) -> bool {
    code != NO_LEVEL && code as usize >= n_known
}
