//! The criterion of a linear mixed model on one thread.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::gradient::Gradient;
use super::{Criterion, LinearTerms, Lmm, Scale, Workspace};
use crate::model::{Accuracy, Estimates, Evaluator, Model, Parameters};
use crate::optimize::Objective;
use crate::rows::StoredRows;
use crate::{Error, Result, check_stop};

/// A search comes no closer to a scale of zero.
const SMALLEST: f64 = 1e-6;
/// More rounding of log|X'V^-1 X| says that θ is too far out; unless σ² itself is so small beside the response that more than
/// this is rounding.
const MOST_ROUNDING: f64 = 2e-3;
const SMALL_ROUNDING: f64 = 1e-6;
/// A column of X with less of its square than this left depends on the others.
const DEPENDENT: f64 = 1e-11;

pub struct LmmEvaluator<'a> {
    pub model: Lmm,
    pub work: Workspace,
    stop: &'a AtomicBool,
    evaluations: usize,
    scales: Vec<usize>,
    /// The θ that the workspace holds, and what it gives.
    at: Vec<f64>,
    last: Option<LinearTerms>,
}

impl Model for Lmm {
    fn start(&self, stop: &AtomicBool) -> Result<Vec<f64>> {
        super::start::by_factor(self, stop)
    }

    fn evaluator<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Evaluator + 'a> {
        Box::new(LmmEvaluator::new(self, stop))
    }
}

impl<'a> LmmEvaluator<'a> {
    pub fn new(model: &Lmm, stop: &'a AtomicBool) -> Self {
        Self::with_workspace(model, model.workspace(), stop)
    }

    /// The same, in a workspace of the model.
    pub fn with_workspace(model: &Lmm, work: Workspace, stop: &'a AtomicBool) -> Self {
        let scales = model.theta_map.scale_parameters();
        Self { model: model.clone(), work, stop, evaluations: 0, scales, at: Vec::new(), last: None }
    }

    /// What x gives; free where the workspace holds its θ.
    ///
    /// # Errors
    /// `Numerical` where the factorization fails, `Interrupted`.
    pub fn evaluate(&mut self, x: &[f64]) -> Result<LinearTerms> {
        check_stop(self.stop)?;
        let theta = &x[..self.model.theta_map.n_parameters];
        if let Some(terms) = self.last.filter(|_| self.at == theta) {
            return Ok(terms);
        }
        self.evaluations += 1;
        self.last = None;
        let terms = self.model.evaluate(theta, &mut self.work)?;
        self.at.clear();
        self.at.extend_from_slice(theta);
        self.last = Some(terms);
        Ok(terms)
    }

    /// A residual sum of squares is what is left of the squares of the response less X origin, so that it has their
    /// rounding; the response itself has that of its own size.
    fn rounding_of_variance(&self, terms: &LinearTerms) -> f64 {
        let a = &self.model.a;
        let summed = a.xx[a.xx.len() - 1];
        f64::EPSILON * (summed + f64::EPSILON * (summed + a.square_of_origin())) / terms.pwrss
    }

    /// Of REML, where the variance of a random effect leaves little of a fixed effect.
    fn rounding_of_fixed(&self, terms: &LinearTerms) -> f64 {
        match terms.criterion {
            Criterion::Reml => self.work.factor.rounding_of_fixed(&self.model.a.xx),
            Criterion::Ml => 0.0,
        }
    }

    /// σ² at x.
    fn variance(&self, x: &[f64], terms: &LinearTerms) -> f64 {
        match self.model.scale {
            Scale::Profiled => terms.sigma().powi(2),
            Scale::Parameter => x[self.model.theta_map.n_parameters].exp(),
            Scale::One => 1.0,
        }
    }

    /// The gradient in (θ, log σ²) at the σ² of x, from that in θ at the best σ²; `r` is dr²/dθ.
    fn with_variance(&self, x: &[f64], terms: &LinearTerms, mut gradient: Vec<f64>, r: &[f64]) -> Vec<f64> {
        let (own, s) = (terms.pwrss / terms.m, self.variance(x, terms));
        gradient.iter_mut().zip(r).for_each(|(g, r)| *g += r * (1.0 / s - 1.0 / own));
        gradient.push(terms.m - terms.pwrss / s);
        gradient
    }

    /// A gradient and a curvature in the free coordinates.
    fn with_free_variance(
        &self,
        x: &[f64],
        terms: &LinearTerms,
        gradient: Gradient,
        curvature: Vec<f64>,
    ) -> (Vec<f64>, Vec<f64>) {
        if self.model.scale != Scale::Parameter {
            return (gradient.theta, curvature);
        }
        let r = gradient.pwrss_slopes(&self.model.theta_map.widths);
        let curvature = self.curvature_with_variance(x, terms, &curvature, &r);
        (self.with_variance(x, terms, gradient.theta, &r), curvature)
    }

