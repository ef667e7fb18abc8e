//! Bytes as text, where they are UTF-8: what HDF5 and older files give.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, LargeStringArray, StringArray};
use arrow_schema::DataType;

/// The chunks of a column of bytes as text; `None` for other types, and for bytes that are no text.
pub fn as_text(chunks: &[ArrayRef]) -> Option<Vec<ArrayRef>> {
    chunks.iter().map(chunk_as_text).collect()
}

fn chunk_as_text(chunk: &ArrayRef) -> Option<ArrayRef> {
    Some(match chunk.data_type() {
        DataType::Binary => Arc::new(StringArray::try_from_binary(chunk.as_binary::<i32>().clone()).ok()?),
        DataType::LargeBinary => Arc::new(LargeStringArray::try_from_binary(chunk.as_binary::<i64>().clone()).ok()?),
        DataType::BinaryView => Arc::new(chunk.as_binary_view().clone().to_string_view().ok()?),
        DataType::FixedSizeBinary(_) => {
            let texts = chunk.as_fixed_size_binary().iter().map(|bytes| bytes.map(std::str::from_utf8).transpose());
            let texts = texts.collect::<Result<Vec<_>, _>>().ok()?;
            Arc::new(texts.iter().map(|text| text.map(|t| t.trim_end_matches('\0'))).collect::<StringArray>())
        }
        DataType::Dictionary(_, values) if values.is_binary() => {
            let dictionary = chunk.as_any_dictionary();
            dictionary.with_values(chunk_as_text(dictionary.values())?)
        }
        _ => return None,
    })
}
