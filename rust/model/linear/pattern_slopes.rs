//! What groups with the same covariance add to the slopes of the parameters of the residuals, from sums over them.
//!
//! With M_k = L⁻¹dR_kL⁻ᵀ, S = Σ e_i e_i', H = Σ I - w_i N w_i' - e_i e_i'/σ² and C_ab = Σ x_ia e_ib:
//!   dd/dφ_k = tr(H M_k),   r_k = tr(S M_k),   t_k'R⁻¹t_l = tr(M_k S M_l),   X'R⁻¹t_k = Σ_ab C_ab (M_k)_ab
//! and of every group Z'R⁻¹t_k = Z_i'M_k e_i.

use rayon::prelude::*;

use super::pull_back::{GroupRows, PullBack, ResidualSlopes, Scratch};
use crate::Result;
use crate::linalg::dense;
use crate::residual::{Grid, GroupCovariance, PatternSums};

/// M of a pattern, and where in φ each is.
pub(super) struct Directions {
    pub n: usize,
    pub m: Vec<Vec<f64>>,
    pub places: Vec<usize>,
}

impl PullBack<'_> {
    /// What every pattern adds, from products of its rows.
    pub fn of_grid(&self, grid: &Grid) -> Result<Vec<ResidualSlopes>> {
        let of_pattern = |k: usize| {
            let (covariance, l, sums) = self.grid_sums(grid, k)?;
            let mut out = self.zeros();
            self.add_sums(&sums, &covariance, l, &mut out);
            if self.with_curvature {
                self.add_squares(&sums, &self.directions_of(&covariance, l), &mut out);
            }
            Ok(out)
        };
        (0..self.own.residual.patterns.count()).into_par_iter().map(of_pattern).collect()
    }

    /// The covariance of a pattern, its factor, and the sums over its groups.
    pub fn grid_sums(&self, grid: &Grid, pattern: usize) -> Result<(GroupCovariance<'_>, &[f64], PatternSums)> {
        let covariance = self.own.residual.of_pattern(pattern, &self.own.phi, &self.correlations)?;
        let n = covariance.pattern.n;
        let l = self.own.whitened.factors[pattern].dense();
        let mut inverse = Vec::new();
        self.entries.of_levels(&[], &mut inverse);
        let mut sums = grid.of_pattern(pattern, n, &inverse, self.n_fixed, &self.beta);
        dense::whiten(l, &mut sums.explained, n);
        dense::whiten(l, &mut sums.squares, n);
        if self.with_curvature {
            whiten_cross(l, &mut sums.cross, n, self.beta.len());
        }
        Ok((covariance, l, sums))
    }

    /// Adds groups of one pattern.
    pub fn add_groups<'a>(
        &self,
        groups: &mut dyn Iterator<Item = GroupRows<'a>>,
        covariance: &GroupCovariance,
        l: &[f64],
        scratch: &mut Scratch,
        out: &mut ResidualSlopes,
    ) {
        let (n, p) = (covariance.pattern.n, self.beta.len());
        let directions = self.with_curvature.then(|| self.directions_of(covariance, l));
        let (explained, squares) = (vec![0.0; n * n], vec![0.0; n * n]);
        let mut sums = PatternSums { n_groups: 0, explained, squares, cross: vec![0.0; n * n * p] };
        for own in groups {
            sums.n_groups += 1;
            self.add_explained(&own, scratch, &mut sums.explained);
            for (b, e) in own.e.iter().enumerate() {
                let column = &mut sums.squares[b * n..(b + 1) * n];
                column.iter_mut().zip(&own.e).for_each(|(s, other)| *s += e * other);
                if self.with_curvature {
                    for (cross, xy) in
                        sums.cross[b * n * p..].chunks_exact_mut(p.max(1)).zip(own.xy.chunks_exact(p + 1))
                    {
                        cross.iter_mut().zip(xy).for_each(|(c, x)| *c += x * e);
                    }
                }
            }
            if let Some(directions) = &directions {
                directions.add_random(&own, out);
            }
        }
        dense::mirror_lower(&mut sums.explained, n);
        self.add_sums(&sums, covariance, l, out);
        if let Some(directions) = &directions {
            self.add_squares(&sums, directions, out);
        }
    }

    pub fn directions_of(&self, covariance: &GroupCovariance, l: &[f64]) -> Directions {
        let (n, mut m) = (covariance.pattern.n, covariance.slopes().1);
        m.iter_mut().for_each(|m| dense::whiten(l, m, n));
        Directions { n, m, places: self.places(covariance.pattern.by) }
    }

    /// The gradient and r.
    fn add_sums(&self, sums: &PatternSums, covariance: &GroupCovariance, l: &[f64], out: &mut ResidualSlopes) {
        self.add_along(&mut self.inner_of(sums, covariance.pattern.n), covariance, l, &mut out.gradient);
        self.add_along(&mut sums.squares.clone(), covariance, l, &mut out.r);
    }

    /// H (n x n).
    pub fn inner_of(&self, sums: &PatternSums, n: usize) -> Vec<f64> {
        let mut h: Vec<f64> = sums.explained.iter().zip(&sums.squares).map(|(g, s)| -g - self.weight * s).collect();
        (0..n).for_each(|i| h[i * n + i] += sums.n_groups as f64);
        h
    }

    /// What the average information is made of.
    fn add_squares(&self, sums: &PatternSums, directions: &Directions, out: &mut ResidualSlopes) {
        let (n, p, n_phi) = (directions.n, self.beta.len(), out.r.len());
        for (&k, m) in directions.places.iter().zip(&directions.m) {
            let ms = dense::product(dense::view(m, n, n), dense::view(&sums.squares, n, n));
            for (&l, other) in directions.places.iter().zip(&directions.m) {
                out.inner[l * n_phi + k] += dot(&ms, other);
            }
            for (cross, m) in sums.cross.chunks_exact(p.max(1)).zip(m) {
                cross.iter().enumerate().for_each(|(j, c)| out.hx[j * n_phi + k] += c * m);
            }
        }
    }
}

impl Directions {
    /// Adds Z'M_k e of one group.
    fn add_random(&self, own: &GroupRows, out: &mut ResidualSlopes) {
        let (n, n_phi) = (self.n, out.r.len());
        for (columns, h) in own.columns.iter().zip(&mut out.h) {
            let width = columns.levels.len() * columns.r;
            for (&k, m) in self.places.iter().zip(&self.m) {
                for (b, e) in own.e.iter().enumerate() {
                    for (z, v) in columns.z.chunks_exact(width).zip(&m[b * n..(b + 1) * n]) {
                        z.iter().enumerate().for_each(|(j, z)| h[columns.place(j) * n_phi + k] += z * v * e);
                    }
                }
            }
        }
    }
}

/// C of whitened rows from that of the rows themselves: L⁻¹CL⁻ᵀ by column of X.
fn whiten_cross(l: &[f64], cross: &mut [f64], n: usize, p: usize) {
    let mut own = vec![0.0; n * n];
    for j in 0..p {
        own.iter_mut().enumerate().for_each(|(e, v)| *v = cross[e * p + j]);
        dense::solve_lower(l, &mut own, n, n);
        crate::linalg::small::transpose(&mut own, n);
        dense::solve_lower(l, &mut own, n, n);
        crate::linalg::small::transpose(&mut own, n);
        own.iter().enumerate().for_each(|(e, v)| cross[e * p + j] = *v);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
