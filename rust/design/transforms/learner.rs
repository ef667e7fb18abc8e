//! Learns transforms from rows that come in batches, pass after pass: what one needs of another is learned first.

use serde::{Deserialize, Serialize};

use super::super::compile::Compiler;
use super::super::complete_rows::{UsedColumns, complete_rows, require_finite};
use super::super::spec::{ModelSpec, Options};
use super::learned::{Call, Known, calls, collect, polynomial_sums};
use super::sums::{Moments, PassSums};
use crate::table::{Table, categories};
use crate::{Error, Result};

/// A model whose transforms are being learned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Learner {
    model: ModelSpec,
    options: Options,
    learned: Known,
    /// Calls that need what another learns first.
    waiting: Vec<Call>,
    /// Calls of this pass.
    current: Vec<(Call, PassSums)>,
}

impl Learner {
    pub fn new(model: ModelSpec, options: Options) -> Self {
        let waiting = calls(&model);
        let mut learner = Self { model, options, learned: Known::new(), waiting, current: vec![] };
        learner.choose();
        learner
    }

    /// Whether rows are to be read.
    pub fn needs_rows(&self) -> bool {
        !self.current.is_empty()
    }

    pub fn learned(&self) -> &Known {
        &self.learned
    }

    /// Adds the complete rows of a batch.
    ///
    /// # Errors
    /// `Data` where a column lacks or holds values that have no meaning.
    pub fn update(&mut self, table: &Table) -> Result<()> {
        let used = UsedColumns::of_model(&self.model, &self.options, table)?;
        let (inputs, _) = complete_rows(&used.names, &used.labels, table, self.options.missing, &[])?;
        if inputs.n_rows() == 0 {
            return Ok(());
        }
        let (options, learned) = (&self.options, &self.learned);
        self.current
            .iter_mut()
            .try_for_each(|(call, sums)| add(sums, call, &mut Compiler::new(&used, options, learned, inputs.clone())))
    }

    /// Adds the sums of another learner in the same pass.
    ///
    /// # Errors
    /// `Design` where it is not in the same pass of the same model.
    pub fn merge(&mut self, other: &Learner) -> Result<()> {
        let same = self.current.len() == other.current.len();
        let mut pairs = self.current.iter_mut().zip(&other.current);
        let joined = same && pairs.all(|((a, mine), (b, theirs))| a == b && mine.join(theirs));
        if joined {
            Ok(())
        } else {
            Err(Error::Design("the learners are of different models, or of different passes".into()))
        }
    }

    /// The same pass, without rows.
    pub fn emptied(&self) -> Self {
        let mut copy = self.clone();
        copy.current.iter_mut().for_each(|(_, sums)| sums.empty());
        copy
    }

    /// Ends a pass; the next one may follow.
    pub fn finish(&mut self) {
        for (call, sums) in std::mem::take(&mut self.current) {
            match sums.learn(&call) {
                Ok(learned) => drop(self.learned.insert(call.key(), learned)),
                Err(next) => self.current.push((call, next)),
            }
        }
        self.choose();
    }

    /// Begins with the calls of which all inner calls are known.
    fn choose(&mut self) {
        let known = &self.learned;
        let is_ready = |call: &Call| {
            let mut inner = Vec::new();
            call.args.iter().for_each(|arg| collect(arg, &mut inner));
            inner.iter().all(|inner| known.contains_key(&inner.key()))
        };
        let (ready, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(is_ready);
        self.waiting = waiting;
        let ready: Vec<Call> = ready;
        self.current.extend(ready.into_iter().map(|call| {
            let sums = PassSums::of(&call);
            (call, sums)
        }));
    }
}

/// Adds the rows of a batch to the sums of a call.
fn add(sums: &mut PassSums, call: &Call, compiler: &mut Compiler) -> Result<()> {
    let expression = compiler.number(&call.args[0], &call.name)?;
    require_finite(&expression, &compiler.inputs, |_| true)?;
    let mut values = vec![0.0; compiler.inputs.n_rows()];
    expression.read(&compiler.inputs, 0..values.len(), &mut values);
    match sums {
        PassSums::Moments { moments, distinct } => {
            *moments = moments.joined(&Moments::of(&values));
            distinct.add(&values, call.degree() + 1);
        }
        PassSums::Groups(means) => {
            let name = call.args[1].category_column();
            let name =
                name.ok_or_else(|| Error::Formula("the group of between(), within() and center() is a column".into()))?;
            let column = compiler.inputs.column(compiler.input(name)?);
            let found = categories(column, &compiler.inputs.selection)?;
            means.add(&values, &found.codes, &found.levels);
        }
        PassSums::Recurrence { center, alpha, norm2, sums, .. } => {
            let more = polynomial_sums(&values, *center, alpha, norm2);
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    }
    Ok(())
}
