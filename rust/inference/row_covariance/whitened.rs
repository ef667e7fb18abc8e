//! A block of V in the coordinates of its factor: V = LL', G_k = L⁻¹ dV_k L⁻ᵀ, X̃ = L⁻¹X.

use super::blocks::RowBlocks;
use super::connected::Connected;
use crate::linalg::dense;
use crate::linalg::small::solve_rows_lower;
use crate::residual::Correlations;
use crate::{Error, Result};

/// Products of pairs of rows are summed over members of a block up to this many rows times columns.
const SHARED: usize = 1000;

pub struct Whitened {
    n: usize,
    p: usize,
    n_members: usize,
    l: Vec<f64>,
    /// By free parameter, then I.
    g: Vec<Vec<f64>>,
    fixed: Fixed,
}

/// X̃ of all members of a block: sums of x_a x_b' (p x p) of every pair of rows a >= b, or the rows.
enum Fixed {
    Products(Vec<f64>),
    Rows(Vec<Vec<f64>>),
}

impl Whitened {
    /// # Errors
    /// `Numerical` where V is not positive definite.
    pub fn new(blocks: &RowBlocks, block: &Connected, p: usize, correlations: &[Correlations]) -> Result<Self> {
        let n = block.n;
        let covariance = blocks.covariance(&block.members[0], correlations)?;
        let (mut l, mut g) = (covariance.v, covariance.slopes);
        dense::cholesky_lower(&mut l, n)
            .map_err(|_| Error::Numerical("the covariance of the rows is not positive definite".into()))?;
        g.iter_mut().for_each(|d| dense::whiten(&l, d, n));
        g.push((0..n * n).map(|e| f64::from(u8::from(e % n == e / n))).collect());
        let members = block.members.iter().map(|member| {
            let mut x = blocks.fixed(member, p);
            dense::solve_lower(&l, &mut x, n, p);
            x
        });
        let fixed = if let Some(products) = blocks.products(block, p) {
            Fixed::Products(whitened_products(products, &l, n, p))
        } else if block.members.len() > 1 && n * p <= SHARED {
            let mut products = vec![0.0; n * n * p * p];
            members.for_each(|x| add_products(&mut products, &x, n, p));
            Fixed::Products(products)
        } else {
            Fixed::Rows(members.collect())
        };
        Ok(Self { n, p, n_members: block.members.len(), l, g, fixed })
    }

    /// Σ X̃'G_kX̃.
    pub fn along_parameters(&self) -> Vec<Vec<f64>> {
        self.g.iter().map(|g| self.quadratic(g)).collect()
    }

    /// Σ X̃'(Σ_c (Σ_k c_k G_k)²)X̃.
    pub fn squared_along(&self, directions: &[Vec<f64>]) -> Vec<f64> {
        let n = self.n;
        let mut squares = vec![0.0; n * n];
        for direction in directions {
            let mut g = vec![0.0; n * n];
            for (own, c) in self.g.iter().zip(direction).filter(|(_, c)| **c != 0.0) {
                g.iter_mut().zip(own).for_each(|(o, v)| *o += c * v);
            }
            let square = dense::product(dense::view(&g, n, n), dense::view(&g, n, n));
            squares.iter_mut().zip(square).for_each(|(s, v)| *s += v);
        }
        self.quadratic(&squares)
    }

    /// Σ X'V⁻¹DV⁻¹X for symmetric D over the rows.
    pub fn of_rows(&self, mut d: Vec<f64>) -> Vec<f64> {
        dense::whiten(&self.l, &mut d, self.n);
        self.quadratic(&d)
    }

