//! Which kind of trailing block costs least, by operations counted beforehand.

use super::sparse::{Order, order_if_thin};
use super::symbolic::{Lead, SymbolicFactor, TrailingKind};
use crate::crossproduct::CrossProducts;
use crate::linalg::memory;

/// A smaller trailing block is always dense.
const LEAST_ITERATIVE: usize = 2000;
const LEAST_SPARSE: usize = 800;
/// Flops a second of dense kernels, gathered additions a second, and additions per entry of a panel in the
/// products of one evaluation: typical of two cores.
const DENSE_FLOPS: f64 = 4e10;
const GATHERS: f64 = 1e9;
const ENTRY_COST: f64 = 500.0;
/// The same for the sparse kind: additions per entry of a panel and of L, and its flops, of factor and inverse, per flop
/// of the factor, at the rate of dense kernels.
const PANEL_COST: f64 = 100.0;
const SPARSE_COST: f64 = 40.0;
const SPARSE_PASSES: f64 = 5.0;
/// A sparse factor is taken where it is predicted to cost this much less than a dense one.
const SPARSE_MARGIN: f64 = 2.0;
/// Share of the free memory that an exact trailing block may take, and entries of L at most.
const MOST_MEMORY: f64 = 0.7;
const MOST_ENTRIES: f64 = 1.5e9;

impl SymbolicFactor {
    /// Seconds of one evaluation with its gradient, by the operations counted; of the sparse kind where there is an
    /// order for it.
    pub fn predicted_seconds(&self, kind: TrailingKind) -> Option<f64> {
        let q = self.n_trailing as f64;
        match kind {
            TrailingKind::Dense => Some(q * q * q / DENSE_FLOPS),
            TrailingKind::Sparse => self.order.as_ref().map(|order| self.sparse_seconds(order)),
            TrailingKind::Iterative => {
                let (entries, pairs) = self.panel_counts();
                Some((2.5 * pairs + ENTRY_COST * entries) / GATHERS)
            }
        }
    }

    fn sparse_seconds(&self, order: &Order) -> f64 {
        let (entries, pairs) = self.panel_counts();
        let gathered = 3.0 * pairs + PANEL_COST * entries + SPARSE_COST * order.entries;
        SPARSE_PASSES * order.flops / DENSE_FLOPS + gathered / GATHERS
    }

    /// Entries of the panels, and pairs of them within a level.
    fn panel_counts(&self) -> (f64, f64) {
        let lists = self.leads.iter().flat_map(|l| l.panel.ptr.windows(2).map(move |w| (w[1] - w[0], l.r)));
        lists.fold((0.0, 0.0), |(entries, pairs), (d, r)| (entries + (d * r) as f64, pairs + (d * d * r) as f64))
    }

    /// Bytes of the trailing block's factor and inverse, for an exact kind.
    pub fn predicted_bytes(&self, kind: TrailingKind) -> Option<f64> {
        let q = self.n_trailing as f64;
        match kind {
            TrailingKind::Dense => Some(24.0 * q * q),
            // S twice with its places; L and its inverse, with zeros that supernodes hold
            TrailingKind::Sparse => self.order.as_ref().map(|o| 36.0 * o.pairs + 1.3 * 16.0 * o.entries),
            TrailingKind::Iterative => None,
        }
    }

    /// Whether memory holds an exact kind.
    fn fits(&self, kind: TrailingKind) -> bool {
        let large = kind == TrailingKind::Sparse && self.order.as_ref().is_none_or(|o| o.entries > MOST_ENTRIES);
        let limit = memory::available().map_or(f64::INFINITY, |free| MOST_MEMORY * free as f64);
        !large && self.predicted_bytes(kind).is_some_and(|bytes| bytes < limit)
    }

    /// The cheapest kind; looks for an order of elimination where there may be a good one.
    pub fn choose(&mut self, a: &CrossProducts) -> TrailingKind {
        if self.n_trailing >= LEAST_SPARSE {
            self.row_index = self.row_indices();
            self.order = order_if_thin(self, a, &self.row_index);
        }
        if self.n_trailing < LEAST_ITERATIVE {
            let exact = self.order.is_some().then(|| self.exact_kind()).flatten();
            return exact.unwrap_or(TrailingKind::Dense);
        }
        let seconds = |kind| self.predicted_seconds(kind).unwrap_or(f64::INFINITY);
        let thin = self.leads.iter().all(|l| !l.panel.dense);
        match self.exact_kind() {
            Some(exact) if !thin || 2.0 * seconds(TrailingKind::Iterative) >= seconds(exact) => exact,
            _ => TrailingKind::Iterative,
        }
    }

    /// The cheaper of the exact kinds that memory holds; the sparse one where it is so by a margin.
    pub fn exact_kind(&self) -> Option<TrailingKind> {
        let seconds = |kind| self.predicted_seconds(kind).unwrap_or(f64::INFINITY);
        let (sparse, dense) = (self.fits(TrailingKind::Sparse), self.fits(TrailingKind::Dense));
        let cheap = SPARSE_MARGIN * seconds(TrailingKind::Sparse) < seconds(TrailingKind::Dense);
        match (sparse, dense) {
            (true, true) => Some(if cheap { TrailingKind::Sparse } else { TrailingKind::Dense }),
            (true, false) => Some(TrailingKind::Sparse),
            (false, true) => Some(TrailingKind::Dense),
            (false, false) => None,
        }
    }

    /// Multiplications and additions of one factorization with p columns of X.
    pub fn flops(&self, p: usize) -> f64 {
        let x = (p + 1) as f64;
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
            TrailingKind::Sparse => {
                let order = &self.layout().order;
                order.flops + 2.0 * order.entries * x + self.panel_counts().1
            }
            TrailingKind::Iterative => self.predicted_seconds(self.kind).unwrap_or(0.0) * GATHERS,
        };
        self.leads.iter().map(lead).sum::<f64>() + trailing + t * x * x
    }
}
