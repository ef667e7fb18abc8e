//! Named columns of equal length: what a data frame becomes.

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use rustc_hash::FxHashMap;

use super::bytes::as_text;
use super::column::Column;
use super::label::shown;
use crate::{Error, Result};

/// The columns of a frame.  Cheap to clone: the data are shared.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    /// Known from the first column, or from batches without columns.
    n_rows: Option<usize>,
    index: FxHashMap<String, usize>,
    /// Number of the first row, where the table is a batch of a longer one.
    first: usize,
}

impl Table {
    pub fn n_rows(&self) -> usize {
        self.n_rows.unwrap_or(0)
    }

    /// Memory of the values, about.
    pub fn n_bytes(&self) -> usize {
        size_of::<f64>() * self.n_rows() * self.columns.len()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|c| c.name.as_str())
    }

    pub fn first(&self) -> usize {
        self.first
    }

    /// Messages count rows from this one.
    pub fn begin_at(&mut self, first: usize) {
        self.first = first;
        self.columns.iter_mut().for_each(|column| column.first = first);
    }

    /// Fails if the name is taken or the length differs.
    ///
    /// # Errors
    /// `Data` in these cases.
    pub fn add(&mut self, mut column: Column) -> Result<()> {
        column.first = self.first;
        let name = &column.name;
        if self.index.contains_key(name) {
            return Err(Error::Data(format!("the data have two columns named '{name}'; rename or drop one of them")));
        }
        if let Some(n_rows) = self.n_rows.filter(|&n| n != column.n_rows()) {
            return Err(Error::Data(format!(
                "{} has {} values, but the data have {n_rows} rows",
                plain_name(name),
                column.n_rows()
            )));
        }
        if u32::try_from(column.n_rows()).is_err() {
            return Err(Error::Data("the data have more than 4,294,967,295 rows".into()));
        }
        self.n_rows = Some(column.n_rows());
        self.index.insert(name.clone(), self.columns.len());
        self.columns.push(column);
        Ok(())
    }

    /// Adds the columns of a stream of record batches.
    ///
    /// # Errors
    /// `Data` where a name is taken, a length differs, or a type cannot be read.
    pub fn add_batches(&mut self, schema: &Schema, batches: &[RecordBatch]) -> Result<()> {
        if schema.fields().is_empty() && self.n_rows.is_none() {
            self.n_rows = Some(batches.iter().map(RecordBatch::num_rows).sum());
        }
        for (k, field) in schema.fields().iter().enumerate() {
            let chunks: Vec<_> = batches.iter().map(|batch| batch.column(k).clone()).collect();
            let chunks = as_text(&chunks).unwrap_or(chunks);
            let data_type = chunks.first().map_or(field.data_type(), |chunk| chunk.data_type()).clone();
            let column = Column::new(field.name(), chunks, data_type);
            // Polars numbers these categories as it meets them: the user declared no order.
            let by_appearance = field.metadata().keys().any(|key| key.starts_with("_PL_CATEGORICAL"));
            self.add(if by_appearance { column.undeclared() } else { column })?;
        }
        Ok(())
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn find(&self, name: &str) -> Option<&Column> {
        self.index.get(name).map(|&k| &self.columns[k])
    }

    /// The column, or an error that names the nearest one.
    ///
    /// # Errors
    /// `Data` where there is no such column.
    pub fn get(&self, name: &str) -> Result<&Column> {
        self.find(name).ok_or_else(|| {
            let hint = match nearest(name, self.names()) {
                Some(near) => format!("; did you mean '{near}'?"),
                None => format!("; the columns are {}", listed(self.names())),
            };
            Error::Data(format!("the data have no column '{name}'{hint}"))
        })
    }

    /// The columns `key[0]`, `key[1]`, ... of a matrix.
    ///
    /// # Errors
    /// `Data` where a column is missing or holds no numbers.
    pub fn matrix(&self, key: &str) -> Result<Vec<&Column>> {
        let columns: Vec<_> = (0..).map_while(|k| self.find(&format!("{key}[{k}]"))).collect();
        if columns.is_empty() {
            return Err(Error::Data(format!("the columns of '{key}' were not computed")));
        }
        Ok(columns)
    }
}

