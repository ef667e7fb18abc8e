//! The order of elimination: leading factors with their ancestors and panels, then the trailing block.

use std::sync::Arc;

use super::panel::{Panel, panel_pattern};
use super::row_index::RowIndex;
use super::trailing::{Order, RowBlocks, SparseLayout, TrailingKind, TrailingPattern};
use crate::crossproduct::{CrossProducts, FactorBlock};

/// The order of elimination and the pattern of the factor: of the levels that occur together alone.
#[derive(Debug, Clone)]
pub struct SymbolicFactor {
    pub leads: Vec<Lead>,
    pub groups: Vec<TrailingGroup>,
    /// Order of the trailing block.
    pub n_trailing: usize,
    pub trailing: TrailingPattern,
    /// Per lead, its panel by rows; for the sparse and the iterative kind.
    pub row_index: Vec<RowIndex>,
    /// An order of elimination that keeps L thin, where there may be one.
    pub order: Option<Order>,
    /// Why this kind was taken, where it is not the one of least predicted cost.
    pub reason: Option<String>,
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
        let groups: Vec<TrailingGroup> = (0..a.factors.len())
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
            let FactorBlock { n_levels, width: r, .. } = a.factors[block];
            let above = chain[i + 1..].iter();
            let ancestor = |&j: &usize| Ancestor { level: a.patterns[j][block].level.clone(), r: a.factors[j].width };
            let panel = panel_pattern(a, block, &leads, &groups, n_trailing);
            leads.push(Lead { block, r, n_levels, ancestors: above.map(ancestor).collect(), panel });
        }
        let (trailing, row_index) = (TrailingPattern::Dense, Vec::new());
        let mut symbolic = Self { leads, groups, n_trailing, trailing, row_index, order: None, reason: None };
        let kind = symbolic.choose(a);
        symbolic.with_kind(kind, a)
    }

    /// The same with another kind of trailing block.
    ///
    /// # Panics
    /// If a sparse factor would have 2^31 entries or more; none is chosen that large.
    pub fn with_kind(mut self, kind: TrailingKind, a: &CrossProducts) -> Self {
        if kind == TrailingKind::Dense {
            self.row_index = Vec::new();
        } else if self.row_index.is_empty() {
            self.row_index = self.row_indices();
        }
        self.trailing = match kind {
            TrailingKind::Dense => TrailingPattern::Dense,
            TrailingKind::Sparse => {
                let layout = SparseLayout::new(&self, a, &self.row_index, self.order.as_ref());
                TrailingPattern::Sparse(Arc::new(layout.expect("a sparse factor that can be laid out")))
            }
            TrailingKind::Iterative => {
                TrailingPattern::Iterative(Arc::new(RowBlocks::new(&self.leads, self.n_trailing)))
            }
        };
        self
    }

    pub fn kind(&self) -> TrailingKind {
        self.trailing.kind()
    }

    pub fn row_indices(&self) -> Vec<RowIndex> {
        self.leads.iter().map(|l| RowIndex::new(l, self.n_trailing)).collect()
    }
}

/// The factor with most levels, then every factor in which all before it are nested; none of which rows connect levels.
fn chain(a: &CrossProducts) -> Vec<usize> {
    let mut chain: Vec<usize> = Vec::new();
    for f in 0..a.factors.len() {
        if a.own_link(f).is_none() && chain.iter().all(|&j| a.patterns[f][j].is_nested()) {
            chain.push(f);
        }
    }
    chain
}
