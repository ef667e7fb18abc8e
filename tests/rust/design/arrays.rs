//! Arrow arrays of every type from plain values.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};

type Values = [Option<i64>];
type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// Whole numbers as a numeric type; decimals keep their value, whatever their scale.
pub fn numbers(values: &Values, data_type: &DataType) -> ArrayRef {
    macro_rules! whole {
        ($type:ty, $convert:expr) => {
            Arc::new(
                values
                    .iter()
                    .map(|v| v.map($convert))
                    .collect::<PrimitiveArray<$type>>()
                    .with_data_type(data_type.clone()),
            )
        };
    }
    let power = |scale: i8| 10i64.pow(scale.unsigned_abs().into());
    match data_type {
        DataType::Int8 => whole!(Int8Type, |v| v as i8),
        DataType::Int16 => whole!(Int16Type, |v| v as i16),
        DataType::Int32 => whole!(Int32Type, |v| v as i32),
        DataType::Int64 => whole!(Int64Type, |v| v),
        DataType::UInt8 => whole!(UInt8Type, |v| v as u8),
        DataType::UInt16 => whole!(UInt16Type, |v| v as u16),
        DataType::UInt32 => whole!(UInt32Type, |v| v as u32),
        DataType::UInt64 => whole!(UInt64Type, |v| v as u64),
        DataType::Float16 => whole!(Float16Type, |v| Half::from_f64(v as f64)),
        DataType::Float32 => whole!(Float32Type, |v| v as f32),
        DataType::Float64 => whole!(Float64Type, |v| v as f64),
        DataType::Decimal32(_, s) => whole!(Decimal32Type, |v| (v * power(*s)) as i32),
        DataType::Decimal64(_, s) => whole!(Decimal64Type, |v| v * power(*s)),
        DataType::Decimal128(_, s) => whole!(Decimal128Type, |v| i128::from(v * power(*s))),
        DataType::Decimal256(_, s) => whole!(Decimal256Type, |v| i256::from_i128((v * power(*s)).into())),
        DataType::Date32 => whole!(Date32Type, |v| v as i32),
        DataType::Date64 => whole!(Date64Type, |v| v),
        DataType::Time32(TimeUnit::Second) => whole!(Time32SecondType, |v| v as i32),
        DataType::Time64(TimeUnit::Nanosecond) => whole!(Time64NanosecondType, |v| v),
        DataType::Timestamp(TimeUnit::Second, _) => whole!(TimestampSecondType, |v| v),
        DataType::Timestamp(TimeUnit::Millisecond, _) => whole!(TimestampMillisecondType, |v| v),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => whole!(TimestampNanosecondType, |v| v),
        DataType::Duration(TimeUnit::Microsecond) => whole!(DurationMicrosecondType, |v| v),
        other => panic!("no numbers of type {other}"),
    }
}

/// Texts in an encoding; dictionaries hold an unused value, and every value twice.
pub fn texts(values: &[Option<String>], data_type: &DataType) -> ArrayRef {
    match data_type {
        DataType::Utf8 => Arc::new(StringArray::from_iter(values)),
        DataType::LargeUtf8 => Arc::new(LargeStringArray::from_iter(values)),
        DataType::Utf8View => Arc::new(StringViewArray::from_iter(values)),
        DataType::Dictionary(key, _) => {
            let mut distinct: Vec<String> = values.iter().flatten().cloned().collect();
            distinct.sort();
            distinct.dedup();
            let n = distinct.len();
            let unused = "unused".to_string();
            let entries = distinct.iter().chain([&unused]).chain(&distinct).cloned();
            let entries: StringArray = entries.map(Some).collect();
            let place = |(i, v): (usize, &Option<String>)| {
                let k = distinct.binary_search(v.as_ref()?).ok()?;
                Some(if i % 2 == 0 { k } else { k + n + 1 } as i64)
            };
            let keys: Vec<_> = values.iter().enumerate().map(place).collect();
            dictionary(&keys, key, Arc::new(entries))
        }
        other => panic!("no texts of type {other}"),
    }
}

