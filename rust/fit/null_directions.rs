//! Null directions of an information matrix: changes of parameters that make up for each other.

use crate::covariance::{TermCovariance, ThetaMap};
use crate::linalg::dense::eigen;

/// A parameter that is smaller has no size.
const NO_SIZE: f64 = 1e-4;

/// The information, or the curvature, at a point, of parameters that are large enough to be looked at.
pub struct Information {
    n: usize,
    own: Vec<usize>,
    size: Vec<f64>,
    /// Of parameters scaled to their size, n x n.
    scaled: Vec<f64>,
}

impl Information {
    /// Of parameters larger than `least`.
    pub fn new(map: &ThetaMap, x: &[f64], curvature: &[f64], least: f64) -> Self {
        let (n, size) = (x.len(), sizes(map, x));
        let own = (0..n).filter(|&k| size[k] > least.max(NO_SIZE)).collect();
        let scaled = (0..n * n).map(|e| curvature[e] * size[e % n] * size[e / n]).collect();
        Self { n, own, size, scaled }
    }

    /// Parameters without curvature of their own, and eigenvectors of the others where these are scaled to unit curvature:
    /// steps in θ, the largest by the size of its parameter.
    pub fn null_directions(&self, limit: f64, own_limit: f64) -> Vec<Vec<f64>> {
        self.null_directions_of(&self.own, limit, own_limit)
    }

    fn null_directions_of(&self, own: &[usize], limit: f64, own_limit: f64) -> Vec<Vec<f64>> {
        let curvature = |k: usize| self.scaled[k * self.n + k];
        let (alone, others): (Vec<usize>, Vec<usize>) = own.iter().partition(|&&k| curvature(k) <= own_limit);
        let single = alone.iter().map(|&k| {
            let mut step = vec![0.0; self.n];
            step[k] = self.size[k];
            step
        });
        let (values, vectors) = self.eigen(&others, |k| curvature(k).sqrt());
        let several = values.iter().zip(&vectors).filter(|(value, _)| **value <= limit);
        let step = |v: &[f64]| {
            let change = |(&k, v): (&usize, &f64)| (k, v / curvature(k).sqrt());
            let largest = others.iter().zip(v).map(change).fold(0.0f64, |m, (_, change)| m.max(change.abs()));
            let mut step = vec![0.0; self.n];
            others.iter().zip(v).map(change).for_each(|(k, change)| step[k] = self.size[k] * change / largest);
            step
        };
        single.chain(several.map(|(_, v)| step(v))).collect()
    }

    /// Eigenvalues and vectors of the block of some parameters, each divided by its unit.
    fn eigen(&self, own: &[usize], unit: impl Fn(usize) -> f64) -> (Vec<f64>, Vec<Vec<f64>>) {
        let pairs = own.iter().flat_map(|&l| own.iter().map(move |&k| (k, l)));
        let block: Vec<f64> = pairs.map(|(k, l)| self.scaled[l * self.n + k] / (unit(k) * unit(l))).collect();
        let (values, vectors) = eigen(&block, own.len());
        (values, vectors.chunks_exact(own.len().max(1)).map(<[f64]>::to_vec).collect())
    }

    /// A Newton step from x in directions whose curvature is at least this part of the largest.
    pub fn newton_step(&self, x: &[f64], gradient: &[f64], part: f64) -> Vec<f64> {
        let (values, vectors) = self.eigen(&self.own, |_| 1.0);
        let largest = values.iter().copied().fold(0.0, f64::max);
        let mut next = x.to_vec();
        for (curvature, v) in values.iter().zip(&vectors).filter(|(value, _)| **value > part * largest) {
            let along: f64 = self.own.iter().zip(v).map(|(&k, v)| v * self.size[k] * gradient[k]).sum();
            self.own.iter().zip(v).for_each(|(&k, v)| next[k] -= along / curvature * v * self.size[k]);
        }
        next
    }

    /// What the curvature may have beside the information, of parameters scaled to unit curvature: for a variance θ²
    /// with the slope g it is g / θ.
    pub fn most_bend(&self, gradient: &[f64]) -> f64 {
        let bend = |&k: &usize| 2.0 * (gradient[k] * self.size[k] / self.scaled[k * self.n + k]).abs();
        self.own.iter().map(bend).filter(|bend| bend.is_finite()).fold(0.0, f64::max)
    }

