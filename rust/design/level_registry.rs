//! Levels of grouping factors, numbered in the order in which they first appear: they grow with every batch, and are
//! put in order at the end.

use serde::{Deserialize, Serialize};

use super::encoding::Encoding;
use super::grouping::{Group, combine, observed_pairs};
use crate::Result;
use crate::saved::require;
use crate::table::{Column, GrowingLevels, GrowingPairs, NO_LEVEL, Selection};

/// By category its levels, by grouping factor the combinations of its categories.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LevelRegistry {
    pub categories: Vec<GrowingLevels>,
    pub pairs: Vec<Vec<GrowingPairs>>,
}

impl LevelRegistry {
    /// The same without rows: levels that may not grow are kept.
    pub fn emptied(&self) -> Self {
        Self {
            categories: self.categories.iter().map(GrowingLevels::emptied).collect(),
            pairs: self.pairs.iter().map(|steps| vec![GrowingPairs::default(); steps.len()]).collect(),
        }
    }

    /// # Errors
    /// `Data` where this was read from a file and does not fit its model, or itself.
    pub fn check(&self, Encoding { categories, groups, .. }: &Encoding, growing: &[bool]) -> Result<()> {
        require(
            self.categories.len() == categories.len() && self.pairs.len() == groups.len(),
            "levels of no category",
        )?;
        for ((levels, category), grows) in self.categories.iter().zip(categories).zip(growing) {
            require(levels.is_consistent() && (*grows || levels.labels == category.levels), "levels of another model")?;
        }
        for (group, steps) in groups.iter().zip(&self.pairs) {
            require(steps.len() + 1 == group.categories.len(), "combinations of no categories")?;
            let mut before = self.categories[group.categories[0]].labels.len();
            for (step, &category) in steps.iter().zip(&group.categories[1..]) {
                require(step.lie_within(before, self.categories[category].labels.len()), "combinations of no levels")?;
                before = step.pairs.len();
            }
        }
        Ok(())
    }

    /// Builds the lookup tables again, which are not saved.
    pub fn index(&mut self) {
        self.categories.iter_mut().for_each(GrowingLevels::index);
        self.pairs.iter_mut().flatten().for_each(GrowingPairs::index);
    }

    /// Memory of labels and lookup tables.
    pub fn n_bytes(&self) -> usize {
        let pairs = self.pairs.iter().flatten().map(|p| 8 * p.pairs.capacity() + 15 * p.pairs.len());
        self.categories.iter().map(GrowingLevels::n_bytes).chain(pairs).sum()
    }

    pub fn n_levels(&self, group: usize, encoding: &Encoding) -> usize {
        match self.pairs[group].last() {
            Some(pairs) => pairs.pairs.len(),
            None => self.categories[encoding.groups[group].categories[0]].labels.len(),
        }
    }

    /// Local codes of a grouping factor, and the number of each local level here.
    ///
    /// # Errors
    /// `Data` where the column cannot be read as levels, or has a level that is not among those given for it.
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
            let pairs = observed_pairs(&codes, &next);
            codes = combine(&codes, &next, &pairs);
            let known = &mut self.pairs[g][step];
            ids = pairs.iter().map(|&(a, b)| known.id((ids[a as usize], next_ids[b as usize]))).collect();
        }
        Ok((codes, ids))
    }

    /// The numbers here of the levels of `other`, by grouping factor; they are added where they are new.
    ///
    /// # Errors
    /// `Data` where a column whose levels are given has others there.
    pub fn join(&mut self, other: &LevelRegistry, encoding: &Encoding) -> Result<Vec<Vec<u32>>> {
        let mut ids = Vec::new();
        for (c, theirs) in other.categories.iter().enumerate() {
            self.categories[c].join_seen(theirs);
            self.categories[c].declared |= self.categories[c].labels.is_empty() && theirs.declared;
            let name = &encoding.inputs[encoding.categories[c].input];
            let mine = theirs.labels.iter().map(|label| self.categories[c].id(label.clone(), name));
            ids.push(mine.collect::<Result<Vec<u32>>>()?);
        }
        let groups = encoding.groups.iter().enumerate();
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

    /// Writes all levels into the encoding, those of categories that grow in their order; by grouping factor the
    /// final place of each of its levels; those without rows have none.
    pub fn assign_order(&self, encoding: &mut Encoding, growing: &[bool], counts: &[Vec<u64>]) -> Vec<Vec<u32>> {
        let used = self.used_levels(&encoding.groups, counts);
        let mut places = Vec::new();
        for (c, levels) in self.categories.iter().enumerate() {
            let (place, labels) = levels.in_order(&used[c]);
            if growing[c] {
                encoding.categories[c].levels = labels;
                places.push(place);
            } else {
                places.push((0..levels.labels.len() as u32).collect());
            }
        }
        let groups = encoding.groups.iter_mut().enumerate();
        groups
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
            .collect()
    }

    /// By category, whether rows have each level.
    fn used_levels(&self, groups: &[Group], counts: &[Vec<u64>]) -> Vec<Vec<bool>> {
        let mut used: Vec<Vec<bool>> = self.categories.iter().map(|c| vec![false; c.labels.len()]).collect();
        for (g, group) in groups.iter().enumerate() {
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
