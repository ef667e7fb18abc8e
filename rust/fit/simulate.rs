//! The same rows with another response, and responses drawn from the model.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::result::Fit;
use super::{Control, fit};
use crate::crossproduct::with_response;
use crate::design::Rows;
use crate::linalg::memory;
use crate::rows::{Columns, FixedBasis, StoredRows};
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
        model.a = Arc::new(with_response(&self.model.a, source, &less_offset(y, source))?);
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
        let n_rows = fixed.len();
        let mut out = memory::zeros(n_rows, n).ok_or_else(|| {
            Error::Data(format!("memory does not hold {n} responses of {n_rows} rows; ask for fewer at a time"))
        })?;
        for first in (0..n).step_by(DRAWS) {
            let draws = (first..n.min(first + DRAWS)).into_par_iter().map(draw).collect::<Result<Vec<_>>>()?;
            let rows = out.chunks_exact_mut(n).enumerate();
            rows.for_each(|(i, row)| draws.iter().zip(&mut row[first..]).for_each(|(draw, y)| *y = draw[i]));
        }
        Ok(out)
    }

    /// y += Zb + e with new b and e.
    pub fn add_draw(&self, rows: &StoredRows, y: &mut [f64], rng: &mut Xoshiro256PlusPlus) {
        let (map, sigma) = (&self.model.theta_map, self.sigma);
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let mut modes: Vec<Vec<f64>> = self.modes.b.iter().map(|b| vec![0.0; b.len()]).collect();
        for term in &map.terms {
            let (lambda, r, full) = (term.relative_factor(&self.theta), term.width, map.widths[term.block]);
            for level in modes[term.block].chunks_exact_mut(full) {
                let u: Vec<f64> = (0..r).map(|_| sigma * normal()).collect();
                let b = &mut level[term.offset..term.offset + r];
                b.iter_mut().enumerate().for_each(|(i, b)| *b = (0..=i).map(|j| lambda[j * r + i] * u[j]).sum());
            }
        }
        rows.add_modes(y, &modes);
        y.iter_mut().enumerate().for_each(|(i, y)| *y += sigma / rows.weight(i).sqrt() * normal());
    }
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
