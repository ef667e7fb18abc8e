//! A model as something to minimize, that can be interrupted.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::{Evaluation, Lmm, Workspace};
use crate::optimize::Objective;
use crate::{Error, Result};

/// A search comes no closer to a scale of zero.
const SMALLEST: f64 = 1e-6;

pub struct LmmEvaluator<'a> {
    pub model: &'a Lmm,
    pub work: Workspace,
    pub stop: &'a AtomicBool,
    pub evaluations: usize,
    scales: Vec<usize>,
    /// What the workspace holds.
    last: Option<(Vec<f64>, Evaluation)>,
}

impl<'a> LmmEvaluator<'a> {
    pub fn new(model: &'a Lmm, stop: &'a AtomicBool) -> Self {
        Self::with_workspace(model, model.workspace(), stop)
    }

    /// The same, in a workspace of the model.
    pub fn with_workspace(model: &'a Lmm, work: Workspace, stop: &'a AtomicBool) -> Self {
        let scales = model.theta_map.scale_parameters();
        Self { model, work, stop, evaluations: 0, scales, last: None }
    }

    /// The evaluation at x; free where the workspace holds it.
    pub fn evaluate(&mut self, x: &[f64]) -> Result<Evaluation> {
        self.check()?;
        if let Some((_, evaluation)) = self.last.as_ref().filter(|(at, _)| at == x) {
            return Ok(*evaluation);
        }
        self.evaluations += 1;
        self.last = None;
        let evaluation = self.model.evaluate(x, &mut self.work)?;
        self.last = Some((x.to_vec(), evaluation));
        Ok(evaluation)
    }

    fn check(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

impl Objective for LmmEvaluator<'_> {
    fn n_parameters(&self) -> usize {
        self.model.theta_map.n_parameters
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        Ok(self.evaluate(x)?.objective)
    }

    fn noise(&self) -> f64 {
        self.last.as_ref().map_or(0.0, |(_, evaluation)| evaluation.std_error)
    }

    /// At a scale of zero the criterion is level in it, whatever its curvature in the variance.
    fn regularize(&self, from: &[f64], x: &mut [f64]) {
        for &k in &self.scales {
            if x[k].abs() <= SMALLEST {
                x[k] = SMALLEST.copysign(from[k]);
            }
        }
    }

    fn settle(&self, x: &mut [f64]) {
        for &k in &self.scales {
            if x[k].abs() <= SMALLEST {
                x[k] = 0.0;
            }
        }
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.evaluate(x)?;
        let gradient = self.model.gradient(x, &mut self.work);
        let curvature = self.model.average_information(x, &self.work, &gradient);
        Ok((gradient.theta, curvature))
    }
}
