//! The gradient and the average information, where the sums were evaluated.
//!
//! dQ = -Q(dY Y' + Y dY')Q and dY = R'dΛ.  With v = (-β, 1) the scores of a level are s = RQ Σ v_a z_a, so that their squares are
//! sums over a and b of RQ G_ab QR', and with dΣ = dΛΛ' + ΛdΛ' and B = RQR' = Z'V⁻¹Z
//!   t_k'V⁻¹t_l = tr(dΣ_k B dΣ_l Σss'),   X'V⁻¹t_k = Σ v_b <RQ G_ab QR', dΣ_k>.

use super::levels::{LevelSums, triangle};
use super::value::{Block, EMPTY, OneFactor, Shrinkage, shrinkage};
use crate::ids::BlockId;
use crate::linalg::small;
use crate::model::linear::{Criterion, Lmm};
use crate::penalized_ls::CholeskyFactor;
use crate::with_width;

/// Slopes in θ, and what they were made of.
#[derive(Debug, Clone, Default)]
pub struct OneFactorSlopes {
    /// dd/dθ and dr²/dθ.
    pub theta: Vec<f64>,
    pub pwrss: Vec<f64>,
    /// dΛ/dθ by parameter, and dd/dΛ (r x r).
    pub derivatives: Vec<(BlockId, Vec<f64>)>,
    pub lambda: Vec<Vec<f64>>,
    /// t_k'P t_l (K x K), if it was asked for.
    pub inner: Vec<f64>,
}

/// Σ over pairs of columns of [X y] of coefficients times G, by A (lower triangles).
struct Combined {
    /// Of what the criterion rises by with the block of [X y], and of r².
    of_criterion: Vec<f64>,
    of_square: Vec<f64>,
    /// By column of X, of its products with what is left of y.
    of_x: Vec<Vec<f64>>,
}

/// Sums over all A.
struct Totals {
    lambda: Block,
    pwrss: Block,
    inner: Vec<f64>,
    /// By column of X a row of K.
    of_x: Vec<f64>,
    /// dΣ_k B and dΣ_k Σss' of one A.
    with_b: Vec<f64>,
    with_s: Vec<f64>,
}

impl Totals {
    fn new(n: usize, p: usize, n_changes: usize) -> Self {
        let zero = |n: usize| vec![0.0; n];
        let (inner, of_x) = (zero(n * n), zero(n * p));
        Self { lambda: EMPTY, pwrss: EMPTY, inner, of_x, with_b: zero(n_changes), with_s: zero(n_changes) }
    }
}

impl OneFactor {
    /// The slopes at the θ that `factor` was updated for.
    pub fn slopes(&self, model: &Lmm, theta: &[f64], factor: &CholeskyFactor, with_inner: bool) -> OneFactorSlopes {
        let (r, n) = (self.sums.r, model.theta_map.n_parameters);
        let derivatives: Vec<_> = (0..n).map(|k| model.theta_map.derivative(theta, k)).collect();
        let covariance = factor.fixed_covariance();
        let combined = Combined::new(&self.sums, model, factor, &covariance);
        let changes = if with_inner { changes(&derivatives, &factor.lambda[0], r) } else { Vec::new() };
        let mut totals = Totals::new(n, factor.p, changes.len());
        with_width!(r, add_up(&self.sums, &factor.lambda[0], &combined, &changes, &mut totals));
        if with_inner {
            subtract_fixed(&mut totals.inner, &totals.of_x, &covariance, n);
        }
        let along = |total: &Block| -> Vec<f64> {
            derivatives.iter().map(|(_, d)| d.iter().zip(total).map(|(a, b)| a * b).sum()).collect()
        };
        OneFactorSlopes {
            theta: along(&totals.lambda),
            pwrss: along(&totals.pwrss),
            lambda: vec![totals.lambda[..r * r].to_vec()],
            derivatives,
            inner: totals.inner,
        }
    }
}

impl Combined {
    fn new(sums: &LevelSums, model: &Lmm, factor: &CholeskyFactor, covariance: &[f64]) -> Self {
        let (p, weight) = (factor.p, model.residual_weight(factor.pwrss));
        let v: Vec<f64> = factor.beta().iter().map(|b| -b).chain([1.0]).collect();
        let zero = || vec![0.0; sums.n() * triangle(sums.r)];
        let mut all = Self { of_criterion: zero(), of_square: zero(), of_x: (0..p).map(|_| zero()).collect() };
        let mut pair = 0;
        for a in 0..sums.stride {
            for b in 0..=a {
                let (g, twice) = (sums.of_pair(pair), if a == b { 1.0 } else { 2.0 });
                let of_fixed = if model.criterion == Criterion::Reml && a < p { covariance[b * p + a] } else { 0.0 };
                add_scaled(&mut all.of_criterion, twice * (of_fixed + weight * v[a] * v[b]), g);
                add_scaled(&mut all.of_square, twice * v[a] * v[b], g);
                if a < p {
                    add_scaled(&mut all.of_x[a], v[b], g);
                }
                if b < p && a != b {
                    add_scaled(&mut all.of_x[b], v[a], g);
                }
                pair += 1;
            }
        }
        all
    }
}

/// dΣ_k = dΛ_kΛ' + ΛdΛ_k' (r x r) by parameter.
fn changes(derivatives: &[(BlockId, Vec<f64>)], lambda: &[f64], r: usize) -> Vec<f64> {
    let mut all = Vec::with_capacity(derivatives.len() * r * r);
    for (_, d) in derivatives {
        let half = |i: usize, j: usize| -> f64 { (0..r).map(|k| d[k * r + i] * lambda[k * r + j]).sum() };
        all.extend((0..r * r).map(|e| half(e % r, e / r) + half(e / r, e % r)));
    }
    all
}

