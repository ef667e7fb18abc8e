//! The blocked Cholesky factor, and the one function that updates it for a θ.

use super::eliminate;
use super::panel::Panels;
use super::symbolic::SymbolicFactor;
use super::trailing::{self, TrailingFactor};
use crate::crossproduct::CrossProducts;
use crate::linalg::dense;
use crate::{Error, Result};

/// Rounding of a square that is left of others, in units in the last place of the whole.
const OPERATIONS: f64 = 4.0;

/// Blocks of one leading factor: of A, of A reduced by earlier leads, or of the Cholesky factor.
#[derive(Debug, Clone, Default)]
pub struct LeadBlocks {
    /// n_levels blocks r x r.
    pub own: Vec<f64>,
    /// Per ancestor, n_levels blocks r_j x r.
    pub ancestors: Vec<Vec<f64>>,
    /// As the panel's pattern.
    pub panel: Vec<f64>,
    /// (n_levels r) columns of p + 1.
    pub x: Vec<f64>,
}

/// The same, read only; of A or of a reduced A.
#[derive(Clone, Copy)]
pub struct LeadView<'a> {
    pub own: &'a [f64],
    /// Empty for the first lead, whose blocks are the links of A.
    pub ancestors: &'a [Vec<f64>],
    pub links: &'a [Vec<Vec<f64>>],
    pub panel: &'a [f64],
    pub x: &'a [f64],
}

/// One lead of the factor.
#[derive(Debug, Clone, Default)]
pub struct LeadFactor {
    /// A at this lead's turn; empty for the first lead, where it is A itself.
    pub reduced: LeadBlocks,
    /// `own`: L; the others: P = B Λ L^-T.
    pub blocks: LeadBlocks,
    /// C = Λ L^-T, n_levels blocks r x r.
    pub c: Vec<f64>,
}

/// L for one θ, with what it was made of.  One per thread, its blocks reused from θ to θ.
#[derive(Debug, Clone)]
pub struct CholeskyFactor {
    /// Columns of X.
    pub p: usize,
    /// Λ of every grouping factor, by block.
    pub lambda: Vec<Vec<f64>>,
    pub leads: Vec<LeadFactor>,
    pub trailing: TrailingFactor,
    /// (q_t) rows of p + 1: the reduced Z'[X y].
    pub reduced_x: Vec<f64>,
    /// S^-1 Λ' of those, q_t x (p + 1), column-major.
    pub solved_x: Vec<f64>,
    /// The Cholesky factor of the last block, [X y]: (p + 1) x (p + 1), lower.
    pub xx: Vec<f64>,
    pub logdet_random: f64,
    pub logdet_fixed: f64,
    pub pwrss: f64,
}

impl CholeskyFactor {
    pub fn new(a: &CrossProducts, symbolic: &SymbolicFactor) -> Self {
        let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
        let lead = |i: usize| {
            let l = &symbolic.leads[i];
            let blocks = LeadBlocks {
                own: vec![0.0; l.n_levels * l.r * l.r],
                ancestors: l.ancestors.iter().map(|a| vec![0.0; l.n_levels * a.r * l.r]).collect(),
                panel: vec![0.0; l.n_panel()],
                x: vec![0.0; l.n_levels * l.r * stride],
            };
            let reduced = if i > 0 { blocks.clone() } else { LeadBlocks::default() };
            LeadFactor { reduced, c: blocks.own.clone(), blocks }
        };
        let q = symbolic.n_trailing;
        Self {
            p,
            lambda: a.factors.iter().map(|f| vec![0.0; f.width * f.width]).collect(),
            leads: (0..symbolic.leads.len()).map(lead).collect(),
            trailing: TrailingFactor::new(symbolic),
            reduced_x: vec![0.0; q * stride],
            solved_x: vec![0.0; q * stride],
            xx: vec![0.0; stride * stride],
            logdet_random: 0.0,
            logdet_fixed: 0.0,
            pwrss: 0.0,
        }
    }

    /// Overwrites L with the blocked Cholesky factor of Λ'AΛ + I (Bates et al. 2015, section 3) for the
    /// Λ in `self.lambda`.
    ///
    /// # Errors
    /// `Numerical` where a pivot is not positive; an optimizer may step back from it.
    pub fn update(&mut self, a: &CrossProducts, panels: &Panels, symbolic: &SymbolicFactor) -> Result<()> {
        self.update_random(a, panels, symbolic)?;
        self.finish()
    }

