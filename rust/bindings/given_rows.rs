//! New rows that Python gives as arrays.

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::arrays::copied;
use crate::fit::Fit;
use crate::fit::predict::{TermRows, UNSEEN};

/// z (m x r) and codes (m) of a random term, None to leave it out.
pub type TermInput<'py> = Option<(PyReadonlyArray2<'py, f64>, PyReadonlyArray1<'py, u32>)>;

/// Arrays of new rows, checked against a fit.
pub struct GivenRows {
    pub x: Vec<f64>,
    pub m: usize,
    arrays: Vec<Option<(Vec<f64>, Vec<u32>)>>,
}

impl GivenRows {
    pub fn read(fit: &Fit, x: &PyReadonlyArray2<'_, f64>, terms: &[TermInput<'_>]) -> PyResult<Self> {
        let (m, py) = (x.as_array().nrows(), x.py());
        let x = copied(py, x.as_array())?;
        let map = &fit.model.theta_map;
        if terms.len() != map.terms.len() || x.len() != m * fit.beta.len() {
            return Err(PyValueError::new_err("one entry per random term and one column per coefficient are needed"));
        }
        let mut arrays = Vec::new();
        for (t, (term, layout)) in terms.iter().zip(&map.terms).enumerate() {
            let Some((z, codes)) = term else {
                arrays.push(None);
                continue;
            };
            let z = copied(py, z.as_array())?;
            let codes = copied(py, codes.as_array())?;
            let levels = fit.modes.b[layout.block].len() / map.widths[layout.block];
            let known = codes.iter().all(|&c| c == UNSEEN || (c as usize) < levels);
            if z.len() != m * layout.width || codes.len() != m || !known {
                return Err(PyValueError::new_err(format!("random term {t}: z or codes do not fit the rows")));
            }
            arrays.push(Some((z, codes)));
        }
        Ok(Self { x, m, arrays })
    }

    pub fn terms(&self) -> Vec<Option<TermRows<'_>>> {
        self.arrays.iter().map(|t| t.as_ref().map(|(z, codes)| TermRows { z, codes })).collect()
    }
}