    /// The same of a curvature.
    fn curvature_with_variance(&self, x: &[f64], terms: &LinearTerms, h: &[f64], r: &[f64]) -> Vec<f64> {
        let (n, m, own, s) = (r.len(), terms.m, terms.pwrss / terms.m, self.variance(x, terms));
        let entry = |k: usize, l: usize| match (k < n, l < n) {
            (true, true) => h[k * n + l] + r[k] * r[l] / (m * own * own),
            (false, false) => terms.pwrss / s,
            _ => -r[k.min(l)] / s,
        };
        (0..(n + 1) * (n + 1)).map(|e| entry(e / (n + 1), e % (n + 1))).collect()
    }
}

impl Objective for LmmEvaluator<'_> {
    fn n_parameters(&self) -> usize {
        self.model.theta_map.n_parameters + usize::from(self.model.scale == Scale::Parameter)
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let terms = self.evaluate(x)?;
        if self.rounding_of_fixed(&terms) > MOST_ROUNDING && self.rounding_of_variance(&terms) < SMALL_ROUNDING {
            return Err(Error::Numerical(
                "X'V^-1 X is lost in rounding: random effects of so large a variance leave nothing of a fixed effect"
                    .into(),
            ));
        }
        Ok(match self.model.scale {
            Scale::Profiled => terms.profiled(),
            Scale::Parameter | Scale::One => terms.at_variance(self.variance(x, &terms)),
        })
    }

    fn noise(&self) -> f64 {
        self.last.as_ref().map_or(0.0, |terms| terms.std_error + self.rounding_of_fixed(terms))
    }

    /// At a scale of zero the criterion is level in it, whatever its curvature in the variance.
    fn regularize(&self, from: &[f64], x: &mut [f64]) {
        for &k in &self.scales {
            if x[k].abs() <= SMALLEST {
                x[k] = SMALLEST.copysign(from[k]);
            }
        }
    }

    fn snap_to_bounds(&self, x: &mut [f64]) {
        for &k in &self.scales {
            if x[k].abs() <= SMALLEST {
                x[k] = 0.0;
            }
        }
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let terms = self.evaluate(x)?;
        let gradient = self.model.gradient(&self.at, &mut self.work);
        let curvature = self.model.curvature(&self.at, &self.work, &gradient);
        Ok(self.with_free_variance(x, &terms, gradient, curvature))
    }
}

impl Evaluator for LmmEvaluator<'_> {
    fn parameters(&self) -> Parameters<'_> {
        self.model.parameters()
    }

    fn evaluations(&self) -> usize {
        self.evaluations
    }

    fn accuracy(&mut self, x: &[f64]) -> Result<Accuracy> {
        let terms = self.evaluate(x)?;
        let (variance, fixed) = (self.rounding_of_variance(&terms), self.rounding_of_fixed(&terms));
        Ok(Accuracy { rounding: terms.m * variance + fixed, std_error: terms.std_error, variance })
    }

    fn flops(&self) -> f64 {
        self.model.symbolic.flops(self.model.a.n_fixed())
    }

    fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        let terms = self.evaluate(x)?;
        let gradient = self.model.gradient(&self.at, &mut self.work);
        if self.model.scale != Scale::Parameter {
            return Ok(gradient.theta);
        }
        let r = gradient.pwrss_slopes(&self.model.theta_map.widths);
        Ok(self.with_variance(x, &terms, gradient.theta, &r))
    }

    fn information(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let terms = self.evaluate(x)?;
        let gradient = self.model.gradient(&self.at, &mut self.work);
        let information = self.model.average_information(&self.work, &gradient);
        Ok(self.with_free_variance(x, &terms, gradient, information))
    }

    fn set_response(&mut self, rows: &StoredRows, y: &[f64]) -> Result<()> {
        self.last = None;
        rows.set_response(Arc::make_mut(&mut self.model.a), y);
        Ok(())
    }

    fn estimates(&mut self, x: &[f64]) -> Result<Estimates> {
        let terms = self.evaluate(x)?;
        let (factor, a, p) = (&self.work.factor, &self.model.a, self.model.a.n_fixed());
        let entry = |j: usize| j * (p + 1) + j;
        if (0..p).any(|j| factor.xx[entry(j)].powi(2) <= DEPENDENT * a.xx[entry(j)]) {
            return Err(Error::Numerical("columns of X depend on each other".into()));
        }
        Ok(Estimates { beta: factor.beta(), sigma: self.variance(x, &terms).sqrt() })
    }
}
