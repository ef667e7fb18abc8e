//! Parameters of working correlations by moments, those of Yan and Fine (2004), as in geepack: products of Pearson residuals over
//! the scale, weighted by the product of the weights of the two rows, against the correlations that they estimate, over all pairs
//! of rows of a cluster.

use std::sync::atomic::AtomicBool;

use super::clusters::ClusteredRows;
use super::correlation::{Correlation, WorkingCorrelation};
use crate::linalg::memory;
use crate::{Error, Result, check_stop};

/// Clusters between two looks at the stop flag.
const LOOK: usize = 1024;
const MOST_STEPS: usize = 200;
/// Steps below which the loss no longer tells better from worse.
const SMALL_STEP: f64 = 1e-5;

impl Correlation {
    /// The parameters of Pearson residuals over the root of the scale.
    ///
    /// # Errors
    /// `Design` for pairs of waves that no cluster has both of; `Interrupted`.
    pub fn estimate(&self, rows: &ClusteredRows, residuals: &[f64], stop: &AtomicBool) -> Result<Vec<f64>> {
        match self.structure {
            WorkingCorrelation::Independence => Ok(Vec::new()),
            WorkingCorrelation::Exchangeable => Ok(vec![exchangeable(rows, residuals)]),
            WorkingCorrelation::Ar1 => Ok(vec![self.autoregressive(rows, residuals, stop)?]),
            WorkingCorrelation::Unstructured => self.unstructured(rows, residuals, stop),
        }
    }

    fn autoregressive(&self, rows: &ClusteredRows, residuals: &[f64], stop: &AtomicBool) -> Result<f64> {
        let (mut sums, mut weights) = (vec![0.0; self.n_waves], vec![0.0; self.n_waves]);
        each_pair(rows, stop, |i, j| {
            let (gap, w) = ((rows.wave[j] - rows.wave[i]) as usize, rows.weight[i] * rows.weight[j]);
            sums[gap] += w * residuals[i] * residuals[j];
            weights[gap] += w;
        })?;
        Ok(power_of_gap(&sums, &weights))
    }

    fn unstructured(&self, rows: &ClusteredRows, residuals: &[f64], stop: &AtomicBool) -> Result<Vec<f64>> {
        let n = self.n_waves;
        let matrix = || memory::zeros(n, n).ok_or_else(|| Error::no_memory("the correlations of all waves", n, n));
        let (mut sums, mut weights) = (matrix()?, matrix()?);
        each_pair(rows, stop, |i, j| {
            let (pair, w) = (rows.wave[i] as usize * n + rows.wave[j] as usize, rows.weight[i] * rows.weight[j]);
            sums[pair] += w * residuals[i] * residuals[j];
            weights[pair] += w;
        })?;
        let pairs = (0..n).flat_map(|j| (j + 1..n).map(move |k| (j, k)));
        pairs.map(|(j, k)| ratio(sums[j * n + k], weights[j * n + k]).ok_or_else(|| no_pair(j, k))).collect()
    }

    /// The first pair of waves that no cluster has both of, if there is one.
    ///
    /// # Errors
    /// `Data` where memory does not hold the pairs; `Interrupted`.
    pub fn missing_pair(&self, rows: &ClusteredRows, stop: &AtomicBool) -> Result<Option<(usize, usize)>> {
        let n = self.n_waves;
        if self.structure != WorkingCorrelation::Unstructured {
            return Ok(None);
        }
        let mut seen: Vec<bool> =
            memory::room(n, n).ok_or_else(|| Error::no_memory("the correlations of all waves", n, n))?;
        seen.resize(n * n, false);
        each_pair(rows, stop, |i, j| seen[rows.wave[i] as usize * n + rows.wave[j] as usize] = true)?;
        Ok((0..n).flat_map(|j| (j + 1..n).map(move |k| (j, k))).find(|&(j, k)| !seen[j * n + k]))
    }
}

/// Calls `f` with all pairs of rows of a cluster, the earlier row first.
fn each_pair(rows: &ClusteredRows, stop: &AtomicBool, mut f: impl FnMut(usize, usize)) -> Result<()> {
    for c in 0..rows.n_clusters() {
        if c % LOOK == 0 {
            check_stop(stop)?;
        }
        let own = rows.cluster(c);
        for i in own.clone() {
            if i % LOOK == 0 {
                check_stop(stop)?;
            }
            (i + 1..own.end).for_each(|j| f(i, j));
        }
    }
    Ok(())
}

