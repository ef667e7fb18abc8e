//! A curvature of the criterion for the search: of the working linear mixed model at the mode.
//!
//! In the coefficients 2 X'V⁻¹X, in θ the average information.

use std::borrow::Cow;
use std::sync::Arc;

use super::definite::make_definite;
use super::gradient::LaplaceGradient;
use super::mode::{Point, interleave};
use super::model::Glmm;
use crate::crossproduct::PartWeights;
use crate::model::{Lmm, Workspace};
use crate::rows::PartedRows;
use crate::{Error, Result};

/// Share of the largest square of a column that stands for curvature where there is none.
const RIDGE: f64 = 1e-10;

/// The linear predictors without their offsets, n rows of a number a part.
fn without_offset<'a>(rows: &PartedRows, eta: &'a [Vec<f64>]) -> Cow<'a, [f64]> {
    if let ([part], [eta]) = (&rows.parts[..], eta)
        && part.offset.is_empty()
    {
        return Cow::Borrowed(eta);
    }
    let (mut linear, m) = (Vec::new(), eta.len());
    interleave(eta, &mut linear);
    for (part, own) in rows.parts.iter().enumerate().filter(|(_, own)| !own.offset.is_empty()) {
        linear.iter_mut().skip(part).step_by(m).zip(&own.offset).for_each(|(eta, o)| *eta -= o);
    }
    Cow::Owned(linear)
}

/// The working linear mixed model, refilled at every point.
pub struct Working {
    pub lmm: Lmm,
    pub work: Workspace,
    /// Working responses times their weights.
    r: Vec<f64>,
}

impl Working {
    pub fn new(model: &Glmm) -> Self {
        let lmm = model.working_model();
        let work = lmm.workspace();
        Self { lmm, work, r: Vec::new() }
    }

    /// Sums the rows with their curvatures at a point, made definite; `d` and `g` have all parts.
    pub fn fill(&mut self, model: &Glmm, at: &Point, d: &mut [f64], g: &[f64]) {
        let rows = &model.rows;
        let m = rows.parts.len();
        self.r.resize(g.len(), 0.0);
        let square = make_definite(d, g, &without_offset(rows, &at.eta), m, &mut self.r);
        let slot: Vec<usize> = (0..m).collect();
        let a = Arc::make_mut(&mut self.lmm.a);
        // a little more than D's own, so that rounding leaves a residual
        model.reweighting.fill(rows, PartWeights { m, slot: &slot, d, r: &self.r }, square * (1.0 + 1e-8) + 1.0, a);
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
        match self.lmm.evaluate(theta, &mut self.work) {
            Err(Error::Numerical(_)) => {
                self.raise();
                self.lmm.evaluate(theta, &mut self.work).map(|_| ())
            }
            other => other.map(|_| ()),
        }
    }

    /// Gives coefficients a little curvature that no row has any for, as where all of a part are predicted perfectly.
    fn raise(&mut self) {
        let (a, p) = (Arc::make_mut(&mut self.lmm.a), self.work.factor.p);
        let largest = (0..p).map(|j| a.xx[j * (p + 2)]).fold(f64::MIN_POSITIVE, f64::max);
        (0..p).for_each(|j| a.xx[j * (p + 2)] += RIDGE * largest);
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
