//! What the derivative needs of (I + E)^-1: its diagonal blocks, and its product with H C of every lead: for the
//! first lead B'W alone, for others, on which more depends, W where the panel has entries.
//!
//!   (I + E)^-1 = I - E + V h(l) V' + h(E) over the others,   h(x) = 1/(1 + x) - 1 + x
//! with the probes for the last part, as in the criterion; for the mixed model equations it gains F K F'.

use rayon::prelude::*;

use super::IterativeFactor;
use super::lanczos::inverse_remainder;
use super::operator::Product;
use super::squares::product_on_pattern;
use crate::crossproduct::CrossProducts;
use crate::linalg::small;
use crate::penalized_ls::factor::CholeskyFactor;
use crate::penalized_ls::symbolic::SymbolicFactor;

/// I - E + A B'.
#[derive(Debug, Clone, Default)]
pub struct ApproximateInverse {
    /// q_t rows of `width`.
    a: Vec<f64>,
    b: Vec<f64>,
    width: usize,
    /// R'F = (I + E)^-1 R^-1 Λ'Z'X, q_t rows of n_fixed.
    fixed: Vec<f64>,
    pub leads: Vec<Weighed>,
}

/// N_RR P of one lead, for P = B C.
#[derive(Debug, Clone, Default)]
pub struct Weighed {
    /// B'W over the trailing rows, for the first lead: n_levels blocks r x r.
    pub projected: Vec<f64>,
    /// W of the trailing rows in the pattern of the panel, for other leads.
    pub w: Vec<f64>,
    /// W of the rows of X.
    pub wx: Vec<f64>,
}

impl ApproximateInverse {
    /// `k`: (X'V^-1 X)^-1, n_fixed x n_fixed.
    pub fn update(
        &mut self,
        iterative: &IterativeFactor,
        factor: &CholeskyFactor,
        a: &CrossProducts,
        symbolic: &SymbolicFactor,
        k: &[f64],
        e: &mut [Vec<f64>],
    ) {
        let n_fixed = k.len().isqrt();
        self.fixed = iterative.scaled_solution(factor, symbolic, n_fixed);
        self.collect(iterative, symbolic, k, n_fixed);
        let problem = Product { schur: &iterative.schur, a, symbolic };
        self.leads = (0..symbolic.leads.len())
            .map(|i| {
                let product = if i == 0 { Vec::new() } else { product_on_pattern(&problem, i) };
                LevelBlocks { inverse: self, iterative, factor, symbolic, k, i, product }.weigh()
            })
            .collect();
        self.add_e(iterative, &factor.lambda, symbolic, e);
    }

    /// E of every group: the sum of I - S^-1 over its levels, from Λ's other side.
    fn add_e(&self, iterative: &IterativeFactor, lambda: &[Vec<f64>], symbolic: &SymbolicFactor, e: &mut [Vec<f64>]) {
        for (k, t) in symbolic.groups.iter().enumerate() {
            let (e, size) = (&mut e[t.block], t.r * t.r);
            for block in self.inverse_blocks(iterative, symbolic, k).chunks_exact(size) {
                e.iter_mut().zip(block).for_each(|(e, v)| *e -= v);
            }
            (0..t.r).for_each(|j| e[j * t.r + j] += t.n_levels as f64);
            small::solve_transposed_in_place::<0>(e, &lambda[t.block], t.r, t.r);
        }
    }

    /// A and B: outliers, probes, fixed effects.
    fn collect(&mut self, iterative: &IterativeFactor, symbolic: &SymbolicFactor, k: &[f64], n_fixed: usize) {
        let (q, outliers, probes) = (symbolic.n_trailing, &iterative.outliers, &iterative.probes);
        let (n, s) = (outliers.values.len(), probes.n());
        let half = 0.5 / s as f64;
        self.width = n + 2 * s + n_fixed;
        self.a.clear();
        self.b.clear();
        for row in 0..q {
            let v = (0..n).map(|j| outliers.vectors[j * q + row]);
            let (z, y) = (&probes.z[row * s..(row + 1) * s], &probes.image[row * s..(row + 1) * s]);
            let f = &self.fixed[row * n_fixed..(row + 1) * n_fixed];
            self.a.extend(v.clone().zip(&outliers.values).map(|(v, &l)| v * inverse_remainder(l)));
            self.a.extend(z.iter().chain(y).map(|v| half * v));
            self.a.extend((0..n_fixed).map(|c| (0..n_fixed).map(|j| f[j] * k[c * n_fixed + j]).sum::<f64>()));
            self.b.extend(v);
            self.b.extend(y.iter().chain(z).chain(f));
        }
    }

