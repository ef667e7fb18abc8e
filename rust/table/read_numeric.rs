//! Reads a batch of any numeric column as doubles; missing values become NaN.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::DataType;

use super::column::{Column, Piece};
use super::selection::Picks;

impl Column {
    /// out = the column's values in these rows; the column must be numeric, boolean or empty.
    pub fn read(&self, picks: Picks, out: &mut [f64]) {
        for piece in self.pieces(picks) {
            let out = &mut out[piece.offset..piece.offset + piece.picks.n_rows()];
            fill(&piece, out);
            blank_nulls(&piece, out);
        }
    }

    /// The value of one row.
    pub fn number(&self, row: usize) -> f64 {
        let mut out = [f64::NAN];
        self.read(Picks::Range(row..row + 1), &mut out);
        out[0]
    }
}

fn fill(piece: &Piece, out: &mut [f64]) {
    match piece.array.data_type() {
        DataType::Float64 => doubles(piece, out),
        DataType::Float32 => primitive::<Float32Type>(piece, out, f64::from),
        DataType::Float16 => primitive::<Float16Type>(piece, out, f64::from),
        DataType::Int8 => primitive::<Int8Type>(piece, out, f64::from),
        DataType::Int16 => primitive::<Int16Type>(piece, out, f64::from),
        DataType::Int32 => primitive::<Int32Type>(piece, out, f64::from),
        DataType::Int64 => primitive::<Int64Type>(piece, out, |v| v as f64),
        DataType::UInt8 => primitive::<UInt8Type>(piece, out, f64::from),
        DataType::UInt16 => primitive::<UInt16Type>(piece, out, f64::from),
        DataType::UInt32 => primitive::<UInt32Type>(piece, out, f64::from),
        DataType::UInt64 => primitive::<UInt64Type>(piece, out, |v| v as f64),
        DataType::Decimal32(_, s) => decimal::<Decimal32Type>(piece, out, *s, f64::from),
        DataType::Decimal64(_, s) => decimal::<Decimal64Type>(piece, out, *s, |v| v as f64),
        DataType::Decimal128(_, s) => decimal::<Decimal128Type>(piece, out, *s, |v| v as f64),
        DataType::Decimal256(_, s) => {
            // i256 has no cast to double; its text reads as one, correctly rounded.
            let double = |v: arrow_buffer::i256| v.to_string().parse().unwrap_or(f64::NAN);
            decimal::<Decimal256Type>(piece, out, *s, double);
        }
        DataType::Boolean => {
            let values = piece.array.as_boolean();
            piece.fill(out, |i| f64::from(u8::from(values.value(i))));
        }
        _ => out.fill(f64::NAN),
    }
}

fn doubles(piece: &Piece, out: &mut [f64]) {
    let values = piece.array.as_primitive::<Float64Type>().values();
    match &piece.picks {
        Picks::Range(rows) => out.copy_from_slice(&values[rows.start - piece.start..rows.end - piece.start]),
        Picks::Rows(_) => piece.fill(out, |i| values[i]),
    }
}

fn primitive<T: ArrowPrimitiveType>(piece: &Piece, out: &mut [f64], double: impl Fn(T::Native) -> f64) {
    let values = piece.array.as_primitive::<T>().values();
    piece.fill(out, |i| double(values[i]));
}

/// value / 10^scale, exact powers of ten up to 22.
fn decimal<T: ArrowPrimitiveType>(piece: &Piece, out: &mut [f64], scale: i8, double: impl Fn(T::Native) -> f64) {
    let power = 10f64.powi(i32::from(scale.unsigned_abs()));
    if scale >= 0 {
        primitive::<T>(piece, out, |v| double(v) / power);
    } else {
        primitive::<T>(piece, out, |v| double(v) * power);
    }
}

fn blank_nulls(piece: &Piece, out: &mut [f64]) {
    let Some(nulls) = piece.array.nulls().filter(|nulls| nulls.null_count() > 0) else { return };
    let mut values = out.iter_mut();
    piece.for_each(|i| {
        let value = values.next();
        if let (true, Some(value)) = (nulls.is_null(i), value) {
            *value = f64::NAN;
        }
    });
}
