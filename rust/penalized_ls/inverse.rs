//! The selected inverse: entries of M^-1 on the pattern of A, which is all that the derivative of a
//! log-determinant needs.  With the fixed effects among the rows R below, M is the matrix of the mixed
//! model equations, and log|M| = log|Λ'Z'WZΛ + I| + log|X'V^-1 X|: that of REML.
//!
//! With N = Λ M^-1 Λ' (Λ = I for X) and P = L below a leading block (before Λ), for one level:
//!   W = N_RR P,   Q = P'W,   M^-1 = L^-T (I + Q) L^-1,   N_R = -W C',   N = C (I + Q) C'
//! and d log|M| = 2 tr(dΛ' E) with E = Σ over levels of (B Λ M^-1) = [B C (I + Q) - B_R'W] L^-1.

use rayon::prelude::*;

use super::factor::{CholeskyFactor, view};
use super::level_inverse::{LevelInverseTask, Scratch, invert_level, piece};
use super::panel::Panels;
use super::symbolic::{Lead, SymbolicFactor};
use super::trailing::{DenseInverse, FixedInverse, InverseBlocks, TrailingInverse};
use crate::crossproduct::CrossProducts;
use crate::linalg::dense;
use crate::with_width;

/// Levels of one task, and of one partial sum of E.
const GRAIN: usize = 512;

/// Blocks of N for a lead: kept for those that others lie in, and where the user asks.
#[derive(Debug, Clone, Default)]
pub struct LeadInverse {
    pub own: Vec<f64>,
    pub ancestors: Vec<Vec<f64>>,
    pub panel: Vec<f64>,
    /// (n_levels r) columns of n_fixed.
    pub x: Vec<f64>,
}

/// What the factor's inverse gives.
#[derive(Debug, Clone, Default)]
pub struct Inverse {
    pub trailing: TrailingInverse,
    pub leads: Vec<LeadInverse>,
    /// Whether all blocks of the first lead are kept too, in which no other lies.
    pub keeps_first: bool,
    /// W of a dense panel: its trailing rows and its rows of X.
    w: Vec<f64>,
    wx: Vec<f64>,
    /// E of every grouping factor, by block (r x r): d log|M| / dΛ = 2E.
    pub e: Vec<Vec<f64>>,
}

impl Inverse {
    /// Overwrites the inverse with that of `factor`; `with_fixed`: of the mixed model equations.
    pub fn update(
        &mut self,
        factor: &CholeskyFactor,
        a: &CrossProducts,
        panels: &Panels,
        symbolic: &SymbolicFactor,
        with_fixed: bool,
    ) {
        self.e = a.factors.iter().map(|f| vec![0.0; f.width * f.width]).collect();
        self.leads.resize_with(symbolic.leads.len(), LeadInverse::default);
        self.trailing.update(factor, a, symbolic, with_fixed, &mut self.e);
        for i in (0..symbolic.leads.len()).rev() {
            self.update_lead(factor, (a, panels), symbolic, i);
        }
    }

    /// Λ M^-1 Λ' of every level of a grouping factor (n_levels blocks r x r).
    pub fn level_blocks(&self, factor: &CholeskyFactor, symbolic: &SymbolicFactor, block: usize) -> Vec<f64> {
        match symbolic.leads.iter().position(|l| l.block == block) {
            Some(i) => self.leads[i].own.clone(),
            None => self.trailing.level_blocks(factor, symbolic, block),
        }
    }

