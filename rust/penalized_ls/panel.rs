//! The panel of a leading factor: its rows of the trailing block, level by level.

use super::symbolic::{Lead, SymbolicFactor, TrailingGroup};
use super::trailing::TrailingPattern;
use crate::crossproduct::CrossProducts;

/// Above this share of entries a panel is stored whole, and dense kernels take over.
const DENSE_PANEL: f64 = 0.3;

/// Rows of the trailing block that each level touches, fill included.  Its values are by level d x r, column-major.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    pub ptr: Vec<usize>,
    pub rows: Vec<u32>,
    /// Every level has every row.
    pub dense: bool,
}

impl Panel {
    pub fn range(&self, level: usize, r: usize) -> std::ops::Range<usize> {
        self.ptr[level] * r..self.ptr[level + 1] * r
    }

    pub fn level_rows(&self, level: usize) -> &[u32] {
        &self.rows[self.ptr[level]..self.ptr[level + 1]]
    }
}

/// The trailing rows of every level: its own, and those of the levels nested in it.
pub fn panel_pattern(
    a: &CrossProducts,
    block: usize,
    earlier: &[Lead],
    groups: &[TrailingGroup],
    n_trailing: usize,
) -> Panel {
    let n_levels = a.factors[block].n_levels;
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); n_levels];
    for t in groups {
        for (level, other, _) in meetings(a, block, t) {
            let first = t.offset + other * t.r;
            lists[level].extend((first..first + t.r).map(|row| row as u32));
        }
    }
    for (j, child) in earlier.iter().enumerate() {
        let parent = &child.ancestors[earlier.len() - j - 1].level;
        for (level, &p) in parent.iter().enumerate() {
            lists[p as usize].extend_from_slice(child.panel.level_rows(level));
        }
    }
    for list in &mut lists {
        list.sort_unstable();
        list.dedup();
    }
    let entries: usize = lists.iter().map(Vec::len).sum();
    let dense = n_trailing > 0 && entries as f64 >= DENSE_PANEL * (n_trailing * n_levels) as f64;
    if dense {
        lists = vec![(0..n_trailing as u32).collect(); n_levels];
    }
    let mut panel = Panel { ptr: vec![0], rows: Vec::new(), dense };
    for list in lists {
        panel.rows.extend(list);
        panel.ptr.push(panel.rows.len());
    }
    panel
}

/// (level, trailing level, position of their block) of all that occur together.
fn meetings<'a>(
    a: &'a CrossProducts,
    block: usize,
    t: &TrailingGroup,
) -> impl Iterator<Item = (usize, usize, usize)> + 'a {
    // a link is stored from the factor that comes first
    let transposed = t.block < block;
    let blocks = a.patterns[block.max(t.block)][block.min(t.block)].blocks();
    blocks.map(move |(from, to, k)| if transposed { (to, from, k) } else { (from, to, k) })
}

/// Values of A where elimination reads them in another order than sums write them.
#[derive(Debug, Clone, Default)]
pub struct Panels {
    /// Per lead, in the pattern of its panel.
    pub leads: Vec<Vec<f64>>,
    /// The trailing block in the pattern of S, if it is sparse.
    pub trailing: Vec<f64>,
    /// Per lead, where the blocks of its links go in a sparse panel; kept from the second time on.
    places: Vec<Vec<u32>>,
}

/// The same values, wherever their places were looked up.
impl PartialEq for Panels {
    fn eq(&self, other: &Self) -> bool {
        self.leads == other.leads && self.trailing == other.trailing
    }
}

impl Panels {
    /// Where the blocks of the link of a lead and a trailing group are in the lead's panel, by their position in the link; None
    /// where that is not kept.
    pub fn places(&self, symbolic: &SymbolicFactor, lead: usize, group: usize, a: &CrossProducts) -> Option<&[u32]> {
        let known = self.places.get(lead)?;
        let block = symbolic.leads[lead].block;
        let count = |t: &TrailingGroup| a.patterns[block.max(t.block)][block.min(t.block)].level.len();
        let before: usize = symbolic.groups[..group].iter().map(count).sum();
        known.get(before..before + count(&symbolic.groups[group]))
    }
}

impl SymbolicFactor {
    /// Writes the values of A; over those of another A with the same pattern, or into none.
    pub fn lay_out(&self, a: &CrossProducts, panels: &mut Panels) {
        let is_again = panels.leads.len() == self.leads.len();
        panels.leads.resize(self.leads.len(), Vec::new());
        let is_small = self.leads.iter().all(|lead| u32::try_from(lead.n_panel()).is_ok());
        if is_again && is_small && panels.places.is_empty() {
            panels.places = self.leads.iter().map(|lead| places(a, lead, &self.groups).collect()).collect();
        }
        for (i, (lead, values)) in self.leads.iter().zip(&mut panels.leads).enumerate() {
            match panels.places.get(i) {
                Some(known) => fill_panel(a, lead, &self.groups, known.iter().map(|&place| place as usize), values),
                None => fill_panel(a, lead, &self.groups, places(a, lead, &self.groups), values),
            }
        }
        if let TrailingPattern::Sparse(layout) = &self.trailing {
            layout.fill(self, a, &mut panels.trailing);
        }
    }
}

/// Where the blocks of a lead's links go, in the order of `meetings`, group after group.
fn places<T: TryFrom<usize, Error: std::fmt::Debug>>(
    a: &CrossProducts,
    lead: &Lead,
    groups: &[TrailingGroup],
) -> impl Iterator<Item = T> {
    let panel = &lead.panel;
    groups.iter().flat_map(move |t| {
        meetings(a, lead.block, t).map(move |(level, other, _)| {
            let first = t.offset + other * t.r;
            let rows = panel.level_rows(level);
            let at = if panel.dense { first } else { rows.partition_point(|&row| (row as usize) < first) };
            T::try_from(panel.ptr[level] * lead.r + at).expect("a place in the panel")
        })
    })
}

/// Writes the blocks of A into a panel's pattern; fill stays zero.
fn fill_panel(
    a: &CrossProducts,
    lead: &Lead,
    groups: &[TrailingGroup],
    mut places: impl Iterator<Item = usize>,
    out: &mut Vec<f64>,
) {
    let (block, panel, r) = (lead.block, &lead.panel, lead.r);
    out.resize(lead.n_panel(), 0.0);
    for t in groups {
        let transposed = t.block < block;
        let values = &a.links[block.max(t.block)][block.min(t.block)];
        for (level, _, k) in meetings(a, block, t) {
            let place = places.next().expect("a place of every block");
            if r == 1 && t.r == 1 {
                out[place] = values[k];
                continue;
            }
            let n_rows = panel.level_rows(level).len();
            let values = &values[k * r * t.r..(k + 1) * r * t.r];
            for i in 0..t.r {
                for j in 0..r {
                    let v = if transposed { values[i * r + j] } else { values[j * t.r + i] };
                    out[place + j * n_rows + i] = v;
                }
            }
        }
    }
}
