//! A problem as something to minimize, that can be interrupted.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::objective::{Problem, Workspace};
use crate::optimize::Objective;
use crate::{Error, Result};

pub struct Interruptible<'a> {
    pub problem: &'a Problem,
    pub work: Workspace,
    pub stop: &'a AtomicBool,
    pub evaluations: usize,
}

impl<'a> Interruptible<'a> {
    pub fn new(problem: &'a Problem, stop: &'a AtomicBool) -> Self {
        Self { problem, work: problem.workspace(), stop, evaluations: 0 }
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
        self.check()?;
        self.evaluations += 1;
        Ok(self.problem.evaluate(x, &mut self.work)?.objective)
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.check()?;
        let gradient = self.problem.gradient(x, &mut self.work);
        let curvature = self.problem.average_information(x, &self.work, &gradient);
        Ok((gradient.theta, curvature))
    }
}
