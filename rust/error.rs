//! What can go wrong, by stage.  A message names the column, the value and the fix.

use std::sync::atomic::{AtomicBool, Ordering};

/// A failure of one stage.  Outcomes (a singular fit, a stopped search) are values, not errors.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The formula asks for something the language does not have.
    #[error("{0}")]
    Formula(String),
    /// A column is missing, or holds values that cannot be used.
    #[error("{0}")]
    Data(String),
    /// The columns are fine, but no model can be built from them.
    #[error("{0}")]
    Design(String),
    /// A grouping factor has one level in the rows used.
    #[error("grouping factor '{0}' has one level; a variance between levels of '{0}' cannot be estimated")]
    OneLevel(String),
    /// The arithmetic failed: a matrix that is not positive definite, a value that is not finite.
    #[error("{0}")]
    Numerical(String),
    /// The user stopped the computation.
    #[error("interrupted")]
    Interrupted,
    /// A failure that another choice of the caller's avoids.
    #[error("{0}; {1}")]
    Avoidable(Box<Error>, Remedy),
}

/// What the caller can choose instead; whoever offers arguments for it names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Remedy {
    #[error("fill them in, or drop the rows")]
    DropRows,
    #[error("give rows to learn it from, or compute the column before the fit")]
    GiveRows,
    #[error("name all levels beforehand, or give rows that have them")]
    NameLevels,
    #[error("predictions for the population take the means of new groups over the new rows")]
    PredictForPopulation,
    #[error("the influence of whole groups does without it")]
    LeaveGroupsOut,
    #[error("ask for fewer")]
    FewerThreads,
}

impl Error {
    /// Memory does not hold `what`, an array of this size.
    pub fn no_memory(what: &str, rows: usize, columns: usize) -> Self {
        let of = if columns == 1 { String::new() } else { format!(" times {columns}") };
        Self::Data(format!("memory does not hold {what} ({rows}{of} numbers); take fewer at a time"))
    }

    /// The error with what avoids it.
    pub fn unless(self, remedy: Remedy) -> Self {
        Self::Avoidable(Box::new(self), remedy)
    }
}

/// # Errors
/// `Interrupted` when `stop` is set.
pub fn check_stop(stop: &AtomicBool) -> Result<()> {
    if stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
}

/// None where the arithmetic failed.
///
/// # Errors
/// All but `Numerical`.
pub fn computed<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Numerical(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

pub type Result<T> = std::result::Result<T, Error>;
