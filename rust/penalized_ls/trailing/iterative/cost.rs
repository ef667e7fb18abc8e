//! What the iterative kind costs: operations, and bytes of its factor and inverse.

use super::deflation::IMAGE_COLUMNS;
use super::{ApproximateInverse, IterativeFactor, RowBlocks};
use crate::penalized_ls::cost::{GATHERS, NUMBER};
use crate::penalized_ls::symbolic::{Lead, SymbolicFactor};

/// Additions per entry of a panel in the products of one evaluation, typical of two cores.
const ENTRY_COST: f64 = 500.0;
/// A vector of its own: its three words, and what the allocator adds to a small block.
const SMALL_VECTOR: usize = 24 + 16;
/// Outliers at most, probes and steps of Lanczos; vectors a search for outliers holds for each.
const OUTLIERS: usize = 64;
const PROBES: usize = 8;
const STEPS: usize = 13;
const IN_SEARCH: usize = 10;

impl IterativeFactor {
    /// Seconds of one evaluation with its gradient.
    pub fn predicted_seconds(symbolic: &SymbolicFactor) -> f64 {
        let (entries, pairs) = symbolic.panel_counts();
        (2.5 * pairs + ENTRY_COST * entries) / GATHERS
    }

    /// H by levels, by rows, and by blocks of rows in single precision; C C' and H'E H by level; R, T; outliers, where
    /// they began, and probes.
    pub fn n_bytes(symbolic: &SymbolicFactor) -> usize {
        let levels: usize = symbolic.leads.iter().map(|l| 2 * l.n_levels * l.r * l.r).sum();
        let blocks: usize = symbolic.groups.iter().map(|t| 5 * t.n_levels * t.r * t.r).sum();
        let vectors = (2 * OUTLIERS + 2 * PROBES) * symbolic.n_trailing;
        (2 * NUMBER + NUMBER / 2) * symbolic.n_panels() + NUMBER * (levels + blocks + vectors)
    }

    /// What an evaluation with p columns of X holds for a while: H anew beside the old; H'E H by block of rows; vectors
    /// of the trailing block and products on the levels of a lead, in the search for outliers, the steps of Lanczos, or
    /// conjugate gradients.
    pub fn passing_bytes(rows: &RowBlocks, symbolic: &SymbolicFactor, p: usize) -> usize {
        let widest = symbolic.leads.iter().map(|l| l.n_levels * l.r).max().unwrap_or(0);
        let held = |vectors: usize, width: usize| NUMBER * (vectors * symbolic.n_trailing + width * widest);
        let Some((first, blocked)) = symbolic.leads.first().zip(rows.leads.first()) else { return 0 };
        let (forms, x) = (NUMBER * blocked.n_visits() * first.r * first.r, p + 1);
        let vectors = held(IN_SEARCH * OUTLIERS, IMAGE_COLUMNS).max(held(STEPS * PROBES, PROBES)).max(held(9 * x, x));
        (NUMBER * symbolic.n_panels()).max(forms).max(vectors)
    }
}

impl ApproximateInverse {
    /// A and B; B'W and W of X by level, as they are computed and as they are kept; for leads after the first E H, W as
    /// it is computed, W, and the one before.
    pub fn n_bytes(symbolic: &SymbolicFactor, fixed: usize) -> usize {
        let level = |l: &Lead| 2 * SMALL_VECTOR + 2 * NUMBER * l.r * (l.r + fixed);
        let levels: usize = symbolic.leads.iter().map(|l| l.n_levels * level(l)).sum();
        let later: usize = symbolic.leads.iter().skip(1).map(Lead::n_panel).sum();
        let width = OUTLIERS + 2 * PROBES + fixed;
        NUMBER * (4 * later + (2 * width + fixed) * symbolic.n_trailing) + levels
    }
}
