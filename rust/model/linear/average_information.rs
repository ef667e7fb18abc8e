//! The average information: a curvature of the criterion for a few solves (Gilmour, Thompson and
//! Cullis 1995, Biometrics 51, 1440-1450), with σ² profiled out unless it is known.
//!
//! With t_k = Z a_k, a_k = (dΛ_k Λ' + Λ dΛ_k') s:
//!   AI_kl = t_k'P t_l / σ² - r_k r_l / (m σ⁴),   r_k = s'a_k.
//! A parameter of the residuals has t_k = dR_k R⁻¹(y - Xβ - Zb), and there is no a_k.
//! It is a Gram matrix: null directions are those along which no covariance of the rows changes, or an unknown σ² makes up for it.
//! Where a variance goes to zero the criterion bends through d²Σ as well: 2 tr(dΛ_l' G dΛ_k), G = dd/dΣ.

use std::ops::Range;

use faer::Accum;

use super::gradient::Gradient;
use super::lmm::{Lmm, Workspace};
use crate::crossproduct::CrossProducts;
use crate::ids::BlockId;
use crate::linalg::dense;
use crate::penalized_ls::product::{Effects, add_zz_own, zeros};

/// Below this a diagonal entry of Λ is too small to divide by.
const TOO_SMALL: f64 = 1e-7;

impl Lmm {
    /// The average information in θ (K x K), at the θ of `gradient`, with the bend of the criterion through d²Σ.
    pub fn curvature(&self, theta: &[f64], work: &Workspace, gradient: &Gradient) -> Vec<f64> {
        let mut curvature = self.average_information(work, gradient);
        self.add_bend(&mut curvature, theta, &gradient.derivatives, &gradient.lambda);
        curvature
    }

    /// The average information in θ (K x K), at the θ of `gradient`.
    pub fn average_information(&self, work: &Workspace, gradient: &Gradient) -> Vec<f64> {
        let (a, symbolic, factor) = (&*self.a, &*self.symbolic, &work.factor);
        let further = gradient.residual.as_ref();
        let n = self.theta_map.n_parameters + further.map_or(0, |slopes| slopes.r.len());
        if n == 0 {
            return Vec::new();
        }
        let by_block = ByBlock::new(&gradient.derivatives, a.factors.len());
        let directions = self.directions(&by_block, gradient, &factor.lambda);
        // t_k'P t_l = a_k'A a_l - c_k'c_l, c = L^-1 [Λ'Z' X']' W t
        let mut h = zeros(a, n);
        add_zz_own(&mut h, a, &directions, &by_block.columns, n, 1.0);
        let mut hx = by_block.products_with_x(a, &directions, n);
        if let Some(slopes) = further {
            slopes.add_products(&mut h, &mut hx, n);
        }
        let mut sorted = by_block.inner(&directions, &h, n);
        if let Some(slopes) = further {
            slopes.add_inner(&mut sorted, n);
        }
        let remainder = factor.forward(&mut h, &mut hx, a, symbolic, n);
        symbolic.leads.iter().for_each(|l| subtract_inner(&mut sorted, &h[l.block], &h[l.block], n));
        subtract_inner(&mut sorted, &remainder.rest, &remainder.solved, n);
        subtract_inner(&mut sorted, &hx, &hx, n);
        let mut information = by_block.unsorted(&sorted, n);
        let mut r = by_block.sums(&directions, &gradient.scores);
        r.extend(further.iter().flat_map(|slopes| &slopes.r));
        self.scale_information(&mut information, &r, factor.pwrss);
        information
    }

    /// t_k'P t_l over σ², less what a σ² at its best makes up for.
    pub(super) fn scale_information(&self, inner: &mut [f64], r: &[f64], pwrss: f64) {
        match self.known_variance() {
            Some(known) => inner.iter_mut().for_each(|v| *v /= known),
            None => self.profile_sigma(inner, r, pwrss),
        }
    }

    /// a_k = dΛ_k u + Λ dΛ_k's of every block, for its own parameters side by side.
    fn directions(&self, by_block: &ByBlock, gradient: &Gradient, lambda: &[Vec<f64>]) -> Effects {
        let blocks = self.a.factors.iter().enumerate().map(|(block, f)| {
            let own = by_block.order[by_block.columns[block].clone()].iter();
            let d: Vec<&[f64]> = own.map(|&k| gradient.derivatives[k].1.as_slice()).collect();
            block_directions(&d, &gradient.modes.u[block], &gradient.scores[block], &lambda[block], f.width)
        });
        blocks.collect()
    }

    /// T/σ² - r r'/(m σ⁴).
    fn profile_sigma(&self, information: &mut [f64], r: &[f64], pwrss: f64) {
        let n = r.len();
        let (m, variance) = (self.denominator(), pwrss / self.denominator());
        for k in 0..n {
            for l in 0..n {
                let value = &mut information[l * n + k];
                *value = *value / variance - (r[k] / variance) * (r[l] / variance) / m;
            }
        }
    }

