//! Directions in which the covariance of y might move: those of θ, and that of an autocorrelation of rows.
//!
//! In rows scaled by W^½, V = I + ZΛΛ'Z' and P = M, the inverse of V less its regression on X.  A direction B has the score
//! (e'Be - tr MB)/2, e = My/σ, and two of them the information tr(M B M C)/2.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::point::DeletionPoint;
use crate::fit::simulate::stream;
use crate::ids::BlockId;
use crate::model::{Lmm, Workspace};
use crate::penalized_ls::product::Effects;
use crate::rows::StoredRows;
use crate::{Result, check_stop, computed};

/// Up to this many rows the information is exact; beyond, its relative error is about the root of 1 over `PROBED`.
const EXACT: usize = 600;
const PROBED: usize = 200_000;
const FEWEST_PROBES: usize = 10;
const SEED: u64 = 20_190_516;

pub struct Directions<'a> {
    pub point: DeletionPoint<'a>,
    theta: &'a [f64],
    rows: &'a StoredRows,
    pairs: &'a [[u32; 2]],
    /// Block of every parameter and dΛ_k Λ' + Λ dΛ_k' there (r x r).
    of_theta: Vec<(BlockId, Vec<f64>)>,
    root: Vec<f64>,
    residuals: Vec<f64>,
    gradient: Vec<f64>,
}

impl<'a> Directions<'a> {
    /// # Errors
    /// `Numerical` where the criterion cannot be evaluated.
    pub fn new(model: &'a Lmm, theta: &'a [f64], rows: &'a StoredRows, pairs: &'a [[u32; 2]]) -> Result<Self> {
        let mut work = model.workspace();
        model.evaluate(theta, &mut work)?;
        let gradient = model.gradient(theta, &mut work).theta;
        let point = DeletionPoint::new(model, theta, work)?;
        let of_theta = (0..theta.len()).map(|k| direction(model, theta, k, &point.factor.lambda)).collect();
        let root = (0..rows.n).map(|i| rows.weight(i).sqrt()).collect();
        let mut out = Self { point, theta, rows, pairs, of_theta, root, residuals: Vec::new(), gradient };
        let sigma = model.variance(&out.point.terms).sqrt();
        out.residuals = out.left(&rows.response(), &out.point.beta, &out.point.modes.b);
        out.residuals.iter_mut().for_each(|e| *e /= sigma);
        Ok(out)
    }

    /// Scores of θ, and e'Le / 2.
    pub fn scores(&self) -> Vec<f64> {
        let of_pairs = 0.5 * dot(&self.along_pairs(&self.residuals), &self.residuals);
        self.gradient.iter().map(|g| -0.5 * g).chain([of_pairs]).collect()
    }

    /// Information of σ², which moves V itself, with itself, θ and L: known without M, as M V M = M.
    pub fn of_sigma(&self, trace_of_pairs: f64) -> Vec<f64> {
        let k = self.of_theta.len();
        let images = self.images(&self.residuals);
        let of_theta = (0..k).map(|k| 0.5 * (self.gradient[k] + dot(&images[k], &self.residuals)));
        let own = 0.5 * self.point.model.denominator();
        [own].into_iter().chain(of_theta).chain([0.5 * trace_of_pairs]).collect()
    }

    /// B v for all directions.
    fn images(&self, v: &[f64]) -> Vec<Vec<f64>> {
        let scores = self.crossed(v);
        let mut out: Vec<Vec<f64>> = self
            .of_theta
            .iter()
            .map(|(block, d)| {
                let r = self.point.model.theta_map.widths[*block];
                let mut b: Effects = scores.iter().map(|s| vec![0.0; s.len()]).collect();
                for (b, s) in b[*block].chunks_exact_mut(r).zip(scores[*block].chunks_exact(r)) {
                    b.iter_mut().enumerate().for_each(|(i, b)| *b = (0..r).map(|j| d[j * r + i] * s[j]).sum());
                }
                let mut image = vec![0.0; self.rows.n];
                self.rows.add_modes(&mut image, &b);
                image.iter_mut().zip(&self.root).for_each(|(v, w)| *v *= w);
                image
            })
            .collect();
        out.push(self.along_pairs(v));
        out
    }

    /// W^½ y for a y of variance V.
    fn draw(&self, k: usize) -> Vec<f64> {
        let (mut rng, map) = (stream(SEED, k), &self.point.model.theta_map);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut b: Effects = self.point.modes.b.iter().map(|b| vec![0.0; b.len()]).collect();
        for ((b, lambda), &r) in b.iter_mut().zip(&self.point.factor.lambda).zip(&map.widths) {
            for level in b.chunks_exact_mut(r) {
                let u: Vec<f64> = (0..r).map(|_| normal()).collect();
                level.iter_mut().enumerate().for_each(|(i, b)| *b = (0..r).map(|j| lambda[j * r + i] * u[j]).sum());
            }
        }
        let mut modes = vec![0.0; self.rows.n];
        self.rows.add_modes(&mut modes, &b);
        modes.iter().zip(&self.root).map(|(zb, w)| w * zb + normal()).collect()
    }

