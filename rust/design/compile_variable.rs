//! Turns the factors of terms into variables, each at its first use.

use super::compile::Compiler;
use super::contrasts::ContrastChoice;
use super::layout::MOST_COLUMNS;
use super::spec::{ContrastSpec, Coverage, Expr, NamedArguments, TermFactor};
use super::transforms::{self, Learned, Polynomial};
use super::variable::{Basis, Category, Variable};
use crate::table::{ColumnKind, as_number, listed, shown};
use crate::{Error, Result};

impl Compiler<'_> {
    /// The variable of a factor, made at its first use.
    ///
    /// # Errors
    /// `Formula` or `Data` where the expression gives neither numbers nor categories, `Design` where it has no
    /// variation.
    pub fn variable(&mut self, factor: &TermFactor) -> Result<usize> {
        if let Some(known) = self.variables.iter().position(|v| v.name() == factor.name) {
            return Ok(known);
        }
        let variable = self.new_variable(factor)?;
        self.variables.push(variable);
        Ok(self.variables.len() - 1)
    }

    fn new_variable(&mut self, factor: &TermFactor) -> Result<Variable> {
        let name = factor.name.clone();
        match &factor.expr {
            Expr::Column { name: column } => {
                let input = self.input(column)?;
                let kind = self.inputs.column(input).kind();
                if !matches!(kind, ColumnKind::Text | ColumnKind::Categories | ColumnKind::Boolean) {
                    let basis = Basis::Scalar(self.number(&factor.expr, &format!("the term '{name}'"))?);
                    return Ok(Variable::Numeric { name, basis });
                }
                let category = self.category(&factor.expr, &name)?;
                if kind == ColumnKind::Text {
                    refuse_numbers_as_text(column, &self.categories[category].levels)?;
                }
                self.categorical(factor, category, None)
            }
            Expr::Call { name: call, args, .. } if call == "factor" && args.len() == 1 => {
                let category = self.category(&factor.expr, &name)?;
                self.categorical(factor, category, None)
            }
            Expr::Call { name: call, args, named } if call == "C" && !args.is_empty() => {
                let category = self.category(&args[0], &name)?;
                let choice = ContrastChoice::from_call(&name, args.get(1), named.get("base"))?;
                self.categorical(factor, category, choice)
            }
            Expr::Call { name: call, args, named } if call == "poly" && !args.is_empty() => {
                let basis = self.polynomial(&name, &args[0], named)?;
                Ok(Variable::Numeric { name, basis })
            }
            Expr::Call { name: call, args, .. } if call == "external" => {
                let key = args.first().and_then(Expr::word).unwrap_or_default();
                let labels = self.used.labels.iter().enumerate();
                let inputs: Vec<_> = labels.filter(|(_, label)| *label == key).map(|(k, _)| k).collect();
                inputs.iter().try_for_each(|&k| self.inputs.column(k).require_numbers(&name))?;
                Ok(Variable::Numeric { name, basis: Basis::External(inputs) })
            }
            expr => {
                let basis = Basis::Scalar(self.finite_number(expr, &name)?);
                Ok(Variable::Numeric { name, basis })
            }
        }
    }

    fn categorical(
        &mut self,
        factor: &TermFactor,
        category: usize,
        choice: Option<ContrastChoice>,
    ) -> Result<Variable> {
        let Category { input, levels } = &self.categories[category];
        let (name, column) = (&factor.name, &self.used.names[*input]);
        if let [only] = &levels[..] {
            return Err(Error::Design(format!(
                "'{name}' has one level ('{}') in the rows used; leave it out of the formula",
                shown(only)
            )));
        }
        if levels.len() > MOST_COLUMNS {
            return Err(Error::Design(format!(
                "'{name}' has {} levels, too many for fixed effects; use a random term: (1 | {column})",
                levels.len()
            )));
        }
        let choice = choice.unwrap_or_else(|| {
            let given = self.options.contrasts.get(name).or(self.options.contrasts.get(column)).cloned();
            ContrastChoice { spec: given.unwrap_or(ContrastSpec::Named("treatment".into())), base: None }
        });
        let contrast = choice.build(name, levels)?;
        Ok(Variable::Categorical { name: name.clone(), category, contrast })
    }

    fn polynomial(&mut self, owner: &str, arg: &Expr, named: &NamedArguments) -> Result<Basis> {
        let degree = named.get("degree").map_or(Some(1.0), Expr::number);
        let whole = degree.filter(|d| d.fract() == 0.0 && (1.0..=100.0).contains(d));
        let degree = whole
            .ok_or_else(|| Error::Formula(format!("{owner}: the degree must be a whole number from 1 to 100")))?
            as usize;
        let raw = named.get("raw").is_some_and(|expr| expr.flag() == Some(true));
        let known = self.known("poly", std::slice::from_ref(arg), named);
        let arg = self.finite_number(arg, owner)?;
        let known = known.filter(|_| !raw);
        let distinct = match known {
            Some(Learned::Polynomial { distinct, .. }) => *distinct,
            _ => transforms::count_distinct(&arg, &self.inputs, degree + 1),
        };
        if distinct <= degree && (self.options.coverage == Coverage::All || known.is_some()) {
            return Err(Error::Design(format!(
                "{owner}: {} has {distinct} distinct values, too few for degree {degree}",
                arg.text(&self.inputs)
            )));
        }
        let polynomial = match (raw, known) {
            (true, _) => Polynomial::Raw { degree },
            (_, Some(Learned::Polynomial { polynomial, .. })) => polynomial.clone(),
            _ => {
                self.require_all_rows("poly", owner)?;
                Polynomial::orthogonal(&arg, &self.inputs, degree)
            }
        };
        if !polynomial.is_usable() {
            return Err(Error::Design(format!("{owner}: the powers leave the range of numbers; rescale first")));
        }
        Ok(Basis::Polynomial { arg, polynomial })
    }
}

/// Fails where most levels are numbers with a decimal comma, as "0,345".
fn refuse_decimal_commas(column: &str, levels: &[String]) -> Result<()> {
    let with_comma = |l: &&String| l.matches(',').count() == 1 && as_number(&l.replace(',', ".")).is_some();
    let n_numbers = levels.iter().filter(|l| with_comma(l) || as_number(l).is_some()).count();
    match levels.iter().find(with_comma) {
        Some(example) if n_numbers * 5 >= levels.len() * 4 => Err(Error::Data(format!(
            "column '{column}' is text, but its values are numbers with decimal commas, such as '{example}'; read the \
             file with a decimal comma (Polars: decimal_comma=True, pandas: decimal=','), or wrap it in \
             factor({column}) if categories are meant"
        ))),
        _ => Ok(()),
    }
}

/// Fails where a few values that are not numbers turned a numeric column into text.
fn refuse_numbers_as_text(column: &str, levels: &[String]) -> Result<()> {
    refuse_decimal_commas(column, levels)?;
    let junk: Vec<_> = levels.iter().filter(|l| as_number(l).is_none()).map(String::as_str).collect();
    let numbers = levels.len() - junk.len();
    if junk.is_empty() || numbers * 5 < levels.len() * 4 {
        return Ok(());
    }
    Err(Error::Data(format!(
        "column '{column}' is text, but {numbers} of its {} distinct values look like numbers (not: {}); \
         cast it to a number, or wrap it in factor({column}) if categories are meant",
        levels.len(),
        listed(junk.into_iter())
    )))
}
