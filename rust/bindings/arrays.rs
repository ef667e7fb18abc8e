//! Arrays from Python, which the core keeps while Python goes on.

use numpy::ndarray::{ArrayView, Dimension};
use pyo3::prelude::*;

use super::errors::guard;
use crate::Error;
use crate::linalg::memory;

/// The values, row by row; what memory does not hold is an error, not the end of the process.
pub fn copied<T: Copy, D: Dimension>(py: Python<'_>, values: ArrayView<'_, T, D>) -> PyResult<Vec<T>> {
    let n = values.len();
    let room = || memory::room(n, 1).ok_or_else(|| Error::no_memory("another copy of the data", n, 1));
    let mut copy = guard(py, room)?;
    match values.as_slice() {
        Some(values) => copy.extend_from_slice(values),
        None => copy.extend(values.iter().copied()),
    }
    Ok(copy)
}
