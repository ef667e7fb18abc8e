//! What encodes new data, and what it knows of a model, seen from Python.

use std::collections::BTreeMap;
use std::sync::Arc;

use numpy::{IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::IntoPyObject;
use pyo3::prelude::*;

use super::arrays::copied;
use super::columns::PyColumns;
use super::errors::guard;
use super::expression::model_tree;
use super::interrupt::run;
use super::layout::DesignLayout;
use super::new_rows::PyNewRows;
use super::statistics::no_group;
use crate::crossproduct::{cell_mapping, cell_starts, n_cell_columns};
use crate::design::{Encoding, Expression, NewRows, Variable};

/// What encodes new data; holds no rows.
#[pyclass(frozen, name = "Encoding", module = "hlmrs._core")]
pub struct PyEncoding(pub Arc<Encoding>);

/// A term of the fixed part: its variables, columns of X and of the cells.
#[derive(IntoPyObject)]
struct CellTerm<'a> {
    name: &'a str,
    numeric: Vec<usize>,
    categorical: Vec<usize>,
    coefficients: Vec<usize>,
    cells: (usize, usize),
}

impl PyEncoding {
    pub fn new(encoding: Encoding) -> Self {
        Self(Arc::new(encoding))
    }
}

#[pymethods]
impl PyEncoding {
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        Ok(Self::new(guard(py, || Encoding::from_json(text))?))
    }

    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || Ok(self.0.to_json()))
    }

    /// Names and numbers of levels; it counts no rows.
    fn layout<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let sizes = self.0.groups.iter().map(|group| vec![0; group.n_levels(&self.0.categories)]).collect::<Vec<_>>();
        Ok(DesignLayout::new(&self.0, &sizes, (0, 0, &BTreeMap::new())).into_pyobject(py)?.into_any())
    }

    fn without_given_offset(&self) -> Self {
        Self::new(self.0.without_given_offset())
    }

    fn with_columns_in_place_of(&self, names: Vec<String>) -> Self {
        Self::new(self.0.with_columns_in_place_of(&names))
    }

    #[getter]
    fn factor_levels(&self) -> BTreeMap<&str, &[String]> {
        self.0.factor_levels()
    }

    fn cell_terms(&self) -> Vec<CellTerm<'_>> {
        let (fixed, starts) = (&self.0.fixed, cell_starts(&self.0.fixed.layout));
        let is_numeric = |v: &usize| matches!(self.0.variables[*v], Variable::Numeric { .. });
        let term = |t: usize| {
            let (mut numeric, categorical): (Vec<_>, _) = fixed.plans[t].variables.iter().partition(|v| is_numeric(v));
            numeric.sort_unstable();
            let columns = fixed.layout.columns.iter().enumerate();
            CellTerm {
                name: &fixed.layout.terms[t].name,
                numeric,
                categorical,
                coefficients: columns.filter(|(_, column)| column.term == t).map(|(j, _)| j).collect(),
                cells: (starts[t], starts[t + 1]),
            }
        };
        (0..fixed.plans.len()).map(term).collect()
    }

    /// X = Z M, where Z has an indicator for every cell of every term.
    fn cell_mapping<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let layout = &self.0.fixed.layout;
        guard(py, || cell_mapping(layout))?.into_pyarray(py).reshape([n_cell_columns(layout), layout.columns.len()])
    }

    /// Names of the levels of a grouping factor.
    fn group_levels(&self, py: Python<'_>, group: usize) -> PyResult<Vec<String>> {
        let groups = &self.0.groups;
        let group = groups.get(group).ok_or_else(|| no_group(group, groups.len()))?;
        guard(py, || Ok(group.levels(&self.0.categories)))
    }

    /// Center and scale of what is standardized in the response, outer ones first.
    #[getter]
    fn response_scales(&self) -> Vec<(f64, f64)> {
        let mut scales = Vec::new();
        self.0.response.walk(&mut |part| {
            if let Expression::Standardize { center, scale, .. } = part {
                scales.push((*center, *scale));
            }
        });
        scales
    }

    fn expression<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(model_tree(py, &self.0)?.into_pyobject(py)?.into_any())
    }

    #[pyo3(signature = (columns, new_groups=false, used=None))]
    fn bind(
        &self,
        py: Python<'_>,
        columns: &PyColumns,
        new_groups: bool,
        used: Option<PyReadonlyArray1<'_, bool>>,
    ) -> PyResult<PyNewRows> {
        let (encoding, table) = (self.0.clone(), columns.table());
        let used = used.map(|used| copied(py, used.as_array())).transpose()?;
        Ok(PyNewRows(run(py, move || NewRows::bind_used(encoding, &table, new_groups, used.as_deref()))?))
    }

    /// Columns of the data that the fixed part and the offsets read.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.0.names_of(self.0.inputs_of_fixed())
    }

    /// Columns that a random term reads, its group's included.
    fn random_columns(&self, term: usize) -> Vec<&str> {
        if term < self.0.random.len() { self.0.names_of(self.0.inputs_of_term(term)) } else { vec![] }
    }
}
