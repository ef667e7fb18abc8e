//! Bytes of what a fit holds: counts that follow the allocations in `symbolic`, `factor`, `inverse`, `iterative` and
//! `trailing_inverse`.

use super::iterative::IMAGE_COLUMNS;
use super::symbolic::{Lead, SymbolicFactor, TrailingKind};

const NUMBER: usize = size_of::<f64>();
const PLACE: usize = size_of::<usize>();
const LEVEL: usize = size_of::<u32>();
/// A vector of its own: its three words, and what the allocator adds to a small block.
const SMALL_VECTOR: usize = 24 + 16;
/// Outliers at most, probes and steps of Lanczos; vectors a search for outliers holds for each.
const OUTLIERS: usize = 64;
const PROBES: usize = 8;
const STEPS: usize = 13;
const IN_SEARCH: usize = 10;

impl Lead {
    /// Entries of the panel, and of the blocks with ancestors.
    pub fn n_panel(&self) -> usize {
        self.panel.rows.len() * self.r
    }

    pub fn n_ancestors(&self) -> usize {
        self.ancestors.iter().map(|a| self.n_levels * a.r * self.r).sum()
    }
}

impl SymbolicFactor {
    /// The patterns, and the values of A laid out in them.
    pub fn n_bytes(&self) -> usize {
        let lead = |l: &Lead| {
            let ancestors: usize = l.ancestors.iter().map(|a| LEVEL * a.level.len()).sum();
            ancestors + NUMBER * l.n_panel() + LEVEL * l.panel.rows.len() + PLACE * l.panel.ptr.len()
        };
        let index: usize = self.row_index.iter().map(|i| 2 * LEVEL * i.entries.len() + PLACE * i.ptr.len()).sum();
        let layout = if self.kind == TrailingKind::Sparse { self.layout().n_bytes() } else { 0 };
        self.leads.iter().map(lead).sum::<usize>() + index + self.row_blocks.n_bytes() + layout
    }

    /// L: blocks of the leads, what they are made from, and the trailing block.
    pub fn factor_bytes(&self, p: usize) -> usize {
        let x = p + 1;
        let lead = |(i, l): (usize, &Lead)| {
            let own = l.n_levels * l.r * l.r;
            let blocks = own + l.n_ancestors() + l.n_panel() + l.n_levels * l.r * x;
            own + if i > 0 { 2 * blocks } else { blocks }
        };
        let leads: usize = self.leads.iter().enumerate().map(lead).sum();
        let trailing = match self.kind {
            TrailingKind::Dense => NUMBER * self.n_trailing * self.n_trailing,
            TrailingKind::Sparse => {
                // S, once more where some Λ is singular, L, and sorted panels
                let layout = self.layout();
                NUMBER * (2 * layout.rows.len() + layout.supernodes.n_values() + self.n_panels())
            }
            TrailingKind::Iterative => self.iterative_bytes(),
        };
        NUMBER * (leads + 2 * self.n_trailing * x) + trailing
    }

    /// H by levels, by rows, and by blocks of rows in single precision; C C' and H'E H by level; R, T; outliers, where
    /// they began, and probes.
    fn iterative_bytes(&self) -> usize {
        let levels: usize = self.leads.iter().map(|l| 2 * l.n_levels * l.r * l.r).sum();
        let blocks: usize = self.trailing.iter().map(|t| 5 * t.n_levels * t.r * t.r).sum();
        let vectors = (2 * OUTLIERS + 2 * PROBES) * self.n_trailing;
        (2 * NUMBER + NUMBER / 2) * self.n_panels() + NUMBER * (levels + blocks + vectors)
    }

    fn n_panels(&self) -> usize {
        self.leads.iter().map(Lead::n_panel).sum()
    }

    /// What an evaluation holds for a while: H anew beside the old; H'E H by block of rows; vectors of the trailing
    /// block and products on the levels of a lead, in the search for outliers, the steps of Lanczos, or conjugate
    /// gradients.
    fn passing_bytes(&self, p: usize) -> usize {
        let widest = self.leads.iter().map(|l| l.n_levels * l.r).max().unwrap_or(0);
        let held = |vectors: usize, width: usize| NUMBER * (vectors * self.n_trailing + width * widest);
        let Some((first, blocked)) = self.leads.first().zip(self.row_blocks.leads.first()) else { return 0 };
        let (forms, x) = (NUMBER * blocked.n_visits() * first.r * first.r, p + 1);
        let vectors = held(IN_SEARCH * OUTLIERS, IMAGE_COLUMNS).max(held(STEPS * PROBES, PROBES)).max(held(9 * x, x));
        (NUMBER * self.n_panels()).max(forms).max(vectors)
    }

    /// The selected inverse; `fixed`: columns of X in it, p of the mixed model equations, or none.
    pub fn inverse_bytes(&self, fixed: usize) -> usize {
        let lead = |(i, l): (usize, &Lead)| {
            let below = l.n_ancestors() + l.n_panel() + l.n_levels * l.r * fixed;
            let weighed = if l.panel.dense { l.n_panel() + l.n_levels * l.r * fixed } else { 0 };
            l.n_levels * l.r * l.r + weighed + if i > 0 { below } else { 0 }
        };
        let leads: usize = self.leads.iter().enumerate().map(lead).sum();
        let trailing = match self.kind {
            // the inversion takes as much again as scratch
            TrailingKind::Dense => NUMBER * self.n_trailing * (2 * self.n_trailing + fixed),
            // the widest block of Z_RR comes on top
            TrailingKind::Sparse => {
                let (layout, q) = (self.layout(), self.n_trailing);
                NUMBER * (layout.supernodes.n_values() + layout.supernodes.largest_above() + fixed * q)
            }
            TrailingKind::Iterative => self.approximate_bytes(fixed),
        };
        NUMBER * leads + trailing
    }

    /// A and B; B'W and W of X by level, as they are computed and as they are kept; for leads after the first E H, W as
    /// it is computed, W, and the one before.
    fn approximate_bytes(&self, fixed: usize) -> usize {
        let level = |l: &Lead| 2 * SMALL_VECTOR + 2 * NUMBER * l.r * (l.r + fixed);
        let levels: usize = self.leads.iter().map(|l| l.n_levels * level(l)).sum();
        let later: usize = self.leads.iter().skip(1).map(Lead::n_panel).sum();
        let width = OUTLIERS + 2 * PROBES + fixed;
        NUMBER * (4 * later + (2 * width + fixed) * self.n_trailing) + levels
    }

    /// Random effects, q.
    fn n_random(&self) -> usize {
        self.leads.iter().map(|l| l.n_levels * l.r).sum::<usize>() + self.n_trailing
    }

    /// A search with K covariance parameters: the factor; with what evaluating takes, or the inverse, modes, scores
    /// and K directions with their images.
    pub fn search_bytes(&self, p: usize, with_fixed: bool, n_parameters: usize) -> usize {
        let slopes =
            self.inverse_bytes(if with_fixed { p } else { 0 }) + NUMBER * self.n_random() * (3 + 2 * n_parameters);
        self.factor_bytes(p) + slopes.max(self.passing_bytes(p))
    }
}
