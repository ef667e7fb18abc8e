//! What the sparse kind costs: operations, and bytes of its pattern, factor and inverse.

use super::{Order, SparseFactor, SparseInverse, SparseLayout};
use crate::penalized_ls::cost::{DENSE_FLOPS, GATHERS, NUMBER};
use crate::penalized_ls::symbolic::SymbolicFactor;

/// Additions per entry of a panel and of L, and flops of factor and inverse per flop of the factor, at the rate of dense
/// kernels.
const PANEL_COST: f64 = 100.0;
const ENTRY_COST: f64 = 40.0;
const PASSES: f64 = 5.0;

impl Order {
    /// Seconds of one evaluation with its gradient.
    pub fn predicted_seconds(&self, symbolic: &SymbolicFactor) -> f64 {
        let (entries, pairs) = symbolic.panel_counts();
        let gathered = 3.0 * pairs + PANEL_COST * entries + ENTRY_COST * self.entries;
        PASSES * self.flops / DENSE_FLOPS + gathered / GATHERS
    }

    /// S twice with its places; L and its inverse, with zeros that supernodes hold.
    pub fn predicted_bytes(&self) -> f64 {
        36.0 * self.pairs + 1.3 * 16.0 * self.entries
    }
}

impl SparseFactor {
    /// Operations of one factorization with x columns behind it.
    pub fn flops(layout: &SparseLayout, symbolic: &SymbolicFactor, x: f64) -> f64 {
        let order = &layout.order;
        order.flops + 2.0 * order.entries * x + symbolic.panel_counts().1
    }

    /// S, once more where some Λ is singular, L, and sorted panels.
    pub fn n_bytes(layout: &SparseLayout, symbolic: &SymbolicFactor) -> usize {
        NUMBER * (2 * layout.rows.len() + layout.supernodes.n_values() + symbolic.n_panels())
    }
}

impl SparseInverse {
    /// The widest block of Z_RR comes on top.
    pub fn n_bytes(layout: &SparseLayout, q: usize, fixed: usize) -> usize {
        NUMBER * (layout.supernodes.n_values() + layout.supernodes.largest_above() + fixed * q)
    }
}
