//! Grouping factors in the order of elimination, each with its random terms in their working basis.

use super::columns::{Columns, location_scale};
use crate::covariance::RandomBasis;
use crate::design::{Batch, GroupingFactor, RandomLayout, Rows};
use crate::ids::FactorId;

/// A grouping factor with its random terms, in the order of elimination.
#[derive(Debug, Clone)]
pub struct OrderedFactor {
    pub factor: FactorId,
    pub n_levels: usize,
    pub width: usize,
    /// (random term, basis).
    pub terms: Vec<(usize, RandomBasis)>,
}

impl OrderedFactor {
    /// Fills `z` (n x width, row-major) with the columns of all terms, in the working basis.
    pub fn encoded_rows(&self, batch: &Batch, z: &mut Vec<f64>) {
        z.resize(batch.n * self.width, 0.0);
        let mut offset = 0;
        for (term, basis) in &self.terms {
            let r = basis.width;
            for i in 0..batch.n {
                let row = &mut z[i * self.width + offset..][..r];
                row.copy_from_slice(&batch.z[*term][i * r..(i + 1) * r]);
                basis.encode(row);
            }
            offset += r;
        }
    }
}

/// The columns in which rows are summed.
#[derive(Debug, Clone)]
pub struct WorkingBasis {
    pub columns: Columns,
    /// In the order of elimination.
    pub factors: Vec<OrderedFactor>,
}

/// Grouping factors in the order of the design, each with its terms; `factor_of` are those of the terms.
pub fn in_design_order(
    n_levels: &[usize],
    factor_of: impl Iterator<Item = FactorId>,
    bases: &[RandomBasis],
) -> Vec<OrderedFactor> {
    let empty = |(k, &n_levels)| OrderedFactor { factor: FactorId(k), n_levels, width: 0, terms: Vec::new() };
    let mut factors: Vec<OrderedFactor> = n_levels.iter().enumerate().map(empty).collect();
    for ((term, basis), factor) in bases.iter().enumerate().zip(factor_of) {
        factors[factor].terms.push((term, basis.clone()));
        factors[factor].width += basis.width;
    }
    factors
}

/// Grouping factors by their number of levels, largest first, each with its terms.
pub fn ordered_factors(source: &Rows, bases: &[RandomBasis]) -> Vec<OrderedFactor> {
    let n_levels: Vec<usize> = source.factors.iter().map(GroupingFactor::n_levels).collect();
    let mut order = in_design_order(&n_levels, source.random.iter().map(|t| t.factor), bases);
    order.retain(|f| f.width > 0);
    order.sort_by_key(|f| std::cmp::Reverse(f.n_levels));
    order
}

/// The basis of every random term, from a sample of the rows.
pub fn random_bases(source: &Rows, sample: &[Batch]) -> Vec<RandomBasis> {
    let unit = weight_unit(sample);
    let basis = |(term, layout): (usize, &RandomLayout)| {
        let invariance = layout.structure.invariance();
        let centre = layout.has_intercept && invariance.allows_centring();
        let mut basis = random_basis(sample, term, layout.columns.len(), centre, invariance.allows_scaling_by_column());
        basis.transform.iter_mut().for_each(|t| *t *= unit);
        basis
    };
    source.random.iter().enumerate().map(basis).collect()
}

/// What makes z'Wz as large as it is without weights: the root of 1 / their geometric mean, as a power of two, which rounds
/// nothing.  Weights times a constant are the same model, and θ is as large inside whatever the constant is.
fn weight_unit(sample: &[Batch]) -> f64 {
    let weights = || sample.iter().flat_map(|b| &b.weights);
    let n = weights().count().max(1) as f64;
    let log_mean = weights().map(|w| w.log2()).sum::<f64>() / n;
    (-0.5 * log_mean).round().exp2()
}

/// Centres (on a constant first column) and scales the columns of a random term.
fn random_basis(sample: &[Batch], term: usize, r: usize, centre: bool, by_column: bool) -> RandomBasis {
    let mut basis = RandomBasis::identity(r);
    let column = |j: usize| sample.iter().flat_map(move |b| b.z[term].iter().skip(j).step_by(r));
    let mut common = 0.0f64;
    for j in usize::from(centre)..r {
        let (shift, scale) = location_scale(column(j), centre);
        common = common.max(scale);
        basis.transform[j * r + j] = 1.0 / scale;
        if centre {
            basis.transform[j * r] = -shift / scale;
        }
    }
    if !by_column && r > 0 {
        (0..r).for_each(|j| basis.transform[j * r + j] = 1.0 / common);
    }
    basis
}
