//! What is saved, between Python and Rust: a text and a dict of arrays.

use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::saved::{Arrays, Saved};

pub type PySaved<'py> = (String, Bound<'py, PyDict>);

pub fn to_python(py: Python<'_>, saved: Saved) -> PyResult<PySaved<'_>> {
    let arrays = PyDict::new(py);
    for (name, values) in saved.arrays {
        arrays.set_item(name, values.into_pyarray(py))?;
    }
    Ok((saved.meta, arrays))
}

pub fn from_python(meta: &str, arrays: &Bound<'_, PyDict>) -> PyResult<Saved> {
    let mut named = Arrays::new();
    for (name, values) in arrays.iter() {
        let values: PyReadonlyArray1<f64> = values.extract()?;
        named.insert(name.extract()?, values.as_array().iter().copied().collect());
    }
    Ok(Saved { meta: meta.into(), arrays: named })
}
