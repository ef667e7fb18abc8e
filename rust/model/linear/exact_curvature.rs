//! The exact curvature of the profiled criterion in the parameters of the residuals, where there are no random effects.
//!
//!   d_kl = 2 I_kl + r_k r_l/(m σ⁴) - tr(P dR_k P dR_l) + tr(G d²R_kl)
//!
//! I the average information and G = dd/dR; P = R⁻¹ - R⁻¹XΦX'R⁻¹ for REML, R⁻¹ for ML, so that with M_k = L⁻¹dR_kL⁻ᵀ,
//! X̃ = L⁻¹X and B_k = Σ X̃'M_kX̃ over the groups
//!
//!   tr(P dR_k P dR_l) = Σ tr(M_k M_l) - 2 Σ tr(X̃ΦX̃'M_k M_l) + tr(ΦB_kΦB_l)
//!
//! The last term of d_kl is a difference of exact slopes, with G as it is.

use rayon::prelude::*;

use super::gradient::Gradient;
use super::lmm::{Criterion, Lmm, Scale, Workspace};
use super::pattern_slopes::Directions;
use super::pull_back::PullBack;
use crate::Result;
use crate::linalg::dense;
use crate::residual::{Grid, PatternSums};

/// Step of central differences, in free parameters.
const STEP: f64 = 1e-4;

/// What one pattern has of it.
struct Part {
    /// Σ tr(M_k M_l) - 2 Σ tr(X̃ΦX̃'M_k M_l).
    traces: Vec<f64>,
    /// B_k (p x p).
    b: Vec<Vec<f64>>,
    /// G of all groups together.
    g: Vec<f64>,
}

impl Lmm {
    /// None for a model with random effects, or one that the rows stand for.
    ///
    /// # Errors
    /// `Numerical` where the covariance is not positive definite.
    pub fn exact_curvature(&self, work: &Workspace, gradient: &Gradient) -> Result<Option<Vec<f64>>> {
        let Some(own) = &self.residual else { return Ok(None) };
        let Some(grid) = own.residual.grid.as_ref().filter(|_| self.scale == Scale::Profiled) else { return Ok(None) };
        let pull_back = PullBack::new(self, own, gradient, work, true);
        let parts: Vec<Part> = (0..own.residual.patterns.count())
            .into_par_iter()
            .map(|k| pull_back.part(grid, k))
            .collect::<Result<_>>()?;
        let n = own.phi.len();
        let mut expected = vec![0.0; n * n];
        let mut b = vec![vec![0.0; self.a.n_fixed().pow(2)]; n];
        for part in &parts {
            add(&mut expected, &part.traces);
            b.iter_mut().zip(&part.b).for_each(|(b, own)| add(b, own));
        }
        if self.criterion == Criterion::Reml {
            add(&mut expected, &products(&b, &work.factor.fixed_covariance(), self.a.n_fixed()));
        }
        let slopes = &gradient.residual.as_ref().expect("slopes of a model with parameters of residuals").r;
        let (m, variance) = (self.denominator(), work.factor.pwrss / self.denominator());
        let mut curvature = self.average_information(work, gradient);
        let bend = pull_back.bend(&parts)?;
        for (e, value) in curvature.iter_mut().enumerate() {
            let of_sigma = slopes[e % n] * slopes[e / n] / (m * variance * variance);
            *value = 2.0 * *value + of_sigma - expected[e] + 0.5 * (bend[e] + bend[e % n * n + e / n]);
        }
        Ok(Some(curvature))
    }
}

impl Lmm {
    /// B_k = X'R⁻¹dR_kR⁻¹X (p x p) by parameter of the residuals, so that dΦ = ΦB_kΦ; None where `exact_curvature` is.
    ///
    /// # Errors
    /// `Numerical` where the covariance is not positive definite.
    pub fn fixed_along_residual(&self, work: &Workspace, gradient: &Gradient) -> Result<Option<Vec<Vec<f64>>>> {
        let Some(own) = &self.residual else { return Ok(None) };
        let Some(grid) = &own.residual.grid else { return Ok(None) };
        let pull_back = PullBack::new(self, own, gradient, work, true);
        let of_pattern = |k: usize| {
            let (covariance, l, _) = pull_back.grid_sums(grid, k)?;
            Ok(pull_back.fixed_along(grid, k, &pull_back.directions_of(&covariance, l), l))
        };
        let parts: Vec<Vec<Vec<f64>>> =
            (0..own.residual.patterns.count()).into_par_iter().map(of_pattern).collect::<Result<_>>()?;
        let mut total = vec![vec![0.0; self.a.n_fixed().pow(2)]; own.phi.len()];
        parts.iter().for_each(|part| total.iter_mut().zip(part).for_each(|(total, own)| add(total, own)));
        Ok(Some(total))
    }
}

