//! A, laid out for elimination: leading factors with their ancestors and panels, then the trailing block.

use super::iterative::{RowBlocks, RowIndex};
use crate::crossproduct::CrossProducts;

/// Above this share of entries a panel is stored whole, and dense kernels take over.
const DENSE_PANEL: f64 = 0.3;
/// A smaller trailing block is always dense.
const LEAST_ITERATIVE: usize = 2000;
/// Flops a second of dense kernels, gathered additions a second, and additions per entry of a panel in the
/// products of one evaluation: typical of two cores.
const DENSE_FLOPS: f64 = 4e10;
const GATHERS: f64 = 1e9;
const ENTRY_COST: f64 = 500.0;

/// How the trailing block is factored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrailingKind {
    /// By dense Cholesky: exact.
    Dense,
    /// Never formed: solved to rounding, its log-determinant to a standard error that is reported.
    Iterative,
}

/// The order of elimination and the pattern of the factor.  Does not depend on θ or y.
#[derive(Debug, Clone)]
pub struct System {
    pub leads: Vec<Lead>,
    pub trailing: Vec<TrailingFactor>,
    /// Order of the trailing block.
    pub n_trailing: usize,
    /// Columns of X.
    pub p: usize,
    pub kind: TrailingKind,
    /// Per lead, its panel by rows; for the iterative kind.
    pub row_index: Vec<RowIndex>,
    /// The panels by blocks of rows; for the iterative kind.
    pub row_blocks: RowBlocks,
}

/// A leading grouping factor.
#[derive(Debug, Clone)]
pub struct Lead {
    /// Index in `CrossProducts::factors`.
    pub block: usize,
    pub r: usize,
    pub n_levels: usize,
    /// Later leads, in all of which this one is nested.
    pub ancestors: Vec<Ancestor>,
    pub panel: Panel,
}

/// For each level the one level of a later lead that it lies in, with their block of A (r_j x r).
#[derive(Debug, Clone)]
pub struct Ancestor {
    pub level: Vec<u32>,
    pub r: usize,
    pub values: Vec<f64>,
}

/// Rows of the trailing block that each level touches (fill included) and their part of A:
/// per level d x r, column-major.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    pub ptr: Vec<usize>,
    pub rows: Vec<u32>,
    pub values: Vec<f64>,
    /// Every level has every row.
    pub dense: bool,
}

/// A grouping factor in the trailing block.
#[derive(Debug, Clone)]
pub struct TrailingFactor {
    pub block: usize,
    pub offset: usize,
    pub r: usize,
    pub n_levels: usize,
}

impl Panel {
    pub fn range(&self, level: usize, r: usize) -> std::ops::Range<usize> {
        self.ptr[level] * r..self.ptr[level + 1] * r
    }

    pub fn level_rows(&self, level: usize) -> &[u32] {
        &self.rows[self.ptr[level]..self.ptr[level + 1]]
    }
}

impl System {
    pub fn new(a: &CrossProducts) -> Self {
        let chain = chain(a);
        let mut n_trailing = 0;
        let trailing: Vec<TrailingFactor> = (0..a.factors.len())
            .filter(|f| !chain.contains(f))
            .map(|block| {
                let (r, n_levels) = (a.factors[block].width, a.factors[block].n_levels);
                let offset = n_trailing;
                n_trailing += r * n_levels;
                TrailingFactor { block, offset, r, n_levels }
            })
            .collect();
        let mut leads: Vec<Lead> = Vec::new();
        for (i, &block) in chain.iter().enumerate() {
            let lead = lead(a, &chain, i, block, &leads, &trailing, n_trailing);
            leads.push(lead);
        }
        let system = Self {
            leads,
            trailing,
            n_trailing,
            p: a.n_fixed(),
            kind: TrailingKind::Dense,
            row_index: Vec::new(),
            row_blocks: RowBlocks::default(),
        };
        let kind = system.cheaper_kind();
        system.with_kind(kind)
    }

