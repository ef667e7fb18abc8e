//! What a model costs: operations and bytes, the kind of trailing block that costs least, and the table that shows it.
//!
//! Counts follow the allocations in `factor` and `inverse`; those of the trailing block stand beside each kind.

use super::symbolic::{Lead, SymbolicFactor};
use super::trailing::{
    ApproximateInverse, DenseFactor, DenseInverse, IterativeFactor, Order, SparseFactor, SparseInverse, TrailingKind,
    TrailingPattern, order_if_thin,
};
use crate::crossproduct::CrossProducts;
use crate::ids::FactorId;
use crate::linalg::memory;

/// A smaller trailing block is always dense.
const LEAST_ITERATIVE: usize = 2000;
const LEAST_SPARSE: usize = 800;
/// Flops a second of dense kernels, and gathered additions a second: typical of two cores.
pub const DENSE_FLOPS: f64 = 4e10;
pub const GATHERS: f64 = 1e9;
/// A sparse factor is taken where it is predicted to cost this much less than a dense one.
const SPARSE_MARGIN: f64 = 2.0;
/// Share of the free memory that an exact trailing block may take, and entries of L at most.
const MOST_MEMORY: f64 = 0.7;
const MOST_ENTRIES: f64 = 1.5e9;

pub const NUMBER: usize = size_of::<f64>();
const PLACE: usize = size_of::<usize>();
const LEVEL: usize = size_of::<u32>();

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

impl Lead {
    /// Entries of the panel.
    pub fn n_panel(&self) -> usize {
        self.panel.rows.len() * self.r
    }

    /// Entries of the blocks with ancestors.
    fn n_ancestors(&self) -> usize {
        self.ancestors.iter().map(|a| self.n_levels * a.r * self.r).sum()
    }

    /// Multiplications and additions of its elimination, with x columns behind it.
    fn flops(&self, x: f64) -> f64 {
        let r = self.r as f64;
        let rows: f64 = (0..self.n_levels)
            .map(|k| (self.panel.ptr[k + 1] - self.panel.ptr[k]) as f64)
            .map(|d| r * (d * d + 2.0 * d * x + 2.0 * d * r))
            .sum();
        rows + self.n_levels as f64 * r * (x * x + 2.0 * x * r + r * r)
    }

    /// Its row of the table, above `n_trailing` rows.
    fn summary(&self, a: &CrossProducts, n_trailing: usize) -> BlockSummary {
        let size = self.n_levels * self.r;
        let rows: usize = self.ancestors.iter().map(|a| a.r).sum::<usize>() + n_trailing;
        let entries = size * self.r + self.n_ancestors() + self.n_panel();
        let kind = match (self.r, self.panel.dense) {
            (1, false) => "diagonal",
            (_, false) => "block diagonal",
            (1, true) => "diagonal, dense below",
            (_, true) => "block diagonal, dense below",
        };
        let fill = entries as f64 / (size as f64 * (size + rows) as f64);
        BlockSummary {
            factor: a.factors[self.block].factor,
            kind,
            n_levels: self.n_levels,
            width: self.r,
            entries,
            fill,
        }
    }
}

impl SymbolicFactor {
    /// Seconds of one evaluation with its gradient, by the operations counted; of the sparse kind where there is an
    /// order for it.
    pub fn predicted_seconds(&self, kind: TrailingKind) -> Option<f64> {
        match kind {
            TrailingKind::Dense => Some(DenseFactor::predicted_seconds(self.n_trailing)),
            TrailingKind::Sparse => self.order.as_ref().map(|order| order.predicted_seconds(self)),
            TrailingKind::Iterative => Some(IterativeFactor::predicted_seconds(self)),
        }
    }

    /// Bytes of the trailing block's factor and inverse, for an exact kind.
    fn predicted_bytes(&self, kind: TrailingKind) -> Option<f64> {
        match kind {
            TrailingKind::Dense => Some(DenseFactor::predicted_bytes(self.n_trailing)),
            TrailingKind::Sparse => self.order.as_ref().map(Order::predicted_bytes),
            TrailingKind::Iterative => None,
        }
    }

