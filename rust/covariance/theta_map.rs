//! Which parameters belong to which random term, and where its block of Λ stands.

use serde::{Deserialize, Serialize};

use super::decay::steepness;
use super::roles::Coordinate;
use super::{RandomBasis, Reported, Role, Shape, Structure, square, square_slope};
use crate::ids::{BlockId, FactorId};

/// A random term as a model states it: columns of one grouping factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermSpec {
    pub structure: Structure,
    pub factor: FactorId,
    #[serde(flatten)]
    pub shape: Shape,
}

impl TermSpec {
    /// Columns of which a structure knows no more than how many there are.
    pub fn new(structure: Structure, factor: FactorId, width: usize) -> Self {
        Self { structure, factor, shape: Shape::from(width) }
    }
}

/// One random term: `width` columns within the `factor_width` columns of its grouping factor.
#[derive(Debug, Clone, PartialEq)]
pub struct TermCovariance {
    pub structure: Structure,
    pub shape: Shape,
    pub block: BlockId,
    pub offset: usize,
    /// Columns, as many as the shape has.
    pub width: usize,
    /// First parameter of the term in θ.
    pub first: usize,
    pub n_parameters: usize,
}

impl TermCovariance {
    /// The term as a model states it, of a grouping factor.
    pub fn spec(&self, factor: FactorId) -> TermSpec {
        TermSpec { structure: self.structure, factor, shape: self.shape.clone() }
    }

    /// What each of its parameters does.
    pub fn roles(&self) -> Vec<Role> {
        self.structure.roles(&self.shape)
    }

    /// Its own parameters where a search may start.
    pub fn start(&self) -> Vec<f64> {
        self.structure.start(&self.shape)
    }

    /// Its own parameters of c Λ, c >= 0.
    pub fn scaled(&self, own: &[f64], c: f64) -> Vec<f64> {
        self.structure.scaled(own, &self.shape, c)
    }

    /// What users read of it.
    pub fn reported(&self) -> Vec<Reported> {
        self.structure.reported(&self.shape)
    }

    /// How a parameter that users read depends on its own; `None` where it has no such parameter.
    pub fn coordinate(&self, parameter: Reported) -> Option<Coordinate> {
        self.structure.coordinate(parameter, &self.shape)
    }

    /// Its parameters in the user's units.
    pub fn to_user(&self, theta: &[f64], basis: &RandomBasis) -> Vec<f64> {
        self.structure.to_user(self.parameters(theta), (&self.shape, basis))
    }

    /// Its parameters from the user's.
    pub fn to_working(&self, user: &[f64], basis: &RandomBasis) -> Vec<f64> {
        self.structure.to_working(self.parameters(user), (&self.shape, basis))
    }

    /// A parameter that users read, of standard deviations relative to σ; `covariance` is the relative one.
    pub fn value(&self, parameter: Reported, theta: &[f64], covariance: &[f64]) -> f64 {
        match self.coordinate(parameter) {
            Some(Coordinate::Distance { k, role }) => {
                role.to_user(self.parameters(theta)[k], &RandomBasis::identity(self.width), &self.shape)
            }
            _ => parameter.value(covariance, self.width),
        }
    }

    /// The correlation of the effects that lie nearest to each other; `None` where none falls with the distance.
    pub fn nearest_correlation(&self, theta: &[f64]) -> Option<f64> {
        let k = self.roles().iter().position(|role| matches!(role, Role::Range | Role::Rate))?;
        Some(self.structure.decay()?.correlation(steepness(self.parameters(theta)[k])))
    }

    /// The slopes of the logarithm of a standard deviation or range, or of a correlation, in its own parameters.
    pub fn slopes(&self, parameter: Reported, theta: &[f64], basis: &RandomBasis) -> Vec<f64> {
        if let Some(Coordinate::Distance { k, role }) = self.coordinate(parameter) {
            let mut slopes = vec![0.0; self.n_parameters];
            slopes[k] = role.log_slope(self.parameters(theta)[k]);
            return slopes;
        }
        let (r, lambda, value) = (self.width, self.relative_factor(theta), self.relative_covariance(basis, theta));
        let ((i, j), variance) = (parameter.place(), |k: usize| value[k * r + k]);
        let slope = |k: usize| {
            let slope = basis.covariance(&square_slope(&lambda, &self.derivative(theta, k), r));
            let log_sd = |k: usize| slope[k * r + k] / (2.0 * variance(k));
            match parameter.is_sd() {
                true => log_sd(i),
                false => {
                    let root = (variance(i) * variance(j)).sqrt();
                    (slope[j * r + i] - value[j * r + i] * (log_sd(i) + log_sd(j))) / root
                }
            }
        };
        (0..self.n_parameters).map(slope).collect()
    }

    /// ∂Λ/∂θ_k (width x width) for its k-th parameter.
    pub fn derivative(&self, theta: &[f64], k: usize) -> Vec<f64> {
        self.structure.derivative(self.parameters(theta), &self.shape, k)
    }

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
        self.structure.factor(self.parameters(theta), (&self.shape, self.width), &mut lambda);
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
        for TermSpec { structure, factor, shape } in terms {
            let block = BlockId(order.iter().position(|f| f == factor).expect("a block for every grouping factor"));
            let (offset, first, n_parameters) = (map.widths[block], map.n_parameters, structure.roles(shape).len());
            let (structure, shape, width) = (*structure, shape.clone(), shape.r);
            map.terms.push(TermCovariance { structure, shape, block, offset, width, first, n_parameters });
            map.widths[block] += width;
            map.n_parameters += n_parameters;
        }
        map
    }

    /// Where a search of every term may start.
    pub fn start(&self) -> Vec<f64> {
        self.terms.iter().flat_map(TermCovariance::start).collect()
    }

    /// Fills the block of Λ of every grouping factor (r x r).
    pub fn factors(&self, theta: &[f64], lambda: &mut [Vec<f64>]) {
        lambda.iter_mut().for_each(|block| block.fill(0.0));
        for term in &self.terms {
            let (r, block) = (self.widths[term.block], &mut lambda[term.block]);
            term.structure.factor(term.parameters(theta), (&term.shape, r), &mut block[term.offset * (r + 1)..]);
        }
    }

    /// ∂Λ/∂θ_k of the grouping factor that θ_k belongs to, in the factor's full width.
    pub fn derivative(&self, theta: &[f64], k: usize) -> (BlockId, Vec<f64>) {
        let term = self.terms.iter().rfind(|t| t.first <= k).expect("a parameter of some term");
        let own = term.derivative(theta, k - term.first);
        let r = self.widths[term.block];
        let mut full = vec![0.0; r * r];
        for (j, column) in own.chunks_exact(term.width).enumerate() {
            full[(term.offset + j) * r + term.offset..][..term.width].copy_from_slice(column);
        }
        (term.block, full)
    }

    /// What each parameter does.
    pub fn roles(&self) -> Vec<Role> {
        self.terms.iter().flat_map(TermCovariance::roles).collect()
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
        let term = |structure, width| TermSpec::new(structure, FactorId(3), width);
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
