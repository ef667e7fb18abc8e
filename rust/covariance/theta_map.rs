//! Which parameters belong to which random term, and where its block of Λ stands.

use serde::{Deserialize, Serialize};

use super::{RandomBasis, Role, Structure, square};
use crate::ids::{BlockId, FactorId};

/// A random term as a model states it: `width` columns of one grouping factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermSpec {
    pub structure: Structure,
    pub factor: FactorId,
    pub width: usize,
}

/// One random term: `width` columns within the `factor_width` columns of its grouping factor.
#[derive(Debug, Clone, PartialEq)]
pub struct TermCovariance {
    pub structure: Structure,
    pub block: BlockId,
    pub offset: usize,
    pub width: usize,
    /// First parameter of the term in θ.
    pub first: usize,
    pub n_parameters: usize,
}

impl TermCovariance {
    pub fn parameters<'a>(&self, theta: &'a [f64]) -> &'a [f64] {
        &theta[self.first..self.first + self.n_parameters]
    }

    /// θ with other parameters of the term.
    pub fn with(&self, theta: &[f64], own: &[f64]) -> Vec<f64> {
        let mut theta = theta.to_vec();
        theta[self.first..self.first + self.n_parameters].copy_from_slice(own);
        theta
    }

    /// The term's own Λ (width x width).
    pub fn relative_factor(&self, theta: &[f64]) -> Vec<f64> {
        let mut lambda = vec![0.0; self.width * self.width];
        self.structure.factor(self.parameters(theta), (self.width, self.width), &mut lambda);
        lambda
    }

    /// σ⁻² times the covariance of the random effects of a level, in the user's units.
    pub fn relative_covariance(&self, basis: &RandomBasis, theta: &[f64]) -> Vec<f64> {
        basis.covariance(&square(&self.relative_factor(theta), self.width))
    }
}

/// θ, cut by terms; terms of one grouping factor share a block-diagonal Λ.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThetaMap {
    pub terms: Vec<TermCovariance>,
    /// Width of every block, all its terms together.
    pub widths: Vec<usize>,
    pub n_parameters: usize,
}

impl ThetaMap {
    /// `terms` in the order of θ, `order`: the grouping factors in the order of elimination.
    pub fn new(terms: &[TermSpec], order: &[FactorId]) -> Self {
        let mut map = Self { terms: Vec::new(), widths: vec![0; order.len()], n_parameters: 0 };
        for &TermSpec { structure, factor, width } in terms {
            let block = BlockId(order.iter().position(|&f| f == factor).expect("a block for every grouping factor"));
            let (offset, first, n_parameters) = (map.widths[block], map.n_parameters, structure.roles(width).len());
            map.terms.push(TermCovariance { structure, block, offset, width, first, n_parameters });
            map.widths[block] += width;
            map.n_parameters += n_parameters;
        }
        map
    }

    /// Λ = I for every term.
    pub fn start(&self) -> Vec<f64> {
        self.terms.iter().flat_map(|t| t.structure.start(t.width)).collect()
    }

    /// Fills the block of Λ of every grouping factor (r x r).
    pub fn factors(&self, theta: &[f64], lambda: &mut [Vec<f64>]) {
        lambda.iter_mut().for_each(|block| block.fill(0.0));
        for term in &self.terms {
            let (r, block) = (self.widths[term.block], &mut lambda[term.block]);
            term.structure.factor(term.parameters(theta), (term.width, r), &mut block[term.offset * (r + 1)..]);
        }
    }

    /// ∂Λ/∂θ_k of the grouping factor that θ_k belongs to, in the factor's full width.
    pub fn derivative(&self, theta: &[f64], k: usize) -> (BlockId, Vec<f64>) {
        let term = self.terms.iter().rfind(|t| t.first <= k).expect("a parameter of some term");
        let own = term.structure.derivative(term.parameters(theta), term.width, k - term.first);
        let r = self.widths[term.block];
        let mut full = vec![0.0; r * r];
        for (j, column) in own.chunks_exact(term.width).enumerate() {
            full[(term.offset + j) * r + term.offset..][..term.width].copy_from_slice(column);
        }
        (term.block, full)
    }

    /// What each parameter does.
    pub fn roles(&self) -> Vec<Role> {
        self.terms.iter().flat_map(|t| t.structure.roles(t.width)).collect()
    }

    /// Parameters whose zero is a boundary, over all terms.
    pub fn scale_parameters(&self) -> Vec<usize> {
        self.roles().iter().enumerate().filter(|(_, role)| role.is_scale()).map(|(k, _)| k).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_terms_on_a_factor_share_a_block_diagonal_factor() {
        let term = |structure, width| TermSpec { structure, factor: FactorId(3), width };
        let terms = [term(Structure::Unstructured, 2), term(Structure::Diagonal, 1)];
        let map = ThetaMap::new(&terms, &[FactorId(3)]);
        let mut lambda = vec![vec![0.0; 9]];
        map.factors(&[1.0, 2.0, 3.0, 4.0], &mut lambda);
        assert_eq!(lambda[0], [1.0, 2.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 4.0]);
        assert_eq!(map.scale_parameters(), [0, 2, 3]);
        let (block, d) = map.derivative(&[1.0, 2.0, 3.0, 4.0], 1);
        assert_eq!((block, d), (BlockId(0), vec![0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
    }
}
