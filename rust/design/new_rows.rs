//! New data, encoded as the fit was: what predictions are computed on.  Needs no response.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::complete_rows::require_finite;
use super::encoding::Encoding;
use super::expression::Expression;
use super::grouping::{Group, RandomTerm};
use super::inputs::Inputs;
use super::layout::{Batch, FixedLayout};
use crate::table::{Column, Gaps, NO_LEVEL, Selection, Table, known_codes, require_known};
use crate::{Error, Remedy, Result};

/// Every row of a new frame.  A random term whose columns the frame lacks can be left out.
#[derive(Debug)]
pub struct NewRows {
    encoding: Arc<Encoding>,
    inputs: Inputs,
    /// Rows in which the fixed part or an offset misses a value.
    fixed_missing: Vec<bool>,
    random: Vec<NewTerm>,
    /// Rows whose group's mean is taken over these rows: the fit did not see the group.
    own_mean: Vec<bool>,
}

/// One random term in new data.
#[derive(Debug)]
enum NewTerm {
    Ready { missing: Vec<bool>, codes: Arc<Vec<u32>> },
    Lacks { column: String },
}

impl NewRows {
    /// `new_groups`: groups whose means are used may be new; their means are those of these rows.
    pub fn bind(encoding: Arc<Encoding>, table: &Table, new_groups: bool) -> Result<Self> {
        for input in encoding.inputs_of_fixed() {
            table.get(&encoding.inputs[input])?;
        }
        let mut columns: Vec<Option<Column>> = vec![None; encoding.inputs.len()];
        for input in encoding.inputs_of_predictors().into_iter().chain(encoding.inputs_of_means()) {
            columns[input] = table.find(&encoding.inputs[input]).cloned();
        }
        let selection = Selection::All(table.n_rows());
        let inputs = Inputs { columns, selection, codes: vec![None; encoding.categories.len()] };
        let find = |column: &Option<Column>| column.as_ref().map(Gaps::find).unwrap_or_default();
        let gaps: Vec<Gaps> = inputs.columns.iter().map(find).collect();
        let own_mean = vec![false; table.n_rows()];
        let mut new = Self { fixed_missing: vec![], random: vec![], encoding, inputs, own_mean };
        new.bind_categories(&gaps, new_groups)?;
        new.fixed_missing = new.any_missing(&new.encoding.inputs_of_fixed(), &gaps);
        new.random = (0..new.encoding.random.len()).map(|t| new.bind_term(t, &gaps)).collect();
        if new_groups {
            new.take_own_means()?;
        }
        new.check_numbers(&gaps)?;
        Ok(new)
    }

    fn bind_categories(&mut self, gaps: &[Gaps], new_groups: bool) -> Result<()> {
        let encoding = self.encoding.clone();
        for (k, category) in encoding.categories.iter().enumerate() {
            let Some(column) = &self.inputs.columns[category.input] else { continue };
            let present = Selection::without(column.n_rows(), &gaps[category.input].missing);
            let codes = known_codes(column, &present, &category.levels)?;
            let known = || require_known(column, &present, &codes, &category.levels, "the fit did not see");
            if encoding.has_effects(k) {
                known()?;
            } else if encoding.has_means(k) && !new_groups {
                known().map_err(|error| error.unless(Remedy::PredictForPopulation))?;
            }
            self.inputs.codes[k] = Some(Arc::new(present.spread(codes, column.n_rows(), NO_LEVEL)));
        }
        Ok(())
    }

    /// Adds the groups that are new to those whose means are known.
    fn take_own_means(&mut self) -> Result<()> {
        let mut encoding = self.encoding.as_ref().clone();
        for k in (0..encoding.categories.len()).filter(|&k| self.encoding.has_means(k)) {
            let Some(codes) = &self.inputs.codes[k] else { continue };
            let n_known = encoding.categories[k].levels.len();
            let (codes, n_levels) = self.with_new_levels(codes, &[k], n_known);
            if n_levels == n_known {
                continue;
            }
            encoding.extend_means(k, &mut |arg| self.own_means(arg, &codes, n_known, n_levels))?;
            self.own_mean.iter_mut().zip(&codes).for_each(|(own, &c)| *own |= c != NO_LEVEL && c as usize >= n_known);
            self.inputs.codes[k] = Some(Arc::new(codes));
        }
        self.encoding = Arc::new(encoding);
        Ok(())
    }

