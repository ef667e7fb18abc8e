//! The same rows with another response, and responses drawn from the model.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::new_noise::NewNoise;
use super::result::Fit;
use super::{Control, fit};
use crate::covariance::{RandomBasis, TermCovariance};
use crate::crossproduct::with_response;
use crate::design::{NewRows, Rows};
use crate::linalg::memory;
use crate::rows::{Columns, EffectRows, FixedBasis, StoredRows};
use crate::{Error, Result, check_stop};

/// Responses drawn before they are put in their places.
const DRAWS: usize = 16;

impl Fit {
    /// The same model for the response `y`, searched from this optimum.
    ///
    /// # Errors
    /// `Data` for a wrong length or values that are not finite; those of a fit.
    pub fn refit(&self, source: &Rows, y: &[f64], stop: &AtomicBool) -> Result<Fit> {
        if y.len() != source.n_rows() {
            return Err(Error::Data(format!("the new response has {} values for {} rows", y.len(), source.n_rows())));
        }
        if let Some(row) = y.iter().position(|v| !v.is_finite()) {
            return Err(Error::Data(format!("the new response is {} at position {row}; it must be finite", y[row])));
        }
        let mut model = self.model.clone();
        if model.residual.is_some() {
            // the response as the rows are stored: less offset and X origin
            let (rows, old) = (model.a.stored_rows(source)?, source.response());
            let moved = y.iter().zip(&old).enumerate().map(|(i, (y, old))| rows.y(i) + (y - old));
            model.set_response(&moved.collect::<Vec<f64>>())?;
        } else {
            model.a = Arc::new(with_response(&self.model.a, source, &less_offset(y, source))?);
        }
        let start = self.model.parameters().to_user(&self.theta);
        fit(&model, &Control { start: Some(start), ..Control::default() }, stop)
    }

    /// `n` responses from the fitted model: Xβ + Zb + e + offset with new b and e (n_obs x n, row-major).  Each column
    /// has a stream of its own, so threads do not matter.
    ///
    /// # Errors
    /// Those of reading the rows; `Design` where the rows are others, `Data` where memory does not hold the responses.
    pub fn simulate(&self, source: &Rows, n: usize, seed: u64, stop: &AtomicBool) -> Result<Vec<f64>> {
        let mut basis = self.model.a.working_basis(source)?;
        basis.columns = Columns::Fitted(FixedBasis::default());
        let rows = StoredRows::read(source, &basis)?;
        let fixed = self.linear_predictor(source, &vec![false; source.random.len()])?;
        let offset = source.offset();
        let draw = |k: usize| {
            check_stop(stop)?;
            let mut y = fixed.clone();
            self.add_draw(&rows, &mut y, &mut stream(seed, k));
            y.iter_mut().zip(offset.iter().flatten()).for_each(|(y, o)| *y += o);
            Ok(y)
        };
        side_by_side(fixed.len(), n, draw)
    }

    /// The same for new rows, whose groups all have new b, seen by the fit or not; NaN where a row misses a value.
    ///
    /// # Errors
    /// `Design` where the noise is that of other rows, `Data` where the rows lack a column of the model, or memory
    /// does not hold the responses; `Interrupted`.
    pub fn simulate_new(
        &self,
        rows: &NewRows,
        noise: &NewNoise,
        n: usize,
        seed: u64,
        stop: &AtomicBool,
    ) -> Result<Vec<f64>> {
        if noise.n_rows() != rows.n_rows() {
            return Err(Error::Design(format!("residuals of {} rows for {} rows", noise.n_rows(), rows.n_rows())));
        }
        let effects = self.effect_rows(rows)?;
        let modes = self.user_modes();
        let modes: Vec<&[f64]> = modes.iter().map(Vec::as_slice).collect();
        let mut fixed = rows.linear_predictor(&self.full_beta(rows.fixed()), &modes, &vec![false; modes.len()])?;
        rows.blank(&vec![true; modes.len()], &mut fixed)?;
        let draw = |k: usize| {
            check_stop(stop)?;
            let (mut y, mut rng) = (fixed.clone(), stream(seed, k));
            for (term, rows) in self.model.theta_map.terms.iter().zip(&effects) {
                let mut modes = vec![0.0; rows.n_levels * rows.r];
                self.draw_modes(term, &mut modes, (rows.r, 0), &mut rng);
                rows.add(&modes, &mut y);
            }
            noise.add(&mut y, &mut rng);
            Ok(y)
        };
        side_by_side(rows.n_rows(), n, draw)
    }

