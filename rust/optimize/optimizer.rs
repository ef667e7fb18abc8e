//! Defines what an objective must provide and what an optimizer returns.

use crate::Result;

/// A function to minimize.
pub trait Objective {
    fn n_parameters(&self) -> usize;
    /// The value at x.  `Numerical` errors mean "try elsewhere"; all others stop the search.
    fn value(&mut self, x: &[f64]) -> Result<f64>;
    /// Differences of values that are smaller say nothing, rounding left aside.
    fn noise(&self) -> f64 {
        0.0
    }
    /// Moves a trial point by less than matters, off points where the slope says too little; back to where the search
    /// is, in coordinates that are there already.
    fn regularize(&self, _from: &[f64], _x: &mut [f64]) {}
    /// Moves the end of a search by less than matters, onto what it is so close to.
    fn snap_to_bounds(&self, _x: &mut [f64]) {}
    /// Whether a search that has come to a point can end there, for where it leads is known.
    fn is_known(&self, _at: &Point) -> bool {
        false
    }
    /// Gradient and a symmetric curvature (n x n) at the x last valued.
    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)>;
}

/// A point of the search, with its slope.
#[derive(Debug, Clone)]
pub struct Point {
    pub x: Vec<f64>,
    pub value: f64,
    /// The noise of the value.
    pub noise: f64,
    pub gradient: Vec<f64>,
    pub curvature: Vec<f64>,
}

/// Why the search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The decrease still to be expected is below the tolerance.
    Converged,
    /// The limit of evaluations is reached.
    EvaluationLimit,
    /// Rounding hides any further decrease.
    NoProgress,
}

#[derive(Debug, Clone)]
pub struct Outcome {
    pub x: Vec<f64>,
    pub value: f64,
    pub stop: Stop,
    pub evaluations: usize,
    /// The slope at x, or so close that a model of it tells no difference; where one was computed.
    pub slope: Option<Point>,
}

#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The search ends when the decrease it still expects is below this, by a margin that an optimizer chooses.
    pub tolerance: f64,
    pub max_evaluations: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { tolerance: 1e-9, max_evaluations: 2000 }
    }
}
