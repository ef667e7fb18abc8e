//! The levels of one category, and combinations of two, numbered in the order in which they first appear.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::columns::listed;
use super::gaps::Gaps;
use super::label::shown;
use super::levels::{NO_LEVEL, recode, sort_naturally, used_codes};
use super::read_codes::{raw_codes, require_groups};
use super::selection::Selection;
use crate::{Error, Result};

/// The levels of one category so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GrowingLevels {
    pub labels: Vec<String>,
    /// Their order was declared, so they keep it.
    pub declared: bool,
    /// Only these levels may occur.
    pub closed: bool,
    /// Which of them rows have; kept for closed ones.
    #[serde(default)]
    pub seen: Vec<bool>,
    #[serde(skip)]
    ids: FxHashMap<String, u32>,
    #[serde(skip)]
    whole: FxHashMap<i64, u32>,
}

/// The combinations of two factors so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GrowingPairs {
    pub pairs: Vec<(u32, u32)>,
    #[serde(skip)]
    ids: FxHashMap<(u32, u32), u32>,
}

impl GrowingLevels {
    pub fn known(labels: Vec<String>) -> Self {
        let mut levels = Self { labels, declared: true, closed: true, ..Self::default() };
        levels.index();
        levels
    }

    /// Continues from levels in their final order; an order that is not the natural one was declared.
    pub fn resume(&mut self, labels: Vec<String>) {
        let mut natural: Vec<(String, ())> = labels.iter().map(|label| (label.clone(), ())).collect();
        sort_naturally(&mut natural);
        self.declared = natural.iter().zip(&labels).any(|((a, ()), b)| a != b);
        self.labels = labels;
    }

    /// Memory of the labels, which are kept twice, and of the lookup tables.
    pub fn n_bytes(&self) -> usize {
        let text: usize = self.labels.iter().map(|label| label.capacity().max(8) + 16).sum();
        let word = size_of::<String>();
        2 * text
            + word * self.labels.capacity()
            + (word + 5) * self.ids.capacity() * 8 / 7
            + 17 * self.whole.capacity() * 8 / 7
    }

    /// Whether every level is there once, and no more are seen than there are.
    pub fn is_consistent(&self) -> bool {
        let mut once = FxHashSet::default();
        self.labels.iter().all(|label| once.insert(label.as_str())) && self.seen.len() <= self.labels.len()
    }

    pub fn index(&mut self) {
        self.ids = self.labels.iter().cloned().zip(0..).collect();
    }

    pub fn join_seen(&mut self, other: &GrowingLevels) {
        if self.closed {
            self.seen.resize(self.labels.len(), false);
            self.seen.iter_mut().zip(&other.seen).for_each(|(a, b)| *a |= b);
        }
    }

    /// The number of a level; a new one is added.
    ///
    /// # Errors
    /// `Data` where the levels are given, and this is none of them.
    pub fn id(&mut self, label: String, column: &str) -> Result<u32> {
        if let Some(&id) = self.ids.get(&label) {
            return Ok(id);
        }
        if self.closed {
            return Err(Error::Data(format!(
                "column '{column}' has the level '{}', which is not among the levels given for it: {}",
                shown(&label),
                listed(self.labels.iter().map(String::as_str))
            )));
        }
        let id = self.labels.len() as u32;
        self.labels.push(label.clone());
        self.ids.insert(label, id);
        Ok(id)
    }

    /// The same without rows: levels that may not grow are kept.
    pub fn emptied(&self) -> Self {
        match self.closed {
            true => Self { seen: vec![], ..self.clone() },
            false => Self::default(),
        }
    }

    /// Reads the levels of a column in all rows that have one.
    ///
    /// # Errors
    /// `Data` where the column cannot be read as levels, or has a level that is not among those given for it.
    pub fn scan(&mut self, column: &Column) -> Result<()> {
        let rows = Selection::without(column.n_rows(), &Gaps::find(column).missing);
        let (_, ids) = self.codes(column, &rows)?;
        self.mark(&ids);
        Ok(())
    }

    /// The levels that rows have, in order.
    pub fn seen_in_order(&self) -> Vec<String> {
        let mut seen = self.seen.clone();
        seen.resize(self.labels.len(), false);
        self.in_order(&seen).1
    }

    /// Notes that rows have these levels.
    pub fn mark(&mut self, ids: &[u32]) {
        self.seen.resize(self.labels.len(), false);
        ids.iter().for_each(|&id| self.seen[id as usize] = true);
    }

    /// Local codes of the rows used, and the number of each local level here.
    ///
    /// # Errors
    /// `Data` where the column cannot be read as levels, or has a level that is not among those given for it.
    pub fn codes(&mut self, column: &Column, rows: &Selection) -> Result<(Vec<u32>, Vec<u32>)> {
        if rows.is_empty() {
            return Ok((vec![], vec![]));
        }
        require_groups(column)?;
        let declared = if column.declared { column.dictionary_labels() } else { vec![] };
        if !declared.is_empty() && !self.closed {
            self.declared |= self.labels.is_empty();
            declared.into_iter().try_for_each(|label| self.id(label, &column.name).map(|_| ()))?;
        }
        let mut raw = raw_codes(column, rows);
        let used = used_codes(&raw.codes, raw.n_raw);
        let mut ids = Vec::with_capacity(used.len());
        for &code in &used {
            let whole = raw.whole_from.map(|low| low + i64::from(code));
            if let Some(&id) = whole.and_then(|value| self.whole.get(&value)) {
                ids.push(id);
                continue;
            }
            let id = self.id((raw.label)(code).unwrap_or_default(), &column.name)?;
            whole.map(|value| self.whole.insert(value, id));
            ids.push(id);
        }
        let mut table = vec![NO_LEVEL; raw.n_raw];
        used.iter().zip(0..).for_each(|(&code, local)| table[code as usize] = local);
        recode(&mut raw.codes, &table);
        Ok((raw.codes, ids))
    }

    /// The final place of every level that is used, and the labels in that order.
    pub fn in_order(&self, used: &[bool]) -> (Vec<u32>, Vec<String>) {
        let mut labelled: Vec<(String, u32)> =
            self.labels.iter().cloned().zip(0..).filter(|(_, id)| used[*id as usize]).collect();
        if !self.declared {
            sort_naturally(&mut labelled);
        }
        let mut place = vec![NO_LEVEL; self.labels.len()];
        labelled.iter().zip(0..).for_each(|((_, id), k)| place[*id as usize] = k);
        (place, labelled.into_iter().map(|(label, _)| label).collect())
    }
}

impl GrowingPairs {
    /// Whether every pair is there once, and is one of so many first and second ones.
    pub fn lie_within(&self, n_first: usize, n_second: usize) -> bool {
        let mut once = FxHashSet::default();
        let is_within = |&(a, b): &(u32, u32)| (a as usize) < n_first && (b as usize) < n_second;
        self.pairs.iter().all(|pair| is_within(pair) && once.insert(*pair))
    }

    pub fn index(&mut self) {
        self.ids = self.pairs.iter().copied().zip(0..).collect();
    }

    pub fn id(&mut self, pair: (u32, u32)) -> u32 {
        let next = self.pairs.len() as u32;
        let id = *self.ids.entry(pair).or_insert(next);
        if id == next {
            self.pairs.push(pair);
        }
        id
    }
}