/// A dictionary-encoded array.
pub fn dictionary(keys: &Values, key: &DataType, entries: ArrayRef) -> ArrayRef {
    macro_rules! keyed {
        ($type:ty, $native:ty) => {{
            let keys: PrimitiveArray<$type> = keys.iter().map(|k| k.map(|k| k as $native)).collect();
            Arc::new(DictionaryArray::<$type>::try_new(keys, entries).unwrap())
        }};
    }
    match key {
        DataType::Int8 => keyed!(Int8Type, i8),
        DataType::Int16 => keyed!(Int16Type, i16),
        DataType::Int32 => keyed!(Int32Type, i32),
        DataType::Int64 => keyed!(Int64Type, i64),
        DataType::UInt8 => keyed!(UInt8Type, u8),
        DataType::UInt16 => keyed!(UInt16Type, u16),
        DataType::UInt32 => keyed!(UInt32Type, u32),
        _ => keyed!(UInt64Type, u64),
    }
}

pub const EXOTIC: usize = 24;

/// An array of the k-th type that users have, or that nobody should have.
pub fn exotic(values: &Values, k: usize) -> ArrayRef {
    let to = |data_type: DataType| numbers(values, &data_type);
    let words: Vec<_> = values.iter().map(|v| v.map(|v| v.to_string())).collect();
    let n = values.len();
    let keys: Vec<_> = values.iter().enumerate().map(|(i, v)| v.map(|_| i as i64)).collect();
    match k {
        0 => Arc::new(NullArray::new(n)),
        1 => Arc::new(values.iter().map(|v| v.map(|v| v > 99)).collect::<BooleanArray>()),
        2 => to(DataType::Date32),
        3 => to(DataType::Date64),
        4 => to(DataType::Timestamp(TimeUnit::Second, None)),
        5 => to(DataType::Timestamp(TimeUnit::Millisecond, Some("Europe/Berlin".into()))),
        6 => to(DataType::Timestamp(TimeUnit::Nanosecond, Some("+02:00".into()))),
        7 => to(DataType::Duration(TimeUnit::Microsecond)),
        8 => to(DataType::Time64(TimeUnit::Nanosecond)),
        9 => to(DataType::Time32(TimeUnit::Second)),
        10 => dictionary(&keys, &DataType::UInt64, texts(&words, &DataType::Utf8)),
        11 => dictionary(&keys, &DataType::Int16, to(DataType::Int64)),
        12 => dictionary(&keys, &DataType::Int32, exotic(values, 19)),
        13 => texts(&words, &DataType::Utf8View),
        14 => texts(&words, &DataType::Utf8),
        15 => Arc::new(BinaryArray::from_opt_vec(values.iter().map(|v| v.map(|_| &b"\xff"[..])).collect())),
        16 => list(values),
        17 => to(DataType::Decimal256(40, -3)),
        18 => to(DataType::Decimal32(9, 4)),
        19 => Arc::new(values.iter().map(|v| v.map(|v| 0.0 / (v - 3) as f64)).collect::<Float64Array>()),
        20 => Arc::new(Float64Array::from_iter_values(values.iter().map(|v| 1.0 / v.unwrap_or(0) as f64))),
        21 => to(DataType::Float16),
        22 => Arc::new(TimestampSecondArray::from_iter_values(values.iter().map(|v| i64::MAX - v.unwrap_or(0).abs()))),
        _ => Arc::new(Int64Array::from_iter_values(values.iter().map(|v| i64::MIN + v.unwrap_or(0).abs()))),
    }
}

fn list(values: &Values) -> ArrayRef {
    let mut builder = ListBuilder::new(Int32Builder::new());
    for v in values {
        builder.values().append_value(1);
        builder.append(v.is_some());
    }
    Arc::new(builder.finish())
}