    /// Adds 2 tr(dΛ_l' G dΛ_k) for terms whose Λ is linear in θ; G Λ = dd/dΛ / 2, from dΛ/dθ and dd/dΛ.
    pub(super) fn add_bend(
        &self,
        curvature: &mut [f64],
        theta: &[f64],
        derivatives: &[(BlockId, Vec<f64>)],
        along: &[Vec<f64>],
    ) {
        let n = curvature.len().isqrt();
        for term in self.theta_map.terms.iter().filter(|t| t.structure.is_linear()) {
            let (r, full) = (term.width, self.theta_map.widths[term.block]);
            let lambda = term.relative_factor(theta);
            if (0..r).any(|j| lambda[j * r + j].abs() < TOO_SMALL) {
                continue;
            }
            let place = |i: usize, j: usize| (term.offset + j) * full + term.offset + i;
            let d: Vec<f64> = (0..r * r).map(|k| 0.5 * along[term.block][place(k % r, k / r)]).collect();
            let mut g = vec![0.0; r * r];
            crate::linalg::small::solve_right::<0>(&mut g, &d, &lambda, r, r);
            let symmetric: Vec<f64> = (0..r * r).map(|e| 0.5 * (g[e] + g[e % r * r + e / r])).collect();
            let own: Vec<Vec<f64>> = (term.first..term.first + term.n_parameters)
                .map(|k| (0..r * r).map(|e| derivatives[k].1[place(e % r, e / r)]).collect())
                .collect();
            let mut product = vec![0.0; r * r];
            for (k, dk) in own.iter().enumerate() {
                crate::linalg::small::multiply(&mut product, &symmetric, dk, r, r, r);
                for (l, dl) in own.iter().enumerate() {
                    let sum: f64 = product.iter().zip(dl).map(|(a, b)| a * b).sum();
                    curvature[(term.first + l) * n + term.first + k] += 2.0 * sum;
                }
            }
        }
    }
}

/// The parameters sorted by block: a_k is zero in all blocks but that of θ_k.
struct ByBlock {
    order: Vec<usize>,
    /// Where each block's parameters stand in that order.
    columns: Vec<Range<usize>>,
}

impl ByBlock {
    fn new(derivatives: &[(BlockId, Vec<f64>)], n_blocks: usize) -> Self {
        let mut order: Vec<usize> = (0..derivatives.len()).collect();
        order.sort_by_key(|&k| derivatives[k].0);
        let first = |block: usize| order.partition_point(|&k| derivatives[k].0.0 < block);
        let columns = (0..n_blocks).map(|block| first(block)..first(block + 1)).collect();
        Self { order, columns }
    }

    /// X'W t, n columns by p: p rows of n.
    fn products_with_x(&self, a: &CrossProducts, directions: &Effects, n: usize) -> Vec<f64> {
        let p = a.n_fixed();
        let mut hx = vec![0.0; p * n];
        for ((f, values), columns) in a.factors.iter().zip(directions).zip(&self.columns) {
            let rows = f.n_levels * f.width;
            let x = dense::view(&f.zx, p + 1, rows).subrows(0, p).transpose();
            let to = dense::view_mut(&mut hx, n, p).subrows_mut(columns.start, columns.len());
            dense::multiply(to, Accum::Add, dense::view(values, columns.len(), rows), x, 1.0);
        }
        hx
    }

    /// a'h (n x n): the rows of θ.
    fn inner(&self, directions: &Effects, h: &Effects, n: usize) -> Vec<f64> {
        let mut sorted = vec![0.0; n * n];
        for ((values, h), columns) in directions.iter().zip(h).zip(&self.columns) {
            dense::add_outer(&mut sorted, (n, columns.start), (values, columns.len()), (h, n), 1.0);
        }
        sorted
    }

    /// r_k = s'a_k, in the order of θ.
    fn sums(&self, directions: &Effects, scores: &Effects) -> Vec<f64> {
        let mut r = vec![0.0; self.order.len()];
        for ((a, s), columns) in directions.iter().zip(scores).zip(&self.columns) {
            let own = &self.order[columns.clone()];
            for (row, s) in a.chunks_exact(own.len().max(1)).zip(s) {
                own.iter().zip(row).for_each(|(&k, a)| r[k] += a * s);
            }
        }
        r
    }

    /// A matrix (n x n) in the order of θ; parameters after θ stay where they are.
    fn unsorted(&self, sorted: &[f64], n: usize) -> Vec<f64> {
        let mut out = vec![0.0; n * n];
        let order: Vec<usize> = self.order.iter().copied().chain(self.order.len()..n).collect();
        for (l, &to_l) in order.iter().enumerate() {
            order.iter().enumerate().for_each(|(k, &to_k)| out[to_l * n + to_k] = sorted[l * n + k]);
        }
        out
    }
}

/// a_k = dΛ_k u + Λ dΛ_k's of one block.
fn block_directions(derivatives: &[&[f64]], u: &[f64], s: &[f64], lambda: &[f64], r: usize) -> Vec<f64> {
    let n = derivatives.len();
    let (mut a, mut ds) = (vec![0.0; u.len() * n], vec![0.0; r]);
    for (level, (u, s)) in u.chunks_exact(r).zip(s.chunks_exact(r)).enumerate() {
        for (k, d) in derivatives.iter().enumerate() {
            for (j, value) in ds.iter_mut().enumerate() {
                *value = (0..r).map(|i| d[j * r + i] * s[i]).sum();
            }
            for i in 0..r {
                let value: f64 = (0..r).map(|j| d[j * r + i] * u[j] + lambda[j * r + i] * ds[j]).sum();
                a[(level * r + i) * n + k] = value;
            }
        }
    }
    a
}

/// m (n x n) -= x'y over all rows of n.
fn subtract_inner(m: &mut [f64], x: &[f64], y: &[f64], n: usize) {
    dense::add_outer(m, (n, 0), (x, n), (y, n), -1.0);
}
