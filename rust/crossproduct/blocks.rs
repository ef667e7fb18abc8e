//! The blocks of A, by grouping factor.  Factors are ordered by their number of levels, largest first.

use std::sync::Arc;

use super::pattern::LinkPattern;
use crate::covariance::RandomBasis;
use crate::ids::FactorId;
use crate::rows::FixedBasis;

/// Z_i'WZ_i and Z_i'W[X y] of one grouping factor, all its terms side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorBlock {
    pub factor: FactorId,
    pub n_levels: usize,
    /// Columns of Z in a level, r.
    pub width: usize,
    /// n_levels blocks, r x r, symmetric.
    pub zz: Vec<f64>,
    /// (n_levels r) rows of p + 1: Z'W[X y], y last.
    pub zx: Vec<f64>,
}

/// All blocks, in the working basis: columns of X and of the random terms centred and scaled.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossProducts {
    pub n_obs: usize,
    /// Σ log w over the rows.
    pub sum_log_weights: f64,
    pub factors: Vec<FactorBlock>,
    /// `patterns[i][j]`, j < i; shared by all that have the same levels.  A factor of which rows connect several levels has its
    /// own at `[i][i]`: of each level the later ones.
    pub patterns: Arc<Vec<Vec<LinkPattern>>>,
    /// Their values: an r_i x r_j block for every pair of levels, column-major.
    pub links: Vec<Vec<Vec<f64>>>,
    /// [X y]'W[X y], (p + 1) x (p + 1), symmetric, y last.
    pub xx: Vec<f64>,
    pub fixed: FixedBasis,
    /// Per random term, in the order of the design.
    pub random: Vec<RandomBasis>,
}

impl CrossProducts {
    /// Estimated fixed effects, p: the rank of X.
    pub fn n_fixed(&self) -> usize {
        self.fixed.kept.len()
    }

    /// |X origin|²: what the response was moved by before it was squared.
    pub fn square_of_origin(&self) -> f64 {
        let (p, origin) = (self.n_fixed(), self.fixed.origin_in_basis());
        let product = |j: usize| (0..p).map(|i| origin[i] * self.xx[j * (p + 1) + i]).sum::<f64>();
        (0..p).map(|j| origin[j] * product(j)).sum()
    }

    /// The place of a grouping factor in their order.
    pub fn block_of(&self, factor: FactorId) -> usize {
        self.factors.iter().position(|f| f.factor == factor).expect("a block of every factor")
    }

    /// Random effects, q.
    pub fn n_random(&self) -> usize {
        self.factors.iter().map(|f| f.n_levels * f.width).sum()
    }

    /// Z_i'WZ_j, j < i.
    pub fn link(&self, i: usize, j: usize) -> (&LinkPattern, &[f64]) {
        (&self.patterns[i][j], &self.links[i][j])
    }

    /// Z_i'WZ_i between different levels of a factor, where rows connect them.
    pub fn own_link(&self, i: usize) -> Option<(&LinkPattern, &[f64])> {
        self.patterns[i].get(i).map(|pattern| (pattern, self.links[i][i].as_slice()))
    }

    pub fn n_bytes(&self) -> usize {
        let patterns = self.patterns.iter().flatten().map(|l| 8 * l.ptr.len() + 4 * l.level.len());
        let links = self.links.iter().flatten().map(|values| 8 * values.len()).chain(patterns);
        let factors = self.factors.iter().map(|f| f.zz.len() + f.zx.len());
        links.sum::<usize>() + 8 * (factors.sum::<usize>() + self.xx.len())
    }
}
