//! The trailing block where few of its levels meet: S on its own pattern, factored by sparse Cholesky.
//!
//! The levels that a level of a lead meets all meet each other in S; else only levels that are linked do.  With few
//! such pairs, or many that lie within components of their own or along a tree, an order of elimination keeps L thin.
//! L is stored by supernodes, columns of like pattern, so that dense kernels work on it (Ng and Peyton 1993, SIAM J.
//! Sci. Comput. 14, 1034-1056).  The inverse is computed on the pattern of L, which holds every pair of rows that a
//! derivative needs.

mod assemble;
mod cost;
mod graph;
mod inverse;
mod layout;
mod order;
mod selected_inverse;
mod supernodes;
#[cfg(test)]
mod tests;

pub use inverse::SparseInverse;
pub use layout::SparseLayout;
pub use order::Order;

use graph::{Meetings, Nodes};

use std::sync::Arc;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::SparseColMatRef;
use faer::sparse::linalg::cholesky::supernodal;
use faer::{Conj, Par};

use super::{FixedColumns, is_near_singular};
use crate::Result;
use crate::crossproduct::CrossProducts;
use crate::linalg::dense;
use crate::penalized_ls::factor::LeadFactor;
use crate::penalized_ls::panel::Panels;
use crate::penalized_ls::row_index::RowIndex;
use crate::penalized_ls::symbolic::SymbolicFactor;

/// With more multiplications than this the dense kernels of a factorization use threads.
const PARALLEL_FLOPS: f64 = 1e9;

/// Of levels that meet more than this share of all others, in components that hold more than this share of all pairs, no
/// thin factor is expected.
const MOST_MEETING: f64 = 0.05;
const MOST_WITHIN: f64 = 0.25;
/// Pairs of levels, and entries read to find them, that are looked through for an order.
const MOST_PAIRS: f64 = 5e7;
const MOST_READ: f64 = 1e9;

/// An order of elimination, unless a sample of levels shows that L would hardly be thin.
pub fn order_if_thin(symbolic: &SymbolicFactor, a: &CrossProducts, index: &[RowIndex]) -> Option<Order> {
    let nodes = Nodes::new(symbolic);
    let meetings = Meetings::new(symbolic, a, &nodes, index);
    let (pairs, read) = meetings.estimate();
    let all = 0.5 * (nodes.n() as f64).powi(2);
    if pairs > MOST_PAIRS || read > MOST_READ {
        return None;
    }
    if pairs > MOST_MEETING * all && meetings.share_within_components() > MOST_WITHIN {
        return None;
    }
    Order::new(&meetings.graph(), &nodes).ok()
}

/// S and L for one θ.
#[derive(Debug, Clone)]
pub struct SparseFactor {
    layout: Arc<SparseLayout>,
    s: Vec<f64>,
    /// S before Λ: kept only where some Λ is near singular.
    before: Vec<f64>,
    l: Vec<f64>,
    /// P of every lead, sorted by places.
    panels: Vec<Vec<f64>>,
}

impl SparseFactor {
    pub fn new(layout: Arc<SparseLayout>) -> Self {
        Self { layout, s: Vec::new(), before: Vec::new(), l: Vec::new(), panels: Vec::new() }
    }

    /// S = L L' on the pattern of S for the Λ in force, and X'X less the part that S^-1 explains; returns log|S|.
    ///
    /// # Errors
    /// `Numerical` where S is not positive definite.
    pub fn factor(
        &mut self,
        panels: &Panels,
        symbolic: &SymbolicFactor,
        (leads, lambda): (&[LeadFactor], &[Vec<f64>]),
        mut x: FixedColumns,
    ) -> Result<f64> {
        let layout = self.layout.clone();
        let singular = symbolic.groups.iter().any(|t| is_near_singular(&lambda[t.block], t.r));
        self.s.resize(layout.rows.len(), 0.0);
        self.before.resize(if singular { self.s.len() } else { 0 }, 0.0);
        self.l.resize(layout.supernodes.n_values(), 0.0);
        self.panels.resize(leads.len(), Vec::new());
        for (i, lead) in leads.iter().enumerate() {
            assemble::sort_panel(&mut self.panels[i], symbolic, &layout, i, &lead.blocks.panel);
        }
        let task = assemble::AssemblyTask { base: &panels.trailing, panels: &self.panels, lambda };
        assemble::assemble(&mut self.s, &mut self.before, symbolic, &layout, &task);
        let par = if layout.order.flops > PARALLEL_FLOPS { Par::rayon(0) } else { Par::Seq };
        layout.supernodes.factor(&mut self.l, SparseColMatRef::new(layout.pattern(), &self.s), par)?;
        let scaled = x.scaled(lambda, symbolic);
        x.solved.copy_from_slice(&scaled);
        self.solve(x.solved, x.stride);
        x.subtract_explained(&scaled, symbolic.n_trailing);
        Ok(layout.supernodes.logdet(&self.l))
    }

    /// S^-1 of m columns (q_t x m) in place.
    pub fn solve(&self, columns: &mut [f64], m: usize) {
        let layout = &self.layout;
        let q = layout.place.len();
        if m == 0 || q == 0 {
            return;
        }
        let mut ordered = vec![0.0; q * m];
        for (to, from) in ordered.chunks_exact_mut(q).zip(columns.chunks_exact(q)) {
            from.iter().zip(&layout.place).for_each(|(v, &place)| to[place as usize] = *v);
        }
        let cholesky = &layout.supernodes.cholesky;
        let l = supernodal::SupernodalLltRef::new(cholesky, &self.l);
        let mut memory = MemBuffer::new(cholesky.solve_in_place_scratch::<f64>(m, Par::Seq));
        let stack = MemStack::new(&mut memory);
        l.solve_in_place_with_conj(Conj::No, dense::view_mut(&mut ordered, q, m), Par::Seq, stack);
        for (from, to) in ordered.chunks_exact(q).zip(columns.chunks_exact_mut(q)) {
            to.iter_mut().zip(&layout.place).for_each(|(v, &place)| *v = from[place as usize]);
        }
    }

    /// L^-T of one column, of numbers in the order of L, which come back in that of S.
    pub fn solve_transposed(&self, column: &mut [f64]) {
        self.layout.supernodes.solve_transposed(&self.l, column);
        let ordered = column.to_vec();
        column.iter_mut().zip(&self.layout.place).for_each(|(v, &place)| *v = ordered[place as usize]);
    }
}
