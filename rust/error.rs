//! What can go wrong, by stage.  A message names the column, the value and the fix.

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
    /// The arithmetic failed: a matrix that is not positive definite, a value that is not finite.
    #[error("{0}")]
    Numerical(String),
    /// The user stopped the computation.
    #[error("interrupted")]
    Interrupted,
}

pub type Result<T> = std::result::Result<T, Error>;
