//! What a case bootstrap draws, and the jackknife leaves out: levels of one grouping factor, or of several that cross.

use super::arrays::Arrays;
use super::cases::ClusterDraws;
use crate::Result;
use crate::crossproduct::CrossProducts;
use crate::fit::Fit;
use crate::ids::FactorId;
use crate::rows::StoredRows;

pub enum SamplingUnits<'a> {
    ClusterDraws(ClusterDraws),
    Arrays(Arrays<'a>, Vec<usize>),
}

impl<'a> SamplingUnits<'a> {
    /// The levels of grouping factors of the design.
    ///
    /// # Errors
    /// `Design` where another factor crosses all of them.
    pub fn new(fit: &Fit, rows: &'a StoredRows, factors: &[usize]) -> Result<Self> {
        let a = &*fit.model.a;
        let block = |&factor: &usize| {
            a.factors.iter().position(|f| f.factor == FactorId(factor)).expect("a block of every factor")
        };
        let blocks: Vec<usize> = factors.iter().map(block).collect();
        if let [block] = blocks.as_slice()
            && let Some(clusters) = ClusterDraws::new(a, rows, *block)
        {
            return Ok(Self::ClusterDraws(clusters));
        }
        let sizes = blocks.iter().map(|&b| a.factors[b].n_levels).collect();
        Ok(Self::Arrays(Arrays::new(a, rows, blocks)?, sizes))
    }

    /// Levels of every factor.
    pub fn sizes(&self) -> Vec<usize> {
        match self {
            Self::ClusterDraws(clusters) => vec![clusters.len()],
            Self::Arrays(_, sizes) => sizes.clone(),
        }
    }

    /// The cross-products of levels drawn, each a new one.
    pub fn assemble(&self, a: &CrossProducts, draws: &[Vec<usize>]) -> CrossProducts {
        match self {
            Self::ClusterDraws(clusters) => clusters.assemble(a, &draws[0]),
            Self::Arrays(arrays, _) => arrays.assemble(a, draws),
        }
    }
}
