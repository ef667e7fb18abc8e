//! Sufficient statistics, seen from Python.

use std::collections::BTreeMap;
use std::sync::Arc;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::columns::PyColumns;
use super::encoding::PyEncoding;
use super::errors::guard;
use super::fit::PyFit;
use super::interrupt::{run, run_interruptible};
use super::layout::DesignLayout;
use super::levels::known;
use super::model::{PyModel, criterion, scale};
use super::saved::{PySaved, from_python, to_python};
use super::shared::Shared;
use crate::crossproduct::{FinishedStatistics, RowCounts, Statistics};
use crate::design::{Encoding, ModelSpec, Options, StreamingModel};
use crate::model::{Lmm, Scale, build};
use crate::residual::ResidualInput;

/// Sums over rows that grow batch by batch; no row is kept.
#[pyclass(frozen, name = "Statistics", module = "hlmrs._core")]
pub struct PyStatistics(Shared<Statistics>);

/// Statistics in their final order: what a fit is made from.
#[pyclass(frozen, name = "FinishedStatistics", module = "hlmrs._core")]
pub struct PyFinishedStatistics {
    finished: FinishedStatistics,
    /// By REML; it holds the cross-products.
    model: Arc<Lmm>,
}

impl PyStatistics {
    pub fn new(statistics: Statistics) -> Self {
        Self(Shared::new(statistics))
    }
}

#[pymethods]
impl PyStatistics {
    #[new]
    fn open(py: Python<'_>, spec: &str, columns: &PyColumns, options: &str, learned: &str) -> PyResult<Self> {
        let table = columns.table();
        let read = || Ok((ModelSpec::from_json(spec)?, Options::from_json(options)?, known(learned)?));
        let (spec, options, learned) = guard(py, read)?;
        let (model, registry) = run(py, move || StreamingModel::build(&spec, &table, &options, &learned))?;
        Ok(Self::new(Statistics::new(model, registry)))
    }

    fn update(&self, py: Python<'_>, columns: &PyColumns) -> PyResult<()> {
        let (table, mut statistics) = (columns.table(), self.0.take(py)?);
        run_interruptible(py, 0, move |stop| statistics.push(&table, stop))
    }

    /// Adds `other`, without a copy unless it is the same object.
    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        if self.0.is_same(&other.0) {
            let mut mine = self.0.take(py)?;
            return run_interruptible(py, 0, move |stop| {
                let copy = mine.clone();
                mine.merge(&copy, stop)
            });
        }
        let (mut mine, theirs) = self.0.take_both(&other.0, py)?;
        run_interruptible(py, 0, move |stop| mine.merge(&theirs, stop))
    }

    fn copy(&self, py: Python<'_>) -> PyResult<Self> {
        Ok(Self::new(self.0.read(py, Statistics::clone)?))
    }

    fn empty(&self, py: Python<'_>) -> PyResult<Self> {
        Ok(Self::new(self.0.read(py, Statistics::emptied)?))
    }

    /// What a fit kept of its rows.
    #[staticmethod]
    #[allow(clippy::too_many_arguments)]
    fn of_fit(
        py: Python<'_>,
        fit: &PyFit,
        encoding: &PyEncoding,
        options: &str,
        n_rows_input: usize,
        dropped: BTreeMap<String, usize>,
        counts: Vec<Vec<u64>>,
        moments: Vec<Vec<f64>>,
    ) -> PyResult<Self> {
        fit.plain(py, "statistics of its rows")?;
        let a = fit.cross_products();
        // the response of a fit varies
        let range = Some((f64::NEG_INFINITY, f64::INFINITY));
        let counts = RowCounts { n_obs: a.n_obs, n_rows_input, dropped, range, by_level: counts };
        let (options, encoding) = (guard(py, || Options::from_json(options))?, encoding.0.clone());
        let build = move || Ok(Statistics::of_fit((*encoding).clone(), &options, &a, counts, moments));
        Ok(Self::new(run(py, build)?))
    }

    /// By column whose levels do not grow, those that no row has had.
    #[getter]
    fn unseen_levels(&self, py: Python<'_>) -> PyResult<BTreeMap<String, Vec<String>>> {
        self.0.read(py, |statistics| {
            let unseen = statistics.open.unseen(&statistics.registry);
            unseen.map(|(name, levels)| (name.into(), levels.into_iter().map(String::from).collect())).collect()
        })
    }

    #[getter]
    fn n_rows(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.read(py, |statistics| statistics.counts.n_obs)
    }

    #[getter]
    fn n_rows_input(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.read(py, |statistics| statistics.counts.n_rows_input)
    }

    #[getter]
    fn n_bytes(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.read(py, Statistics::n_bytes)
    }

    fn finish(&self, py: Python<'_>) -> PyResult<PyFinishedStatistics> {
        finished(py, self.0.read(py, Statistics::clone)?)
    }

    /// The same, without a copy: these statistics are empty afterwards.
    fn take_finished(&self, py: Python<'_>) -> PyResult<PyFinishedStatistics> {
        let mut here = self.0.take(py)?;
        let empty = here.emptied();
        let statistics = std::mem::replace(&mut *here, empty);
        drop(here);
        finished(py, statistics)
    }

    fn state<'py>(&self, py: Python<'py>) -> PyResult<PySaved<'py>> {
        to_python(py, self.0.read(py, Statistics::saved)?)
    }

    #[staticmethod]
    fn from_state(py: Python<'_>, meta: &str, arrays: &Bound<'_, PyDict>) -> PyResult<Self> {
        let saved = from_python(meta, arrays)?;
        Ok(Self::new(run(py, move || Statistics::from_saved(saved))?))
    }
}

