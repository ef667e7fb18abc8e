//! Elimination of one leading factor: its block-diagonal part; `reduce` has what it leaves of the blocks below.

use super::factor::{CholeskyFactor, LeadFactor, LeadView, ancestor_blocks, view};
use super::panel::Panels;
use super::reduce;
use super::symbolic::{Lead, SymbolicFactor};
use super::trailing::TrailingFactor;
use crate::crossproduct::CrossProducts;
use crate::linalg::small;
use crate::{Error, Result, with_width};

/// Levels that one task takes; the tree of tasks, and so every sum, depends on the data alone.
const GRAIN: usize = 1024;
/// Levels of one partial sum of X'X.
const X_GRAIN: usize = 2048;
/// Widest block of random effects.
const STACK: usize = 16;

/// Factors lead i and subtracts what it explains from all later blocks; returns its part of log|M|.
///
/// # Errors
/// `Numerical` at a pivot that is not positive.
pub fn lead(
    factor: &mut CholeskyFactor,
    a: &CrossProducts,
    panels: &Panels,
    symbolic: &SymbolicFactor,
    i: usize,
) -> Result<f64> {
    let stride = factor.p + 1;
    let (done, later) = factor.leads.split_at_mut(i + 1);
    let current = &mut done[i];
    let lambda = &factor.lambda[symbolic.leads[i].block];
    let source = (a, panels);
    let logdet = factor_levels(current, source, symbolic, (i, stride), lambda)?;
    let (current, lead) = (&done[i], &symbolic.leads[i]);
    reduce::ancestors(current, lead, symbolic, (i, stride), later);
    match &mut factor.trailing {
        TrailingFactor::Dense(dense) => {
            reduce::trailing(current, lead, stride, &mut dense.l, &mut factor.reduced_x);
        }
        TrailingFactor::Sparse(_) | TrailingFactor::Iterative(_) => {
            reduce::reduced_x(current, lead, &symbolic.row_index[i], stride, &mut factor.reduced_x);
        }
    }
    reduce::xx(current, lead.r * X_GRAIN, stride, &mut factor.xx);
    Ok(logdet)
}

/// L, C and P of every level.
fn factor_levels(
    current: &mut LeadFactor,
    (a, panels): (&CrossProducts, &Panels),
    symbolic: &SymbolicFactor,
    (i, stride): (usize, usize),
    lambda: &[f64],
) -> Result<f64> {
    let lead = &symbolic.leads[i];
    let LeadFactor { reduced, blocks, c } = current;
    let source = view(reduced, a, panels, symbolic, i);
    let levels = LevelRange {
        first: 0,
        n: lead.n_levels,
        own: &mut blocks.own,
        c,
        ancestors: blocks.ancestors.iter_mut().map(Vec::as_mut_slice).collect(),
        panel: &mut blocks.panel,
        x: &mut blocks.x,
    };
    let task = EliminationTask { symbolic, i, lead, stride, source, lambda };
    divide(&task, levels).map_err(|level| {
        Error::Numerical(format!(
            "Λ'Z'WZΛ + I is not positive definite at level {level} of grouping factor {}",
            lead.block
        ))
    })
}

/// What all tasks share.
struct EliminationTask<'a> {
    symbolic: &'a SymbolicFactor,
    i: usize,
    lead: &'a Lead,
    /// Columns of X and y.
    stride: usize,
    source: LeadView<'a>,
    lambda: &'a [f64],
}

/// The output of a range of levels.
struct LevelRange<'a> {
    first: usize,
    n: usize,
    own: &'a mut [f64],
    c: &'a mut [f64],
    ancestors: Vec<&'a mut [f64]>,
    panel: &'a mut [f64],
    x: &'a mut [f64],
}

impl<'a> LevelRange<'a> {
    fn split(self, task: &EliminationTask) -> (Self, Self) {
        let stride = task.stride;
        let (r, half) = (task.lead.r, (self.n / 2).next_multiple_of(GRAIN).min(self.n));
        let middle = self.first + half;
        let panel_at = (task.lead.panel.ptr[middle] - task.lead.panel.ptr[self.first]) * r;
        let (own, own_right) = self.own.split_at_mut(half * r * r);
        let (c, c_right) = self.c.split_at_mut(half * r * r);
        let (panel, panel_right) = self.panel.split_at_mut(panel_at);
        let (x, x_right) = self.x.split_at_mut(half * r * stride);
        let (ancestors, ancestors_right) = self
            .ancestors
            .into_iter()
            .zip(&task.lead.ancestors)
            .map(|(values, ancestor)| values.split_at_mut(half * r * ancestor.r))
            .unzip();
        (
            LevelRange { first: self.first, n: half, own, c, ancestors, panel, x },
            LevelRange {
                first: middle,
                n: self.n - half,
                own: own_right,
                c: c_right,
                ancestors: ancestors_right,
                panel: panel_right,
                x: x_right,
            },
        )
    }
}

fn divide(task: &EliminationTask, levels: LevelRange) -> std::result::Result<f64, usize> {
    if levels.n <= GRAIN {
        return with_width!(task.lead.r, factor_range(task, levels));
    }
    let (left, right) = levels.split(task);
    let (left, right) = rayon::join(|| divide(task, left), || divide(task, right));
    Ok(left? + right?)
}

/// L, C and P of a range of levels; the logarithm of its determinant, or the level that fails.
fn factor_range<const R: usize>(task: &EliminationTask, out: LevelRange) -> std::result::Result<f64, usize> {
    let r = small::width::<R>(task.lead.r);
    let (size, stride) = (r * r, task.stride);
    let panel_start = task.lead.panel.ptr[out.first] * r;
    let (mut stack, mut heap) = ([0.0; STACK * STACK], Vec::new());
    let work: &mut [f64] = if r <= STACK {
        &mut stack[..size]
    } else {
        heap.resize(size, 0.0);
        &mut heap
    };
    let mut ancestors: Vec<_> = out
        .ancestors
        .into_iter()
        .enumerate()
        .map(|(index, values)| {
            let rj = task.lead.ancestors[index].r;
            (values, ancestor_blocks(&task.source, task.symbolic, task.i, index), rj)
        })
        .collect();
    let mut determinants = small::LogProduct::default();
    for k in 0..out.n {
        let level = out.first + k;
        let l = &mut out.own[k * size..(k + 1) * size];
        let c = &mut out.c[k * size..(k + 1) * size];
        // Λ'BΛ + I = LL'
        small::penalized::<R>(l, task.lambda, &task.source.own[level * size..], work, r);
        small::cholesky_of_many::<R>(l, r, &mut determinants).ok_or(level)?;
        // C = Λ L^-T
        small::solve_right_transposed::<R>(c, task.lambda, l, r, r);
        // P = B C for ancestors, trailing rows, and [X y]
        for (values, b, rj) in &mut ancestors {
            let (rj, size) = (*rj, *rj * r);
            small::multiply(&mut values[k * size..(k + 1) * size], &b[level * size..(level + 1) * size], c, rj, r, r);
        }
        let range = task.lead.panel.range(level, r);
        let p = &mut out.panel[range.start - panel_start..range.end - panel_start];
        small::multiply(p, &task.source.panel[range.clone()], c, p.len() / r, r, r);
        let x = &mut out.x[k * r * stride..(k + 1) * r * stride];
        small::multiply(x, &task.source.x[level * r * stride..(level + 1) * r * stride], c, stride, r, r);
    }
    Ok(determinants.log())
}
