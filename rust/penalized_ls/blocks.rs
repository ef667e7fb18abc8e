//! The table that shows how a model is factored.

use super::symbolic::{SymbolicFactor, TrailingKind};
use crate::crossproduct::CrossProducts;
use crate::ids::FactorId;

/// One row of the table that shows how a model is factored.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockSummary {
    pub factor: FactorId,
    pub kind: &'static str,
    pub n_levels: usize,
    pub width: usize,
    /// Entries of the factor on and below this block, X left out.
    pub entries: usize,
    /// Their share of a dense block's.
    pub fill: f64,
}

impl SymbolicFactor {
    /// The blocks in the order of elimination.
    pub fn blocks(&self, a: &CrossProducts) -> Vec<BlockSummary> {
        let leads = self.leads.iter().map(|l| {
            let size = l.n_levels * l.r;
            let below: usize = l.n_ancestors() + l.n_panel();
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
        let trailing = self.trailing.iter().enumerate().map(|(k, t)| {
            let size = t.n_levels * t.r;
            let (kind, entries) = match self.kind {
                TrailingKind::Dense => ("dense", size * (self.n_trailing - t.offset)),
                TrailingKind::Sparse => ("sparse", self.layout().entries(k)),
                TrailingKind::Iterative => ("iterative", size * t.r),
            };
            let fill = entries as f64 / (size * (self.n_trailing - t.offset)) as f64;
            BlockSummary { factor: a.factors[t.block].factor, kind, n_levels: t.n_levels, width: t.r, entries, fill }
        });
        leads.chain(trailing).collect()
    }
}
