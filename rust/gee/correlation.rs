//! Working correlations of the rows of a cluster: their matrices, and solving with them.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::clusters::ClusteredRows;
use crate::linalg::dense;
use crate::{Error, Result, check_stop};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkingCorrelation {
    Independence,
    /// One correlation for all pairs.
    Exchangeable,
    /// α to the power of how many waves two rows are apart.
    Ar1,
    /// A correlation for every pair of waves.
    Unstructured,
}

impl WorkingCorrelation {
    /// # Errors
    /// `Design` for a name that there is not.
    pub fn of_name(name: &str) -> Result<Self> {
        match name {
            "independence" => Ok(Self::Independence),
            "exchangeable" => Ok(Self::Exchangeable),
            "ar1" => Ok(Self::Ar1),
            "unstructured" => Ok(Self::Unstructured),
            other => Err(Error::Design(format!("there is no correlation {other:?}"))),
        }
    }
}

/// Least eigenvalues: that of a correlation matrix, and the one that moments of none are shrunk to.
pub const DEFINITE: f64 = 1e-8;
pub const SHRUNK: f64 = 0.05;
/// The same for correlations that are powers.
const LARGEST_POWER: f64 = 0.999;

/// What of the rows the correlation depends on.
#[derive(Debug, Clone)]
pub struct Correlation {
    pub structure: WorkingCorrelation,
    /// Waves there are; of AR(1) one more than two rows can be apart.
    pub n_waves: usize,
    /// Of unstructured ones: the waves that a cluster has, and which of these every cluster has.
    patterns: Vec<Vec<u32>>,
    pattern_of: Vec<u32>,
}

/// A correlation matrix, ready to be solved with.
#[derive(Debug, Clone)]
pub struct Working<'a> {
    of: &'a Correlation,
    pub alpha: Vec<f64>,
    /// R⁻¹ by pattern.
    inverses: Vec<Vec<f64>>,
    /// What the moments were multiplied by; one where they are of a correlation matrix.
    pub shrinkage: f64,
}

impl Correlation {
    pub fn new(structure: WorkingCorrelation, rows: &ClusteredRows) -> Self {
        let n_waves = rows.wave.iter().max().map_or(0, |&w| w as usize + 1);
        let mut out = Self { structure, n_waves, patterns: Vec::new(), pattern_of: Vec::new() };
        if structure == WorkingCorrelation::Unstructured {
            let mut known: HashMap<&[u32], u32> = HashMap::new();
            for c in 0..rows.n_clusters() {
                let own = &rows.wave[rows.cluster(c)];
                let next = known.len() as u32;
                out.pattern_of.push(*known.entry(own).or_insert(next));
                if known.len() > out.patterns.len() {
                    out.patterns.push(own.to_vec());
                }
            }
        }
        out
    }

    /// Entries of the inverses of all patterns.
    pub fn n_inverse_entries(&self) -> usize {
        self.patterns.iter().fold(0usize, |sum, p| sum.saturating_add(p.len().saturating_mul(p.len())))
    }

    pub fn n_parameters(&self) -> usize {
        match self.structure {
            WorkingCorrelation::Independence => 0,
            WorkingCorrelation::Exchangeable | WorkingCorrelation::Ar1 => 1,
            WorkingCorrelation::Unstructured => self.n_waves * (self.n_waves - 1) / 2,
        }
    }

    /// The correlation of two waves, `gap` apart.
    fn at(&self, alpha: &[f64], j: usize, k: usize) -> f64 {
        let (low, high) = (j.min(k), j.max(k));
        match self.structure {
            _ if j == k => 1.0,
            WorkingCorrelation::Independence => 0.0,
            WorkingCorrelation::Exchangeable => alpha[0],
            WorkingCorrelation::Ar1 => alpha[0].powi((high - low) as i32),
            WorkingCorrelation::Unstructured => alpha[low * (2 * self.n_waves - low - 1) / 2 + high - low - 1],
        }
    }

    /// The matrix of the first so many waves.
    pub fn matrix(&self, alpha: &[f64], n: usize) -> Vec<f64> {
        (0..n * n).map(|e| self.at(alpha, e / n, e % n)).collect()
    }

