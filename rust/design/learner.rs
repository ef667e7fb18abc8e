//! Learns transforms from rows that come in batches, reading after reading: what one needs of another is learned first.

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::finite::require_finite;
use super::gaps::Gaps;
use super::inputs::Inputs;
use super::learned::{Call, Known, calls, collect};
use super::missing::{Used, without_missing};
use super::read_codes::categories;
use super::reading::{Summary, degree, group_column};
use super::spec::{Model, Options};
use super::summary::Moments;
use super::table::Table;
use super::transform::polynomial_sums;
use super::used::UsedColumns;
use crate::{Error, Result};

/// A model whose transforms are being learned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Learner {
    model: Model,
    options: Options,
    waiting: Vec<Call>,
    reading: Vec<(Call, Summary)>,
}

impl Learner {
    pub fn new(model: Model, options: Options) -> Self {
        let waiting = calls(&model);
        let mut learner = Self { model, options, waiting, reading: vec![] };
        learner.choose();
        learner
    }

    /// Whether rows are to be read.
    pub fn is_reading(&self) -> bool {
        !self.reading.is_empty()
    }

    pub fn learned(&self) -> &Known {
        &self.options.learned
    }

    /// Adds the complete rows of a batch.
    pub fn update(&mut self, table: &Table) -> Result<()> {
        let used = UsedColumns::of_model(&self.model, &self.options, table)?;
        let columns = used.names.iter().map(|name| table.get(name).cloned()).collect::<Result<Vec<_>>>()?;
        let gaps: Vec<_> = columns.iter().map(Gaps::find).collect();
        let counted: Vec<_> = gaps.iter().zip(&used.labels).map(|(gaps, label)| Used { gaps, label }).collect();
        let (selection, _) = without_missing(&counted, table.n_rows(), self.options.missing)?;
        if selection.is_empty() {
            return Ok(());
        }
        for (column, gaps) in columns.iter().zip(&gaps) {
            gaps.refuse_infinite(column, &selection)?;
        }
        let columns = columns.into_iter().map(Some).collect();
        let mut reader =
            Reader { used: &used, options: &self.options, inputs: Inputs { columns, selection, codes: vec![] } };
        self.reading.iter_mut().try_for_each(|(call, summary)| reader.add(call, summary))
    }

    /// Adds what another learner has read in the same reading.
    pub fn merge(&mut self, other: &Learner) -> Result<()> {
        let same = self.reading.len() == other.reading.len();
        let mut pairs = self.reading.iter_mut().zip(&other.reading);
        let joined = same && pairs.all(|((a, mine), (b, theirs))| a == b && mine.join(theirs));
        if joined {
            Ok(())
        } else {
            Err(Error::Design("the learners are of different models, or of different readings".into()))
        }
    }

    /// The same reading, without rows.
    pub fn emptied(&self) -> Self {
        let mut copy = self.clone();
        copy.reading.iter_mut().for_each(|(_, summary)| summary.empty());
        copy
    }

    /// Ends a reading; the next one may follow.
    pub fn finish(&mut self) {
        for (call, summary) in std::mem::take(&mut self.reading) {
            match summary.settle(&call) {
                Ok(learned) => {
                    self.options.learned.insert(call.key(), learned);
                }
                Err(next) => self.reading.push((call, next)),
            }
        }
        self.choose();
    }

    /// Begins with the calls of which all inner calls are known.
    fn choose(&mut self) {
        let known = &self.options.learned;
        let is_ready = |call: &Call| {
            let mut inner = Vec::new();
            call.args.iter().for_each(|arg| collect(arg, &mut inner));
            inner.iter().all(|inner| known.contains_key(&inner.key()))
        };
        let (ready, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(is_ready);
        self.waiting = waiting;
        let ready: Vec<Call> = ready;
        self.reading.extend(ready.into_iter().map(|call| {
            let summary = Summary::of(&call);
            (call, summary)
        }));
    }
}

/// The complete rows of one batch.
struct Reader<'a> {
    used: &'a UsedColumns,
    options: &'a Options,
    inputs: Inputs,
}

impl Reader<'_> {
    fn add(&mut self, call: &Call, summary: &mut Summary) -> Result<()> {
        let values = self.values(call)?;
        match summary {
            Summary::Moments { moments, distinct } => {
                *moments = moments.joined(&Moments::of(&values));
                distinct.add(&values, degree(call) + 1);
            }
            Summary::Groups(means) => {
                let name = group_column(&call.args[1])?;
                let input = self.used.names.iter().position(|known| known == name).expect("it is a used column");
                let found = categories(self.inputs.column(input), &self.inputs.selection)?;
                means.add(&values, &found.codes, &found.levels);
            }
            Summary::Recurrence { center, alpha, norm2, sums, .. } => {
                let more = polynomial_sums(&values, *center, alpha, norm2);
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
        }
        Ok(())
    }

    /// The first argument in every row used.
    fn values(&mut self, call: &Call) -> Result<Vec<f64>> {
        let Options { contrasts, levels, coverage, learned, .. } = self.options;
        let mut compiler = Compiler {
            used: self.used,
            contrasts,
            levels,
            learned,
            coverage: *coverage,
            inputs: self.inputs.clone(),
            categories: vec![],
            variables: vec![],
        };
        let node = compiler.number(&call.args[0], &call.name)?;
        require_finite(&node, &compiler.inputs, |_| true)?;
        let mut values = vec![0.0; compiler.inputs.n_rows()];
        node.read(&compiler.inputs, 0..values.len(), &mut values);
        Ok(values)
    }
}
