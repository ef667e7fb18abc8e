//! What is left beside the outliers: functions of E by Lanczos, from random directions.

use faer::{Mat, Side};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::deflation::Outliers;
use super::operator::Product;

/// Random directions, and steps from each: until the quadrature changes by less than this.
const PROBES: usize = 8;
const MOST_STEPS: usize = 12;
const STILL: f64 = 1e-6;

/// z'f(E)z for every probe, with z and h(E)z beside them.
#[derive(Debug, Clone, Default)]
pub struct Probes {
    /// q_t rows of `PROBES`, orthogonal to the outliers.
    pub z: Vec<f64>,
    /// (I + E)^-1 z - z + E z.
    pub image: Vec<f64>,
    values: Vec<f64>,
}

/// f(x) = log(1 + x) - x + x²/2, without cancellation.
pub fn remainder(x: f64) -> f64 {
    if x.abs() > 0.05 {
        return x.ln_1p() - x + 0.5 * x * x;
    }
    // x³/3 - x⁴/4 + ...
    (3..16).map(|k| if k % 2 == 1 { x.powi(k) } else { -x.powi(k) } / f64::from(k)).sum()
}

/// h(x) = 1/(1 + x) - 1 + x.
pub fn inverse_remainder(x: f64) -> f64 {
    x * x / (1.0 + x)
}

impl Probes {
    pub fn n(&self) -> usize {
        self.values.len()
    }

    /// Mean over the probes, and its standard error.
    pub fn mean(&self) -> (f64, f64) {
        let n = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / n;
        let square: f64 = self.values.iter().map(|v| (v - mean).powi(2)).sum();
        (mean, (square / (n * (n - 1.0))).sqrt())
    }
}

/// Runs Lanczos from all probes at once.
pub fn probe(problem: &Product, outliers: &Outliers) -> Probes {
    let (q, s) = (problem.symbolic.n_trailing, PROBES);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(20);
    let mut z: Vec<f64> = (0..q * s).map(|_| if rng.random_range(0..2u8) == 0 { -1.0 } else { 1.0 }).collect();
    outliers.add_image(&mut z, s, |_| -1.0);
    let lengths = lengths(&z, s);
    let mut basis = vec![scaled(&z, &lengths.iter().map(|l| 1.0 / l.max(f64::MIN_POSITIVE)).collect::<Vec<_>>())];
    let (mut diagonal, mut below): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
    let mut before = f64::INFINITY;
    for step in 0..MOST_STEPS {
        let mut next = problem.apply(&basis[step], s);
        outliers.add_image(&mut next, s, |_| -1.0);
        let alpha = inner(&next, &basis[step], s);
        subtract(&mut next, &basis[step], &alpha);
        if let Some(beta) = below.last() {
            subtract(&mut next, &basis[step - 1], beta);
        }
        let beta = self::lengths(&next, s);
        diagonal.push(alpha);
        basis.push(scaled(&next, &beta.iter().map(|b| if *b > 1e-14 { 1.0 / b } else { 0.0 }).collect::<Vec<_>>()));
        below.push(beta);
        let sum: f64 = (0..s).map(|c| lengths[c].powi(2) * quadrature(&diagonal, &below, c).0).sum();
        if (sum - before).abs() < STILL * s as f64 {
            break;
        }
        before = sum;
    }
    let mut values = Vec::new();
    let mut image = vec![0.0; q * s];
    for c in 0..s {
        let (value, weights) = quadrature(&diagonal, &below, c);
        values.push(lengths[c].powi(2) * value);
        for (vectors, w) in basis.iter().zip(weights) {
            let w = w * lengths[c];
            image.iter_mut().skip(c).step_by(s).zip(vectors.iter().skip(c).step_by(s)).for_each(|(y, v)| *y += w * v);
        }
    }
    Probes { z, image, values }
}

/// e1'f(T)e1, and h(T)e1, for the tridiagonal T of one probe.
fn quadrature(diagonal: &[Vec<f64>], below: &[Vec<f64>], c: usize) -> (f64, Vec<f64>) {
    let n = diagonal.len();
    let t = Mat::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => diagonal[i][c],
        1 => below[i.min(j)][c],
        _ => 0.0,
    });
    let Ok(eigen) = t.self_adjoint_eigen(Side::Lower) else { return (f64::NAN, vec![0.0; n]) };
    let first = |k: usize| eigen.U()[(0, k)];
    let value = (0..n).map(|k| first(k).powi(2) * remainder(eigen.S()[k])).sum();
    let weights =
        (0..n).map(|i| (0..n).map(|k| eigen.U()[(i, k)] * inverse_remainder(eigen.S()[k]) * first(k)).sum()).collect();
    (value, weights)
}

/// x'y by column, for rows of s.
pub fn inner(x: &[f64], y: &[f64], s: usize) -> Vec<f64> {
    let mut sum = vec![0.0; s];
    for (x, y) in x.chunks_exact(s).zip(y.chunks_exact(s)) {
        sum.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum += x * y);
    }
    sum
}

fn lengths(x: &[f64], s: usize) -> Vec<f64> {
    inner(x, x, s).into_iter().map(f64::sqrt).collect()
}

fn scaled(x: &[f64], by: &[f64]) -> Vec<f64> {
    x.chunks_exact(by.len()).flat_map(|row| row.iter().zip(by).map(|(x, b)| x * b)).collect()
}

/// x -= y diag(w).
fn subtract(x: &mut [f64], y: &[f64], w: &[f64]) {
    for (x, y) in x.chunks_exact_mut(w.len()).zip(y.chunks_exact(w.len())) {
        x.iter_mut().zip(y.iter().zip(w)).for_each(|(x, (y, w))| *x -= y * w);
    }
}
