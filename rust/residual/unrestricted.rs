//! `corr(visit | g)`: any correlations of the visits; `us` with a standard deviation for every visit.
//!
//! The rows of the Cholesky factor have length one: row i is (z_1, z_2 s_1, z_3 s_1 s_2, ...), z_k = tanh x_k partial
//! correlations, s_k = sqrt(1 - z_1²) ... (Lewandowski, Kurowicka and Joe 2009, J. Multivariate Analysis 100, 1989-2001).

use super::correlation::{CorrelationStructure, Correlations, Natural, PlaceKind, Places};
use super::moments::Moments;
use crate::linalg::dual::Dual;

pub struct Unrestricted;

/// Partial correlations are started no farther out.
const MOST: f64 = 0.95;

impl CorrelationStructure for Unrestricted {
    fn place(&self) -> PlaceKind {
        PlaceKind::Visit
    }

    fn n_parameters(&self, places: &Places) -> usize {
        places.n() * (places.n() - 1) / 2
    }

    fn at(&self, x: &[f64], places: &Places) -> Correlations {
        let n = places.n();
        let (l, slopes) = factor(x, n);
        let dot = |row: &[f64], j: usize| row.iter().zip(&l[j * n..(j + 1) * n]).map(|(a, b)| a * b).sum::<f64>();
        let values = (0..n * n).map(|e| dot(&l[e / n * n..(e / n + 1) * n], e % n)).collect();
        let of_pair = |(i, slope): &(usize, Vec<f64>)| {
            let mut out = vec![0.0; n * n];
            for j in (0..n).filter(|j| j != i) {
                let v = dot(slope, j);
                (out[i * n + j], out[j * n + i]) = (v, v);
            }
            out
        };
        Correlations::Visits { n, values, slopes: slopes.iter().map(of_pair).collect() }
    }

    fn natural(&self, x: &[f64], places: &Places) -> Vec<Natural> {
        natural_of_pairs(&self.at(x, places), x.len(), places)
    }

    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64> {
        let n = places.n();
        let factor = moments.factor_of_visits(n);
        let mut x = Vec::new();
        for i in 1..n {
            let mut left = 1.0;
            for j in 0..i {
                let partial: f64 = (factor[j * n + i] / f64::sqrt(left)).clamp(-MOST, MOST);
                x.push(partial.atanh());
                left *= 1.0 - partial * partial;
            }
        }
        x
    }
}

/// tanh x, with its slope if it is the one that moves.
pub fn tanh(x: f64, moves: bool) -> Dual {
    Dual { value: x.tanh(), slope: if moves { x.cosh().powi(-2) } else { 0.0 } }
}

/// All pairs of visits.
pub fn natural_of_pairs(at: &Correlations, n_parameters: usize, places: &Places) -> Vec<Natural> {
    let mut all = Vec::new();
    for i in 0..places.n() {
        for j in i + 1..places.n() {
            let mut slopes = vec![0.0; n_parameters];
            let value = at.pair(i as f64, j as f64, &mut slopes);
            all.push(Natural::correlation(places.pair(i, j), value, slopes));
        }
    }
    all
}

/// The rows of L (n x n, row-major), and for every x_k the row that it moves, with its slope: of z_k in row i
/// (.., s_k (1 - z_k²), -z_k L_i(k+1), ..).
fn factor(x: &[f64], n: usize) -> (Vec<f64>, Vec<(usize, Vec<f64>)>) {
    let mut l = vec![0.0; n * n];
    let mut slopes = Vec::with_capacity(x.len());
    let mut next = x.iter();
    for i in 0..n {
        let row = &mut l[i * n..(i + 1) * n];
        let (mut left, first) = (1.0, slopes.len());
        for entry in row.iter_mut().take(i) {
            let z = next.next().expect("a partial correlation of every pair").tanh();
            *entry = z * left;
            slopes.push((i, vec![z, left]));
            left *= ((1.0 - z) * (1.0 + z)).sqrt();
        }
        row[i] = left;
        for (k, (_, slope)) in slopes[first..].iter_mut().enumerate() {
            let (z, left) = (slope[0], slope[1]);
            let entry = |j: usize| match j {
                _ if j < k => 0.0,
                _ if j == k => left * (1.0 - z) * (1.0 + z),
                _ => -z * row[j],
            };
            *slope = (0..n).map(entry).collect();
        }
    }
    (l, slopes)
}
