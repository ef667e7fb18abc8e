//! What can be estimated: a criterion with its gradient and curvature, a start, and what an optimum says.

pub mod build;
pub mod covariance_prior;
pub mod curvature;
pub mod generalized;
pub mod linear;
pub mod parameters;

use std::sync::atomic::AtomicBool;

pub use covariance_prior::CovariancePrior;
pub use generalized::{Glmm, GlmmEvaluator};
pub use linear::{
    AtResidual, CoefficientPrior, CombinationRows, Criterion, DataFootprint, Held, HeldParameter, LinearTerms, Lmm,
    LmmEvaluator, NormalCombination, Scale, Strata, Workspace, level_columns,
};
pub use parameters::{Parameter, Parameters};

use crate::Result;
use crate::optimize::Objective;
use crate::rows::StoredRows;

/// A model of given data.  Immutable, shared by threads.
pub trait Model: Send + Sync {
    /// Where a search begins.
    ///
    /// # Errors
    /// `Interrupted` when `stop` is set.
    fn start(&self, stop: &AtomicBool) -> Result<Vec<f64>>;

    /// The criterion for one thread; its errors are `Interrupted` once `stop` is set.
    fn evaluator<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Evaluator + 'a>;
}

/// The criterion on one thread.  Owns its workspace, and knows where it was evaluated last.
pub trait Evaluator: Objective + Send {
    /// What the first coordinates are.
    fn parameters(&self) -> Parameters<'_>;

    /// Evaluations so far.
    fn evaluations(&self) -> usize;

    /// How far the criterion can be trusted at x.
    ///
    /// # Errors
    /// Those of `value`.
    fn accuracy(&mut self, x: &[f64]) -> Result<Accuracy>;

    /// Floating-point operations of an evaluation, about.
    fn flops(&self) -> f64;

    /// The gradient alone.
    ///
    /// # Errors
    /// Those of `value`.
    fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>>;

    /// The gradient, and a Gram matrix of what a change of each parameter does, with null directions at any x where changes
    /// make up for each other; the curvature at an optimum.
    ///
    /// # Errors
    /// Those of `value`.
    fn information(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.value(x)?;
        self.slope(x)
    }

    /// The exact curvature where it has a closed form.
    ///
    /// # Errors
    /// Those of `value`.
    fn exact_curvature(&mut self, _x: &[f64]) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }

    /// Where a search ended: None for one more, which begins there, else where it is to end.
    ///
    /// # Errors
    /// `Design` where parameters that are held cannot have their values together.
    fn settle(&mut self, x: &[f64]) -> Result<Option<Vec<f64>>> {
        Ok(Some(x.to_vec()))
    }

    /// Another response to the same rows; the model and other evaluators of it keep theirs.
    ///
    /// # Errors
    /// `Data` for responses that the model cannot have.
    fn set_response(&mut self, rows: &StoredRows, y: &[f64]) -> Result<()>;

    /// β and σ at x.
    ///
    /// # Errors
    /// Those of `value`; `Numerical` where x says nothing of a coefficient.
    fn estimates(&mut self, x: &[f64]) -> Result<Estimates>;
}

/// How far a criterion can be trusted at a point.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Accuracy {
    /// Error of the criterion by rounding.
    pub rounding: f64,
    /// Its standard error, where it is estimated.
    pub std_error: f64,
    /// Error of σ² by rounding, relative.
    pub variance: f64,
}

/// What follows from the free coordinates: β in the working basis, and σ.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    pub beta: Vec<f64>,
    pub sigma: f64,
}
