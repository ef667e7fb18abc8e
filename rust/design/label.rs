//! The canonical text of a value: the label of a level, the same whatever the column's type.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, make_array};
use arrow_cast::display::array_value_to_string;
use arrow_schema::DataType;

use super::dictionary::dictionary_key;

/// Numbers without a fraction as integers, so that 308, 308.0 and "308" are one level.
pub fn number_text(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value}") }
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
        _ => array_value_to_string(array, i).ok(),
    }
}

/// ISO text; an instant with a time zone is given in UTC.
fn timestamp_text(array: &dyn Array, i: usize) -> Option<String> {
    let DataType::Timestamp(unit, zone) = array.data_type() else { return None };
    let data = array.to_data().into_builder().data_type(DataType::Timestamp(*unit, None));
    let plain = make_array(data.build().ok()?.slice(i, 1));
    let text = array_value_to_string(&plain, 0).ok()?;
    Some(if zone.is_some() { text + "Z" } else { text })
}
