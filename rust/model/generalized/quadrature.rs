//! Adaptive Gauss-Hermite quadrature for the random effects of one grouping factor, with its exact gradient.
//!
//! With K = L^-T at the mode of a level, M = LL', and nodes a_k = û + K x_k:
//!   -log L_g = log|L| - log Σ ω_k exp(-h(a_k)),   ω_k = w_k exp(x_k'x_k / 2)
//! With p_k the weights of the nodes, A = Σ p_k ∇h(a_k), B = Σ p_k ∇h(a_k) x_k' and S = M⁻¹/2 - K sym(mask ∘ (K'B)) K':
//!   d(-log L_g) = Σ p_k ∂h(a_k) + A'dû + tr(S dM)
//! so that with c_i = z_i'S z_i, t = c T, v = M⁻¹(A + Σ z_i t_i), s = z_i'v all becomes one r = Σ p_k g(a_k) + t - D s over rows.

use std::sync::atomic::AtomicBool;

use super::gradient::{LaplaceGradient, add_cross, finish};
use super::mode::{Newton, Point};
use super::model::Glmm;
use super::nested_quadrature;
use super::nodes::Nodes;
use crate::family::RowDerivatives;
use crate::linalg::memory;
use crate::rows::{BlockRows, Effects};
use crate::{Error, Result, check_stop};

/// A rule with what sums by it: over the levels of one grouping factor, or of two nested ones.
pub struct Rule {
    pub nodes: Nodes,
    value: ValueOf,
    gradient: GradientOf,
    /// Weights of the nodes in every level, where the criterion was valued last.
    shares: Vec<f64>,
}

type ValueOf = fn(&Glmm, &Point, &Newton, &Nodes, &AtomicBool) -> Result<(f64, Vec<f64>)>;
type GradientOf = fn(&Glmm, &[f64], &Point, &Newton, (&Nodes, &[f64]), &AtomicBool) -> Result<LaplaceGradient>;

impl Rule {
    /// Of n points in each dimension, for a model that has it.
    pub fn new(model: &Glmm, n: usize) -> Self {
        let nodes = Nodes::new(n, model.rows.blocks[0].width);
        let (value, gradient): (ValueOf, GradientOf) = match model.rows.blocks.len() {
            2 => (nested_quadrature::value, nested_quadrature::gradient),
            _ => (value, gradient),
        };
        Self { nodes, value, gradient, shares: Vec::new() }
    }

    /// The criterion without constants.
    ///
    /// # Errors
    /// `Data` where memory does not hold the weights; `Interrupted`.
    pub fn value(&mut self, model: &Glmm, at: &Point, newton: &Newton, stop: &AtomicBool) -> Result<f64> {
        let (value, shares) = (self.value)(model, at, newton, &self.nodes, stop)?;
        self.shares = shares;
        Ok(value)
    }

    /// The gradient, where the criterion was valued last.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn gradient(
        &self,
        model: &Glmm,
        theta: &[f64],
        at: &Point,
        newton: &Newton,
        stop: &AtomicBool,
    ) -> Result<LaplaceGradient> {
        (self.gradient)(model, theta, at, newton, (&self.nodes, &self.shares), stop)
    }
}

/// The criterion without constants, and the weight of every node in every level (levels x nodes).
///
/// # Errors
/// `Data` where memory does not hold the weights; `Interrupted`.
pub fn value(model: &Glmm, at: &Point, newton: &Newton, nodes: &Nodes, stop: &AtomicBool) -> Result<(f64, Vec<f64>)> {
    let block = &model.rows.blocks[0];
    let (n, k) = (block.n_levels, nodes.count());
    let mut logs = memory::zeros(n, k).ok_or_else(|| Error::no_memory("the weights of the quadrature", n, k))?;
    let mut values = Vec::new();
    for k in 0..nodes.count() {
        check_stop(stop)?;
        let (a, eta) = at_node(model, at, newton, nodes.point(k));
        model.family.values(&model.observations, &eta, &mut values);
        values.iter_mut().zip(model.weights.iter()).for_each(|(v, w)| *v *= w);
        for (level, a) in a.chunks_exact(nodes.r).enumerate() {
            logs[level * nodes.count() + k] = nodes.log_weight[k] - 0.5 * a.iter().map(|a| a * a).sum::<f64>();
        }
        values.iter().zip(&block.codes).for_each(|(l, &level)| logs[level as usize * nodes.count() + k] -= l);
    }
    let total: f64 = logs.chunks_exact_mut(nodes.count()).map(normalize).sum();
    Ok((newton.factor.logdet_random - 2.0 * total, logs))
}