    /// What the effects of each term multiply, in the working basis.
    fn effect_rows(&self, rows: &NewRows) -> Result<Vec<EffectRows>> {
        let encoded = |(t, basis): (usize, &RandomBasis)| {
            let mut rows = EffectRows::of_term(rows, t)?;
            rows.z.chunks_exact_mut(rows.r).for_each(|z| basis.encode(z));
            Ok(rows)
        };
        self.model.a.random.iter().enumerate().map(encoded).collect()
    }

    /// y += Zb + e with new b and e.
    pub fn add_draw(&self, rows: &StoredRows, y: &mut [f64], rng: &mut Xoshiro256PlusPlus) {
        let map = &self.model.theta_map;
        let mut modes: Vec<Vec<f64>> = self.modes.b.iter().map(|b| vec![0.0; b.len()]).collect();
        for term in &map.terms {
            self.draw_modes(term, &mut modes[term.block], (map.widths[term.block], term.offset), rng);
        }
        rows.add_modes(y, &modes);
        match &self.model.residual {
            Some(own) => {
                let mut e: Vec<f64> = (0..y.len()).map(|_| self.sigma * normal(rng)).collect();
                own.residual.colour(&own.whitened, &mut e);
                y.iter_mut().zip(own.residual.in_order_of_data(&e)).for_each(|(y, e)| *y += e);
            }
            None => add_noise(y, |i| self.sigma / rows.weight(i).sqrt(), rng),
        }
    }

    /// New b = λu of a term, in the working basis; each level has a block of `full` numbers, the term's from `offset` on.
    fn draw_modes(
        &self,
        term: &TermCovariance,
        modes: &mut [f64],
        (full, offset): (usize, usize),
        rng: &mut Xoshiro256PlusPlus,
    ) {
        let (lambda, r) = (term.relative_factor(&self.theta), term.width);
        for level in modes.chunks_exact_mut(full) {
            let u: Vec<f64> = (0..r).map(|_| self.sigma * normal(rng)).collect();
            let b = &mut level[offset..offset + r];
            b.iter_mut().enumerate().for_each(|(i, b)| *b = (0..=i).map(|j| lambda[j * r + i] * u[j]).sum());
        }
    }
}

/// y += e, of a standard deviation by row.
fn add_noise(y: &mut [f64], sd: impl Fn(usize) -> f64, rng: &mut Xoshiro256PlusPlus) {
    y.iter_mut().enumerate().for_each(|(i, y)| *y += sd(i) * normal(rng));
}

/// A standard normal number.
pub fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    StandardNormal.sample(rng)
}

/// `n` draws of as many numbers as there are rows, a draw a column (row-major).
fn side_by_side(n_rows: usize, n: usize, draw: impl Fn(usize) -> Result<Vec<f64>> + Sync) -> Result<Vec<f64>> {
    let mut out = memory::zeros(n_rows, n).ok_or_else(|| Error::no_memory("the responses", n_rows, n))?;
    for first in (0..n).step_by(DRAWS) {
        let draws = (first..n.min(first + DRAWS)).into_par_iter().map(&draw).collect::<Result<Vec<_>>>()?;
        let rows = out.chunks_exact_mut(n).enumerate();
        rows.for_each(|(i, row)| draws.iter().zip(&mut row[first..]).for_each(|(draw, y)| *y = draw[i]));
    }
    Ok(out)
}

/// A response less the offset of its rows.
fn less_offset(y: &[f64], rows: &Rows) -> Vec<f64> {
    let mut y = y.to_vec();
    y.iter_mut().zip(rows.offset().iter().flatten()).for_each(|(y, o)| *y -= o);
    y
}

/// The k-th stream of a seed.
pub fn stream(seed: u64, k: usize) -> Xoshiro256PlusPlus {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_add((k as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    rng.jump();
    rng
}
