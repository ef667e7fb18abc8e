//! What the parameters φ of the residuals add to gradient and curvature.
//!
//! With N = T M⁻¹ T' on the pattern of A, v = [-b; -β; 1] and w_i = L_i⁻¹[Z X y]_i:
//!   dd/dφ_k = Σ_i tr(G_i dR_ik),   G_i = L_i⁻ᵀ (I - w_i N w_i' - e_i e_i'/σ²) L_i⁻¹,   e_i = w_i v
//! for dd/dA = N + v v'/σ², σ² = r²/m.  The average information has t_k = dR_k R⁻¹(y - Xβ - Zb) = dR_k L⁻ᵀe.

use rayon::prelude::*;

use super::gradient::Gradient;
use super::lmm::{Lmm, Workspace};
use super::residual::{AtResidual, level_columns};
use crate::Result;
use crate::crossproduct::LevelColumns;
use crate::penalized_ls::InverseEntries;
use crate::penalized_ls::product::Effects;
use crate::residual::{Correlations, Factor, Group, Piece};

/// What the parameters of the residuals (K) add.
#[derive(Debug, Clone, Default)]
pub struct ResidualSlopes {
    pub gradient: Vec<f64>,
    /// r_k = t_k'R⁻¹(y - Xβ - Zb): dr²/dφ_k = -r_k.
    pub r: Vec<f64>,
    /// Z'R⁻¹t (rows of K), X'R⁻¹t (p rows of K) and t'R⁻¹t (K x K); empty without a curvature.
    pub(super) h: Effects,
    pub(super) hx: Vec<f64>,
    pub(super) inner: Vec<f64>,
}

impl Lmm {
    /// What the parameters of the residuals add, at the point that `work` and its inverse hold; None without such.
    ///
    /// # Errors
    /// `Numerical` where the covariance is not positive definite.
    pub fn residual_slopes(
        &self,
        gradient: &Gradient,
        work: &Workspace,
        with_curvature: bool,
    ) -> Result<Option<ResidualSlopes>> {
        let Some(own) = &self.residual else { return Ok(None) };
        let pull_back = PullBack::new(self, own, gradient, work, with_curvature);
        if let Some(strata) = &own.strata {
            return Ok(Some(pull_back.of_strata(strata)));
        }
        let parts: Vec<ResidualSlopes> = match &own.residual.grid {
            Some(grid) => pull_back.of_grid(grid)?,
            None => {
                let pieces = own.residual.pieces.par_iter().enumerate();
                pieces.map(|(k, piece)| pull_back.piece(k, piece)).collect::<Result<_>>()?
            }
        };
        let mut parts = parts.into_iter();
        let mut total = parts.next().unwrap_or_default();
        parts.for_each(|part| total.merge(&part));
        Ok(Some(total))
    }
}

impl ResidualSlopes {
    fn merge(&mut self, other: &Self) {
        let add = |a: &mut [f64], b: &[f64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut self.gradient, &other.gradient);
        add(&mut self.r, &other.r);
        add(&mut self.hx, &other.hx);
        add(&mut self.inner, &other.inner);
        self.h.iter_mut().zip(&other.h).for_each(|(a, b)| add(a, b));
    }

    /// Writes the products with [Z X] into the last K of n columns.
    pub fn add_products(&self, h: &mut Effects, hx: &mut [f64], n: usize) {
        let k = self.r.len();
        let write = |to: &mut [f64], from: &[f64]| {
            let rows = to.chunks_exact_mut(n).zip(from.chunks_exact(k.max(1)));
            rows.for_each(|(to, from)| to[n - k..].copy_from_slice(from));
        };
        h.iter_mut().zip(&self.h).for_each(|(to, from)| write(to, from));
        write(hx, &self.hx);
    }

    /// Completes the products of directions (n x n), of which the rows of θ are there.
    pub fn add_inner(&self, sorted: &mut [f64], n: usize) {
        let k = self.r.len();
        let first = n - k;
        for j in 0..n {
            for i in first..n {
                sorted[j * n + i] = if j < first { sorted[i * n + j] } else { self.inner[(j - first) * k + i - first] };
            }
        }
    }
}

/// Groups of a pattern, from which on their sums are made first and what is done with them once.
const TOGETHER: usize = 4;

/// One pass over the groups.
pub(super) struct PullBack<'a> {
    pub model: &'a Lmm,
    pub own: &'a AtResidual,
    pub correlations: Vec<Correlations>,
    pub entries: InverseEntries<'a>,
    pub beta: Vec<f64>,
    pub b: &'a Effects,
    pub weight: f64,
    /// Columns of X that the inverse counts.
    pub n_fixed: usize,
    pub with_curvature: bool,
}

/// A group's whitened rows and what is made of them.
pub(super) struct GroupRows<'a> {
    pub n: usize,
    /// [X y], rows of p + 1.
    pub xy: &'a [f64],
    pub columns: Vec<LevelColumns<'a>>,
    /// L⁻¹(y - Xβ - Zb).
    pub e: Vec<f64>,
}

/// Room for what is computed of one group after the other.
#[derive(Default)]
pub(super) struct Scratch {
    levels: Vec<(usize, u32, usize)>,
    inverse: Vec<f64>,
    pub w: Vec<f64>,
    pub nw: Vec<f64>,
}

