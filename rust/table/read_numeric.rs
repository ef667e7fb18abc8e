//! Reads a batch of any numeric column as doubles; missing values become NaN.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::DataType;

use super::column::{ChunkIndices, Column};
use super::selection::Picks;

impl Column {
    /// out = the column's values in these rows; the column must be numeric, boolean or empty.
    pub fn read(&self, picks: &Picks, out: &mut [f64]) {
        for piece in self.pieces(picks) {
            let out = &mut out[piece.offset..piece.offset + piece.at.len()];
            fill(piece.array.as_ref(), &piece.at, out);
            blank_nulls(piece.array.as_ref(), &piece.at, out);
        }
    }

    /// The value of one row.
    pub fn number(&self, row: usize) -> f64 {
        let mut out = [f64::NAN];
        self.read(&Picks::Range(row..row + 1), &mut out);
        out[0]
    }
}

fn fill(array: &dyn Array, at: &ChunkIndices, out: &mut [f64]) {
    match array.data_type() {
        DataType::Float64 => doubles(array, at, out),
        DataType::Float32 => primitive::<Float32Type>(array, at, out, f64::from),
        DataType::Float16 => primitive::<Float16Type>(array, at, out, f64::from),
        DataType::Int8 => primitive::<Int8Type>(array, at, out, f64::from),
        DataType::Int16 => primitive::<Int16Type>(array, at, out, f64::from),
        DataType::Int32 => primitive::<Int32Type>(array, at, out, f64::from),
        DataType::Int64 => primitive::<Int64Type>(array, at, out, |v| v as f64),
        DataType::UInt8 => primitive::<UInt8Type>(array, at, out, f64::from),
        DataType::UInt16 => primitive::<UInt16Type>(array, at, out, f64::from),
        DataType::UInt32 => primitive::<UInt32Type>(array, at, out, f64::from),
        DataType::UInt64 => primitive::<UInt64Type>(array, at, out, |v| v as f64),
        DataType::Decimal32(_, s) => decimal::<Decimal32Type>(array, at, out, *s, f64::from),
        DataType::Decimal64(_, s) => decimal::<Decimal64Type>(array, at, out, *s, |v| v as f64),
        DataType::Decimal128(_, s) => decimal::<Decimal128Type>(array, at, out, *s, |v| v as f64),
        DataType::Decimal256(_, s) => {
            // i256 has no cast to double; its text reads as one, correctly rounded.
            let double = |v: arrow_buffer::i256| v.to_string().parse().unwrap_or(f64::NAN);
            decimal::<Decimal256Type>(array, at, out, *s, double);
        }
        DataType::Boolean => {
            let values = array.as_boolean();
            at.fill(out, |i| f64::from(u8::from(values.value(i))));
        }
        _ => out.fill(f64::NAN),
    }
}

fn doubles(array: &dyn Array, at: &ChunkIndices, out: &mut [f64]) {
    let values = array.as_primitive::<Float64Type>().values();
    match at {
        ChunkIndices::Range(range) => out.copy_from_slice(&values[range.clone()]),
        ChunkIndices::Rows { .. } => at.fill(out, |i| values[i]),
    }
}

fn primitive<T: ArrowPrimitiveType>(
    array: &dyn Array,
    at: &ChunkIndices,
    out: &mut [f64],
    double: impl Fn(T::Native) -> f64,
) {
    let values = array.as_primitive::<T>().values();
    at.fill(out, |i| double(values[i]));
}

/// value / 10^scale, exact powers of ten up to 22.
fn decimal<T: ArrowPrimitiveType>(
    array: &dyn Array,
    at: &ChunkIndices,
    out: &mut [f64],
    scale: i8,
    double: impl Fn(T::Native) -> f64,
) {
    let power = 10f64.powi(i32::from(scale.unsigned_abs()));
    if scale >= 0 {
        primitive::<T>(array, at, out, |v| double(v) / power);
    } else {
        primitive::<T>(array, at, out, |v| double(v) * power);
    }
}

fn blank_nulls(array: &dyn Array, at: &ChunkIndices, out: &mut [f64]) {
    let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) else { return };
    let mut values = out.iter_mut();
    at.for_each(|i| {
        let value = values.next();
        if let (true, Some(value)) = (nulls.is_null(i), value) {
            *value = f64::NAN;
        }
    });
}
