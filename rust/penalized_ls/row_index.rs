//! The panels by rows: where every row of the trailing block occurs.

use crate::penalized_ls::symbolic::Lead;

/// For each trailing row, the levels of one lead that touch it, ascending.
#[derive(Debug, Clone, Default)]
pub struct RowIndex {
    pub ptr: Vec<usize>,
    /// (level, place in the panel's list of rows).
    pub entries: Vec<(u32, u32)>,
}

impl RowIndex {
    pub fn new(lead: &Lead, q: usize) -> Self {
        let mut ptr = vec![0; q + 1];
        lead.panel.rows.iter().for_each(|&row| ptr[row as usize + 1] += 1);
        (0..q).for_each(|row| ptr[row + 1] += ptr[row]);
        let mut next = ptr.clone();
        let mut entries = vec![(0, 0); lead.panel.rows.len()];
        for level in 0..lead.n_levels {
            for k in lead.panel.ptr[level]..lead.panel.ptr[level + 1] {
                let place = &mut next[lead.panel.rows[k] as usize];
                entries[*place] = (level as u32, k as u32);
                *place += 1;
            }
        }
        Self { ptr, entries }
    }

    pub fn row(&self, row: usize) -> &[(u32, u32)] {
        &self.entries[self.ptr[row]..self.ptr[row + 1]]
    }
}

/// Where the l-th column of a panel's row lies.
#[inline(always)]
pub fn place_of(lead: &Lead, level: usize, place: usize, l: usize) -> usize {
    let start = lead.panel.ptr[level];
    start * lead.r + l * (lead.panel.ptr[level + 1] - start) + (place - start)
}
