//! Levels of grouping factors, numbered as they are met: they grow with every batch, and are put in order at the end.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoding::Encoding;
use super::grouping_factor::Group;
use super::levels::{NO_LEVEL, recode, sort_naturally, used_codes};
use super::open_model::OpenModel;
use super::read_codes::{raw_codes, require_groups};
use super::selection::Selection;
use super::table::listed;
use crate::{Error, Result};

/// The levels of one category so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OpenLevels {
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
pub struct OpenPairs {
    pub pairs: Vec<(u32, u32)>,
    #[serde(skip)]
    ids: FxHashMap<(u32, u32), u32>,
}

/// By category its levels, by grouping factor the combinations of its categories.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Registry {
    pub categories: Vec<OpenLevels>,
    pub pairs: Vec<Vec<OpenPairs>>,
}

impl OpenLevels {
    pub fn known(labels: Vec<String>) -> Self {
        let mut levels = Self { labels, declared: true, closed: true, ..Self::default() };
        levels.index();
        levels
    }

    /// Goes on from levels in their final order; one that is not the natural one was declared.
    pub fn resume(&mut self, labels: Vec<String>) {
        let mut natural: Vec<(String, ())> = labels.iter().map(|label| (label.clone(), ())).collect();
        sort_naturally(&mut natural);
        self.declared = natural.iter().zip(&labels).any(|((a, ()), b)| a != b);
        self.labels = labels;
    }

    fn index(&mut self) {
        self.ids = self.labels.iter().cloned().zip(0..).collect();
    }

    fn join_seen(&mut self, other: &OpenLevels) {
        if self.closed {
            self.seen.resize(self.labels.len(), false);
            self.seen.iter_mut().zip(&other.seen).for_each(|(a, b)| *a |= b);
        }
    }

    fn id(&mut self, label: String, column: &str) -> Result<u32> {
        if let Some(&id) = self.ids.get(&label) {
            return Ok(id);
        }
        if self.closed {
            return Err(Error::Data(format!(
                "column '{column}' has the level '{}', which is not among the levels given for it: {}",
                super::label::shown(&label),
                listed(self.labels.iter().map(String::as_str))
            )));
        }
        let id = self.labels.len() as u32;
        self.labels.push(label.clone());
        self.ids.insert(label, id);
        Ok(id)
    }

    /// Reads the levels of a column in all rows that have one.
    pub fn scan(&mut self, column: &Column) -> Result<()> {
        let rows = Selection::without(column.n_rows(), &super::gaps::Gaps::find(column).missing);
        let (_, ids) = self.codes(column, &rows)?;
        self.mark(&ids);
        Ok(())
    }

    /// The levels that rows have, in order.
    pub fn in_order(&self) -> Vec<String> {
        let mut seen = self.seen.clone();
        seen.resize(self.labels.len(), false);
        self.settle(&seen).1
    }

    /// Notes that rows have these levels.
    pub fn mark(&mut self, ids: &[u32]) {
        self.seen.resize(self.labels.len(), false);
        ids.iter().for_each(|&id| self.seen[id as usize] = true);
    }