impl PullBack<'_> {
    fn part(&self, grid: &Grid, pattern: usize) -> Result<Part> {
        let (covariance, l, sums) = self.grid_sums(grid, pattern)?;
        let n = covariance.pattern.n;
        let directions = self.directions_of(&covariance, l);
        let mut g = self.inner_of(&sums, n);
        dense::unwhiten(l, &mut g, n);
        let b = if self.n_fixed == 0 { Vec::new() } else { self.fixed_along(grid, pattern, &directions, l) };
        Ok(Part { traces: self.traces(&sums, &directions), b, g })
    }

    fn traces(&self, sums: &PatternSums, directions: &Directions) -> Vec<f64> {
        let (n, n_phi) = (directions.n, self.own.phi.len());
        let mut middle: Vec<f64> = sums.explained.iter().map(|v| -2.0 * v).collect();
        (0..n).for_each(|i| middle[i * n + i] += sums.n_groups as f64);
        let mut out = vec![0.0; n_phi * n_phi];
        for (&k, m) in directions.places.iter().zip(&directions.m) {
            let product = dense::product(dense::view(m, n, n), dense::view(&middle, n, n));
            for (&l, other) in directions.places.iter().zip(&directions.m) {
                let value = 0.5 * product.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
                out[l * n_phi + k] += value;
                out[k * n_phi + l] += value;
            }
        }
        out
    }

    /// B_k, by parameter.
    fn fixed_along(&self, grid: &Grid, pattern: usize, directions: &Directions, l: &[f64]) -> Vec<Vec<f64>> {
        let (n, p) = (directions.n, self.beta.len());
        let mut out = vec![vec![0.0; p * p]; self.own.phi.len()];
        for (&k, m) in directions.places.iter().zip(&directions.m) {
            let mut weights = m.clone();
            dense::unwhiten(l, &mut weights, n);
            let sums = grid.weighted(pattern, n, &weights);
            for j in 0..p {
                for i in j..p {
                    (out[k][j * p + i], out[k][i * p + j]) = (sums[j * (p + 1) + i], sums[j * (p + 1) + i]);
                }
            }
        }
        out
    }

    /// tr(G d²R_kl) (K x K), before it is made symmetric.
    fn bend(&self, parts: &[Part]) -> Result<Vec<f64>> {
        let (phi, residual) = (&self.own.phi, &self.own.residual);
        let slopes_at = |l: usize, step: f64| -> Result<Vec<f64>> {
            let mut moved = phi.clone();
            moved[l] += step;
            let correlations = residual.layout.correlations(&moved);
            let mut out = vec![0.0; phi.len()];
            for (k, part) in parts.iter().enumerate() {
                self.add_along_rows(&part.g, &residual.of_pattern(k, &moved, &correlations)?, &mut out);
            }
            Ok(out)
        };
        let column = |l: usize| -> Result<Vec<f64>> {
            let (up, down) = (slopes_at(l, STEP)?, slopes_at(l, -STEP)?);
            Ok(up.iter().zip(down).map(|(up, down)| (up - down) / (2.0 * STEP)).collect())
        };
        let columns: Vec<Vec<f64>> = (0..phi.len()).into_par_iter().map(column).collect::<Result<_>>()?;
        Ok(columns.concat())
    }
}

/// tr(ΦB_kΦB_l) (K x K).
fn products(b: &[Vec<f64>], phi: &[f64], p: usize) -> Vec<f64> {
    let n = b.len();
    let with_phi: Vec<Vec<f64>> =
        b.iter().map(|b| dense::product(dense::view(phi, p, p), dense::view(b, p, p))).collect();
    let trace = |k: usize, l: usize| -> f64 {
        (0..p).map(|j| (0..p).map(|i| with_phi[k][j * p + i] * with_phi[l][i * p + j]).sum::<f64>()).sum()
    };
    (0..n * n).map(|e| trace(e % n, e / n)).collect()
}

fn add(a: &mut [f64], b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
}