    /// Σ X̃'GX̃ for symmetric G (p x p).
    fn quadratic(&self, g: &[f64]) -> Vec<f64> {
        let (n, p) = (self.n, self.p);
        let mut out = vec![0.0; p * p];
        match &self.fixed {
            Fixed::Rows(all) => {
                for x in all {
                    let x = dense::view(x, n, p);
                    let gx = dense::product(dense::view(g, n, n), x);
                    let own = dense::product(x.transpose(), dense::view(&gx, n, p));
                    out.iter_mut().zip(own).for_each(|(o, v)| *o += v);
                }
            }
            Fixed::Products(products) => {
                for (a, b) in pairs(n).filter(|&(a, b)| g[b * n + a] != 0.0) {
                    let half = g[b * n + a] * if a == b { 0.5 } else { 1.0 };
                    let own = &products[(b * n + a) * p * p..][..p * p];
                    out.iter_mut().zip(own).for_each(|(o, v)| *o += half * v);
                }
                let half = out.clone();
                (0..p * p).for_each(|k| out[k] += half[k % p * p + k / p]);
            }
        }
        out
    }

    /// tr(G_kG_l), and tr(Φ X̃'G_kG_lX̃) in the mean of both orders.
    pub fn traces(&self, phi: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (n, k) = (self.n, self.g.len());
        let hat = self.hat(phi);
        let product = |g: &Vec<f64>| dense::product(dense::view(g, n, n), dense::view(&hat, n, n));
        let with_hat: Vec<Vec<f64>> = self.g.iter().map(product).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let of_pair = |e: usize| self.n_members as f64 * dot(&self.g[e % k], &self.g[e / k]);
        let of_q = |e: usize| 0.5 * (dot(&self.g[e % k], &with_hat[e / k]) + dot(&self.g[e / k], &with_hat[e % k]));
        ((0..k * k).map(of_pair).collect(), (0..k * k).map(of_q).collect())
    }

    /// Σ X̃ΦX̃' (n x n).
    fn hat(&self, phi: &[f64]) -> Vec<f64> {
        let (n, p) = (self.n, self.p);
        let mut hat = vec![0.0; n * n];
        match &self.fixed {
            Fixed::Rows(all) => all.iter().for_each(|x| {
                let x = dense::view(x, n, p);
                let x_phi = dense::product(x, dense::view(phi, p, p));
                let own = dense::product(dense::view(&x_phi, n, p), x.transpose());
                hat.iter_mut().zip(own).for_each(|(h, v)| *h += v);
            }),
            Fixed::Products(products) => {
                for (a, b) in pairs(n) {
                    let own = &products[(b * n + a) * p * p..][..p * p];
                    let v = own.iter().zip(phi).map(|(x, phi)| x * phi).sum();
                    (hat[b * n + a], hat[a * n + b]) = (v, v);
                }
            }
        }
        hat
    }
}

/// Σ x̃_a x̃_b' from Σ x_a x_b' of all pairs (p x p each, b before a).
fn whitened_products(products: Vec<f64>, l: &[f64], n: usize, p: usize) -> Vec<f64> {
    // rows of numbers by a, for one b after the other; then the same with a and b exchanged
    let mut out = products;
    for own in out.chunks_exact_mut(n * p * p) {
        solve_rows_lower(own, l, n);
    }
    let mut turned = vec![0.0; out.len()];
    let size = p * p;
    for b in 0..n {
        for a in 0..n {
            turned[(a * n + b) * size..][..size].copy_from_slice(&out[(b * n + a) * size..][..size]);
        }
    }
    for own in turned.chunks_exact_mut(n * size) {
        solve_rows_lower(own, l, n);
    }
    for b in 0..n {
        for a in 0..n {
            out[(b * n + a) * size..][..size].copy_from_slice(&turned[(a * n + b) * size..][..size]);
        }
    }
    out
}

/// Pairs of rows a >= b.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |b| (b..n).map(move |a| (a, b)))
}

/// Adds x_a x_b' (p x p) of every pair of rows.
fn add_products(products: &mut [f64], x: &[f64], n: usize, p: usize) {
    for (a, b) in pairs(n) {
        let own = &mut products[(b * n + a) * p * p..][..p * p];
        for (j, column) in own.chunks_exact_mut(p.max(1)).enumerate() {
            let right = x[j * n + b];
            column.iter_mut().enumerate().for_each(|(i, v)| *v += x[i * n + a] * right);
        }
    }
}