    /// The same system with another kind of trailing block.
    pub fn with_kind(mut self, kind: TrailingKind) -> Self {
        (self.row_index, self.row_blocks) = match kind {
            TrailingKind::Dense => (Vec::new(), RowBlocks::default()),
            TrailingKind::Iterative => (
                self.leads.iter().map(|l| RowIndex::new(l, self.n_trailing)).collect(),
                RowBlocks::new(&self.leads, self.n_trailing),
            ),
        };
        self.kind = kind;
        self
    }

    /// Seconds of one evaluation with its gradient, by the operations counted, for both kinds.
    pub fn predicted_seconds(&self) -> (f64, f64) {
        let q = self.n_trailing as f64;
        let lists = self.leads.iter().flat_map(|l| l.panel.ptr.windows(2).map(move |w| (w[1] - w[0], l.r)));
        let (mut entries, mut pairs) = (0.0, 0.0);
        for (d, r) in lists {
            entries += (d * r) as f64;
            pairs += (d * d * r) as f64;
        }
        (q * q * q / DENSE_FLOPS, (2.5 * pairs + ENTRY_COST * entries) / GATHERS)
    }

    fn cheaper_kind(&self) -> TrailingKind {
        let (dense, iterative) = self.predicted_seconds();
        let worth = self.n_trailing >= LEAST_ITERATIVE && 2.0 * iterative < dense;
        if worth && self.leads.iter().all(|l| !l.panel.dense) { TrailingKind::Iterative } else { TrailingKind::Dense }
    }

    /// Multiplications and additions of one factorization.
    pub fn flops(&self) -> f64 {
        let x = (self.p + 1) as f64;
        let lead = |l: &Lead| {
            let r = l.r as f64;
            let rows: f64 = (0..l.n_levels)
                .map(|k| (l.panel.ptr[k + 1] - l.panel.ptr[k]) as f64)
                .map(|d| r * (d * d + 2.0 * d * x + 2.0 * d * r))
                .sum();
            rows + l.n_levels as f64 * r * (x * x + 2.0 * x * r + r * r)
        };
        let t = self.n_trailing as f64;
        let trailing = match self.kind {
            TrailingKind::Dense => t * t * t / 3.0 + t * t * x,
            TrailingKind::Iterative => self.predicted_seconds().1 * GATHERS,
        };
        self.leads.iter().map(lead).sum::<f64>() + trailing + t * x * x
    }
}

/// One row of the table that shows how a model is factored.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockSummary {
    /// Index of the grouping factor in the design.
    pub factor: usize,
    pub kind: &'static str,
    pub n_levels: usize,
    pub width: usize,
    /// Entries of the factor on and below this block, X left out.
    pub entries: usize,
    /// Their share of a dense block's.
    pub fill: f64,
}

impl System {
    /// The blocks in the order of elimination.
    pub fn blocks(&self, a: &CrossProducts) -> Vec<BlockSummary> {
        let leads = self.leads.iter().map(|l| {
            let size = l.n_levels * l.r;
            let below: usize = l.ancestors.iter().map(|a| a.values.len()).sum::<usize>() + l.panel.values.len();
            let rows: usize = l.ancestors.iter().map(|a| a.r).sum::<usize>() + self.n_trailing;
            let entries = size * l.r + below;
            let kind = match (l.r, l.panel.dense) {
                (1, false) => "diagonal",
                (_, false) => "block diagonal",
                (1, true) => "diagonal, dense below",
                (_, true) => "block diagonal, dense below",
            };
            let fill = entries as f64 / (size as f64 * (size + rows) as f64);
            BlockSummary { factor: a.factors[l.block].factor, kind, n_levels: l.n_levels, width: l.r, entries, fill }
        });
        let trailing = self.trailing.iter().map(|t| {
            let size = t.n_levels * t.r;
            let (kind, entries) = match self.kind {
                TrailingKind::Dense => ("dense", size * (self.n_trailing - t.offset)),
                TrailingKind::Iterative => ("iterative", size * t.r),
            };
            let fill = entries as f64 / (size * (self.n_trailing - t.offset)) as f64;
            BlockSummary { factor: a.factors[t.block].factor, kind, n_levels: t.n_levels, width: t.r, entries, fill }
        });
        leads.chain(trailing).collect()
    }
}

