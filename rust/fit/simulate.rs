//! The same rows with another response, and responses drawn from the model.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::result::Fit;
use super::search::{Control, fit};
use super::units;
use crate::crossproduct::with_response;
use crate::design::RowSource;
use crate::{Error, Result};

impl Fit {
    /// The same model for the response `y` (offset subtracted), searched from this optimum.
    ///
    /// # Errors
    /// `Data` for a wrong length or values that are not finite; those of a fit.
    pub fn refit(&self, source: &dyn RowSource, y: &[f64], stop: &AtomicBool) -> Result<Fit> {
        if y.len() != source.n_rows() {
            return Err(Error::Data(format!("the new response has {} values for {} rows", y.len(), source.n_rows())));
        }
        if let Some(row) = y.iter().position(|v| !v.is_finite()) {
            return Err(Error::Data(format!("the new response is {} at position {row}; it must be finite", y[row])));
        }
        let mut model = self.model.clone();
        model.a = Arc::new(with_response(&self.model.a, source, y)?);
        let start = units::to_user(&self.model, &self.theta);
        fit(&model, &Control { start: Some(start), ..Control::default() }, stop)
    }

    /// `n` responses from the fitted model, without the offset: Xβ + Zb + e with new b and e
    /// (n columns of n_obs).  Each column has a stream of its own, so threads do not matter.
    ///
    /// # Errors
    /// Those of reading the rows.
    pub fn simulate(&self, source: &dyn RowSource, n: usize, seed: u64) -> Result<Vec<Vec<f64>>> {
        let fixed = self.linear_predictor(source, &vec![false; source.random().len()])?;
        let noise = self.residual_sd(source)?;
        (0..n).map(|k| self.draw(source, &fixed, &noise, stream(seed, k))).collect()
    }

    fn draw(
        &self,
        source: &dyn RowSource,
        fixed: &[f64],
        noise: &[f64],
        mut rng: Xoshiro256PlusPlus,
    ) -> Result<Vec<f64>> {
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let sigma = self.evaluation.sigma;
        let terms = self.model.theta_map.terms.iter().zip(&self.model.a.random);
        let modes: Vec<Vec<f64>> = terms
            .map(|(term, basis)| {
                let (lambda, r) = (term.factor(&self.theta), term.width);
                let levels = self.model.a.factors[term.factor].n_levels;
                (0..levels)
                    .flat_map(|_| {
                        let u: Vec<f64> = (0..r).map(|_| sigma * normal()).collect();
                        let b: Vec<f64> = (0..r).map(|i| (0..=i).map(|j| lambda[j * r + i] * u[j]).sum()).collect();
                        basis.decode(&b)
                    })
                    .collect()
            })
            .collect();
        let mut y = super::predict::add_modes(source, &modes, fixed)?;
        y.iter_mut().zip(noise).for_each(|(y, sd)| *y += sd * normal());
        Ok(y)
    }

    /// σ / sqrt(w) of every row.
    fn residual_sd(&self, source: &dyn RowSource) -> Result<Vec<f64>> {
        let sigma = self.evaluation.sigma;
        if !source.has_weights() {
            return Ok(vec![sigma; source.n_rows()]);
        }
        let mut batch = crate::design::Batch::default();
        source.read(0..source.n_rows(), &mut batch)?;
        Ok(batch.weights.iter().map(|w| sigma / w.sqrt()).collect())
    }
}

/// The k-th stream of a seed.
pub fn stream(seed: u64, k: usize) -> Xoshiro256PlusPlus {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_add((k as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    rng.jump();
    rng
}
