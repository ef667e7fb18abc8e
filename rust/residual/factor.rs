//! L of a pattern, R = LL': dense, or that of a chain, in which a row depends on the rows before by the last of them alone.
//!
//! With a_t the correlation of row t and the one before, s_t² = 1 - a_t², and x̃ = x/sd, (L⁻¹x)_t = (x̃_t - a_t x̃_(t-1))/s_t.

use super::whiten::GroupCovariance;
use crate::linalg::small::{solve_rows_lower, solve_rows_transposed};
use crate::linalg::{dense, small};
use crate::{Error, Result};

/// Larger groups are factored by blocks.
const SMALL: usize = 48;

/// L of one pattern.
#[derive(Debug, Clone)]
pub enum Factor {
    /// n x n, lower.
    Dense(Vec<f64>),
    Chain(Chain),
}

/// By row; the first has a = 0 and s = 1.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    pub a: Vec<f64>,
    /// The slope of a in the parameter of the correlation.
    pub slope: Vec<f64>,
    pub s: Vec<f64>,
    pub sd: Vec<f64>,
}

impl Factor {
    /// That of a covariance, and its log|R|.
    ///
    /// # Errors
    /// `Numerical` where R is not positive definite.
    pub fn new(covariance: &GroupCovariance, is_chain: bool) -> Result<(Self, f64)> {
        if is_chain {
            let chain = Chain::new(covariance)?;
            let logdet = 2.0 * chain.s.iter().zip(&chain.sd).map(|(s, sd)| s.ln() + sd.ln()).sum::<f64>();
            return Ok((Self::Chain(chain), logdet));
        }
        let (mut l, n) = (covariance.matrix(), covariance.pattern.n);
        let logdet = if n < SMALL {
            small::cholesky::<0>(&mut l, n)
        } else {
            dense::cholesky_lower(&mut l, n).ok().map(|()| dense::logdet(&l, n, n))
        };
        Ok((Self::Dense(l), logdet.ok_or_else(not_positive)?))
    }

    /// L itself, where nothing says that it is a chain.
    pub fn dense(&self) -> &[f64] {
        match self {
            Self::Dense(l) => l,
            Self::Chain(_) => unreachable!("a chain has slopes of its own, and no products of rows"),
        }
    }

    /// L⁻¹x; x has a row for every row of a group.
    pub fn solve_rows(&self, x: &mut [f64], n: usize) {
        match self {
            Self::Dense(l) => solve_rows_lower(x, l, n),
            Self::Chain(chain) => chain.solve_rows(x),
        }
    }

    /// L⁻ᵀx.
    pub fn solve_rows_transposed(&self, x: &mut [f64], n: usize) {
        match self {
            Self::Dense(l) => solve_rows_transposed(x, l, n),
            Self::Chain(chain) => chain.solve_rows_transposed(x),
        }
    }

    /// L e of one number a row.
    pub fn multiply(&self, e: &mut [f64]) {
        match self {
            Self::Dense(l) => {
                let n = e.len();
                for a in (0..n).rev() {
                    e[a] = (0..=a).map(|b| l[b * n + a] * e[b]).sum();
                }
            }
            Self::Chain(chain) => chain.multiply(e),
        }
    }
}

fn not_positive() -> Error {
    Error::Numerical("the covariance of the residuals is not positive definite".into())
}

impl Chain {
    fn new(covariance: &GroupCovariance) -> Result<Self> {
        let n = covariance.pattern.n;
        let mut chain = Self {
            a: vec![0.0; n],
            slope: vec![0.0; n],
            s: vec![1.0; n],
            sd: covariance.standard_deviations().to_vec(),
        };
        for t in 1..n {
            let mut slope = [0.0];
            let a = covariance.pair(t, t - 1, &mut slope);
            let square = (1.0 - a) * (1.0 + a);
            if square.is_nan() || square <= 0.0 {
                return Err(not_positive());
            }
            (chain.a[t], chain.slope[t], chain.s[t]) = (a, slope[0], square.sqrt());
        }
        Ok(chain)
    }

