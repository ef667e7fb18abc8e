//! Learns transforms from rows that come in batches, reading after reading: what one needs of another is learned first.

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::finite::require_finite;
use super::gaps::Gaps;
use super::inputs::Inputs;
use super::learned::{Call, Known, Learned, calls, collect};
use super::levels::sort_naturally;
use super::missing::{Used, without_missing};
use super::read_codes::categories;
use super::spec::{Expr, Model, Options};
use super::summary::{Distinct, GroupMeans, Moments};
use super::table::Table;
use super::transform::{Polynomial, polynomial_sums};
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

/// What the rows of one reading are summed into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Summary {
    Moments {
        moments: Moments,
        distinct: Distinct,
    },
    Groups(GroupMeans),
    /// The recurrence so far, and sums for its next step.
    Recurrence {
        center: f64,
        alpha: Vec<f64>,
        norm2: Vec<f64>,
        sums: [f64; 2],
        distinct: usize,
    },
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
        let pairs = self.reading.iter_mut().zip(&other.reading);
        let joined = same && pairs.map(|((a, mine), (b, theirs))| a == b && mine.join(theirs)).all(|is_same| is_same);
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

impl Summary {
    fn of(call: &Call) -> Self {
        match call.name.as_str() {
            "between" => Summary::Groups(GroupMeans::default()),
            _ => Summary::Moments { moments: Moments::default(), distinct: Distinct::default() },
        }
    }

    fn empty(&mut self) {
        match self {
            Summary::Moments { moments, distinct } => (*moments, *distinct) = Default::default(),
            Summary::Groups(means) => *means = GroupMeans::default(),
            Summary::Recurrence { sums, .. } => *sums = [0.0; 2],
        }
    }

    /// Whether the other is of the same kind.
    fn join(&mut self, other: &Summary) -> bool {
        match (self, other) {
            (Summary::Moments { moments, distinct }, Summary::Moments { moments: m, distinct: d }) => {
                *moments = moments.joined(m);
                distinct.add(&d.values, MOST_DISTINCT);
            }
            (Summary::Groups(mine), Summary::Groups(theirs)) => mine.join(&theirs.labels, &theirs.means),
            (Summary::Recurrence { sums, .. }, Summary::Recurrence { sums: more, .. }) => {
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            _ => return false,
        }
        true
    }

    /// What is learned, or the summary of the next reading.
    fn settle(self, call: &Call) -> std::result::Result<Learned, Summary> {
        match self {
            Summary::Moments { moments, distinct } if call.name == "poly" => {
                let (alpha, norm2) = (vec![0.0], vec![moments.n, moments.square]);
                let distinct = distinct.values.len();
                match degree(call) {
                    1 => Ok(polynomial(moments.mean, alpha, norm2, distinct)),
                    _ => {
                        let alpha = vec![0.0, moments.cube / moments.square];
                        Err(Summary::Recurrence { center: moments.mean, alpha, norm2, sums: [0.0; 2], distinct })
                    }
                }
            }
            Summary::Moments { moments, .. } => {
                let center = if call.flag("center") { moments.mean } else { 0.0 };
                let scale = if call.name == "scale" && call.flag("scale") { moments.spread(center) } else { 1.0 };
                Ok(Learned::Standard { center, scale })
            }
            Summary::Groups(means) => {
                let mut labelled: Vec<(String, f64)> =
                    means.labels.into_iter().zip(means.means.into_iter().map(|(_, mean)| mean)).collect();
                sort_naturally(&mut labelled);
                let (levels, means) = labelled.into_iter().unzip();
                let column = group_column(&call.args[1]).unwrap_or_default().into();
                Ok(Learned::GroupMeans { column, levels, means })
            }
            Summary::Recurrence { center, mut alpha, mut norm2, sums: [squares, moments], distinct } => {
                norm2.push(squares);
                if norm2.len() > degree(call) {
                    return Ok(polynomial(center, alpha, norm2, distinct));
                }
                alpha.push(moments / squares);
                Err(Summary::Recurrence { center, alpha, norm2, sums: [0.0; 2], distinct })
            }
        }
    }
}

/// Above the highest degree.
const MOST_DISTINCT: usize = 101;

fn polynomial(center: f64, alpha: Vec<f64>, norm2: Vec<f64>, distinct: usize) -> Learned {
    Learned::Polynomial { polynomial: Polynomial::Orthogonal { center, alpha, norm2 }, distinct }
}

/// The degree of a polynomial; the compiler refuses others.
fn degree(call: &Call) -> usize {
    let degree = call.named.get("degree").and_then(Expr::number).unwrap_or(1.0);
    (degree as usize).clamp(1, MOST_DISTINCT - 1)
}

/// The column of `g` or `factor(g)`.
fn group_column(expr: &Expr) -> Result<&str> {
    match expr {
        Expr::Column { name } => Ok(name),
        Expr::Call { name, args, .. } if name == "factor" && args.len() == 1 => group_column(&args[0]),
        _ => Err(Error::Formula("the group of between() and within() is a column".into())),
    }
}