    /// The same without the last block, [X y]: log|Λ'AΛ + I|, and the forward half of every column of [X y].
    ///
    /// # Errors
    /// `Numerical` where a pivot is not positive.
    pub fn update_random(&mut self, a: &CrossProducts, panels: &Panels, symbolic: &SymbolicFactor) -> Result<()> {
        self.load(a, panels, symbolic);
        self.logdet_random = 0.0;
        for i in 0..symbolic.leads.len() {
            self.logdet_random += eliminate::lead(self, a, panels, symbolic, i)?;
        }
        self.logdet_random += trailing::factor(self, a, panels, symbolic)?;
        Ok(())
    }

    /// The least pivot of the leads: none is below one where Z'WZ is positive semidefinite.
    pub fn least_pivot(&self, symbolic: &SymbolicFactor) -> f64 {
        let of_lead = |(lead, own): (&LeadFactor, usize)| {
            let levels = lead.blocks.own.chunks_exact((own * own).max(1));
            levels.flat_map(|l| (0..own).map(move |j| l[j * own + j].powi(2))).fold(f64::INFINITY, f64::min)
        };
        let widths = symbolic.leads.iter().map(|lead| lead.r);
        self.leads.iter().zip(widths).map(of_lead).fold(f64::INFINITY, f64::min)
    }

    /// The error of log|X'V^-1 X| by rounding: what is left of a column of X has the rounding of its square, which `xx`,
    /// [X y]'[X y], has.
    pub fn rounding_of_fixed(&self, xx: &[f64]) -> f64 {
        let diagonal = (0..self.p).map(|j| j * (self.p + 2));
        OPERATIONS * f64::EPSILON * diagonal.map(|jj| xx[jj] / self.xx[jj].powi(2)).sum::<f64>()
    }

    /// Copies of A that elimination overwrites.
    fn load(&mut self, a: &CrossProducts, panels: &Panels, symbolic: &SymbolicFactor) {
        for (i, (lead, factor)) in symbolic.leads.iter().zip(&mut self.leads).enumerate().skip(1) {
            let block = &a.factors[lead.block];
            factor.reduced.own.copy_from_slice(&block.zz);
            factor.reduced.x.copy_from_slice(&block.zx);
            factor.reduced.panel.copy_from_slice(&panels.leads[i]);
            for (copy, ancestor) in factor.reduced.ancestors.iter_mut().zip(&symbolic.leads[i + 1..]) {
                copy.copy_from_slice(&a.links[ancestor.block][lead.block]);
            }
        }
        trailing::load(self, a, symbolic);
        self.xx.copy_from_slice(&a.xx);
    }

    /// The last block, [X y]: β, log|X'V^-1 X|, and its last pivot, pwrss.
    ///
    /// # Errors
    /// `Numerical` where it is not positive definite, or numbers are not finite.
    pub fn finish(&mut self) -> Result<()> {
        let (p, stride) = (self.p, self.p + 1);
        if !self.xx[p * stride + p].is_finite() {
            return Err(Error::Numerical(
                "the squares of the response are too large to be summed: divide it by its spread".into(),
            ));
        }
        dense::cholesky_lower(&mut self.xx, stride).map_err(|pivot| {
            Error::Numerical(if pivot < p {
                "X'V^-1 X is not positive definite".into()
            } else {
                "the residual sum of squares is zero: the model reproduces the response exactly".into()
            })
        })?;
        self.logdet_fixed = dense::logdet(&self.xx, stride, p);
        self.pwrss = self.xx[p * stride + p].powi(2);
        if self.pwrss.is_finite() {
            Ok(())
        } else {
            Err(Error::Numerical("the residual sum of squares is not finite".into()))
        }
    }
}

/// A itself for the first lead, its reduced copy for later ones.
pub fn view<'a>(
    reduced: &'a LeadBlocks,
    a: &'a CrossProducts,
    panels: &'a Panels,
    symbolic: &SymbolicFactor,
    i: usize,
) -> LeadView<'a> {
    let links = &a.links;
    if i == 0 {
        let block = &a.factors[symbolic.leads[0].block];
        LeadView { own: &block.zz, ancestors: &[], links, panel: &panels.leads[0], x: &block.zx }
    } else {
        LeadView { own: &reduced.own, ancestors: &reduced.ancestors, links, panel: &reduced.panel, x: &reduced.x }
    }
}

/// The blocks of A between the levels of lead i and its k-th ancestor.
pub fn ancestor_blocks<'a>(view: &LeadView<'a>, symbolic: &SymbolicFactor, i: usize, k: usize) -> &'a [f64] {
    if view.ancestors.is_empty() {
        &view.links[symbolic.leads[i + 1 + k].block][symbolic.leads[i].block]
    } else {
        &view.ancestors[k]
    }
}