/// The model of statistics of strata of the rows; `scale` has their columns of log sd (a row each), which `names` names.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn strata_model(
    py: Python<'_>,
    strata: Vec<PyRef<'_, PyStatistics>>,
    scale: PyReadonlyArray2<'_, f64>,
    names: Vec<String>,
    offset: Vec<f64>,
    reml: bool,
    sigma: Option<f64>,
) -> PyResult<(PyFinishedStatistics, PyModel)> {
    let parts = strata.iter().map(|one| one.0.read(py, Statistics::clone)).collect::<PyResult<Vec<_>>>()?;
    let input = ResidualInput {
        scale: scale.as_array().iter().copied().collect(),
        scale_names: names,
        offset,
        knows_sigma: sigma.is_some(),
        ..ResidualInput::of_rows(parts.len())
    };
    guard(py, || input.check_sizes())?;
    let (finished, model) = run_interruptible(py, 0, move |stop| {
        let (finished, a, parts) = Statistics::finish_parts(&parts, stop)?;
        let known = sigma.map_or(Scale::Profiled, |sigma| Scale::Known(sigma.powi(2)));
        let model = build::of_strata(&finished, (a, parts), &input, criterion(reml), known)?;
        Ok((finished, model))
    })?;
    let model = Arc::new(model);
    Ok((PyFinishedStatistics { finished, model: model.clone() }, PyModel(model)))
}

fn finished(py: Python<'_>, statistics: Statistics) -> PyResult<PyFinishedStatistics> {
    let (finished, model) = run(py, move || {
        let (finished, a) = statistics.finish()?;
        let model = build::of_statistics(&finished, a, criterion(true))?;
        Ok((finished, model))
    })?;
    Ok(PyFinishedStatistics { finished, model: Arc::new(model) })
}

pub(super) fn no_group(index: usize, n: usize) -> PyErr {
    PyIndexError::new_err(format!("there are {n} grouping factors, none has index {index}"))
}

#[pymethods]
impl PyFinishedStatistics {
    #[pyo3(signature = (reml, sigma = None))]
    fn model(&self, py: Python<'_>, reml: bool, sigma: Option<f64>) -> PyResult<PyModel> {
        guard(py, || build::check_statistics(&self.finished, scale(sigma)))?;
        Ok(match (reml, sigma) {
            (true, None) => PyModel(self.model.clone()),
            _ => PyModel(Arc::new(self.model.with_criterion(criterion(reml)).with_scale(scale(sigma)))),
        })
    }

    fn layout<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let RowCounts { n_obs, n_rows_input, dropped, by_level, .. } = &self.finished.counts;
        let record = DesignLayout::new(&self.finished.encoding, by_level, (*n_obs, *n_rows_input, dropped));
        Ok(record.into_pyobject(py)?.into_any())
    }

    fn group_levels(&self, py: Python<'_>, group: usize) -> PyResult<Vec<String>> {
        let Encoding { groups, categories, .. } = &self.finished.encoding;
        let group = groups.get(group).ok_or_else(|| no_group(group, groups.len()))?;
        guard(py, || Ok(group.levels(categories)))
    }

    fn moments<'py>(&self, py: Python<'py>, term: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let all = &self.finished.moments;
        let moments = all.get(term).ok_or_else(|| PyIndexError::new_err(format!("there is no random term {term}")))?;
        let r = moments.len().isqrt();
        moments.clone().into_pyarray(py).reshape([r, r])
    }

    fn group_rows<'py>(&self, py: Python<'py>, group: usize) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let all = &self.finished.counts.by_level;
        let rows = all.get(group).ok_or_else(|| no_group(group, all.len()))?;
        Ok(rows.iter().map(|&n| n as i64).collect::<Vec<_>>().into_pyarray(py))
    }

    fn encoding(&self) -> PyEncoding {
        PyEncoding::new(self.finished.encoding.clone())
    }
}