fn add_up<const R: usize>(sums: &LevelSums, lambda: &[f64], combined: &Combined, changes: &[f64], totals: &mut Totals) {
    let r = small::width::<R>(sums.r);
    let (size, own) = (r * r, triangle(r));
    for (k, (root, n)) in sums.roots.chunks_exact(size).zip(&sums.n_levels).enumerate() {
        let at = AtLevel::<R>::new(root, lambda, r);
        let of_criterion = whole(&combined.of_criterion[k * own..], r);
        let of_square = whole(&combined.of_square[k * own..], r);
        at.add_slope(&mut totals.lambda, *n, &of_criterion);
        at.add_slope(&mut totals.pwrss, 0.0, &of_square);
        if !changes.is_empty() {
            at.add_inner(totals, changes, &of_square);
            let of_x = combined.of_x.iter().map(|g| whole(&g[k * own..], r));
            at.add_of_x(&mut totals.of_x, changes, of_x);
        }
    }
}

/// R' of an A, and what Λ makes of it.
struct AtLevel<'a, const R: usize> {
    r: usize,
    root: &'a [f64],
    q: Block,
    /// QR' and QY.
    qr: Block,
    qy: Block,
}

impl<'a, const R: usize> AtLevel<'a, R> {
    fn new(root: &'a [f64], lambda: &[f64], r: usize) -> Self {
        let r = small::width::<R>(r);
        let found = shrinkage::<R>(root, lambda, r);
        let (Shrinkage { q, qy }, _) = found.expect("the numbers of a point that has a value");
        let mut qr = EMPTY;
        small::multiply(&mut qr, &q, root, r, r, r);
        Self { r, root, q, qr, qy }
    }

    /// to += 2 R (n I - QG) QY.
    fn add_slope(&self, to: &mut Block, n: f64, g: &Block) {
        let r = small::width::<R>(self.r);
        let (mut left, mut product) = (EMPTY, EMPTY);
        small::multiply(&mut left, &self.q, g, r, r, r);
        (0..r * r).for_each(|e| left[e] = if e % (r + 1) == 0 { 2.0 * n } else { 0.0 } - 2.0 * left[e]);
        small::multiply(&mut product, &left, &self.qy, r, r, r);
        small::add_cross(to, self.root, &product, r, r, r);
    }

    /// RQ G QR'.
    fn outside(&self, g: &Block) -> Block {
        let r = small::width::<R>(self.r);
        let (mut half, mut whole) = (EMPTY, EMPTY);
        small::multiply(&mut half, g, &self.qr, r, r, r);
        small::add_cross(&mut whole, &self.qr, &half, r, r, r);
        whole
    }

    /// inner (K x K) += tr(dΣ_k B dΣ_l RQ G QR').
    fn add_inner(&self, totals: &mut Totals, changes: &[f64], g: &Block) {
        let r = small::width::<R>(self.r);
        let (size, n) = (r * r, changes.len() / (r * r));
        let (mut b, s) = (EMPTY, self.outside(g));
        small::add_cross(&mut b, self.root, &self.qr, r, r, r);
        let Totals { with_b, with_s, inner, .. } = totals;
        for (k, change) in changes.chunks_exact(size).enumerate() {
            small::multiply(&mut with_b[k * size..(k + 1) * size], change, &b, r, r, r);
            small::multiply(&mut with_s[k * size..(k + 1) * size], change, &s, r, r, r);
        }
        for (k, x) in with_b.chunks_exact(size).enumerate() {
            for (l, y) in with_s.chunks_exact(size).enumerate() {
                inner[l * n + k] += (0..size).map(|e| x[e] * y[e % r * r + e / r]).sum::<f64>();
            }
        }
    }

    /// to += <RQ G QR', dΣ_k> by column of X.
    fn add_of_x(&self, to: &mut [f64], changes: &[f64], of_x: impl Iterator<Item = Block>) {
        let size = small::width::<R>(self.r).pow(2);
        let n = changes.len() / size;
        for (g, to) in of_x.zip(to.chunks_exact_mut(n.max(1))) {
            let own = self.outside(&g);
            for (to, change) in to.iter_mut().zip(changes.chunks_exact(size)) {
                *to += change.iter().zip(&own).map(|(a, b)| a * b).sum::<f64>();
            }
        }
    }
}

/// inner (K x K) -= c'Φc for rows c of K.
fn subtract_fixed(inner: &mut [f64], c: &[f64], covariance: &[f64], n: usize) {
    let p = c.len() / n.max(1);
    for a in 0..p {
        for b in 0..p {
            let v = covariance[a.min(b) * p + a.max(b)];
            for (k, left) in c[a * n..(a + 1) * n].iter().enumerate() {
                add_scaled(&mut inner[k * n..(k + 1) * n], -v * left, &c[b * n..(b + 1) * n]);
            }
        }
    }
}

/// A symmetric block from its lower triangle.
fn whole(triangle: &[f64], r: usize) -> Block {
    let (mut block, mut at) = (EMPTY, 0);
    for j in 0..r {
        for i in j..r {
            (block[j * r + i], block[i * r + j]) = (triangle[at], triangle[at]);
            at += 1;
        }
    }
    block
}

fn add_scaled(y: &mut [f64], v: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += v * x);
}