    /// Entries of the panels, and pairs of them within a level.
    pub fn panel_counts(&self) -> (f64, f64) {
        let lists = self.leads.iter().flat_map(|l| l.panel.ptr.windows(2).map(move |w| (w[1] - w[0], l.r)));
        lists.fold((0.0, 0.0), |(entries, pairs), (d, r)| (entries + (d * r) as f64, pairs + (d * d * r) as f64))
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
        let (x, q) = ((p + 1) as f64, self.n_trailing as f64);
        let trailing = match &self.trailing {
            TrailingPattern::Dense => DenseFactor::flops(q, x),
            TrailingPattern::Sparse(layout) => SparseFactor::flops(layout, self, x),
            TrailingPattern::Iterative(_) => IterativeFactor::predicted_seconds(self) * GATHERS,
        };
        self.leads.iter().map(|lead| lead.flops(x)).sum::<f64>() + trailing + q * x * x
    }

    /// The patterns, and the values of A laid out in them.
    pub fn n_bytes(&self) -> usize {
        let lead = |l: &Lead| {
            let ancestors: usize = l.ancestors.iter().map(|a| LEVEL * a.level.len()).sum();
            ancestors + NUMBER * l.n_panel() + LEVEL * l.panel.rows.len() + PLACE * l.panel.ptr.len()
        };
        let index: usize = self.row_index.iter().map(|i| 2 * LEVEL * i.entries.len() + PLACE * i.ptr.len()).sum();
        self.leads.iter().map(lead).sum::<usize>() + index + self.trailing.n_bytes()
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
        let trailing = match &self.trailing {
            TrailingPattern::Dense => DenseFactor::n_bytes(self.n_trailing),
            TrailingPattern::Sparse(layout) => SparseFactor::n_bytes(layout, self),
            TrailingPattern::Iterative(_) => IterativeFactor::n_bytes(self),
        };
        NUMBER * (leads + 2 * self.n_trailing * x) + trailing
    }

    pub fn n_panels(&self) -> usize {
        self.leads.iter().map(Lead::n_panel).sum()
    }

    /// The selected inverse; `fixed`: columns of X in it, p for the mixed model equations, or none.
    fn inverse_bytes(&self, fixed: usize) -> usize {
        let lead = |(i, l): (usize, &Lead)| {
            let below = l.n_ancestors() + l.n_panel() + l.n_levels * l.r * fixed;
            let weighed = if l.panel.dense { l.n_panel() + l.n_levels * l.r * fixed } else { 0 };
            l.n_levels * l.r * l.r + weighed + if i > 0 { below } else { 0 }
        };
        let leads: usize = self.leads.iter().enumerate().map(lead).sum();
        let trailing = match &self.trailing {
            TrailingPattern::Dense => DenseInverse::n_bytes(self.n_trailing, fixed),
            TrailingPattern::Sparse(layout) => SparseInverse::n_bytes(layout, self.n_trailing, fixed),
            TrailingPattern::Iterative(_) => ApproximateInverse::n_bytes(self, fixed),
        };
        NUMBER * leads + trailing
    }

    /// Random effects, q.
    fn n_random(&self) -> usize {
        self.leads.iter().map(|l| l.n_levels * l.r).sum::<usize>() + self.n_trailing
    }

    /// A search with K covariance parameters: the factor; with what evaluating takes, or the inverse, modes, scores
    /// and K directions with their images.
    pub fn search_bytes(&self, p: usize, with_fixed: bool, n_parameters: usize) -> usize {
        let slopes = self.inverse_bytes(if with_fixed { p } else { 0 });
        let slopes = slopes + NUMBER * self.n_random() * (3 + 2 * n_parameters);
        let passing = match &self.trailing {
            TrailingPattern::Dense | TrailingPattern::Sparse(_) => 0,
            TrailingPattern::Iterative(rows) => IterativeFactor::passing_bytes(rows, self, p),
        };
        self.factor_bytes(p) + slopes.max(passing)
    }

    /// The blocks in the order of elimination.
    pub fn blocks(&self, a: &CrossProducts) -> Vec<BlockSummary> {
        let trailing = self.groups.iter().enumerate().map(|(k, t)| {
            let size = t.n_levels * t.r;
            let (kind, entries) = match &self.trailing {
                TrailingPattern::Dense => ("dense", size * (self.n_trailing - t.offset)),
                TrailingPattern::Sparse(layout) => ("sparse", layout.entries(k)),
                TrailingPattern::Iterative(_) => ("iterative", size * t.r),
            };
            let fill = entries as f64 / (size * (self.n_trailing - t.offset)) as f64;
            BlockSummary { factor: a.factors[t.block].factor, kind, n_levels: t.n_levels, width: t.r, entries, fill }
        });
        self.leads.iter().map(|lead| lead.summary(a, self.n_trailing)).chain(trailing).collect()
    }
}