    /// Diagonal blocks of (I + E)^-1 of the k-th trailing factor (n_levels blocks r x r).
    fn own_blocks(&self, symbolic: &SymbolicFactor, k: usize) -> Vec<f64> {
        let (t, width) = (&symbolic.groups[k], self.width);
        let mut blocks = vec![0.0; t.n_levels * t.r * t.r];
        for level in 0..t.n_levels {
            for j in 0..t.r {
                for i in 0..t.r {
                    let (row, column) = (t.offset + level * t.r + i, t.offset + level * t.r + j);
                    let (a, b) =
                        (&self.a[row * width..(row + 1) * width], &self.b[column * width..(column + 1) * width]);
                    blocks[(level * t.r + j) * t.r + i] =
                        f64::from(u8::from(i == j)) + a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                }
            }
        }
        blocks
    }

    /// Diagonal blocks of S^-1, fixed effects counted.
    fn inverse_blocks(&self, iterative: &IterativeFactor, symbolic: &SymbolicFactor, k: usize) -> Vec<f64> {
        let mut blocks = self.own_blocks(symbolic, k);
        iterative.schur.unscale_blocks(k, symbolic.groups[k].r, &mut blocks);
        blocks
    }

    /// Diagonal blocks of N = Λ S^-1 Λ'.
    pub fn level_blocks(&self, iterative: &IterativeFactor, symbolic: &SymbolicFactor, k: usize) -> Vec<f64> {
        let mut blocks = self.own_blocks(symbolic, k);
        iterative.schur.project_blocks(k, symbolic.groups[k].r, &mut blocks);
        blocks
    }
}

/// The levels of one lead, with E H on its pattern where W is wanted whole.
struct LevelBlocks<'a> {
    inverse: &'a ApproximateInverse,
    iterative: &'a IterativeFactor,
    factor: &'a CholeskyFactor,
    symbolic: &'a SymbolicFactor,
    k: &'a [f64],
    i: usize,
    product: Vec<f64>,
}