impl<'a> PullBack<'a> {
    /// At the point that `work` and its inverse hold.
    pub fn new(
        model: &'a Lmm,
        own: &'a AtResidual,
        gradient: &'a Gradient,
        work: &'a Workspace,
        with_curvature: bool,
    ) -> Self {
        Self {
            model,
            own,
            correlations: own.residual.layout.correlations(&own.phi),
            entries: InverseEntries::new(&work.inverse, &work.factor, &model.symbolic),
            beta: work.factor.beta(),
            b: &gradient.modes.b,
            weight: model.residual_weight(work.factor.pwrss),
            n_fixed: work.inverse.trailing.fixed.n,
            with_curvature,
        }
    }
}

impl PullBack<'_> {
    fn piece(&self, k: usize, piece: &Piece) -> Result<ResidualSlopes> {
        let own = &self.own.whitened.pieces[k];
        let widths: Vec<usize> = self.model.a.factors.iter().map(|f| f.width).collect();
        let stride = self.beta.len() + 1;
        let (mut out, mut scratch, mut at) = (self.zeros(), Scratch::default(), 0);
        for run in piece.groups.chunk_by(|a, b| a.pattern == b.pattern) {
            let rows = |(i, group): (usize, &Group)| {
                let columns = level_columns(own, &widths, group, at + i);
                let xy = &own.rows.dense[group.first * stride..(group.first + group.n) * stride];
                let e = self.residuals(xy, &columns);
                GroupRows { n: group.n, xy, columns, e }
            };
            let mut rows = run.iter().enumerate().map(rows);
            let pattern = self.own.residual.of_pattern(run[0].pattern, &self.own.phi, &self.correlations)?;
            match &self.own.whitened.factors[run[0].pattern] {
                Factor::Chain(chain) => {
                    for (rows, group) in rows.zip(run) {
                        let raw = self.raw_rows(piece, group);
                        self.add_chain(&rows, &raw, &pattern, chain, &mut scratch, &mut out);
                    }
                }
                Factor::Dense(l) if run.len() < TOGETHER => {
                    rows.for_each(|rows| self.add_group(&rows, &pattern, l, &mut scratch, &mut out));
                }
                Factor::Dense(l) => self.add_groups(&mut rows, &pattern, l, &mut scratch, &mut out),
            }
            at += run.len();
        }
        Ok(out)
    }

    pub fn zeros(&self) -> ResidualSlopes {
        let (n, p) = (self.own.phi.len(), self.beta.len());
        let (gradient, r) = (vec![0.0; n], vec![0.0; n]);
        if !self.with_curvature {
            return ResidualSlopes { gradient, r, ..ResidualSlopes::default() };
        }
        let h = self.model.a.factors.iter().map(|f| vec![0.0; f.n_levels * f.width * n]).collect();
        ResidualSlopes { gradient, r, h, hx: vec![0.0; p * n], inner: vec![0.0; n * n] }
    }

    /// Where in φ the parameters of a level of `by` are, and the columns of log sd.
    pub fn places(&self, by: usize) -> Vec<usize> {
        let layout = &self.own.residual.layout;
        let (of_level, first) = (layout.n_of_level(), layout.n_correlation());
        (by * of_level..(by + 1) * of_level).chain(first..first + layout.scale.n()).collect()
    }

    fn residuals(&self, xy: &[f64], columns: &[LevelColumns]) -> Vec<f64> {
        let p = self.beta.len();
        let of_row = |(a, xy): (usize, &[f64])| {
            let fixed: f64 = xy[..p].iter().zip(&self.beta).map(|(x, b)| x * b).sum();
            let random = columns.iter().zip(self.b).map(|(own, b)| {
                let width = own.levels.len() * own.r;
                let z = &own.z[a * width..(a + 1) * width];
                z.iter().enumerate().map(|(j, z)| z * b[own.place(j)]).sum::<f64>()
            });
            xy[p] - fixed - random.sum::<f64>()
        };
        xy.chunks_exact(p + 1).enumerate().map(of_row).collect()
    }

    /// Writes w and wN of a group, rows of as many columns as are returned.
    pub fn explain(&self, own: &GroupRows, scratch: &mut Scratch) -> usize {
        let (n, stride) = (own.n, self.beta.len() + 1);
        let Scratch { levels, inverse, w, nw } = scratch;
        levels.clear();
        for (block, c) in own.columns.iter().enumerate() {
            levels.extend(c.levels.iter().map(|&level| (block, level, c.r)));
        }
        self.entries.of_levels(levels, inverse);
        let c = inverse.len().isqrt();
        w.clear();
        for a in 0..n {
            for of_factor in &own.columns {
                let width = of_factor.levels.len() * of_factor.r;
                w.extend_from_slice(&of_factor.z[a * width..(a + 1) * width]);
            }
            w.extend_from_slice(&own.xy[a * stride..][..self.n_fixed]);
        }
        nw.clear();
        nw.resize(w.len(), 0.0);
        for (w, nw) in w.chunks_exact(c.max(1)).zip(nw.chunks_exact_mut(c.max(1))) {
            for (w, column) in w.iter().zip(inverse.chunks_exact(c)) {
                nw.iter_mut().zip(column).for_each(|(nw, v)| *nw += w * v);
            }
        }
        c
    }

    /// Adds w N w' of a group (n x n, the lower triangle).
    pub fn add_explained(&self, own: &GroupRows, scratch: &mut Scratch, g: &mut [f64]) {
        let (n, c) = (own.n, self.explain(own, scratch));
        let Scratch { w, nw, .. } = scratch;
        for (b, nw) in nw.chunks_exact(c.max(1)).enumerate() {
            for (g, w) in g[b * n + b..(b + 1) * n].iter_mut().zip(w[b * c..].chunks_exact(c)) {
                *g += w.iter().zip(nw).map(|(w, v)| w * v).sum::<f64>();
            }
        }
    }
}