    /// The matrix of these parameters, whose smallest eigenvalue is known, shrunk until none is below the `least` one: robust
    /// covariances hold whatever the working correlation is.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn working(&self, moments: &[f64], smallest: f64, least: f64, stop: &AtomicBool) -> Result<Working<'_>> {
        // eigenvalues of I + s (R - I) are 1 + s (value - 1)
        let shrinkage = match self.structure {
            WorkingCorrelation::Ar1 => (LARGEST_POWER / moments[0].abs()).min(1.0),
            _ if smallest >= least => 1.0,
            _ => (1.0 - least) / (1.0 - smallest),
        };
        let alpha: Vec<f64> = moments.iter().map(|a| a * shrinkage).collect();
        let inverse = |pattern: &Vec<u32>| check_stop(stop).map(|()| self.inverse_of(&alpha, pattern));
        let inverses = self.patterns.par_iter().map(inverse).collect::<Result<_>>()?;
        Ok(Working { of: self, alpha, inverses, shrinkage })
    }

    /// The matrix of parameters that are of a correlation matrix.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn definite(&self, alpha: &[f64], stop: &AtomicBool) -> Result<Working<'_>> {
        self.working(alpha, 1.0, 0.0, stop)
    }

    /// Over the matrices of all clusters; of AR(1), whose parameter tells, none.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn smallest_eigenvalue(&self, alpha: &[f64], rows: &ClusteredRows, stop: &AtomicBool) -> Result<f64> {
        Ok(match self.structure {
            WorkingCorrelation::Independence | WorkingCorrelation::Ar1 => 1.0,
            WorkingCorrelation::Exchangeable => {
                let largest = (0..rows.n_clusters()).map(|c| rows.cluster(c).len()).max().unwrap_or(1);
                if largest == 1 { 1.0 } else { (1.0 - alpha[0]).min(1.0 + (largest as f64 - 1.0) * alpha[0]) }
            }
            WorkingCorrelation::Unstructured => {
                let least = |pattern: &Vec<u32>| {
                    check_stop(stop)?;
                    let (values, _) = dense::eigen(&self.of_pattern(alpha, pattern), pattern.len());
                    Ok(values.into_iter().fold(1.0, f64::min))
                };
                self.patterns.par_iter().map(least).try_reduce(|| 1.0, |a, b| Ok(a.min(b)))?
            }
        })
    }

    fn of_pattern(&self, alpha: &[f64], pattern: &[u32]) -> Vec<f64> {
        let m = pattern.len();
        (0..m * m).map(|e| self.at(alpha, pattern[e / m] as usize, pattern[e % m] as usize)).collect()
    }

    fn inverse_of(&self, alpha: &[f64], pattern: &[u32]) -> Vec<f64> {
        let m = pattern.len();
        let mut root = self.of_pattern(alpha, pattern);
        if dense::cholesky_lower(&mut root, m).is_err() {
            return dense::inverse(&self.of_pattern(alpha, pattern), m);
        }
        let mut inverse = vec![0.0; m * m];
        dense::inverse_from_cholesky(&mut inverse, &root, m);
        inverse
    }
}

impl Working<'_> {
    /// B = R⁻¹B for the rows of a cluster (m rows of q).
    pub fn solve(&self, cluster: usize, wave: &[u32], b: &mut [f64], q: usize) {
        match self.of.structure {
            WorkingCorrelation::Independence => {}
            WorkingCorrelation::Exchangeable => solve_exchangeable(self.alpha[0], b, q),
            WorkingCorrelation::Ar1 => solve_autoregressive(self.alpha[0], wave, b, q),
            WorkingCorrelation::Unstructured => {
                let (m, inverse) = (wave.len(), &self.inverses[self.of.pattern_of[cluster] as usize]);
                let from = b.to_vec();
                for (i, row) in b.chunks_exact_mut(q).enumerate() {
                    row.fill(0.0);
                    for (k, other) in from.chunks_exact(q).enumerate() {
                        row.iter_mut().zip(other).for_each(|(b, v)| *b += inverse[i * m + k] * v);
                    }
                }
            }
        }
    }
}

/// (I - α/(1 + (m-1)α) 11') / (1 - α).
fn solve_exchangeable(alpha: f64, b: &mut [f64], q: usize) {
    let m = b.len() / q;
    let c = alpha / (1.0 + (m as f64 - 1.0) * alpha);
    let mut sums = vec![0.0; q];
    b.chunks_exact(q).for_each(|row| sums.iter_mut().zip(row).for_each(|(s, v)| *s += v));
    for row in b.chunks_exact_mut(q) {
        row.iter_mut().zip(&sums).for_each(|(v, s)| *v = (*v - c * s) / (1.0 - alpha));
    }
}