    /// The means of an expression in the levels from `n_known` on, over the rows that have a value.
    fn own_means(&self, arg: &Expression, codes: &[u32], n_known: usize, n_levels: usize) -> Result<Vec<f64>> {
        if let Some(lacking) = arg.inputs().into_iter().find(|&input| !self.inputs.has(input)) {
            return Err(Error::Data(format!(
                "the data have no column '{}', of which a new group needs the mean",
                self.encoding.inputs[lacking]
            )));
        }
        let mut values = vec![0.0; codes.len()];
        arg.read(&self.inputs, 0..codes.len(), &mut values);
        let (mut sums, mut counts) = (vec![0.0; n_levels - n_known], vec![0.0; n_levels - n_known]);
        for (value, &code) in values.iter().zip(codes).filter(|(value, _)| !value.is_nan()) {
            if let Some(k) = (code as usize).checked_sub(n_known).filter(|_| code != NO_LEVEL) {
                sums[k] += value;
                counts[k] += 1.0;
            }
        }
        Ok(sums.iter().zip(&counts).map(|(sum, count)| sum / count).collect())
    }

    /// Codes in which levels that the fit did not see are numbered on from `n_known`, and the number of levels then;
    /// they are the combinations of the values of categories.
    fn with_new_levels(&self, codes: &[u32], categories: &[usize], n_known: usize) -> (Vec<u32>, usize) {
        let mut new: FxHashMap<Vec<String>, u32> = FxHashMap::default();
        let mut codes = codes.to_vec();
        for (row, code) in codes.iter_mut().enumerate().filter(|(_, code)| **code == NO_LEVEL) {
            let column = |&c: &usize| self.inputs.column(self.encoding.categories[c].input).text(row);
            let Some(labels) = categories.iter().map(column).collect::<Option<Vec<_>>>() else { continue };
            let next = (n_known + new.len()) as u32;
            *code = *new.entry(labels).or_insert(next);
        }
        (codes, n_known + new.len())
    }

    /// The level of a random term's group in every row, new ones numbered on from those of the fit; `NO_LEVEL` where
    /// it is missing.  And the number of levels.
    ///
    /// # Errors
    /// `Data` where the rows lack a column of the term.
    pub fn all_term_codes(&self, t: usize) -> Result<(Vec<u32>, usize)> {
        let group = &self.encoding.groups[self.encoding.random[t].layout.factor];
        let n_known = group.n_levels(&self.encoding.categories);
        Ok(self.with_new_levels(self.term(t)?.1, &group.categories, n_known))
    }

    /// Rows in a group that the fit did not see, and whose mean is used.
    pub fn own_mean(&self) -> &[bool] {
        &self.own_mean
    }

    pub fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    fn bind_term(&self, t: usize, gaps: &[Gaps]) -> NewTerm {
        let inputs = self.encoding.inputs_of_term(t);
        if let Some(&lacking) = inputs.iter().find(|&&input| !self.inputs.has(input)) {
            return NewTerm::Lacks { column: self.encoding.inputs[lacking].clone() };
        }
        let group = self.encoding.random[t].layout.factor;
        NewTerm::Ready {
            missing: self.any_missing(&inputs, gaps),
            codes: self.encoding.groups[group].codes(&self.inputs),
        }
    }

    fn any_missing(&self, inputs: &[usize], gaps: &[Gaps]) -> Vec<bool> {
        let mut any = vec![false; self.n_rows()];
        inputs.iter().flat_map(|&i| &gaps[i].missing).for_each(|&row| any[row as usize] = true);
        any
    }

    /// Fails where a column read as numbers, or an expression on such columns, is not finite.
    fn check_numbers(&self, gaps: &[Gaps]) -> Result<()> {
        for (owner, inputs, expression) in self.encoding.numbers() {
            if inputs.iter().all(|&input| self.inputs.has(input)) {
                self.check_columns(&inputs, &owner, gaps)?;
                expression.map_or(Ok(()), |expression| self.check_expression(expression))?;
            }
        }
        Ok(())
    }

    fn check_columns(&self, inputs: &[usize], owner: &str, gaps: &[Gaps]) -> Result<()> {
        for &input in inputs {
            self.inputs.column(input).require_numbers(owner)?;
            gaps[input].refuse_infinite(self.inputs.column(input), &self.inputs.selection)?;
        }
        Ok(())
    }

    fn check_expression(&self, expression: &Expression) -> Result<()> {
        let columns = expression.inputs();
        let categories = expression.categories();
        if categories.iter().any(|&c| self.inputs.codes[c].is_none()) {
            return Ok(());
        }
        let is_present = |row: usize| {
            columns.iter().all(|&input| !self.inputs.column(input).number(row).is_nan())
                && categories.iter().all(|&c| self.inputs.codes(c)[row] != NO_LEVEL)
        };
        require_finite(expression, &self.inputs, is_present)
    }

    pub fn n_rows(&self) -> usize {
        self.inputs.n_rows()
    }

    /// X, row-major (n x p); NaN in rows where the fixed part misses a value.
    pub fn model_matrix(&self) -> Result<Vec<f64>> {
        let mut x = self.encoding.dense(&self.encoding.fixed, &self.inputs)?;
        let p = self.encoding.fixed.layout.columns.len();
        for (row, _) in self.fixed_missing.iter().enumerate().filter(|(_, m)| **m) {
            x[row * p..(row + 1) * p].fill(f64::NAN);
        }
        Ok(x)
    }