/// The name of a column in messages; arrays given beside the data have reserved names.
pub fn plain_name(name: &str) -> &str {
    match name {
        "(weights)" => "weights",
        "(offset)" => "offset",
        _ => name,
    }
}

/// `'a', 'b', ... and 7 more`
pub fn listed<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<_> = items.collect();
    let shown: Vec<_> = items.iter().take(10).map(|name| format!("'{}'", shown(name))).collect();
    match items.len() {
        0 => "none".into(),
        n if n > 10 => format!("{}, ... and {} more", shown.join(", "), n - 10),
        _ => shown.join(", "),
    }
}

/// The name that differs in at most a third of the letters from the one asked for, whatever their case.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = name.chars().count();
    let limit = (letters / 3).max(usize::from(letters > 1));
    names
        .filter(|other| other.len().abs_diff(name.len()) <= 4 * limit && name.len() < 200)
        .map(|other| (distance(&name.to_lowercase(), &other.to_lowercase()), other))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, other)| other)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
    (0..=a.len()).for_each(|i| d[i][0] = i);
    (0..=b.len()).for_each(|j| d[0][j] = j);
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            d[i][j] = change.min(d[i - 1][j] + 1).min(d[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                d[i][j] = d[i][j].min(d[i - 2][j - 2] + 1);
            }
        }
    }
    d[a.len()][b.len()]
}

/// A column of doubles; NaN is missing.
pub fn numeric(name: &str, values: Vec<f64>) -> Column {
    let array = arrow_array::Float64Array::from(values);
    Column::new(name, vec![std::sync::Arc::new(array)], DataType::Float64)
}

/// A column of truth values: 0 is false, 1 is true, anything else is missing.
pub fn boolean(name: &str, values: &[u8]) -> Column {
    let array: arrow_array::BooleanArray = values.iter().map(|v| (*v < 2).then_some(*v == 1)).collect();
    Column::new(name, vec![std::sync::Arc::new(array)], DataType::Boolean)
}

/// A column of codes into levels; `NO_LEVEL` is missing.
///
/// # Errors
/// `Data` where a code has no level.
pub fn categorical(name: &str, codes: &[u32], levels: &[String], declared: bool) -> Result<Column> {
    use arrow_array::{DictionaryArray, StringArray, UInt32Array, types::UInt32Type};
    let missing = super::levels::NO_LEVEL;
    if let Some(row) = codes.iter().position(|&c| c != missing && c as usize >= levels.len()) {
        return Err(Error::Data(format!(
            "column '{name}': code {} at row {row} is not below the number of levels, {}",
            codes[row],
            levels.len()
        )));
    }
    let keys: UInt32Array = codes.iter().map(|&c| (c != missing).then_some(c)).collect();
    let values = StringArray::from_iter_values(levels);
    let array = DictionaryArray::<UInt32Type>::try_new(keys, std::sync::Arc::new(values))
        .map_err(|e| Error::Data(format!("column '{name}': {e}")))?;
    let data_type = arrow_array::Array::data_type(&array).clone();
    let column = Column::new(name, vec![std::sync::Arc::new(array)], data_type);
    Ok(if declared { column } else { column.undeclared() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_column_is_answered_with_the_nearest() {
        let mut table = Table::default();
        for name in ["Reaction", "Days", "Subject"] {
            table.add(numeric(name, vec![1.0])).unwrap();
        }
        let message = |name: &str| table.get(name).unwrap_err().to_string();
        assert!(message("days").contains("did you mean 'Days'?"));
        assert!(message("Raection").contains("did you mean 'Reaction'?"));
        assert!(message("zzz").contains("the columns are 'Reaction', 'Days', 'Subject'"));
    }

    #[test]
    fn a_name_twice_or_another_length_is_refused() {
        let mut table = Table::default();
        table.add(numeric("x", vec![1.0])).unwrap();
        assert!(table.add(numeric("x", vec![1.0])).unwrap_err().to_string().contains("two columns"));
        assert!(table.add(numeric("z", vec![1.0, 2.0])).unwrap_err().to_string().contains("2 values"));
    }
}