    pub fn n(&self) -> usize {
        self.a.len()
    }

    pub fn solve_rows(&self, x: &mut [f64]) {
        let width = x.len() / self.n();
        for t in (0..self.n()).rev() {
            let (before, rest) = x.split_at_mut(t * width);
            let own = 1.0 / (self.s[t] * self.sd[t]);
            rest[..width].iter_mut().for_each(|x| *x *= own);
            if t > 0 {
                let other = self.a[t] / (self.s[t] * self.sd[t - 1]);
                rest.iter_mut().zip(&before[(t - 1) * width..]).for_each(|(x, o)| *x -= other * o);
            }
        }
    }

    pub fn solve_rows_transposed(&self, x: &mut [f64]) {
        let width = x.len() / self.n();
        for t in 0..self.n() {
            let (own, after) = x[t * width..].split_at_mut(width);
            let share = 1.0 / (self.s[t] * self.sd[t]);
            own.iter_mut().for_each(|x| *x *= share);
            if t + 1 < self.n() {
                let other = self.a[t + 1] / (self.s[t + 1] * self.sd[t]);
                own.iter_mut().zip(after).for_each(|(x, o)| *x -= other * *o);
            }
        }
    }

    pub fn multiply(&self, e: &mut [f64]) {
        let mut before = 0.0;
        for (t, e) in e.iter_mut().enumerate() {
            before = self.a[t] * before + self.s[t] * *e;
            *e = before * self.sd[t];
        }
    }

    /// L'g of one number a row.
    pub fn multiply_transposed(&self, g: &mut [f64]) {
        let mut after = 0.0;
        for t in (0..self.n()).rev() {
            g[t] = self.s[t] * (g[t] * self.sd[t] + after);
            after = self.a[t] / self.s[t] * g[t];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chain and L of rows with correlations a and standard deviations.
    fn chain() -> (Chain, Vec<f64>) {
        let chain = Chain {
            a: vec![0.0, 0.6, -0.3, 0.9],
            slope: vec![0.0; 4],
            s: [0.0f64, 0.6, -0.3, 0.9].iter().map(|a| (1.0 - a * a).sqrt()).collect(),
            sd: vec![1.0, 2.0, 0.5, 3.0],
        };
        let n = chain.n();
        let correlation = |i: usize, j: usize| (j.min(i) + 1..=j.max(i)).map(|t| chain.a[t]).product::<f64>();
        let mut l: Vec<f64> =
            (0..n * n).map(|e| chain.sd[e % n] * chain.sd[e / n] * correlation(e % n, e / n)).collect();
        small::cholesky::<0>(&mut l, n).unwrap();
        (chain, l)
    }

    #[test]
    fn a_chain_is_the_factor_of_its_covariance() {
        let (chain, l) = chain();
        let (chain, dense) = (Factor::Chain(chain), Factor::Dense(l));
        let x: Vec<f64> = (0..8).map(|i| (i as f64 * 0.7).sin() + 0.1).collect();
        let same = |a: &[f64], b: &[f64]| a.iter().zip(b).for_each(|(a, b)| assert!((a - b).abs() < 1e-13, "{a} {b}"));
        let (mut a, mut b) = (x.clone(), x.clone());
        chain.solve_rows(&mut a, 4);
        dense.solve_rows(&mut b, 4);
        same(&a, &b);
        chain.solve_rows_transposed(&mut a, 4);
        dense.solve_rows_transposed(&mut b, 4);
        same(&a, &b);
        let (mut a, mut b) = (x[..4].to_vec(), x[..4].to_vec());
        chain.multiply(&mut a);
        dense.multiply(&mut b);
        same(&a, &b);
    }

    #[test]
    fn products_with_the_transpose_undo_its_solutions() {
        let (chain, _) = chain();
        let x = [0.3, -1.0, 2.0, 0.7];
        let mut back = x;
        chain.multiply_transposed(&mut back);
        chain.solve_rows_transposed(&mut back);
        back.iter().zip(x).for_each(|(a, b)| assert!((a - b).abs() < 1e-14));
    }
}
