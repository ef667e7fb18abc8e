//! A problem as something to minimize, that can be interrupted.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::objective::{Evaluation, Problem, Workspace};
use crate::optimize::Objective;
use crate::{Error, Result};

/// A search comes no closer to a scale of zero.
const SMALLEST: f64 = 1e-6;

pub struct Interruptible<'a> {
    pub problem: &'a Problem,
    pub work: Workspace,
    pub stop: &'a AtomicBool,
    pub evaluations: usize,
    scales: Vec<usize>,
    /// What the workspace holds.
    last: Option<(Vec<f64>, Evaluation)>,
}

impl<'a> Interruptible<'a> {
    pub fn new(problem: &'a Problem, stop: &'a AtomicBool) -> Self {
        Self::with_workspace(problem, problem.workspace(), stop)
    }

    /// The same, in a workspace of the problem.
    pub fn with_workspace(problem: &'a Problem, work: Workspace, stop: &'a AtomicBool) -> Self {
        let scales = problem.theta_map.scale_parameters();
        Self { problem, work, stop, evaluations: 0, scales, last: None }
    }

    /// The evaluation at x; free where the workspace holds it.
    pub fn evaluate(&mut self, x: &[f64]) -> Result<Evaluation> {
        self.check()?;
        if let Some((_, evaluation)) = self.last.as_ref().filter(|(at, _)| at == x) {
            return Ok(*evaluation);
        }
        self.evaluations += 1;
        self.last = None;
        let evaluation = self.problem.evaluate(x, &mut self.work)?;
        self.last = Some((x.to_vec(), evaluation));
        Ok(evaluation)
    }

    fn check(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

impl Objective for Interruptible<'_> {
    fn n_parameters(&self) -> usize {
        self.problem.theta_map.n_parameters
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
        let gradient = self.problem.gradient(x, &mut self.work);
        let curvature = self.problem.average_information(x, &self.work, &gradient);
        Ok((gradient.theta, curvature))
    }
}
