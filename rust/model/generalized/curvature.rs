//! A curvature of the criterion for the search: of the working linear mixed model at the mode.
//!
//! In the coefficients 2 X'V⁻¹X, in θ the average information.

use std::sync::Arc;

use super::definite::make_definite;
use super::gradient::LaplaceGradient;
use super::mode::{Point, interleave};
use super::model::Glmm;
use crate::Result;
use crate::crossproduct::PartWeights;
use crate::model::{Lmm, Workspace};

/// The working linear mixed model, refilled at every point.
pub struct Working {
    pub lmm: Lmm,
    pub work: Workspace,
}

impl Working {
    pub fn new(model: &Glmm) -> Self {
        let lmm = model.working_model();
        let work = lmm.workspace();
        Self { lmm, work }
    }

    /// Sums the rows with their curvatures at a point, made definite; `d` and `g` have all parts.
    pub fn fill(&mut self, model: &Glmm, at: &Point, d: &mut [f64], g: &[f64]) {
        let rows = &model.rows;
        let m = rows.parts.len();
        let mut linear = Vec::new();
        interleave(&at.eta, &mut linear);
        for (part, own) in rows.parts.iter().enumerate().filter(|(_, own)| !own.offset.is_empty()) {
            linear.iter_mut().skip(part).step_by(m).zip(&own.offset).for_each(|(eta, o)| *eta -= o);
        }
        let mut r = vec![0.0; g.len()];
        let square = make_definite(d, g, &linear, m, &mut r);
        let slot: Vec<usize> = (0..m).collect();
        let a = Arc::make_mut(&mut self.lmm.a);
        // a little more than D's own, so that rounding leaves a residual
        model.reweighting.fill(rows, PartWeights { m, slot: &slot, d, r: &r }, square * (1.0 + 1e-8) + 1.0, a);
        model.symbolic.lay_out(a, Arc::make_mut(&mut self.lmm.panels));
    }

    /// The curvature in (θ, coordinates).
    ///
    /// # Errors
    /// `Numerical` where the coefficients' is not definite.
    pub fn curvature(
        &mut self,
        model: &Glmm,
        theta: &[f64],
        at: &Point,
        gradient: &mut LaplaceGradient,
    ) -> Result<Vec<f64>> {
        self.evaluate(model, theta, at, gradient)?;
        let of_theta = self.lmm.curvature(theta, &self.work, &gradient.random);
        Ok(self.joined(model, &of_theta))
    }

    /// The same without the bend of the criterion: a Gram matrix of what a change of each parameter does.
    ///
    /// # Errors
    /// Those of `curvature`.
    pub fn information(
        &mut self,
        model: &Glmm,
        theta: &[f64],
        at: &Point,
        gradient: &mut LaplaceGradient,
    ) -> Result<Vec<f64>> {
        self.evaluate(model, theta, at, gradient)?;
        let of_theta = self.lmm.average_information(&self.work, &gradient.random);
        Ok(self.joined(model, &of_theta))
    }

    fn evaluate(&mut self, model: &Glmm, theta: &[f64], at: &Point, gradient: &mut LaplaceGradient) -> Result<()> {
        let rows = &mut gradient.rows;
        self.fill(model, at, &mut rows.d, &rows.g);
        self.lmm.evaluate(theta, &mut self.work).map(|_| ())
    }

    /// The block of θ beside that of the coefficients.
    fn joined(&self, model: &Glmm, of_theta: &[f64]) -> Vec<f64> {
        let (k, p) = (model.n_theta(), model.n_coefficients());
        let coefficients = model.square_to_chart(&self.fixed());
        let n = k + p;
        let entry = |i: usize, j: usize| match (i < k, j < k) {
            (true, true) => of_theta[j * k + i],
            (false, false) => coefficients[(j - k) * p + i - k],
            _ => 0.0,
        };
        (0..n * n).map(|e| entry(e % n, e / n)).collect()
    }

    /// 2 X'V⁻¹X.
    fn fixed(&self) -> Vec<f64> {
        let factor = &self.work.factor;
        let (p, stride) = (factor.p, factor.p + 1);
        let entry = |i: usize, j: usize| -> f64 {
            (0..=i.min(j)).map(|k| factor.xx[k * stride + i] * factor.xx[k * stride + j]).sum()
        };
        (0..p * p).map(|e| 2.0 * entry(e % p, e / p)).collect()
    }
}