/// L'Δ⁻¹L, L the differences of a row from what the row before predicts, Δ their variances.
fn solve_autoregressive(alpha: f64, wave: &[u32], b: &mut [f64], q: usize) {
    let step = |k: usize| alpha.powi((wave[k] - wave[k - 1]) as i32);
    for k in (1..wave.len()).rev() {
        let (rho, (before, own)) = (step(k), b.split_at_mut(k * q));
        let before = &before[(k - 1) * q..];
        own[..q].iter_mut().zip(before).for_each(|(v, u)| *v = (*v - rho * u) / (1.0 - rho * rho));
    }
    for k in 1..wave.len() {
        let (rho, (before, own)) = (step(k), b.split_at_mut(k * q));
        before[(k - 1) * q..].iter_mut().zip(&own[..q]).for_each(|(u, v)| *u -= rho * v);
    }
}

#[cfg(test)]
mod tests {
    use super::super::clusters::RowSource;
    use super::*;

    fn rows(wave: &[u32], codes: &[u32]) -> ClusteredRows {
        let ones = vec![1.0; codes.len()];
        let source = RowSource { p: 1, x: &ones, y: &ones, weight: &ones, offset: &[], codes, wave: Some(wave) };
        ClusteredRows::new(&source).unwrap()
    }

    #[test]
    fn every_structure_solves_with_its_own_matrix() {
        let rows = rows(&[0, 1, 3, 4, 0, 1, 2, 3, 4], &[0, 0, 0, 0, 1, 1, 1, 1, 1]);
        let free: Vec<f64> = (0..10).map(|k| 0.3 - 0.05 * f64::from(k % 4)).collect();
        let cases = [
            (WorkingCorrelation::Exchangeable, vec![0.3]),
            (WorkingCorrelation::Ar1, vec![-0.6]),
            (WorkingCorrelation::Unstructured, free),
        ];
        for (structure, alpha) in cases {
            let correlation = Correlation::new(structure, &rows);
            assert_eq!(correlation.n_parameters(), alpha.len());
            let stop = AtomicBool::new(false);
            let smallest = correlation.smallest_eigenvalue(&alpha, &rows, &stop).unwrap();
            let working = correlation.working(&alpha, smallest, DEFINITE, &stop).unwrap();
            assert_eq!(working.shrinkage, 1.0);
            for c in 0..2 {
                let wave = &rows.wave[rows.cluster(c)];
                let (m, q) = (wave.len(), 2);
                let b: Vec<f64> = (0..m * q).map(|k| ((k * k) % 7) as f64 - 2.0).collect();
                let mut solved = b.clone();
                working.solve(c, wave, &mut solved, q);
                for i in 0..m {
                    for j in 0..q {
                        let r = |k: usize| correlation.at(&alpha, wave[i] as usize, wave[k] as usize);
                        let back: f64 = (0..m).map(|k| r(k) * solved[k * q + j]).sum();
                        assert!((back - b[i * q + j]).abs() < 1e-11, "{structure:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn moments_of_no_correlation_matrix_are_shrunk_to_one() {
        let stop = AtomicBool::new(false);
        let rows = rows(&[0, 1, 2], &[0, 0, 0]);
        let cases = [
            (WorkingCorrelation::Exchangeable, vec![-0.6]),
            (WorkingCorrelation::Exchangeable, vec![1.2]),
            (WorkingCorrelation::Ar1, vec![-1.0]),
            (WorkingCorrelation::Unstructured, vec![0.9, -0.9, 0.9]),
        ];
        for (structure, alpha) in cases {
            let correlation = Correlation::new(structure, &rows);
            let smallest = correlation.smallest_eigenvalue(&alpha, &rows, &stop).unwrap();
            let working = correlation.working(&alpha, smallest, SHRUNK, &stop).unwrap();
            assert!(working.shrinkage < 1.0);
            let (values, _) = dense::eigen(&correlation.matrix(&working.alpha, 3), 3);
            let least = values.iter().copied().fold(1.0, f64::min);
            let expected = if structure == WorkingCorrelation::Ar1 { 6.6e-4 } else { SHRUNK };
            assert!((least / expected - 1.0).abs() < 0.02, "{structure:?} {least}");
        }
        let definite = Correlation::new(WorkingCorrelation::Exchangeable, &rows);
        let smallest = definite.smallest_eigenvalue(&[-0.4], &rows, &stop).unwrap();
        assert_eq!(definite.working(&[-0.4], smallest, DEFINITE, &stop).unwrap().shrinkage, 1.0);
    }
}
