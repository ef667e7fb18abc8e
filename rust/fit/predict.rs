//! Predictions from a fit: the linear predictor, and the variance that counts β and b jointly.

use rayon::prelude::*;

use super::forecast::Less;
use super::result::Fit;
use crate::Result;
use crate::design::{FixedLayout, Rows};
use crate::penalized_ls::{CholeskyFactor, Touched};
use crate::rows::linear_predictor;

/// The code of a level that the fit has not seen.
pub const UNSEEN: u32 = u32::MAX;
const ROWS: usize = 256;

/// A random term in new rows: z (m x r, row-major) and the level of every row.
pub struct TermRows<'a> {
    pub z: &'a [f64],
    pub codes: &'a [u32],
}

impl Fit {
    /// Xβ + Zb over the rows, with some of the random terms.
    ///
    /// # Errors
    /// Those of reading the rows.
    pub fn linear_predictor(&self, source: &Rows, use_terms: &[bool]) -> Result<Vec<f64>> {
        let beta = self.full_beta(source.fixed());
        let modes = self.user_modes();
        let used: Vec<Option<&[f64]>> =
            modes.iter().zip(use_terms).map(|(modes, used)| used.then_some(modes.as_slice())).collect();
        linear_predictor(source, &beta, &used)
    }

    /// One coefficient per column of X; those that cannot be estimated count as zero.
    pub fn full_beta(&self, fixed: &FixedLayout) -> Vec<f64> {
        let mut beta = vec![0.0; fixed.columns.len()];
        self.model.a.fixed.kept.iter().zip(self.user_beta()).for_each(|(&k, b)| beta[k] = b);
        beta
    }

    /// Var(x'β̂ + z'(b̂ - b)) of new rows, θ given; an unseen level has the variance z'Σz.
    /// `x`: m x p row-major, the columns kept; `terms`: one entry a random term, `None` to leave it out.
    ///
    /// # Errors
    /// `Numerical` if the factor cannot be rebuilt.
    pub fn prediction_variance(&self, x: &[f64], m: usize, terms: &[Option<TermRows>]) -> Result<Vec<f64>> {
        self.prediction_variance_less(x, m, terms, &[])
    }

    /// The same of x and z that have something less; of no row where `less` is empty.
    ///
    /// # Errors
    /// `Numerical` if the factor cannot be rebuilt.
    pub fn prediction_variance_less(
        &self,
        x: &[f64],
        m: usize,
        terms: &[Option<TermRows>],
        less: &[Option<&Less>],
    ) -> Result<Vec<f64>> {
        let work = self.workspace()?;
        let variance = self.residual_variance();
        let relative: Vec<Vec<f64>> = self
            .model
            .theta_map
            .terms
            .iter()
            .zip(&self.model.a.random)
            .map(|(term, basis)| term.relative_covariance(basis, &self.theta))
            .collect();
        let mut out = vec![0.0; m];
        out.par_chunks_mut(ROWS).enumerate().for_each(|(k, out)| {
            let rows = k * ROWS..k * ROWS + out.len();
            self.known_part(&work.factor, (x, terms, less), rows.clone(), out);
            for (t, term) in terms.iter().enumerate() {
                let Some(term) = term else { continue };
                let r = self.model.theta_map.terms[t].width;
                for (row, value) in rows.clone().zip(out.iter_mut()).filter(|(row, _)| term.codes[*row] == UNSEEN) {
                    *value += quadratic(&relative[t], &term.z[row * r..(row + 1) * r]);
                }
            }
            out.iter_mut().for_each(|v| *v *= variance);
        });
        Ok(out)
    }

    /// |L^-1 [Λ'z; x]|² for the levels that the fit knows.
    fn known_part(
        &self,
        factor: &CholeskyFactor,
        (x, terms, less): (&[f64], &[Option<TermRows>], &[Option<&Less>]),
        rows: std::ops::Range<usize>,
        out: &mut [f64],
    ) {
        let (symbolic, a) = (&self.model.symbolic, &self.model.a);
        let (p, m) = (a.n_fixed(), rows.len());
        let mut rest = vec![0.0; symbolic.n_trailing * m];
        // x in the working basis: T'x
        let mut hx: Vec<f64> = (0..p * m)
            .map(|k| {
                let (j, row) = (k / m, rows.start + k % m);
                (0..p).map(|i| a.fixed.transform[j * p + i] * x[row * p + i]).sum()
            })
            .collect();
        for (c, row) in rows.enumerate() {
            let mut touched = self.touched(terms, row);
            if let Some(less) = less.get(row).copied().flatten() {
                less.x.iter().enumerate().for_each(|(j, v)| hx[j * m + c] -= v);
                subtract(&mut touched, &less.z);
            }
            out[c] += factor.forward_touched(symbolic, touched, (c, m), &mut rest, &mut hx);
        }
        let solved = factor.finish_forward(None, a, symbolic, m, &mut rest, &mut hx);
        for (rest, solved) in rest.chunks_exact(m).zip(solved.chunks_exact(m)) {
            out.iter_mut().zip(rest.iter().zip(solved)).for_each(|(value, (h, s))| *value += h * s);
        }
        for (c, value) in out.iter_mut().enumerate() {
            *value += (0..p).map(|k| hx[k * m + c].powi(2)).sum::<f64>();
        }
    }

    /// Per block the levels that a row touches, with z in the working basis.
    fn touched(&self, terms: &[Option<TermRows>], row: usize) -> Touched {
        let mut touched = vec![Vec::new(); self.model.a.factors.len()];
        for (t, term) in terms.iter().enumerate() {
            let Some(rows) = term.as_ref().filter(|rows| rows.codes[row] != UNSEEN) else { continue };
            let covariance = &self.model.theta_map.terms[t];
            let mut z = rows.z[row * covariance.width..(row + 1) * covariance.width].to_vec();
            self.model.a.random[t].encode(&mut z);
            let block: &mut Vec<(usize, Vec<f64>)> = &mut touched[covariance.block];
            if block.is_empty() {
                block.push((rows.codes[row] as usize, vec![0.0; self.model.theta_map.widths[covariance.block]]));
            }
            block[0].1[covariance.offset..covariance.offset + covariance.width].copy_from_slice(&z);
        }
        touched
    }
}

/// h - l, by block and level.
fn subtract(h: &mut Touched, less: &Touched) {
    for (h, less) in h.iter_mut().zip(less) {
        for (level, z) in less {
            if !h.iter().any(|(own, _)| own == level) {
                h.push((*level, vec![0.0; z.len()]));
            }
            let own = h.iter_mut().filter(|(own, _)| own == level);
            own.for_each(|(_, h)| h.iter_mut().zip(z).for_each(|(h, v)| *h -= v));
        }
    }
}

fn quadratic(s: &[f64], z: &[f64]) -> f64 {
    let r = z.len();
    (0..r * r).map(|k| s[k] * z[k / r] * z[k % r]).sum()
}