/// The factor with most levels, then every factor in which all before it are nested.
fn chain(a: &CrossProducts) -> Vec<usize> {
    let mut chain: Vec<usize> = Vec::new();
    for f in 0..a.factors.len() {
        if chain.iter().all(|&j| a.links[f][j].is_nested()) {
            chain.push(f);
        }
    }
    chain
}

fn lead(
    a: &CrossProducts,
    chain: &[usize],
    i: usize,
    block: usize,
    earlier: &[Lead],
    trailing: &[TrailingFactor],
    n_trailing: usize,
) -> Lead {
    let factor = &a.factors[block];
    let ancestors = chain[i + 1..]
        .iter()
        .map(|&j| {
            let link = &a.links[j][block];
            Ancestor { level: link.level.clone(), r: a.factors[j].width, values: link.values.clone() }
        })
        .collect();
    let pattern = panel_pattern(a, block, i, earlier, trailing, n_trailing, factor.n_levels);
    let panel = fill_panel(a, block, pattern, trailing, factor.width);
    Lead { block, r: factor.width, n_levels: factor.n_levels, ancestors, panel }
}

/// The trailing rows of every level: its own, and those of the levels nested in it.
fn panel_pattern(
    a: &CrossProducts,
    block: usize,
    i: usize,
    earlier: &[Lead],
    trailing: &[TrailingFactor],
    n_trailing: usize,
    n_levels: usize,
) -> Panel {
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); n_levels];
    for t in trailing {
        for (level, list) in lists.iter_mut().enumerate() {
            for row in own_rows(a, block, t, level) {
                list.extend((0..t.r as u32).map(|k| row + k));
            }
        }
    }
    for (j, child) in earlier.iter().enumerate() {
        let parent = &child.ancestors[i - j - 1].level;
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
    let mut panel = Panel { ptr: vec![0], rows: Vec::new(), values: Vec::new(), dense };
    for list in lists {
        panel.rows.extend(list);
        panel.ptr.push(panel.rows.len());
    }
    panel
}

/// First rows of the trailing levels that occur with a level.
fn own_rows<'a>(
    a: &'a CrossProducts,
    block: usize,
    t: &'a TrailingFactor,
    level: usize,
) -> impl Iterator<Item = u32> + 'a {
    let first = move |l: u32| (t.offset + l as usize * t.r) as u32;
    // a link is stored from the factor that comes first
    let (forward, backward) = if t.block > block {
        let link = &a.links[t.block][block];
        (link.level[link.ptr[level]..link.ptr[level + 1]].to_vec(), Vec::new())
    } else {
        let link = &a.links[block][t.block];
        let from = (0..t.n_levels)
            .filter(|&f| link.level[link.ptr[f]..link.ptr[f + 1]].binary_search(&(level as u32)).is_ok());
        (Vec::new(), from.map(|f| f as u32).collect())
    };
    forward.into_iter().chain(backward).map(first)
}

/// Writes the blocks of A into the panel's pattern.
fn fill_panel(a: &CrossProducts, block: usize, mut panel: Panel, trailing: &[TrailingFactor], r: usize) -> Panel {
    panel.values = vec![0.0; panel.rows.len() * r];
    for t in trailing {
        let transposed = t.block < block;
        let link = if transposed { &a.links[block][t.block] } else { &a.links[t.block][block] };
        for from in 0..link.ptr.len() - 1 {
            for k in link.ptr[from]..link.ptr[from + 1] {
                let (level, other) =
                    if transposed { (link.level[k] as usize, from) } else { (from, link.level[k] as usize) };
                let rows = panel.level_rows(level);
                let d = rows.len();
                let at = rows.partition_point(|&row| (row as usize) < t.offset + other * t.r);
                let place = panel.ptr[level] * r + at;
                let values = &link.values[k * r * t.r..(k + 1) * r * t.r];
                for i in 0..t.r {
                    for j in 0..r {
                        let v = if transposed { values[i * r + j] } else { values[j * t.r + i] };
                        panel.values[place + j * d + i] = v;
                    }
                }
            }
        }
    }
    panel
}