/// The logarithm of a sum of exponentials; their shares replace them.
pub fn normalize(logs: &mut [f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logs.iter_mut().for_each(|v| *v = (*v - largest).exp());
    let sum: f64 = logs.iter().sum();
    logs.iter_mut().for_each(|v| *v /= sum);
    largest + sum.ln()
}

/// a_k = û + L^-T x of every level, and the linear predictors of all parts there.
fn at_node(model: &Glmm, at: &Point, newton: &Newton, x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (block, r, lead) = (&model.rows.blocks[0], x.len(), &newton.factor.leads[0]);
    let mut a = at.u[0].clone();
    let mut moved = vec![0.0; a.len()];
    for level in 0..block.n_levels {
        let (l, c) = (&lead.blocks.own[level * r * r..][..r * r], &lead.c[level * r * r..][..r * r]);
        let mut step = x.to_vec();
        solve_transposed(l, &mut step, r);
        (0..r).for_each(|j| a[level * r + j] += step[j]);
        for j in 0..r {
            (0..r).for_each(|i| moved[level * r + i] += c[j * r + i] * x[j]);
        }
    }
    let mut eta = at.eta.clone();
    for (i, eta) in eta[0].iter_mut().enumerate() {
        let own = &moved[block.codes[i] as usize * r..][..r];
        *eta += block.z(i).iter().zip(own).map(|(z, b)| z * b).sum::<f64>();
    }
    (a, eta)
}

/// L^-T x for a lower triangular L (r x r, column-major).
fn solve_transposed(l: &[f64], x: &mut [f64], r: usize) {
    for i in (0..r).rev() {
        let sum: f64 = (i + 1..r).map(|k| l[i * r + k] * x[k]).sum();
        x[i] = (x[i] - sum) / l[i * r + i];
    }
}

/// What is summed over the nodes, weighted.
struct Averages {
    /// Slopes of the rows in all parts (n x m).
    g: Vec<f64>,
    /// By level: Σ p a; Σ p (Z'g) a', Σ p (Z'g) x' and Σ p a x' (r x r each).
    a: Vec<f64>,
    ga: Vec<f64>,
    gx: Vec<f64>,
    ax: Vec<f64>,
}

/// The gradient, where the criterion was valued last.
///
/// # Errors
/// `Interrupted`.
pub fn gradient(
    model: &Glmm,
    theta: &[f64],
    at: &Point,
    newton: &Newton,
    (nodes, p): (&Nodes, &[f64]),
    stop: &AtomicBool,
) -> Result<LaplaceGradient> {
    let (rows, block, r) = (&model.rows, &model.rows.blocks[0], nodes.r);
    let all: Vec<usize> = (0..rows.parts.len()).collect();
    let m = all.len();
    let averages = averages(model, at, newton, (nodes, p), stop)?;
    let mut own = RowDerivatives::default();
    model.family.derivatives(&model.observations, &at.eta, &all, &mut own);
    own.weigh(&model.weights);
    let lambda = &newton.factor.lambda[0];
    let zg_mean = &rows.random_transposed(&averages.g, m, &all)[0];
    let levels: Vec<Level> =
        (0..block.n_levels).map(|g| Level::new(newton, &averages, zg_mean, lambda, g, r)).collect();
    let mut t = vec![0.0; own.g.len()];
    for (i, (t, third)) in t.chunks_exact_mut(m).zip(own.t.chunks_exact(m * m * m)).enumerate() {
        let level = &levels[block.codes[i] as usize];
        let c = quadratic(&level.s, &transposed(lambda, block.z(i), r), r);
        (0..m).for_each(|a| t[a] = c * third[a]);
    }
    let zt = &rows.random_transposed(&t, m, &all)[0];
    let (mut v, mut b) = (vec![0.0; at.u[0].len()], vec![0.0; at.u[0].len()]);
    for (g, level) in levels.iter().enumerate() {
        let scaled = transposed(lambda, &zt[g * r..(g + 1) * r], r);
        let right: Vec<f64> = level.a.iter().zip(&scaled).map(|(a, t)| a + t).collect();
        for j in 0..r {
            (0..r).for_each(|i| v[g * r + i] += level.inverse[j * r + i] * right[j]);
        }
        let own = v[g * r..(g + 1) * r].to_vec();
        for j in 0..r {
            (0..r).for_each(|i| b[g * r + i] += lambda[j * r + i] * own[j]);
        }
    }
    let rest = at_mode(block, &own, &t, &b, m);
    let whole: Vec<f64> = averages.g.iter().zip(&rest).map(|(g, r)| 2.0 * (g + r)).collect();
    let (zr, zg) = (rows.random_transposed(&rest, m, &all), rows.random_transposed(&own.g, m, &all));
    let mut d = vec![0.0; r * r];
    add_cross(&mut d, &zr[0], &at.u[0], 2.0);
    add_cross(&mut d, &zg[0], &v, -2.0);
    for (g, level) in levels.iter().enumerate() {
        let zz = &newton.a.factors[0].zz[g * r * r..(g + 1) * r * r];
        let product = multiply(&multiply(zz, lambda, r), &level.s, r);
        let ga = &averages.ga[g * r * r..(g + 1) * r * r];
        d.iter_mut().zip(product.iter().zip(ga)).for_each(|(d, (p, q))| *d += 4.0 * p + 2.0 * q);
    }
    let scores: Effects = zg.into_iter().map(|g| g.iter().map(|v| -v).collect()).collect();
    Ok(finish(model, theta, at, newton, rows.fixed_transposed(&whole), vec![d], scores, own))
}

/// t - D s, row by row.
fn at_mode(block: &BlockRows, rows: &RowDerivatives, t: &[f64], b: &[f64], m: usize) -> Vec<f64> {
    let r = block.width;
    let mut rest = t.to_vec();
    for (i, (rest, d)) in rest.chunks_exact_mut(m).zip(rows.d.chunks_exact(m * m)).enumerate() {
        let own = &b[block.codes[i] as usize * r..][..r];
        let s: f64 = block.z(i).iter().zip(own).map(|(z, b)| z * b).sum();
        rest.iter_mut().zip(&d[..m]).for_each(|(rest, d)| *rest -= d * s);
    }
    rest
}

fn averages(
    model: &Glmm,
    at: &Point,
    newton: &Newton,
    (nodes, p): (&Nodes, &[f64]),
    stop: &AtomicBool,
) -> Result<Averages> {
    let (rows, block, r) = (&model.rows, &model.rows.blocks[0], nodes.r);
    let all: Vec<usize> = (0..rows.parts.len()).collect();
    let (m, square) = (all.len(), vec![0.0; block.n_levels * r * r]);
    let mut out = Averages {
        g: vec![0.0; rows.n * m],
        a: vec![0.0; block.n_levels * r],
        ga: square.clone(),
        gx: square.clone(),
        ax: square,
    };
    let mut own = RowDerivatives::default();
    for k in 0..nodes.count() {
        check_stop(stop)?;
        let (a, eta) = at_node(model, at, newton, nodes.point(k));
        model.family.derivatives(&model.observations, &eta, &all, &mut own);
        own.weigh(&model.weights);
        let weight = |level: usize| p[level * nodes.count() + k];
        for (i, (sum, g)) in out.g.chunks_exact_mut(m).zip(own.g.chunks_exact(m)).enumerate() {
            let w = weight(block.codes[i] as usize);
            sum.iter_mut().zip(g).for_each(|(sum, g)| *sum += w * g);
        }
        let zg = &rows.random_transposed(&own.g, m, &all)[0];
        for level in 0..block.n_levels {
            let (w, own, square) = (weight(level), level * r..(level + 1) * r, level * r * r);
            let (a, zg, x) = (&a[own.clone()], &zg[own.clone()], nodes.point(k));
            out.a[own].iter_mut().zip(a).for_each(|(sum, a)| *sum += w * a);
            for j in 0..r {
                for i in 0..r {
                    out.ga[square + j * r + i] += w * zg[i] * a[j];
                    out.gx[square + j * r + i] += w * zg[i] * x[j];
                    out.ax[square + j * r + i] += w * a[i] * x[j];
                }
            }
        }
    }
    Ok(out)
}

/// A, M⁻¹ and S of a level.
struct Level {
    a: Vec<f64>,
    inverse: Vec<f64>,
    s: Vec<f64>,
}

impl Level {
    fn new(newton: &Newton, averages: &Averages, zg: &[f64], lambda: &[f64], g: usize, r: usize) -> Self {
        let square = g * r * r..(g + 1) * r * r;
        let l = &newton.factor.leads[0].blocks.own[square.clone()];
        let mut k = vec![0.0; r * r];
        for (j, column) in k.chunks_exact_mut(r).enumerate() {
            column[j] = 1.0;
            solve_transposed(l, column, r);
        }
        let scaled = transposed(lambda, &zg[g * r..(g + 1) * r], r);
        let a = averages.a[g * r..(g + 1) * r].iter().zip(&scaled).map(|(a, g)| a + g).collect();
        // B = Σ p (a + Λ'Z'g) x'
        let mut b = averages.ax[square.clone()].to_vec();
        for (column, gx) in b.chunks_exact_mut(r).zip(averages.gx[square].chunks_exact(r)) {
            column.iter_mut().zip(transposed(lambda, gx, r)).for_each(|(b, g)| *b += g);
        }
        // W = (K'B) ∘ mask, upper triangle with half of the diagonal
        let entry = |i: usize, j: usize| -> f64 { (0..r).map(|e| k[i * r + e] * b[j * r + e]).sum() };
        let masked = |i: usize, j: usize| match i.cmp(&j) {
            std::cmp::Ordering::Less => entry(i, j),
            std::cmp::Ordering::Equal => 0.5 * entry(i, i),
            std::cmp::Ordering::Greater => 0.0,
        };
        let w: Vec<f64> = (0..r * r).map(|e| 0.5 * (masked(e % r, e / r) + masked(e / r, e % r))).collect();
        let inverse = with_transposed(&k, &k, r);
        let correction = with_transposed(&multiply(&k, &w, r), &k, r);
        let s = inverse.iter().zip(&correction).map(|(n, c)| 0.5 * n - c).collect();
        Self { a, inverse, s }
    }
}

/// A B, A B' for r x r matrices, column-major.
fn multiply(a: &[f64], b: &[f64], r: usize) -> Vec<f64> {
    (0..r * r).map(|e| (0..r).map(|k| a[k * r + e % r] * b[e / r * r + k]).sum()).collect()
}

fn with_transposed(a: &[f64], b: &[f64], r: usize) -> Vec<f64> {
    (0..r * r).map(|e| (0..r).map(|k| a[k * r + e % r] * b[k * r + e / r]).sum()).collect()
}

/// Λ'x.
fn transposed(lambda: &[f64], x: &[f64], r: usize) -> Vec<f64> {
    (0..r).map(|j| (0..r).map(|i| lambda[j * r + i] * x[i]).sum()).collect()
}

fn quadratic(s: &[f64], x: &[f64], r: usize) -> f64 {
    (0..r * r).map(|e| s[e] * x[e % r] * x[e / r]).sum()
}
