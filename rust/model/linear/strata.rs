//! Residuals of which those of a stratum have one variance R_s: what a model needs of the rows are sums over those of each.
//!
//!   A(φ) = Σ_s A_s / R_s,   dd/dφ_k = Σ_s 2 w_sk (n_s - <N, A_s>/R_s - v'A_s v/(R_s σ²)),   v = [-b; -β; 1]

use rayon::prelude::*;

use super::pull_back::{PullBack, ResidualSlopes};
use super::residual::AtResidual;
use crate::crossproduct::CrossProducts;
use crate::linalg::dense;
use crate::penalized_ls::product::{Effects, add_zz, zeros};

/// Levels whose sums are added up together: the order of additions does not depend on threads.
const TOGETHER: usize = 512;

/// The cross-products of every stratum, in one basis and over the same levels.
#[derive(Debug, Clone)]
pub struct Strata {
    pub parts: Vec<CrossProducts>,
}

impl Strata {
    /// The logarithm of the root mean square of what least squares leaves of every stratum.
    pub fn log_sd(&self, a: &CrossProducts) -> Vec<f64> {
        let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
        let mut l: Vec<f64> = (0..p * p).map(|e| a.xx[e / p * stride + e % p]).collect();
        let mut beta: Vec<f64> = (0..p).map(|j| a.xx[j * stride + p]).collect();
        if dense::cholesky_lower(&mut l, p).is_ok() {
            dense::solve_lower(&l, &mut beta, p, 1);
            dense::solve_lower_transposed(&l, &mut beta, p, 1);
        }
        let v: Vec<f64> = beta.iter().map(|b| -b).chain([1.0]).collect();
        let squares: Vec<f64> = self.parts.iter().map(|part| quadratic(&part.xx, &v) / part.n_obs as f64).collect();
        let least = squares.iter().fold(0.0, |a: f64, b| a.max(*b)) * 1e-6;
        squares.iter().map(|square| 0.5 * square.max(least).max(f64::MIN_POSITIVE).ln()).collect()
    }

    /// Writes A(φ), with -log|R| and what weights add to it in the place of Σ log w.
    pub fn sum(&self, own: &AtResidual, a: &mut CrossProducts) {
        let clear = |values: &mut Vec<f64>| values.fill(0.0);
        clear(&mut a.xx);
        a.factors.iter_mut().for_each(|f| [&mut f.zz, &mut f.zx].into_iter().for_each(clear));
        a.links.iter_mut().flatten().for_each(clear);
        a.sum_log_weights = 0.0;
        for (s, part) in self.parts.iter().enumerate() {
            let variance = own.variance_of(s);
            let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(t, v)| *t += v / variance);
            add(&mut a.xx, &part.xx);
            for (to, from) in a.factors.iter_mut().zip(&part.factors) {
                add(&mut to.zz, &from.zz);
                add(&mut to.zx, &from.zx);
            }
            a.links.iter_mut().flatten().zip(part.links.iter().flatten()).for_each(|(to, from)| add(to, from));
            a.sum_log_weights += part.sum_log_weights - part.n_obs as f64 * variance.ln();
        }
    }
}

impl AtResidual {
    /// R_s.
    fn variance_of(&self, stratum: usize) -> f64 {
        self.whitened.factors[stratum].dense()[0].powi(2)
    }
}

