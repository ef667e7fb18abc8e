//! A verdict as a record for Python.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::fit::Verdict;

pub fn verdict_dict<'py>(py: Python<'py>, verdict: &Verdict) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("status", verdict.status.name())?;
    out.set_item("reason", &verdict.reason)?;
    out.set_item("evaluations", verdict.evaluations)?;
    out.set_item("expected_decrease", verdict.expected_decrease)?;
    let boundary = PyList::empty(py);
    for space in &verdict.boundary {
        let entry = PyDict::new(py);
        entry.set_item("term", space.term)?;
        entry.set_item("rank", space.rank)?;
        entry.set_item("directions", &space.directions)?;
        boundary.append(entry)?;
    }
    out.set_item("boundary", boundary)?;
    out.set_item("independent", &verdict.independent)?;
    out.set_item("flat", &verdict.flat.terms)?;
    out.set_item("redundant", verdict.flat.redundant)?;
    out.set_item("sigma_vanishes", verdict.sigma_vanishes)?;
    out.set_item("tried", verdict.tried)?;
    Ok(out)
}
