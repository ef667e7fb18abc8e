//! Rust errors become the classes of `hlmrs.errors`, here and nowhere else; panics never cross.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard};

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError};

use crate::linalg::threads::{alone, pool};
use crate::{Error, Remedy, Result};

/// The value of a class, whatever a panic left of it.
pub fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Runs small work on the caller's thread without the GIL.
pub fn run_here<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(|| alone(work).map_err(refused)?)));
    finish(py, outcome)
}

/// The pool of `n` threads.
pub fn pool_of(py: Python<'_>, n: usize) -> PyResult<&'static ThreadPool> {
    guard(py, || pool(n).map_err(refused))
}

fn refused(error: ThreadPoolBuildError) -> Error {
    Error::Numerical(format!("the operating system refused threads ({error})")).unless(Remedy::FewerThreads)
}

/// Runs `work` that needs Python or takes no time.
pub fn guard<T>(py: Python<'_>, work: impl FnOnce() -> Result<T>) -> PyResult<T> {
    finish(py, catch_unwind(AssertUnwindSafe(work)))
}

/// Fails unless a condition holds.
pub fn require(py: Python<'_>, holds: bool, error: impl FnOnce() -> Error) -> PyResult<()> {
    if holds { Ok(()) } else { Err(to_python(py, error())) }
}

pub fn finish<T>(py: Python<'_>, outcome: std::thread::Result<Result<T>>) -> PyResult<T> {
    match outcome {
        Ok(result) => result.map_err(|e| to_python(py, e)),
        Err(panic) => Err(internal(py, panic.as_ref())),
    }
}

/// The argument that avoids an error.
fn argument(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::DropRows => "fill them in, or drop the rows with missing=\"drop\"",
        Remedy::GiveRows => "give the rows to learn it from as first=, or compute the column before the fit",
        Remedy::NameLevels => "name all levels in SufficientStatistics(levels=), or give rows that have them as first=",
        Remedy::PredictForPopulation => {
            "new_levels='population' takes the mean of a new group over its new rows, 'missing' leaves them out"
        }
        Remedy::FewerThreads => "give fewer in Control(n_threads=), or in the environment variable HLMRS_NUM_THREADS",
        Remedy::LeaveGroupsOut => "fit.influence(by=...) leaves groups out without it",
    }
}

/// The Python error of a Rust one.
pub fn to_python(py: Python<'_>, error: Error) -> PyErr {
    let (error, remedy) = match error {
        Error::Avoidable(error, remedy) => (*error, Some(remedy)),
        error => (error, None),
    };
    let class = match &error {
        Error::Interrupted => return PyKeyboardInterrupt::new_err(()),
        Error::Formula(_) => "FormulaError",
        Error::Data(_) => "DataError",
        Error::Design(_) => "DesignError",
        Error::OneLevel(_) => "OneLevelError",
        Error::Numerical(_) => "NumericalError",
        Error::Avoidable(..) => "HlmrsError",
    };
    raise(py, class, remedy.map_or(error.to_string(), |remedy| format!("{error}; {}", argument(remedy))))
}

fn internal(py: Python<'_>, panic: &(dyn Any + Send)) -> PyErr {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    raise(py, "HlmrsError", format!("internal error: {what}; please report it with the data that cause it"))
}

fn raise(py: Python<'_>, class: &str, message: String) -> PyErr {
    let error = py
        .import("hlmrs.errors")
        .and_then(|errors| errors.getattr(class))
        .and_then(|class| class.call1((message.as_str(),)));
    match error {
        Ok(error) => PyErr::from_value(error),
        // Without the Python package, as in tests of the extension alone.
        Err(_) => PyRuntimeError::new_err(message),
    }
}