/// From sums over the rows of a cluster: no pass over pairs.
fn exchangeable(rows: &ClusteredRows, residuals: &[f64]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for c in 0..rows.n_clusters() {
        let (mut s, mut ss, mut w, mut ww) = (0.0, 0.0, 0.0, 0.0);
        for i in rows.cluster(c) {
            let (v, r) = (rows.weight[i], residuals[i]);
            s += v * r;
            ss += (v * r).powi(2);
            w += v;
            ww += v * v;
        }
        if rows.cluster(c).len() > 1 {
            sum += 0.5 * (s * s - ss);
            weight += 0.5 * (w * w - ww);
        }
    }
    ratio(sum, weight).unwrap_or(0.0)
}

/// The α whose powers fit mean products at every gap best, by weighted least squares; from the shortest gap there is.
fn power_of_gap(sums: &[f64], weights: &[f64]) -> f64 {
    let observed: Vec<(i32, f64, f64)> =
        (1..sums.len()).filter(|&d| weights[d] > 0.0).map(|d| (d as i32, sums[d] / weights[d], weights[d])).collect();
    let Some(&(gap, z, _)) = observed.first() else { return 0.0 };
    let mut alpha = z.signum() * z.abs().min(0.99).powf(1.0 / f64::from(gap));
    let loss = |a: f64| observed.iter().map(|&(d, z, w)| w * (z - a.powi(d)).powi(2)).sum::<f64>();
    let mut value = loss(alpha);
    for _ in 0..MOST_STEPS {
        let (mut slope, mut square) = (0.0, 0.0);
        for &(d, z, w) in &observed {
            let own = f64::from(d) * alpha.powi(d - 1);
            slope += w * own * (z - alpha.powi(d));
            square += w * own * own;
        }
        if square == 0.0 {
            break;
        }
        let mut step = slope / square;
        while step.abs() > SMALL_STEP && loss((alpha + step).clamp(-1.0, 1.0)) > value {
            step *= 0.5;
        }
        let next = (alpha + step).clamp(-1.0, 1.0);
        let moved = (next - alpha).abs();
        (alpha, value) = (next, loss(next));
        if moved < 1e-15 {
            break;
        }
    }
    alpha
}

fn ratio(sum: f64, weight: f64) -> Option<f64> {
    (weight > 0.0).then(|| sum / weight)
}

fn no_pair(j: usize, k: usize) -> Error {
    Error::Design(format!("no group has rows of both wave {j} and wave {k} (counted from 0)"))
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
    fn powers_are_found_from_products_that_follow_them() {
        for alpha in [-0.7, 0.0, 0.2, 0.95] {
            let weights = [0.0, 5.0, 0.0, 2.0, 1.0];
            let sums: Vec<f64> = (0..5).map(|d| weights[d] * f64::powi(alpha, d as i32)).collect();
            assert!((power_of_gap(&sums, &weights) - alpha).abs() < 1e-8);
        }
    }

    #[test]
    fn moments_are_those_of_all_pairs() {
        let mut rows = rows(&[0, 1, 2, 0, 1, 0], &[0, 0, 0, 1, 1, 2]);
        rows.weight = vec![1.0, 2.0, 0.5, 1.0, 3.0, 4.0];
        let r = [0.5, -1.0, 2.0, 1.5, 0.3, 9.0];
        let (mut sum, mut weight) = (0.0, 0.0);
        each_pair(&rows, &AtomicBool::new(false), |i, j| {
            sum += rows.weight[i] * rows.weight[j] * r[i] * r[j];
            weight += rows.weight[i] * rows.weight[j];
        })
        .unwrap();
        assert!((exchangeable(&rows, &r) - sum / weight).abs() < 1e-14);
        let free = Correlation::new(WorkingCorrelation::Unstructured, &rows);
        let alpha = free.estimate(&rows, &r, &AtomicBool::new(false)).unwrap();
        assert!((alpha[0] - (2.0 * -0.5 + 3.0 * 0.45) / 5.0).abs() < 1e-14);
        assert_eq!((alpha[1], alpha[2]), (1.0, -2.0));
    }
}