    /// Terms without whose parameters there are fewer null directions.
    pub fn terms_of_null_directions(&self, map: &ThetaMap, limit: f64, own_limit: f64) -> Vec<usize> {
        let all = self.null_directions(limit, own_limit).len();
        let takes_part = |term: &TermCovariance| {
            let range = term.first..term.first + term.n_parameters;
            let others: Vec<usize> = self.own.iter().copied().filter(|k| !range.contains(k)).collect();
            self.null_directions_of(&others, limit, own_limit).len() < all
        };
        (0..map.terms.len()).filter(|&k| all > 0 && takes_part(&map.terms[k])).collect()
    }
}

/// The size of every parameter: of a scale or an entry of Λ the largest of its row, of an angle 1; of what has no effect 0.
pub fn sizes(map: &ThetaMap, x: &[f64]) -> Vec<f64> {
    let mut sizes = vec![1.0; x.len()];
    for term in &map.terms {
        let (roles, own) = (term.roles(), term.parameters(x));
        let of_row = |row: Option<usize>| -> f64 {
            let same =
                roles.iter().zip(own).filter(|(role, _)| role.row().is_some() && (row.is_none() || role.row() == row));
            same.map(|(_, v)| v.abs()).fold(0.0, f64::max)
        };
        for (size, role) in sizes[term.first..].iter_mut().zip(&roles) {
            *size = if role.row().is_some() { of_row(role.row()) } else { f64::from(u8::from(of_row(None) > NO_SIZE)) };
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Structure;
    use crate::covariance::TermSpec;
    use crate::ids::FactorId;

    fn three_intercepts() -> ThetaMap {
        let term = |k| TermSpec::new(Structure::Unstructured, FactorId(k), 1);
        ThetaMap::new(&[term(0), term(1), term(2)], &[FactorId(0), FactorId(1), FactorId(2)])
    }

    #[test]
    fn changes_that_make_up_for_each_other_are_a_null_direction_of_their_terms() {
        // the second parameter has the curvature of twice the first, the third one of its own
        let curvature = [1.0, 2.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 1.0];
        let (map, x) = (three_intercepts(), [0.5, 0.5, 0.5]);
        let information = Information::new(&map, &x, &curvature, 0.1);
        let directions = information.null_directions(1e-8, 1e-8);
        let [v] = directions.as_slice() else { panic!("{directions:?}") };
        assert!((v[0] + 2.0 * v[1]).abs() < 1e-12 && v[2].abs() < 1e-12, "{v:?}");
        assert!((v[0].abs() - 0.5).abs() < 1e-12, "the larger change is by the size: {v:?}");
        assert_eq!(information.terms_of_null_directions(&map, 1e-8, 1e-8), [0, 1]);
    }

    #[test]
    fn parameters_without_curvature_are_null_directions_by_themselves_and_small_ones_are_left_out() {
        let curvature = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
        let (map, x) = (three_intercepts(), [0.5, 0.5, 1e-3]);
        let information = Information::new(&map, &x, &curvature, 0.1);
        assert_eq!(information.null_directions(1e-8, 1e-8), [vec![0.5, 0.0, 0.0]]);
        assert_eq!(information.terms_of_null_directions(&map, 1e-8, 1e-8), [0]);
    }

    #[test]
    fn a_newton_step_ends_at_the_minimum_of_a_quadratic_and_leaves_null_directions_alone() {
        // (x_0 + x_1 - 3)² / 2 + (x_2 - 1)² / 2
        let curvature = [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        let (map, x) = (three_intercepts(), [1.0, 1.0, 2.0]);
        let next = Information::new(&map, &x, &curvature, 0.0).newton_step(&x, &[-1.0, -1.0, 1.0], 1e-6);
        assert!((next[0] - 1.5).abs() < 1e-12 && (next[1] - 1.5).abs() < 1e-12 && (next[2] - 1.0).abs() < 1e-12);
    }
}
