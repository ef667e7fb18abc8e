//! The panels once more, for E a block of rows at a time: rows from the most to the least touched, so that the
//! rows of a block share levels, and the columns that most levels touch lie together.

use rayon::prelude::*;

use crate::penalized_ls::symbolic::Lead;

/// Rows of a block.
pub const LANES: usize = 8;

/// Trailing rows in the order of how many levels touch them.
#[derive(Debug, Clone, Default)]
pub struct RowBlocks {
    /// The row at every place, and the place of every row.
    pub order: Vec<u32>,
    pub place: Vec<u32>,
    pub leads: Vec<Blocked>,
}

/// The panel of one lead in that order.
#[derive(Debug, Clone, Default)]
pub struct Blocked {
    /// Per entry, ascending within a level: the place of its row, and which of the level's rows it is.
    pub places: Vec<u32>,
    pub from: Vec<u32>,
    /// Per block, the levels that touch it, with their first entry in it.
    ptr: Vec<usize>,
    visits: Vec<(u32, u32)>,
}

impl RowBlocks {
    pub fn new(leads: &[Lead], q: usize) -> Self {
        let mut touched = vec![0u32; q];
        leads.iter().flat_map(|l| &l.panel.rows).for_each(|&row| touched[row as usize] += 1);
        let mut order: Vec<u32> = (0..q as u32).collect();
        order.sort_by_key(|&row| std::cmp::Reverse(touched[row as usize]));
        let mut place = vec![0; q];
        order.iter().enumerate().for_each(|(at, &row)| place[row as usize] = at as u32);
        let leads = leads.iter().map(|lead| Blocked::new(lead, &place)).collect();
        Self { order, place, leads }
    }

    pub fn n_bytes(&self) -> usize {
        let lead = |l: &Blocked| 4 * (l.places.len() + l.from.len()) + 8 * (l.ptr.len() + l.visits.len());
        4 * (self.order.len() + self.place.len()) + self.leads.iter().map(lead).sum::<usize>()
    }

    pub fn n_blocks(&self) -> usize {
        self.order.len().div_ceil(LANES)
    }
}

impl Blocked {
    fn new(lead: &Lead, place: &[u32]) -> Self {
        let sorted = |level: usize| {
            let rows = lead.panel.level_rows(level).iter().enumerate();
            let mut entries: Vec<(u32, u32)> = rows.map(|(from, &row)| (place[row as usize], from as u32)).collect();
            entries.sort_unstable();
            entries
        };
        let (places, from): (Vec<u32>, Vec<u32>) =
            (0..lead.n_levels).into_par_iter().with_min_len(256).flat_map_iter(sorted).unzip();
        let mut blocked = Self { places, from, ptr: Vec::new(), visits: Vec::new() };
        blocked.visit(lead, place.len().div_ceil(LANES));
        blocked
    }

    /// Lists the levels of every block.
    fn visit(&mut self, lead: &Lead, n_blocks: usize) {
        let block = |entry: usize| self.places[entry] as usize / LANES;
        let firsts = |level: usize| {
            let (start, end) = (lead.panel.ptr[level], lead.panel.ptr[level + 1]);
            (start..end).filter(move |&entry| entry == start || block(entry) != block(entry - 1))
        };
        let mut ptr = vec![0; n_blocks + 1];
        (0..lead.n_levels).flat_map(firsts).for_each(|entry| ptr[block(entry) + 1] += 1);
        (0..n_blocks).for_each(|k| ptr[k + 1] += ptr[k]);
        let (mut next, mut visits) = (ptr.clone(), vec![(0, 0); ptr[n_blocks]]);
        for level in 0..lead.n_levels {
            for entry in firsts(level) {
                let at = &mut next[block(entry)];
                visits[*at] = (level as u32, entry as u32);
                *at += 1;
            }
        }
        (self.ptr, self.visits) = (ptr, visits);
    }

    /// Levels of all blocks.
    pub fn n_visits(&self) -> usize {
        self.visits.len()
    }

    /// (level, its first entry) of the levels that touch a block, ascending.
    pub fn visits(&self, block: usize) -> &[(u32, u32)] {
        &self.visits[self.ptr[block]..self.ptr[block + 1]]
    }

    /// The entries of a level in the block of places `first..first + LANES`, from its first one on.
    pub fn entries(&self, start: usize, end: usize, first: usize) -> std::ops::Range<usize> {
        let n = self.places[start..end].iter().take(LANES).take_while(|&&p| (p as usize) < first + LANES).count();
        start..start + n
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::penalized_ls::panel::Panel;

    #[test]
    fn every_entry_belongs_to_one_visit() {
        let lists: Vec<Vec<u32>> =
            (0..40).map(|level| (0..30).filter(|row| (level * 7 + row * 3) % 5 < 1 + row / 12).collect()).collect();
        let mut panel = Panel { ptr: vec![0], ..Panel::default() };
        for list in &lists {
            panel.rows.extend(list);
            panel.ptr.push(panel.rows.len());
        }
        let lead = Lead { block: 0, r: 1, n_levels: lists.len(), ancestors: Vec::new(), panel };
        let blocks = RowBlocks::new(std::slice::from_ref(&lead), 30);
        let blocked = &blocks.leads[0];
        let mut seen = Vec::new();
        for block in 0..blocks.n_blocks() {
            for &(level, start) in blocked.visits(block) {
                for entry in blocked.entries(start as usize, lead.panel.ptr[level as usize + 1], block * LANES) {
                    let row = blocks.order[blocked.places[entry] as usize];
                    assert_eq!(lists[level as usize][blocked.from[entry] as usize], row);
                    assert_eq!(blocks.place[row as usize], blocked.places[entry]);
                    seen.push((level, row));
                }
            }
        }
        seen.sort_unstable();
        let all = lists.iter().enumerate().flat_map(|(level, list)| list.iter().map(move |&row| (level as u32, row)));
        assert_eq!(seen, all.collect::<Vec<_>>());
    }
}
