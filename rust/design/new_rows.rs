//! New data, encoded as the fit was: what predictions are computed on.  Needs no response.

use std::ops::Range;
use std::sync::Arc;

use super::complete_rows::require_finite;
use super::encoding::Encoding;
use super::expression::Expression;
use super::grouping::RandomTerm;
use super::inputs::Inputs;
use super::layout::{Batch, FixedLayout};
use crate::table::{Column, Gaps, NO_LEVEL, Selection, Table, known_codes, require_known};
use crate::{Error, Remedy, Result};

/// Every row of a new frame.  A random term whose columns the frame lacks can be left out.
#[derive(Debug)]
pub struct NewRows {
    pub(super) encoding: Arc<Encoding>,
    pub(super) inputs: Inputs,
    /// Rows in which the fixed part or an offset misses a value.
    fixed_missing: Vec<bool>,
    random: Vec<NewTerm>,
    /// Rows whose group's mean is taken over these rows: the fit did not see the group.
    pub(super) own_mean: Vec<bool>,
}

/// One random term in new data.
#[derive(Debug)]
enum NewTerm {
    Ready {
        missing: Vec<bool>,
        codes: Arc<Vec<u32>>,
    },
    Lacks {
        column: String,
    },
    /// A row is at a place without an effect.
    Elsewhere {
        row: usize,
        place: String,
    },
}

impl NewRows {
    /// `new_groups`: groups whose means are used may be new; their means are those of these rows.
    ///
    /// # Errors
    /// `Data` where a column lacks, holds values that have no meaning, or levels that the fit did not see and that
    /// matter.
    pub fn bind(encoding: Arc<Encoding>, table: &Table, new_groups: bool) -> Result<Self> {
        Self::bind_used(encoding, table, new_groups, None)
    }

    /// The same of the rows that are used: others are as rows that miss every value, whatever they hold.
    ///
    /// # Errors
    /// As `bind`, for the rows used.
    pub fn bind_used(encoding: Arc<Encoding>, table: &Table, new_groups: bool, used: Option<&[bool]>) -> Result<Self> {
        if let Some(used) = used.filter(|used| used.len() != table.n_rows()) {
            return Err(Error::Data(format!("{} rows are said to be used or not, of {}", used.len(), table.n_rows())));
        }
        for input in encoding.inputs_of_fixed() {
            table.get(&encoding.inputs[input])?;
        }
        let mut columns: Vec<Option<Column>> = vec![None; encoding.inputs.len()];
        let of_means = if new_groups { encoding.inputs_of_means() } else { vec![] };
        for input in encoding.inputs_of_predictors().into_iter().chain(of_means) {
            columns[input] = table.find(&encoding.inputs[input]).cloned();
        }
        let selection = Selection::All(table.n_rows());
        let inputs = Inputs { columns, selection, codes: vec![None; encoding.categories.len()] };
        let find = |column: &Option<Column>| {
            let gaps = column.as_ref().map(Gaps::find).unwrap_or_default();
            match used {
                Some(used) => gaps.outside(used),
                None => gaps,
            }
        };
        let gaps: Vec<Gaps> = inputs.columns.iter().map(find).collect();
        let own_mean = vec![false; table.n_rows()];
        let mut new = Self { fixed_missing: vec![], random: vec![], encoding, inputs, own_mean };
        new.bind_categories(&gaps, new_groups)?;
        new.fixed_missing = new.any_missing(&new.encoding.inputs_of_fixed(), &gaps);
        new.random = (0..new.encoding.random.len()).map(|t| new.bind_term(t, &gaps)).collect();
        if new_groups {
            new.take_own_means(&gaps)?;
        }
        new.check_numbers(&gaps, |row| used.is_none_or(|used| used[row]))?;
        Ok(new)
    }

    fn bind_categories(&mut self, gaps: &[Gaps], new_groups: bool) -> Result<()> {
        let encoding = self.encoding.clone();
        for (k, category) in encoding.categories.iter().enumerate() {
            let Some(column) = &self.inputs.columns[category.input] else { continue };
            let present = Selection::without(column.n_rows(), &gaps[category.input].missing);
            let codes = known_codes(column, &present, &category.levels)?;
            let known = || require_known(column, &present, &codes, &category.levels, "the fit did not see");
            if encoding.are_places_alone(k) {
                // what is elsewhere is told where the effects are used
            } else if encoding.has_effects(k) {
                known()?;
            } else if encoding.has_means(k) && !new_groups {
                known().map_err(|error| error.unless(Remedy::PredictForPopulation))?;
            }
            self.inputs.codes[k] = Some(Arc::new(present.spread(codes, column.n_rows(), NO_LEVEL)));
        }
        Ok(())
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
        let missing = self.any_missing(&inputs, gaps);
        if let Some((row, place)) = self.elsewhere(t, &missing) {
            return NewTerm::Elsewhere { row, place };
        }
        NewTerm::Ready { missing, codes: self.encoding.groups[group].codes(&self.inputs) }
    }