    /// Local codes of the rows used, and the number of each local level here.
    fn codes(&mut self, column: &Column, rows: &Selection) -> Result<(Vec<u32>, Vec<u32>)> {
        if rows.is_empty() {
            return Ok((vec![], vec![]));
        }
        require_groups(column)?;
        let declared = if column.is_declared() { column.dictionary_labels() } else { vec![] };
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
    fn settle(&self, used: &[bool]) -> (Vec<u32>, Vec<String>) {
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

impl OpenPairs {
    fn id(&mut self, pair: (u32, u32)) -> u32 {
        let next = self.pairs.len() as u32;
        let id = *self.ids.entry(pair).or_insert(next);
        if id == next {
            self.pairs.push(pair);
        }
        id
    }
}

impl Registry {
    /// Levels that may not grow are kept, others forgotten.
    pub fn emptied(&self) -> Self {
        let category = |levels: &OpenLevels| match levels.closed {
            true => OpenLevels { seen: vec![], ..levels.clone() },
            false => OpenLevels::default(),
        };
        Self {
            categories: self.categories.iter().map(category).collect(),
            pairs: self.pairs.iter().map(|steps| vec![OpenPairs::default(); steps.len()]).collect(),
        }
    }

    /// Finds the numbers of everything again after it was read.
    pub fn index(&mut self) {
        self.categories.iter_mut().for_each(OpenLevels::index);
        for pairs in self.pairs.iter_mut().flatten() {
            pairs.ids = pairs.pairs.iter().copied().zip(0..).collect();
        }
    }

    pub fn n_levels(&self, group: usize, open: &OpenModel) -> usize {
        match self.pairs[group].last() {
            Some(pairs) => pairs.pairs.len(),
            None => self.categories[open.encoding.groups[group].categories[0]].labels.len(),
        }
    }

    /// Local codes of a grouping factor, and the number of each local level here.
    pub fn codes(
        &mut self,
        g: usize,
        group: &Group,
        column: impl Fn(usize) -> Column,
        rows: &Selection,
    ) -> Result<(Vec<u32>, Vec<u32>)> {
        let first = group.categories[0];
        let (mut codes, mut ids) = self.categories[first].codes(&column(first), rows)?;
        for (step, &category) in group.categories[1..].iter().enumerate() {
            let (next, next_ids) = self.categories[category].codes(&column(category), rows)?;
            let pairs = super::grouping_factor::observed_pairs(&codes, &next);
            codes = super::grouping_factor::combine(&codes, &next, &pairs);
            let known = &mut self.pairs[g][step];
            ids = pairs.iter().map(|&(a, b)| known.id((ids[a as usize], next_ids[b as usize]))).collect();
        }
        Ok((codes, ids))
    }

    /// The numbers here of the levels of `other`, by grouping factor; they are added where they are new.
    pub fn join(&mut self, other: &Registry, open: &OpenModel) -> Result<Vec<Vec<u32>>> {
        let mut ids = Vec::new();
        for (c, theirs) in other.categories.iter().enumerate() {
            self.categories[c].join_seen(theirs);
            self.categories[c].declared |= self.categories[c].labels.is_empty() && theirs.declared;
            let name = &open.encoding.inputs[open.encoding.categories[c].input];
            let mine = theirs.labels.iter().map(|label| self.categories[c].id(label.clone(), name));
            ids.push(mine.collect::<Result<Vec<u32>>>()?);
        }
        let groups = open.encoding.groups.iter().enumerate();
        Ok(groups
            .map(|(g, group)| {
                let mut here = ids[group.categories[0]].clone();
                for (step, &category) in group.categories[1..].iter().enumerate() {
                    let pairs = &other.pairs[g][step].pairs;
                    let known = &mut self.pairs[g][step];
                    here =
                        pairs.iter().map(|&(a, b)| known.id((here[a as usize], ids[category][b as usize]))).collect();
                }
                here
            })
            .collect())
    }

    /// The encoding with all levels in it, and by grouping factor the final place of each of its levels; those
    /// without rows have none.
    pub fn settle(&self, open: &OpenModel, counts: &[Vec<u64>]) -> (Encoding, Vec<Vec<u32>>) {
        let mut encoding = open.encoding.clone();
        let used = self.used_levels(open, counts);
        let mut places = Vec::new();
        for (c, levels) in self.categories.iter().enumerate() {
            let (place, labels) = levels.settle(&used[c]);
            if open.growing[c] {
                encoding.categories[c].levels = labels;
                places.push(place);
            } else {
                places.push((0..levels.labels.len() as u32).collect());
            }
        }
        let groups = encoding.groups.iter_mut().enumerate();
        let by_group = groups
            .map(|(g, group)| {
                let mut place = places[group.categories[0]].clone();
                for (step, &category) in group.categories[1..].iter().enumerate() {
                    let known = &self.pairs[g][step].pairs;
                    let mut pairs: Vec<((u32, u32), usize)> = known
                        .iter()
                        .map(|&(a, b)| (place[a as usize], places[category][b as usize]))
                        .zip(0..)
                        .collect();
                    pairs.retain(|((a, b), _)| *a != NO_LEVEL && *b != NO_LEVEL);
                    pairs.sort_unstable();
                    place = vec![NO_LEVEL; known.len()];
                    pairs.iter().zip(0..).for_each(|((_, id), k)| place[*id] = k);
                    group.pairs[step] = pairs.into_iter().map(|(pair, _)| pair).collect();
                }
                place
            })
            .collect();
        (encoding, by_group)
    }

    /// By category, whether rows have each level.
    fn used_levels(&self, open: &OpenModel, counts: &[Vec<u64>]) -> Vec<Vec<bool>> {
        let mut used: Vec<Vec<bool>> = self.categories.iter().map(|c| vec![false; c.labels.len()]).collect();
        for (g, group) in open.encoding.groups.iter().enumerate() {
            let mut seen: Vec<bool> = counts[g].iter().map(|&n| n > 0).collect();
            for (step, &category) in group.categories[1..].iter().enumerate().rev() {
                let n_before = match step {
                    0 => self.categories[group.categories[0]].labels.len(),
                    _ => self.pairs[g][step - 1].pairs.len(),
                };
                let mut before = vec![false; n_before];
                for (&(a, b), _) in self.pairs[g][step].pairs.iter().zip(&seen).filter(|(_, seen)| **seen) {
                    before[a as usize] = true;
                    used[category][b as usize] = true;
                }
                seen = before;
            }
            used[group.categories[0]].iter_mut().zip(seen).for_each(|(u, s)| *u |= s);
        }
        used
    }
}
