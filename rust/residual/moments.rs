//! Correlations of residuals by moments: where searches start.

use crate::linalg::dense;

/// Correlations are started within this.
const MOST: f64 = 0.9;
/// Eigenvalues of correlations of visits are lifted to this.
const LEAST: f64 = 0.05;
/// Rows of a group whose pairs are looked at.
const MOST_ROWS: usize = 60;

/// The mean product of pairs of residuals over the variance, and their mean distance.
#[derive(Debug, Clone, Copy, Default)]
pub struct PairMean {
    product: f64,
    distance: f64,
    n: f64,
    variance: f64,
}

impl PairMean {
    fn add(&mut self, (a, b): (f64, f64), distance: f64) {
        self.product += a * b;
        self.variance += 0.5 * (a * a + b * b);
        self.distance += distance;
        self.n += 1.0;
    }

    pub fn correlation(&self) -> f64 {
        if self.variance > 0.0 { (self.product / self.variance).clamp(-MOST, MOST) } else { 0.0 }
    }

    pub fn distance(&self) -> f64 {
        if self.n > 0.0 { self.distance / self.n } else { 1.0 }
    }
}

/// What pairs of residuals of a group show.
#[derive(Debug, Clone, Default)]
pub struct Moments {
    pub neighbours: PairMean,
    pub all: PairMean,
    lags: Vec<PairMean>,
    /// By pair of visits.
    pairs: Vec<PairMean>,
    n_visits: usize,
}

impl Moments {
    /// For so many visits, or none.
    pub fn new(n_visits: usize) -> Self {
        let (lags, pairs) = (vec![PairMean::default(); n_visits], vec![PairMean::default(); n_visits * n_visits]);
        Self { lags, pairs, n_visits, ..Self::default() }
    }

    /// Takes up the residuals of a group, of standard deviation one, in the order of their places.
    pub fn add_group(&mut self, e: &[f64], places: &[f64], visits: &[u32]) {
        for b in 1..e.len().min(MOST_ROWS) {
            for a in 0..b {
                let (pair, distance) = ((e[a], e[b]), places[b] - places[a]);
                self.all.add(pair, distance);
                if a + 1 == b {
                    self.neighbours.add(pair, distance);
                }
                if self.n_visits > 0 {
                    let (i, j) = (visits[a] as usize, visits[b] as usize);
                    self.lags[i.abs_diff(j)].add(pair, distance);
                    self.pairs[i.min(j) * self.n_visits + i.max(j)].add(pair, distance);
                }
            }
        }
    }

    /// Correlations of lag 1, 2, ... below n.
    pub fn lags(&self, n: usize) -> Vec<f64> {
        let of = |lag: usize| self.lags.get(lag).map_or(0.0, PairMean::correlation);
        (1..n).map(of).collect()
    }

    /// Of two visits, i < j.
    pub fn visits(&self, i: usize, j: usize) -> f64 {
        self.pairs[i * self.n_visits + j].correlation()
    }

    /// The Cholesky factor of the correlations of visits, made positive definite (n x n).
    pub fn factor_of_visits(&self, n: usize) -> Vec<f64> {
        let entry = |i: usize, j: usize| if i == j { 1.0 } else { self.visits(i.min(j), i.max(j)) };
        let raw: Vec<f64> = (0..n * n).map(|k| entry(k % n, k / n)).collect();
        let (values, vectors) = dense::eigen(&raw, n);
        let lifted = |k: usize| -> f64 {
            (0..n).map(|v| values[v].max(LEAST) * vectors[v * n + k % n] * vectors[v * n + k / n]).sum()
        };
        let mut matrix: Vec<f64> = (0..n * n).map(lifted).collect();
        let scale: Vec<f64> = (0..n).map(|i| matrix[i * n + i].sqrt()).collect();
        (0..n * n).for_each(|k| matrix[k] /= scale[k % n] * scale[k / n]);
        dense::cholesky_lower(&mut matrix, n).expect("lifted eigenvalues are positive");
        matrix
    }
}
