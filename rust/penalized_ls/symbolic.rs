//! The order of elimination: leading factors with their ancestors and panels, then the trailing block.

use std::sync::Arc;

use super::iterative::{RowBlocks, RowIndex};
use super::panel::{Panel, panel_pattern};
use super::sparse::{Order, SparseLayout};
use crate::crossproduct::CrossProducts;

/// How the trailing block is factored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrailingKind {
    /// By dense Cholesky: exact.
    Dense,
    /// By sparse Cholesky, where few of its levels meet: exact.
    Sparse,
    /// Never formed: solved to rounding, its log-determinant to a standard error that is reported.
    Iterative,
}

/// The order of elimination and the pattern of the factor: of the levels that occur together alone.
#[derive(Debug, Clone)]
pub struct SymbolicFactor {
    pub leads: Vec<Lead>,
    pub trailing: Vec<TrailingGroup>,
    /// Order of the trailing block.
    pub n_trailing: usize,
    pub kind: TrailingKind,
    /// Per lead, its panel by rows; for the sparse and the iterative kind.
    pub row_index: Vec<RowIndex>,
    /// The panels by blocks of rows; for the iterative kind.
    pub row_blocks: RowBlocks,
    /// An order of elimination that keeps L thin, where there may be one.
    pub order: Option<Order>,
    /// Why this kind was taken, where it is not the one of least predicted cost.
    pub reason: Option<String>,
    /// Where S and L are stored; for the sparse kind.
    layout: Option<Arc<SparseLayout>>,
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

/// For each level the one level of a later lead that it lies in.
#[derive(Debug, Clone)]
pub struct Ancestor {
    pub level: Vec<u32>,
    pub r: usize,
}

/// A grouping factor in the trailing block.
#[derive(Debug, Clone)]
pub struct TrailingGroup {
    pub block: usize,
    pub offset: usize,
    pub r: usize,
    pub n_levels: usize,
}

impl SymbolicFactor {
    pub fn new(a: &CrossProducts) -> Self {
        let chain = chain(a);
        let mut n_trailing = 0;
        let trailing: Vec<TrailingGroup> = (0..a.factors.len())
            .filter(|f| !chain.contains(f))
            .map(|block| {
                let (r, n_levels) = (a.factors[block].width, a.factors[block].n_levels);
                let offset = n_trailing;
                n_trailing += r * n_levels;
                TrailingGroup { block, offset, r, n_levels }
            })
            .collect();
        let mut leads: Vec<Lead> = Vec::new();
        for (i, &block) in chain.iter().enumerate() {
            let lead = lead(a, &chain, i, block, &leads, &trailing, n_trailing);
            leads.push(lead);
        }
        let mut symbolic = Self {
            leads,
            trailing,
            n_trailing,
            kind: TrailingKind::Dense,
            row_index: Vec::new(),
            row_blocks: RowBlocks::default(),
            order: None,
            reason: None,
            layout: None,
        };
        let kind = symbolic.choose(a);
        symbolic.with_kind(kind, a)
    }

    /// The same with another kind of trailing block.
    ///
    /// # Panics
    /// If a sparse factor would have 2^31 entries or more; none is chosen that large.
    pub fn with_kind(mut self, kind: TrailingKind, a: &CrossProducts) -> Self {
        (self.row_blocks, self.layout) = (RowBlocks::default(), None);
        if kind == TrailingKind::Dense {
            self.row_index = Vec::new();
        } else if self.row_index.is_empty() {
            self.row_index = self.row_indices();
        }
        match kind {
            TrailingKind::Dense => {}
            TrailingKind::Sparse => {
                let layout = SparseLayout::new(&self, a, &self.row_index, self.order.as_ref());
                self.layout = Some(Arc::new(layout.expect("a sparse factor that can be laid out")));
            }
            TrailingKind::Iterative => self.row_blocks = RowBlocks::new(&self.leads, self.n_trailing),
        }
        self.kind = kind;
        self
    }

    pub fn row_indices(&self) -> Vec<RowIndex> {
        self.leads.iter().map(|l| RowIndex::new(l, self.n_trailing)).collect()
    }

    /// Where a sparse trailing block is stored.
    pub fn layout(&self) -> &SparseLayout {
        self.layout.as_ref().expect("a sparse trailing block")
    }
}

/// The factor with most levels, then every factor in which all before it are nested.
fn chain(a: &CrossProducts) -> Vec<usize> {
    let mut chain: Vec<usize> = Vec::new();
    for f in 0..a.factors.len() {
        if chain.iter().all(|&j| a.patterns[f][j].is_nested()) {
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
    trailing: &[TrailingGroup],
    n_trailing: usize,
) -> Lead {
    let factor = &a.factors[block];
    let ancestors = chain[i + 1..]
        .iter()
        .map(|&j| Ancestor { level: a.patterns[j][block].level.clone(), r: a.factors[j].width })
        .collect();
    let panel = panel_pattern(a, block, i, earlier, trailing, n_trailing, factor.n_levels);
    Lead { block, r: factor.width, n_levels: factor.n_levels, ancestors, panel }
}
