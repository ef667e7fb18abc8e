//! Data frames as columns: Arrow streams without a copy, arrays with one.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, Schema};
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::arrays::copied;
use super::errors::{finish, guard, lock};
use crate::table::{self, Column, PlainValues, Table, TimeKind};
use crate::{Error, Result};

const STREAM: &CStr = c"arrow_array_stream";

/// Name, values, levels and whether their order was declared.
type PlainColumn<'py> = (String, Bound<'py, PyAny>, Option<Vec<String>>, bool);

/// What a data frame becomes: named columns of equal length.
#[pyclass(frozen, name = "Columns", module = "hlmrs._core")]
#[derive(Default)]
pub struct PyColumns(Mutex<Table>);

impl PyColumns {
    /// The columns so far; the data are shared.
    pub fn table(&self) -> Table {
        lock(&self.0).clone()
    }
}

#[pymethods]
impl PyColumns {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn add_arrow(&self, py: Python<'_>, stream: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(export) = stream.getattr_opt("__arrow_c_stream__")? else {
            let kind = stream.get_type().name()?;
            return Err(PyTypeError::new_err(format!("{kind} has no __arrow_c_stream__; it is no Arrow table")));
        };
        let capsule = export.call0()?;
        let stream = take_stream(capsule.cast::<PyCapsule>()?)?;
        let read = py.detach(|| catch_unwind(AssertUnwindSafe(|| read_stream(stream))));
        let (schema, batches) = finish(py, read)?;
        guard(py, || lock(&self.0).add_batches(&schema, &batches))
    }

    fn add_numeric(&self, py: Python<'_>, name: &str, values: PyReadonlyArray1<'_, f64>) -> PyResult<()> {
        let values = copied(py, values.as_array())?;
        guard(py, || lock(&self.0).add(table::numeric(name, values)))
    }

    /// 0 is false, 1 is true, anything else is missing.
    fn add_boolean(&self, py: Python<'_>, name: &str, values: PyReadonlyArray1<'_, u8>) -> PyResult<()> {
        let values = copied(py, values.as_array())?;
        guard(py, || lock(&self.0).add(table::boolean(name, &values)))
    }

    fn add_categorical(
        &self,
        py: Python<'_>,
        name: &str,
        codes: PyReadonlyArray1<'_, u32>,
        levels: Vec<String>,
        ordered: bool,
        declared: bool,
    ) -> PyResult<()> {
        // An ordered type says that the order was declared, and no more: contrasts are chosen by name.
        let declared = declared || ordered;
        let codes = copied(py, codes.as_array())?;
        guard(py, || lock(&self.0).add(table::categorical(name, &codes, &levels, declared)?))
    }

    /// Times in whole units of numpy's name; `kind` is "local", "instant", "duration" or "time of day" (of "us").
    fn add_times(
        &self,
        py: Python<'_>,
        name: &str,
        values: PyReadonlyArray1<'_, i64>,
        unit: &str,
        kind: &str,
    ) -> PyResult<()> {
        let values = copied(py, values.as_array())?;
        guard(py, || lock(&self.0).add(table::times(name, &values, unit, time_kind(name, kind)?)?))
    }

    /// The same columns, to add others to; the data are shared.
    fn copy(&self) -> Self {
        Self(Mutex::new(self.table()))
    }

    /// Every column, or the one of a name: its name, values, levels if the values are codes, and whether their order was
    /// declared.
    #[pyo3(signature = (only = None))]
    fn plain_values<'py>(&self, py: Python<'py>, only: Option<&str>) -> PyResult<Vec<PlainColumn<'py>>> {
        let table = self.table();
        let chosen: Vec<&Column> = table.columns().iter().filter(|c| only.is_none_or(|only| c.name == only)).collect();
        let columns = guard(py, || Ok(chosen.iter().map(|column| column.plain_values()).collect::<Vec<_>>()))?;
        let plain = |(column, values): (&Column, PlainValues)| {
            let name = column.name.clone();
            match values {
                PlainValues::Numbers(numbers) => (name, numbers.into_pyarray(py).into_any(), None, false),
                PlainValues::Booleans(truths) => (name, truths.into_pyarray(py).into_any(), None, false),
                PlainValues::Levels { codes, levels, declared } => {
                    (name, codes.into_pyarray(py).into_any(), Some(levels), declared)
                }
            }
        };
        Ok(chosen.into_iter().zip(columns).map(plain).collect())
    }

    /// Messages count rows from this one.
    fn begin_at(&self, first: usize) {
        lock(&self.0).begin_at(first);
    }

    #[getter]
    fn first(&self) -> usize {
        lock(&self.0).first()
    }

    #[getter]
    fn n_rows(&self) -> usize {
        lock(&self.0).n_rows()
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        lock(&self.0).names().map(String::from).collect()
    }
}

fn time_kind(column: &str, kind: &str) -> Result<TimeKind> {
    match kind {
        "local" => Ok(TimeKind::Local),
        "instant" => Ok(TimeKind::Instant),
        "duration" => Ok(TimeKind::Duration),
        "time of day" => Ok(TimeKind::OfDay),
        _ => Err(Error::Data(format!(
            "column '{column}' has times of the kind '{kind}'; the kinds are local, instant, duration and time of day"
        ))),
    }
}

/// Moves the stream out of its capsule, which is left released.
fn take_stream(capsule: &Bound<'_, PyCapsule>) -> PyResult<FFI_ArrowArrayStream> {
    let pointer = capsule
        .pointer_checked(Some(STREAM))
        .map_err(|_| PyTypeError::new_err("__arrow_c_stream__ did not return an Arrow stream"))?;
    // SAFETY: a capsule of this name holds a valid ArrowArrayStream, which its consumer moves.
    Ok(unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast()) })
}

fn read_stream(stream: FFI_ArrowArrayStream) -> Result<(Schema, Vec<RecordBatch>)> {
    let refuse = |e: ArrowError| Error::Data(format!("the data cannot be read as an Arrow table: {e}"));
    let reader = RecordBatchStreamReader::try_new(stream).map_err(refuse)?;
    let schema = reader.schema().as_ref().clone();
    let batches = reader.collect::<std::result::Result<Vec<RecordBatch>, _>>().map_err(refuse)?;
    batches.iter().try_for_each(check_contents)?;
    Ok((schema, batches))
}

/// Texts, views and keys of dictionaries lead to where they say; a stream does not promise that.
fn check_contents(batch: &RecordBatch) -> Result<()> {
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let is_plain = |kind: &DataType| kind.is_primitive() || matches!(kind, DataType::Boolean | DataType::Null);
        if is_plain(column.data_type()) {
            continue;
        }
        column.to_data().validate_full().map_err(|e| {
            Error::Data(format!(
                "column '{}' holds Arrow data that are not valid: {e}; write it again by a program that checks it",
                field.name()
            ))
        })?;
    }
    Ok(())
}