    /// The first row at a place where a random term has no effect.
    fn elsewhere(&self, t: usize, missing: &[bool]) -> Option<(usize, String)> {
        self.encoding.random[t].layout.places.as_ref()?;
        let text = |row: usize, input: usize| self.inputs.column(input).text(row).unwrap_or_default();
        let place = |row: usize| self.encoding.elsewhere(t, |c| self.inputs.codes(c)[row], |input| text(row, input));
        let found = (0..self.n_rows()).filter(|&row| !missing[row]).find_map(|row| Some((row, place(row)?)));
        found.map(|(row, place)| (self.inputs.row_number(row), place))
    }

    fn any_missing(&self, inputs: &[usize], gaps: &[Gaps]) -> Vec<bool> {
        let mut any = vec![false; self.n_rows()];
        inputs.iter().flat_map(|&i| &gaps[i].missing).for_each(|&row| any[row as usize] = true);
        any
    }

    /// Fails where a column read as numbers, or an expression on such columns, is not finite.
    fn check_numbers(&self, gaps: &[Gaps], counts: impl Fn(usize) -> bool + Sync) -> Result<()> {
        for (owner, inputs, expression) in self.encoding.numbers() {
            if inputs.iter().all(|&input| self.inputs.has(input)) {
                self.check_columns(&inputs, &owner, gaps)?;
                expression.map_or(Ok(()), |expression| self.check_expression(expression, &counts))?;
            }
        }
        Ok(())
    }

    pub(super) fn check_columns(&self, inputs: &[usize], owner: &str, gaps: &[Gaps]) -> Result<()> {
        for &input in inputs {
            self.inputs.column(input).require_numbers(owner)?;
            gaps[input].refuse_infinite(self.inputs.column(input), &self.inputs.selection)?;
        }
        Ok(())
    }

    /// Fails where an expression is not finite in a row that has all its values and for which `counts` holds.
    pub(super) fn check_expression(
        &self,
        expression: &Expression,
        counts: impl Fn(usize) -> bool + Sync,
    ) -> Result<()> {
        let columns = expression.inputs();
        let categories = expression.categories();
        if categories.iter().any(|&c| self.inputs.codes[c].is_none()) {
            return Ok(());
        }
        let means = expression.means();
        let is_present = |row: usize| {
            columns.iter().all(|&input| !self.inputs.column(input).number(row).is_nan())
                && categories.iter().all(|&c| self.inputs.codes(c)[row] != NO_LEVEL)
                && means.iter().all(|&(c, means)| !means[self.inputs.codes(c)[row] as usize].is_nan())
        };
        require_finite(expression, &self.inputs, |row| counts(row) && is_present(row))
    }

    pub fn n_rows(&self) -> usize {
        self.inputs.n_rows()
    }

    /// X, row-major (n x p); NaN in rows where the fixed part misses a value.
    ///
    /// # Errors
    /// Those of `Encoding::dense`.
    pub fn model_matrix(&self) -> Result<Vec<f64>> {
        let mut x = self.encoding.dense(&self.encoding.fixed, &self.inputs)?;
        let p = self.encoding.fixed.layout.columns.len();
        for (row, _) in self.fixed_missing.iter().enumerate().filter(|(_, m)| **m) {
            x[row * p..(row + 1) * p].fill(f64::NAN);
        }
        Ok(x)
    }

    pub fn fixed(&self) -> &FixedLayout {
        &self.encoding.fixed.layout
    }

    /// Columns of a random term.
    pub fn width(&self, t: usize) -> usize {
        self.encoding.random[t].layout.columns.len()
    }

    /// Fills offset, fixed part and the random terms used; `blank` tells which rows miss a value.
    ///
    /// # Errors
    /// Those of `Encoding::read`.
    pub fn read(&self, rows: Range<usize>, use_terms: &[bool], batch: &mut Batch) -> Result<()> {
        self.encoding.read(&self.inputs, rows, |t| use_terms[t], batch)
    }

    /// NaN in rows that miss a value of the fixed part, an offset or a term used.
    ///
    /// # Errors
    /// `Data` where the data lack a column of a term used.
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
    ///
    /// # Errors
    /// `Data` where the data lack a column of the term; those of `Encoding::dense`.
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
    ///
    /// # Errors
    /// `Data` where the data lack a column of the term.
    pub fn term_codes(&self, t: usize) -> Result<&[u32]> {
        Ok(self.term(t)?.1)
    }

    pub(super) fn term(&self, t: usize) -> Result<(&[bool], &[u32])> {
        match self.random.get(t) {
            Some(NewTerm::Ready { missing, codes }) => Ok((missing, codes)),
            Some(NewTerm::Lacks { column }) => Err(Error::Data(format!(
                "the data have no column '{column}', which the random term {} needs; \
                 add it, or predict without random effects",
                self.encoding.random[t].layout.name
            ))),
            Some(NewTerm::Elsewhere { row, place }) => Err(Error::Data(format!(
                "row {row} is at {place}, where the fit has no effect of {}; keep to the places of the fit, or predict \
                 without random effects",
                self.encoding.random[t].layout.name
            ))),
            None => Err(Error::Design(format!("there is no random term {t}"))),
        }
    }
}

fn blank(eta: &mut [f64], missing: &[bool]) {
    eta.iter_mut().zip(missing).filter(|(_, m)| **m).for_each(|(e, _)| *e = f64::NAN);
}