    fn update_lead(
        &mut self,
        factor: &CholeskyFactor,
        (a, panels): (&CrossProducts, &Panels),
        symbolic: &SymbolicFactor,
        i: usize,
    ) {
        let lead = &symbolic.leads[i];
        if lead.panel.dense
            && let InverseBlocks::Dense(n) = &self.trailing.blocks
        {
            weigh_dense(n, &self.trailing.fixed, (&mut self.w, &mut self.wx), factor, symbolic, i);
        }
        let mut own = std::mem::take(&mut self.leads[i]);
        let (r, kept) = (lead.r, i > 0 || self.keeps_first);
        own.own.resize(lead.n_levels * r * r, 0.0);
        own.panel.resize(if kept { lead.n_panel() } else { 0 }, 0.0);
        own.x.resize(if kept { lead.n_levels * r * self.trailing.fixed.n } else { 0 }, 0.0);
        own.ancestors.resize(lead.ancestors.len(), Vec::new());
        for (values, ancestor) in own.ancestors.iter_mut().zip(&lead.ancestors) {
            values.resize(if kept { lead.n_levels * ancestor.r * r } else { 0 }, 0.0);
        }
        let task = LevelInverseTask {
            inverse: self,
            factor,
            symbolic,
            i,
            lead,
            source: view(&factor.leads[i].reduced, a, panels, symbolic, i),
        };
        let e = if kept {
            let mut scratch = Scratch::new(lead, self.trailing.fixed.n);
            for level in 0..lead.n_levels {
                with_width!(
                    r,
                    invert_level(&task, level, &mut own.own[level * r * r..(level + 1) * r * r], &mut scratch)
                );
                task.keep(level, &scratch, &mut own);
            }
            scratch.e
        } else {
            // nothing lies below the first lead: its levels are independent of each other
            let pieces = own.own.par_chunks_mut(GRAIN * r * r).enumerate();
            let partial: Vec<Vec<f64>> = pieces.map(|(k, n)| with_width!(r, piece(&task, k * GRAIN, n))).collect();
            partial.iter().fold(vec![0.0; r * r], |mut e, part| {
                e.iter_mut().zip(part).for_each(|(a, b)| *a += b);
                e
            })
        };
        self.e[lead.block] = e;
        self.leads[i] = own;
    }

    /// W of all levels, where it was computed beforehand: its trailing rows, empty where B'W is there instead,
    /// and its rows of X.
    pub fn weighed(&self, i: usize, lead: &Lead) -> Option<(&[f64], &[f64])> {
        match &self.trailing.blocks {
            InverseBlocks::Iterative(approximate) => Some((&approximate.leads[i].w, &approximate.leads[i].wx)),
            InverseBlocks::Dense(_) if lead.panel.dense => Some((&self.w, &self.wx)),
            _ => None,
        }
    }

    /// B'W over the trailing rows of one level, where it was computed beforehand.
    pub fn projected(&self, i: usize, level: usize, r: usize) -> Option<&[f64]> {
        let InverseBlocks::Iterative(approximate) = &self.trailing.blocks else { return None };
        approximate.leads[i].projected.get(level * r * r..(level + 1) * r * r)
    }
}

/// W of a panel that is stored whole, by products of matrices.
fn weigh_dense(
    n: &DenseInverse,
    fixed: &FixedInverse,
    (w, wx): (&mut Vec<f64>, &mut Vec<f64>),
    factor: &CholeskyFactor,
    symbolic: &SymbolicFactor,
    i: usize,
) {
    let (lead, blocks) = (&symbolic.leads[i], &factor.leads[i].blocks);
    let (q, f, columns) = (symbolic.n_trailing, fixed.n, lead.n_levels * lead.r);
    let p = dense::view(&blocks.panel, q, columns);
    let px = dense::view(&blocks.x, factor.p + 1, columns).subrows(0, f);
    let n_xt = dense::view(&fixed.x, f, q);
    w.resize(q * columns, 0.0);
    wx.resize(f * columns, 0.0);
    dense::multiply(dense::view_mut(w, q, columns), faer::Accum::Replace, n.view(q), p, 1.0);
    dense::multiply(dense::view_mut(w, q, columns), faer::Accum::Add, n_xt.transpose(), px, 1.0);
    dense::multiply(dense::view_mut(wx, f, columns), faer::Accum::Replace, n_xt, p, 1.0);
    let n_xx = dense::view(&fixed.xx, f, f);
    dense::multiply(dense::view_mut(wx, f, columns), faer::Accum::Add, n_xx, px, 1.0);
}
