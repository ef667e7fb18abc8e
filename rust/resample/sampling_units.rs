//! What a case bootstrap draws, and the jackknife leaves out: levels of one grouping factor, or of several that cross.

use super::arrays::Arrays;
use super::cases::ClusterDraws;
use crate::Result;
use crate::crossproduct::CrossProducts;
use crate::fit::Fit;
use crate::ids::FactorId;
use crate::rows::StoredRows;

pub struct SamplingUnits<'a> {
    /// Levels of every factor.
    pub sizes: Vec<usize>,
    source: Source<'a>,
}

enum Source<'a> {
    Clusters(ClusterDraws),
    Arrays(Arrays<'a>, &'a StoredRows),
}

impl<'a> SamplingUnits<'a> {
    /// The levels of grouping factors of the design.
    ///
    /// # Errors
    /// `Design` where another factor crosses all of them.
    pub fn new(fit: &Fit, rows: &'a StoredRows, factors: &[usize]) -> Result<Self> {
        let a = &*fit.model.a;
        let blocks: Vec<usize> = factors.iter().map(|&factor| a.block_of(FactorId(factor))).collect();
        let sizes = blocks.iter().map(|&b| a.factors[b].n_levels).collect();
        let clusters = if let [block] = blocks[..] { ClusterDraws::new(a, rows, block) } else { None };
        let source = match clusters {
            Some(clusters) => Source::Clusters(clusters),
            None => {
                let levels = (0..a.factors.len()).map(|block| rows.levels(block)).collect();
                Source::Arrays(Arrays::new(a, levels, blocks)?, rows)
            }
        };
        Ok(Self { sizes, source })
    }

    /// The cross-products of levels drawn, each a new one.
    pub fn assemble(&self, a: &CrossProducts, draws: &[Vec<usize>]) -> CrossProducts {
        match &self.source {
            Source::Clusters(clusters) => clusters.assemble(a, &draws[0]),
            Source::Arrays(arrays, rows) => {
                let drawn = arrays.rows(a, draws);
                a.of_drawn_rows(rows, &drawn.rows, &drawn.codes, &drawn.n_levels)
            }
        }
    }
}
