//! Nodes and weights of Gauss-Hermite quadrature in one dimension or several.

use crate::linalg::dense::eigen;

/// Nodes of all dimensions together, at most.
pub const MOST_NODES: usize = 1000;

/// Points of r numbers, and log ω.
#[derive(Debug, Clone, PartialEq)]
pub struct Nodes {
    pub r: usize,
    pub x: Vec<f64>,
    pub log_weight: Vec<f64>,
}

impl Nodes {
    /// The product rule of n points in each of r dimensions.
    pub fn new(n: usize, r: usize) -> Self {
        let (x, w) = gauss_hermite(n);
        let count = n.pow(r as u32);
        let digit = |k: usize, j: usize| k / n.pow(j as u32) % n;
        let points = (0..count).flat_map(|k| (0..r).map(move |j| (k, j))).map(|(k, j)| x[digit(k, j)]).collect();
        let weight = |k: usize| (0..r).map(|j| w[digit(k, j)].ln() + 0.5 * x[digit(k, j)].powi(2)).sum();
        Self { r, x: points, log_weight: (0..count).map(weight).collect() }
    }

    pub fn count(&self) -> usize {
        self.log_weight.len()
    }

    pub fn point(&self, k: usize) -> &[f64] {
        &self.x[k * self.r..(k + 1) * self.r]
    }
}

/// Nodes and weights for the standard normal density: roots of Hermite's polynomial, by the eigenvalues of Jacobi's matrix
/// and Newton steps; weights by Christoffel's sum of squares (Golub and Welsch 1969).
fn gauss_hermite(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut jacobi = vec![0.0; n * n];
    for k in 1..n {
        jacobi[k * n + k - 1] = (k as f64).sqrt();
        jacobi[(k - 1) * n + k] = (k as f64).sqrt();
    }
    let (mut x, _) = eigen(&jacobi, n);
    for x in &mut x {
        for _ in 0..3 {
            let p = orthonormal(*x, n + 1);
            *x -= p[n] / ((n as f64).sqrt() * p[n - 1]);
        }
    }
    if n % 2 == 1 {
        x.iter_mut().filter(|x| x.abs() < 1e-8).for_each(|x| *x = 0.0);
    }
    let w = x.iter().map(|&x| 1.0 / orthonormal(x, n).iter().map(|p| p * p).sum::<f64>()).collect();
    (x, w)
}

/// The first n polynomials that are orthonormal under the standard normal density.
fn orthonormal(x: f64, n: usize) -> Vec<f64> {
    let mut p = vec![1.0; n.max(2)];
    p[1] = x;
    for k in 2..n {
        p[k] = (x * p[k - 1] - ((k - 1) as f64).sqrt() * p[k - 2]) / (k as f64).sqrt();
    }
    p.truncate(n);
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_integrates_polynomials_exactly() {
        for n in [1usize, 2, 5, 9, 25] {
            let (x, w) = gauss_hermite(n);
            let moment = |k: i32| -> f64 { x.iter().zip(&w).map(|(x, w)| w * x.powi(k)).sum() };
            let mut expected = 1.0;
            for k in (0..(2 * n as i32).min(20)).step_by(2) {
                assert!((moment(k) - expected).abs() < 1e-12 * expected, "{n} points, moment {k}");
                assert!(moment(k + 1).abs() < 1e-12 * expected * f64::from(k + 2));
                expected *= f64::from(k + 1);
            }
        }
        let both = Nodes::new(3, 2);
        let sum: f64 = (0..9)
            .map(|k| (both.log_weight[k] - 0.5 * (both.x[2 * k].powi(2) + both.x[2 * k + 1].powi(2))).exp())
            .sum();
        assert!((sum - 1.0).abs() < 1e-14);
    }
}