    /// Per grouping factor, up to `most` levels that the fit did not see, in order of appearance.
    pub fn unseen_levels(&self, most: usize) -> Vec<(String, Vec<String>)> {
        let unseen = |(g, group): (usize, &Group)| {
            let of_group = |t: &usize| self.encoding.random[*t].layout.factor.0 == g;
            let term = (0..self.random.len()).find(of_group)?;
            let NewTerm::Ready { codes, .. } = &self.random[term] else { return None };
            let labels = self.unseen_labels(codes, &group.categories, most);
            (!labels.is_empty()).then(|| (group.name.clone(), labels))
        };
        self.encoding.groups.iter().enumerate().filter_map(unseen).collect()
    }

    fn unseen_labels(&self, codes: &[u32], categories: &[usize], most: usize) -> Vec<String> {
        let mut labels = Vec::new();
        for row in (0..codes.len()).filter(|&row| codes[row] == NO_LEVEL) {
            let column = |&c: &usize| self.inputs.column(self.encoding.categories[c].input).text(row);
            let Some(parts) = categories.iter().map(column).collect::<Option<Vec<_>>>() else { continue };
            let label = parts.join(":");
            if !labels.contains(&label) {
                labels.push(label);
            }
            if labels.len() == most {
                break;
            }
        }
        labels
    }

    pub fn fixed(&self) -> &FixedLayout {
        &self.encoding.fixed.layout
    }

    /// Columns of a random term.
    pub fn width(&self, t: usize) -> usize {
        self.encoding.random[t].layout.columns.len()
    }

    /// Fills offset, fixed part and the random terms used; `blank` tells which rows miss a value.
    pub fn read(&self, rows: Range<usize>, use_terms: &[bool], batch: &mut Batch) -> Result<()> {
        self.encoding.read(&self.inputs, rows, |t| use_terms[t], batch)
    }

    /// NaN in rows that miss a value of the fixed part, an offset or a term used.
    pub fn blank(&self, use_terms: &[bool], values: &mut [f64]) -> Result<()> {
        blank(values, &self.fixed_missing);
        for t in (0..self.random.len()).filter(|&t| use_terms[t]) {
            blank(values, self.term(t)?.0);
        }
        Ok(())
    }

    /// # Errors
    /// `Design` where sizes do not fit, `Data` where the data lack a column that a term used needs.
    pub fn check_shapes(&self, beta: &[f64], modes: &[&[f64]], use_terms: &[bool]) -> Result<()> {
        let encoding = &self.encoding;
        let expected = |term: &RandomTerm| {
            let n_levels = encoding.groups[term.layout.factor].n_levels(&encoding.categories);
            n_levels * term.layout.columns.len()
        };
        let fits = beta.len() == encoding.fixed.layout.columns.len()
            && modes.len() == encoding.random.len()
            && use_terms.len() == modes.len()
            && encoding.random.iter().zip(modes).all(|(term, m)| m.len() == expected(term));
        if !fits {
            return Err(Error::Design("coefficients or modes do not have the model's shape".into()));
        }
        (0..use_terms.len()).filter(|&t| use_terms[t]).try_for_each(|t| self.term(t).map(|_| ()))
    }

    /// Z of a random term, row-major (n x r), and r; NaN in rows that miss a value of it.
    pub fn term_matrix(&self, t: usize) -> Result<(Vec<f64>, usize)> {
        let (missing, _) = self.term(t)?;
        let matrix = &self.encoding.random[t].matrix;
        let r = matrix.layout.columns.len();
        let mut z = self.encoding.dense(matrix, &self.inputs)?;
        let rows = z.chunks_mut(r).zip(missing);
        rows.filter(|(_, missing)| **missing).for_each(|(z, _)| z.fill(f64::NAN));
        Ok((z, r))
    }

    /// The level of a random term's group in every row; `NO_LEVEL` where it is missing or was not seen.
    pub fn term_codes(&self, t: usize) -> Result<&[u32]> {
        Ok(self.term(t)?.1)
    }

    fn term(&self, t: usize) -> Result<(&[bool], &[u32])> {
        match self.random.get(t) {
            Some(NewTerm::Ready { missing, codes }) => Ok((missing, codes)),
            Some(NewTerm::Lacks { column }) => Err(Error::Data(format!(
                "the data have no column '{column}', which the random term {} needs; \
                 add it, or predict without random effects",
                self.encoding.random[t].layout.name
            ))),
            None => Err(Error::Design(format!("there is no random term {t}"))),
        }
    }
}

fn blank(eta: &mut [f64], missing: &[bool]) {
    eta.iter_mut().zip(missing).filter(|(_, m)| **m).for_each(|(e, _)| *e = f64::NAN);
}