impl LevelBlocks<'_> {
    fn weigh(&self) -> Weighed {
        let n = self.symbolic.leads[self.i].n_levels;
        let levels: Vec<(Vec<f64>, Vec<f64>)> =
            (0..n).into_par_iter().with_min_len(256).map(|level| self.weigh_level(level)).collect();
        let values = levels.iter().flat_map(|(values, _)| values.iter().copied()).collect();
        let mut out =
            Weighed { wx: levels.iter().flat_map(|(_, wx)| wx.iter().copied()).collect(), ..Weighed::default() };
        if self.i == 0 {
            out.projected = values;
        } else {
            out.w = values;
            self.iterative.schur.transform_panel(&mut out.w, self.symbolic, self.i, true);
        }
        out
    }

    /// H'V, or V, for V = [(I - E + A B') H C - F K P_X], and W of the rows of X.
    fn weigh_level(&self, level: usize) -> (Vec<f64>, Vec<f64>) {
        let (lead, width) = (&self.symbolic.leads[self.i], self.inverse.width);
        let (r, c) = (lead.r, &self.factor.leads[self.i].c[level * lead.r * lead.r..(level + 1) * lead.r * lead.r]);
        let bh = self.cross(&self.inverse.b, level);
        let mut inner = vec![0.0; width * r];
        small::multiply(&mut inner, &bh, c, width, r, r);
        let wx = self.weigh_fixed(level, &mut inner);
        let values = if self.i == 0 { self.project(level, c, &inner) } else { self.weigh_rows(level, c, &inner) };
        (values, wx)
    }

    /// X'H of one level for rows X of `width` (width x r).
    fn cross(&self, x: &[f64], level: usize) -> Vec<f64> {
        let (lead, width) = (&self.symbolic.leads[self.i], self.inverse.width);
        let (rows, h) =
            (lead.panel.level_rows(level), &self.iterative.schur.h[self.i][lead.panel.range(level, lead.r)]);
        let mut out = vec![0.0; width * lead.r];
        for (out, h) in out.chunks_exact_mut(width.max(1)).zip(h.chunks_exact(rows.len().max(1))) {
            for (h, &row) in h.iter().zip(rows) {
                let x = &x[row as usize * width..(row as usize + 1) * width];
                out.iter_mut().zip(x).for_each(|(s, x)| *s += h * x);
            }
        }
        out
    }

    /// F'H C becomes F'H C - P_X in `inner`; its product with -K is W of X.
    fn weigh_fixed(&self, level: usize, inner: &mut [f64]) -> Vec<f64> {
        let (r, f, width) = (self.symbolic.leads[self.i].r, self.k.len().isqrt(), self.inverse.width);
        let (x, stride, fixed_from) = (&self.factor.leads[self.i].blocks.x, self.factor.p + 1, width - f);
        let mut wx = vec![0.0; f * r];
        for l in 0..r {
            let fixed = &mut inner[l * width + fixed_from..(l + 1) * width];
            fixed.iter_mut().zip(&x[(level * r + l) * stride..]).for_each(|(s, p)| *s -= p);
            for c in 0..f {
                wx[l * f + c] = -(0..f).map(|j| self.k[c * f + j] * fixed[j]).sum::<f64>();
            }
        }
        wx
    }

    /// H'V = (H'H - H'E H) C + (A'H)' inner.
    fn project(&self, level: usize, c: &[f64], inner: &[f64]) -> Vec<f64> {
        let (lead, width) = (&self.symbolic.leads[self.i], self.inverse.width);
        let (r, block) = (lead.r, level * lead.r * lead.r..(level + 1) * lead.r * lead.r);
        let (d, h) = (lead.panel.level_rows(level).len(), &self.iterative.schur.h[self.i][lead.panel.range(level, r)]);
        let mut square: Vec<f64> = self.iterative.forms[block].iter().map(|v| -v).collect();
        small::add_cross(&mut square, h, h, d, r, r);
        let mut out = vec![0.0; r * r];
        small::multiply(&mut out, &square, c, r, r, r);
        small::add_cross(&mut out, &self.cross(&self.inverse.a, level), inner, width, r, r);
        out
    }

    /// V = (H - E H) C + A inner.
    fn weigh_rows(&self, level: usize, c: &[f64], inner: &[f64]) -> Vec<f64> {
        let (lead, width) = (&self.symbolic.leads[self.i], self.inverse.width);
        let (r, range, rows) = (lead.r, lead.panel.range(level, lead.r), lead.panel.level_rows(level));
        let h = self.iterative.schur.h[self.i][range.clone()].iter().zip(&self.product[range]);
        let left: Vec<f64> = h.map(|(h, e)| h - e).collect();
        let mut v = vec![0.0; left.len()];
        small::multiply(&mut v, &left, c, rows.len(), r, r);
        for (v, inner) in v.chunks_exact_mut(rows.len().max(1)).zip(inner.chunks_exact(width.max(1))) {
            for (v, &row) in v.iter_mut().zip(rows) {
                let a = &self.inverse.a[row as usize * width..(row as usize + 1) * width];
                *v += a.iter().zip(inner).map(|(a, s)| a * s).sum::<f64>();
            }
        }
        v
    }
}

impl IterativeFactor {
    /// R'S^-1 Λ'Z'X from S^-1 Λ'Z'X, q_t rows of n.
    fn scaled_solution(&self, factor: &CholeskyFactor, symbolic: &SymbolicFactor, n: usize) -> Vec<f64> {
        let q = symbolic.n_trailing;
        let mut rows = vec![0.0; q * n];
        crate::penalized_ls::trailing::to_rows(&factor.solved_x[..q * n], &mut rows, q, n);
        self.schur.apply_transposed_root(&mut rows, symbolic, n);
        rows
    }
}