impl PullBack<'_> {
    /// What the strata add.
    pub fn of_strata(&self, strata: &Strata) -> ResidualSlopes {
        let explained = self.explained(strata);
        let (mut out, n_phi) = (self.zeros(), self.own.phi.len());
        for (s, (part, explained)) in strata.parts.iter().zip(explained).enumerate() {
            let variance = self.own.variance_of(s);
            let (z, x, square) = self.times_residual(part);
            let square = square / variance;
            let left = part.n_obs as f64 - explained / variance - self.weight * square;
            let along: Vec<f64> = self.own.residual.patterns.get(s).scale.iter().map(|w| 2.0 * w).collect();
            for (k, m) in along.iter().enumerate() {
                out.gradient[k] += m * left;
                out.r[k] += m * square;
                if self.with_curvature {
                    let add = |to: &mut [f64], from: &[f64]| {
                        to.chunks_exact_mut(n_phi).zip(from).for_each(|(to, v)| to[k] += m * v / variance);
                    };
                    out.h.iter_mut().zip(&z).for_each(|(to, from)| add(to, from));
                    add(&mut out.hx, &x[..self.beta.len()]);
                    along.iter().enumerate().for_each(|(l, other)| out.inner[l * n_phi + k] += m * other * square);
                }
            }
        }
        out
    }

    /// The parts of A_s v of Z and of [X y], and v'A_s v.
    fn times_residual(&self, a: &CrossProducts) -> (Effects, Vec<f64>, f64) {
        let v: Vec<f64> = self.beta.iter().map(|b| -b).chain([1.0]).collect();
        let stride = v.len();
        let mut z = zeros(a, 1);
        add_zz(&mut z, a, self.b, 1, -1.0);
        let mut x: Vec<f64> = a.xx.chunks_exact(stride).map(|column| dot(column, &v)).collect();
        for ((f, z), b) in a.factors.iter().zip(&mut z).zip(self.b) {
            for ((row, z), b) in f.zx.chunks_exact(stride).zip(z).zip(b) {
                *z += dot(row, &v);
                x.iter_mut().zip(row).for_each(|(x, value)| *x -= value * b);
            }
        }
        let random: f64 = z.iter().zip(self.b).map(|(z, b)| dot(z, b)).sum();
        let square = dot(&x, &v) - random;
        (z, x, square)
    }

    /// <N, A_s> of every stratum.
    fn explained(&self, strata: &Strata) -> Vec<f64> {
        let (f, stride) = (self.n_fixed, self.beta.len() + 1);
        let mut inverse = Vec::new();
        self.entries.of_levels(&[], &mut inverse);
        let of_fixed = |a: &CrossProducts| -> f64 {
            (0..f).map(|j| dot(&inverse[j * f..(j + 1) * f], &a.xx[j * stride..j * stride + f])).sum()
        };
        let mut total: Vec<f64> = strata.parts.iter().map(of_fixed).collect();
        let a = &self.model.a;
        for (i, block) in a.factors.iter().enumerate() {
            let add = |level: usize, sums: &mut [f64], inverse: &mut Vec<f64>| {
                self.add_level(strata, (i, level), sums, inverse)
            };
            add_up(block.n_levels, &mut total, add);
            for j in 0..i {
                let pairs: Vec<(usize, usize, usize)> = a.link(i, j).0.blocks().collect();
                let add = |k: usize, sums: &mut [f64], inverse: &mut Vec<f64>| {
                    self.add_pair(strata, (i, j), pairs[k], sums, inverse);
                };
                add_up(pairs.len(), &mut total, add);
            }
        }
        total
    }

    /// Of one level: products of Z with itself and with X.
    fn add_level(&self, strata: &Strata, (i, level): (usize, usize), sums: &mut [f64], inverse: &mut Vec<f64>) {
        let (r, f, stride) = (self.model.a.factors[i].width, self.n_fixed, self.beta.len() + 1);
        self.entries.of_levels(&[(i, level as u32, r)], inverse);
        let c = r + f;
        for (sum, part) in sums.iter_mut().zip(&strata.parts) {
            let own = &part.factors[i];
            for k in 0..r {
                let column = &inverse[k * c..(k + 1) * c];
                *sum += dot(&column[..r], &own.zz[(level * r + k) * r..][..r]);
                *sum += 2.0 * dot(&column[r..], &own.zx[(level * r + k) * stride..][..f]);
            }
        }
    }

    /// Of a pair of levels that meet: (level of j, level of i, position).
    fn add_pair(
        &self,
        strata: &Strata,
        (i, j): (usize, usize),
        (from, to, position): (usize, usize, usize),
        sums: &mut [f64],
        inverse: &mut Vec<f64>,
    ) {
        let (ri, rj) = (self.model.a.factors[i].width, self.model.a.factors[j].width);
        self.entries.of_levels(&[(i, to as u32, ri), (j, from as u32, rj)], inverse);
        let c = ri + rj + self.n_fixed;
        for (sum, part) in sums.iter_mut().zip(&strata.parts) {
            let values = &part.links[i][j][position * ri * rj..(position + 1) * ri * rj];
            for (k, column) in values.chunks_exact(ri).enumerate() {
                *sum += 2.0 * dot(&inverse[(ri + k) * c..][..ri], column);
            }
        }
    }
}

/// Adds up what `add` adds for each of n, some of them at a time in parallel.
fn add_up(n: usize, total: &mut [f64], add: impl Fn(usize, &mut [f64], &mut Vec<f64>) + Sync) {
    let of_run = |first: usize| {
        let (mut sums, mut room) = (vec![0.0; total.len()], Vec::new());
        (first..n.min(first + TOGETHER)).for_each(|k| add(k, &mut sums, &mut room));
        sums
    };
    let runs: Vec<Vec<f64>> = (0..n.div_ceil(TOGETHER)).into_par_iter().map(|run| of_run(run * TOGETHER)).collect();
    runs.iter().for_each(|run| total.iter_mut().zip(run).for_each(|(t, v)| *t += v));
}

fn quadratic(a: &[f64], v: &[f64]) -> f64 {
    a.chunks_exact(v.len()).zip(v).map(|(column, own)| own * dot(column, v)).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
