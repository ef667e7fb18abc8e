//! The canonical text of a value: the label of a level, the same whatever the column's type.

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{date32_to_datetime, date64_to_datetime};
use arrow_array::types::*;
use arrow_array::{Array, downcast_integer_array};
use arrow_schema::{DataType, TimeUnit};

use super::dictionary::dictionary_key;

/// Numbers without a fraction as integers, so that 308, 308.0 and "308" are one level.
pub fn number_text(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value}") }
}

/// A text as messages show it: never longer than a line.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into(),
    }
}

/// The text of one value of an array; `None` where it is missing.
pub fn text_of(array: &dyn Array, i: usize) -> Option<String> {
    if array.is_null(i) {
        return None;
    }
    let number = |value: f64| (!value.is_nan()).then(|| number_text(value + 0.0));
    match array.data_type() {
        DataType::Float64 => number(array.as_primitive::<Float64Type>().value(i)),
        // The shortest text that reads back as the same single.
        DataType::Float32 => {
            let value = array.as_primitive::<Float32Type>().value(i);
            number(value.to_string().parse().unwrap_or(f64::NAN))
        }
        DataType::Float16 => number(array.as_primitive::<Float16Type>().value(i).into()),
        DataType::Boolean => Some(if array.as_boolean().value(i) { "TRUE" } else { "FALSE" }.into()),
        DataType::Timestamp(..) => timestamp_text(array, i),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary_key(dictionary.keys(), i);
            text_of(dictionary.values().as_ref(), key)
        }
        DataType::Utf8 => Some(array.as_string::<i32>().value(i).into()),
        DataType::LargeUtf8 => Some(array.as_string::<i64>().value(i).into()),
        DataType::Utf8View => Some(array.as_string_view().value(i).into()),
        DataType::Decimal32(..) => Some(decimal_text(array.as_primitive::<Decimal32Type>().value_as_string(i))),
        DataType::Decimal64(..) => Some(decimal_text(array.as_primitive::<Decimal64Type>().value_as_string(i))),
        DataType::Decimal128(..) => Some(decimal_text(array.as_primitive::<Decimal128Type>().value_as_string(i))),
        DataType::Decimal256(..) => Some(decimal_text(array.as_primitive::<Decimal256Type>().value_as_string(i))),
        DataType::Date32 => Some(date_text(array.as_primitive::<Date32Type>().value(i))),
        DataType::Date64 => {
            let value = array.as_primitive::<Date64Type>().value(i);
            Some(date64_to_datetime(value).map_or_else(|| value.to_string(), |d| d.date().to_string()))
        }
        DataType::Time32(TimeUnit::Second) => time_text::<Time32SecondType>(array, i),
        DataType::Time32(_) => time_text::<Time32MillisecondType>(array, i),
        DataType::Time64(TimeUnit::Microsecond) => time_text::<Time64MicrosecondType>(array, i),
        DataType::Time64(_) => time_text::<Time64NanosecondType>(array, i),
        DataType::Duration(unit) => {
            let (value, per_second) = match unit {
                TimeUnit::Second => (array.as_primitive::<DurationSecondType>().value(i), 1),
                TimeUnit::Millisecond => (array.as_primitive::<DurationMillisecondType>().value(i), 1_000),
                TimeUnit::Microsecond => (array.as_primitive::<DurationMicrosecondType>().value(i), 1_000_000),
                TimeUnit::Nanosecond => (array.as_primitive::<DurationNanosecondType>().value(i), 1_000_000_000),
            };
            Some(seconds_text(value, per_second))
        }
        _ => integer_text(array, i),
    }
}

/// 308.00 is the level 308, as of any other type.
fn decimal_text(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// Seconds as text, exact and the same in every unit.
fn seconds_text(value: i64, per_second: i64) -> String {
    let (sign, size, unit) = (if value < 0 { "-" } else { "" }, value.unsigned_abs(), per_second.unsigned_abs());
    let digits = unit.ilog10() as usize;
    decimal_text(format!("{sign}{}.{:0digits$}", size / unit, size % unit)) + "s"
}

fn integer_text(array: &dyn Array, i: usize) -> Option<String> {
    downcast_integer_array!(
        array => Some(array.value(i).to_string()),
        _ => None
    )
}

/// ISO text of a day; a number where the calendar ends.
pub fn date_text(days: i32) -> String {
    date32_to_datetime(days).map_or_else(|| days.to_string(), |d| d.date().to_string())
}

fn time_text<T: ArrowTemporalType>(array: &dyn Array, i: usize) -> Option<String>
where
    i64: From<T::Native>,
{
    let array = array.as_primitive::<T>();
    Some(array.value_as_time(i).map_or_else(|| i64::from(array.value(i)).to_string(), |t| t.to_string()))
}

/// ISO text; an instant with a time zone is given in UTC.
fn timestamp_text(array: &dyn Array, i: usize) -> Option<String> {
    let DataType::Timestamp(unit, zone) = array.data_type() else { return None };
    let text = match unit {
        TimeUnit::Second => datetime_text::<TimestampSecondType>(array, i),
        TimeUnit::Millisecond => datetime_text::<TimestampMillisecondType>(array, i),
        TimeUnit::Microsecond => datetime_text::<TimestampMicrosecondType>(array, i),
        TimeUnit::Nanosecond => datetime_text::<TimestampNanosecondType>(array, i),
    };
    Some(if zone.is_some() { text + "Z" } else { text })
}

fn datetime_text<T: ArrowTemporalType<Native = i64>>(array: &dyn Array, i: usize) -> String {
    let array = array.as_primitive::<T>();
    array
        .value_as_datetime(i)
        .map_or_else(|| array.value(i).to_string(), |t| t.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
}
