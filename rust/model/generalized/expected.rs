//! Laplace's determinant with the expected information in place of the observed one, as lme4 has it.
//!
//! The mode moves by the observed Hessian all the same, so that the gradient needs both.

use super::mode::Point;
use super::model::Glmm;
use crate::Result;
use crate::crossproduct::{CrossProducts, PartWeights};
use crate::penalized_ls::{CholeskyFactor, Panels};

/// The factor of I + Λ'Z'WZΛ, and W with its slope in the linear predictor, row by row.
pub struct Expected {
    pub a: CrossProducts,
    pub panels: Panels,
    pub factor: CholeskyFactor,
    w: Vec<f64>,
    pub slope: Vec<f64>,
}

impl Expected {
    pub fn new(model: &Glmm) -> Self {
        let a = model.unfilled(0);
        let factor = CholeskyFactor::new(&a, &model.symbolic);
        Self { a, panels: Panels::default(), factor, w: Vec::new(), slope: Vec::new() }
    }

    /// The factor at a mode; its log-determinant.
    ///
    /// # Errors
    /// `Numerical` where the factorization fails.
    pub fn update(&mut self, model: &Glmm, at: &Point, lambda: &[Vec<f64>]) -> Result<f64> {
        self.factor.lambda.clone_from_slice(lambda);
        self.w.clear();
        self.slope.clear();
        for (i, (&o, &eta)) in model.observations.iter().zip(&at.eta[0]).enumerate() {
            let weight = model.weights.get(i).copied().unwrap_or(1.0);
            let [w, slope] = model.family.expected(o, eta).unwrap_or([f64::NAN; 2]);
            self.w.push(weight * w);
            self.slope.push(weight * slope);
        }
        let weights = PartWeights { m: 1, slot: &model.rows.random_slots(), d: &self.w, r: &[] };
        model.reweighting.fill(&model.rows, weights, 0.0, &mut self.a);
        model.symbolic.lay_out(&self.a, &mut self.panels);
        self.factor.update_random(&self.a, &self.panels, &model.symbolic)?;
        Ok(self.factor.logdet_random)
    }
}