    fn along_pairs(&self, v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; v.len()];
        for [i, j] in self.pairs.iter().map(|pair| pair.map(|row| row as usize)) {
            out[i] += v[j];
            out[j] += v[i];
        }
        out
    }

    /// Z'W^½ v by block.
    fn crossed(&self, v: &[f64]) -> Effects {
        let widths = &self.point.model.theta_map.widths;
        let mut out: Effects = self.point.modes.b.iter().map(|b| vec![0.0; b.len()]).collect();
        for (b, (out, &r)) in out.iter_mut().zip(widths).enumerate() {
            for (i, &level) in self.rows.levels(b).iter().enumerate() {
                let s = &mut out[level as usize * r..(level as usize + 1) * r];
                s.iter_mut().zip(self.rows.z(b, i)).for_each(|(s, z)| *s += z * self.root[i] * v[i]);
            }
        }
        out
    }

    /// W^½(y - Xβ - Zb).
    fn left(&self, y: &[f64], beta: &[f64], b: &Effects) -> Vec<f64> {
        self.rows.residuals(y, beta, b).iter().zip(&self.root).map(|(e, w)| w * e).collect()
    }
}

/// Solves with M for any vector; one per thread.
struct Solver<'a, 'b> {
    of: &'a Directions<'b>,
    model: Lmm,
    work: Workspace,
}

impl<'a, 'b> Solver<'a, 'b> {
    fn new(of: &'a Directions<'b>) -> Self {
        Self { of, model: of.point.model.clone(), work: of.point.model.workspace() }
    }

    /// M v.
    fn solve(&mut self, v: &[f64]) -> Result<Vec<f64>> {
        let y: Vec<f64> = v.iter().zip(&self.of.root).map(|(v, w)| v / w).collect();
        self.of.rows.set_response(Arc::make_mut(&mut self.model.a), &y);
        if computed(self.model.evaluate(self.of.theta, &mut self.work))?.is_none() {
            return Ok(vec![0.0; v.len()]); // X has v
        }
        let beta = self.work.factor.beta();
        let modes = self.work.factor.modes(&self.model.symbolic, &beta);
        Ok(self.of.left(&y, &beta, &modes.b))
    }
}

/// Information of θ and L with each other (k + 1 square), each but for the shares of σ.
///
/// # Errors
/// `Interrupted` when `stop` is set.
pub fn information(of: &Directions, stop: &AtomicBool) -> Result<Vec<f64>> {
    let (n, size) = (of.rows.n, of.of_theta.len() + 1);
    let probes = if n <= EXACT { n } else { (PROBED / n).max(FEWEST_PROBES) };
    let parts: Vec<Vec<f64>> = (0..probes)
        .into_par_iter()
        .map_init(|| Solver::new(of), |solver, k| check_stop(stop).and_then(|()| probe(of, solver, k)))
        .collect::<Result<_>>()?;
    let share = if n <= EXACT { 0.5 } else { 0.5 / probes as f64 };
    let sum = |e: usize| parts.iter().map(|part| part[e]).sum::<f64>() * share;
    Ok((0..size * size).map(|e| 0.5 * (sum(e) + sum(e % size * size + e / size))).collect())
}

/// (B l)'M(C r) for all B and C.  Over unit vectors r and l = Mr they sum to tr(M B M C); with l = r = My for y of variance
/// V that is what they are on average.
fn probe(of: &Directions, solver: &mut Solver, k: usize) -> Result<Vec<f64>> {
    let n = of.rows.n;
    let (left, right) = if n <= EXACT {
        let unit: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == k))).collect();
        (solver.solve(&unit)?, unit)
    } else {
        let drawn = solver.solve(&of.draw(k))?;
        (drawn.clone(), drawn)
    };
    let images = of.images(&left);
    let solved = of.images(&right).iter().map(|image| solver.solve(image)).collect::<Result<Vec<_>>>()?;
    Ok(solved.iter().flat_map(|c| images.iter().map(|b| dot(b, c))).collect())
}

/// dΛ_k Λ' + Λ dΛ_k', and its block.
fn direction(model: &Lmm, theta: &[f64], k: usize, lambda: &[Vec<f64>]) -> (BlockId, Vec<f64>) {
    let (block, d) = model.theta_map.derivative(theta, k);
    let (r, l) = (model.theta_map.widths[block], &lambda[block]);
    let product = |i: usize, j: usize| (0..r).map(|m| d[m * r + i] * l[m * r + j]).sum::<f64>();
    (block, (0..r * r).map(|e| product(e % r, e / r) + product(e / r, e % r)).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
