//! Reads dictionary-encoded columns: the keys are the codes.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use rayon::prelude::*;

use super::column::Column;
use super::label::text_of;
use super::levels::RawCodes;
use super::selection::{SEGMENT, Selection};

macro_rules! with_keys {
    ($keys:expr, $typed:ident => $body:expr) => {
        match $keys.data_type() {
            DataType::Int8 => with_keys!(@ Int8Type, $keys, $typed, $body),
            DataType::Int16 => with_keys!(@ Int16Type, $keys, $typed, $body),
            DataType::Int32 => with_keys!(@ Int32Type, $keys, $typed, $body),
            DataType::Int64 => with_keys!(@ Int64Type, $keys, $typed, $body),
            DataType::UInt8 => with_keys!(@ UInt8Type, $keys, $typed, $body),
            DataType::UInt16 => with_keys!(@ UInt16Type, $keys, $typed, $body),
            DataType::UInt32 => with_keys!(@ UInt32Type, $keys, $typed, $body),
            _ => with_keys!(@ UInt64Type, $keys, $typed, $body),
        }
    };
    (@ $type:ty, $keys:expr, $typed:ident, $body:expr) => {{
        let $typed = $keys.as_primitive::<$type>().values();
        $body
    }};
}

/// The codes of the dictionaries, one different dictionary after the other; equal labels are joined later.
pub fn dictionary<'a>(column: &'a Column, rows: &Selection) -> RawCodes<'a> {
    let values = |k: usize| column.chunks[k].as_any_dictionary().values();
    // Chunks mostly share one dictionary.
    let mut firsts: Vec<(usize, usize)> = Vec::new();
    let mut bases = Vec::with_capacity(column.chunks.len());
    let mut n_raw = 0;
    for k in 0..column.chunks.len() {
        let same = firsts.last().filter(|(first, _)| same_values(values(*first), values(k)));
        let base = same.map_or(n_raw, |(_, base)| *base);
        if same.is_none() {
            firsts.push((k, n_raw));
            n_raw += values(k).len();
        }
        bases.push(base);
    }
    let mut codes = vec![0; rows.len()];
    codes.par_chunks_mut(SEGMENT).enumerate().for_each(|(k, out)| {
        let part = k * SEGMENT..k * SEGMENT + out.len();
        for piece in column.pieces(rows.picks(part)) {
            let base = bases[column.chunk_index(piece.start)];
            let keys = piece.array.as_any_dictionary().keys();
            let out = &mut out[piece.offset..];
            with_keys!(keys, typed => piece.fill(out, |i| (base + typed[i] as usize) as u32));
        }
    });
    let label = move |code: u32| {
        let (first, base) = firsts[firsts.partition_point(|(_, b)| *b <= code as usize) - 1];
        text_of(values(first).as_ref(), code as usize - base)
    };
    RawCodes { codes, n_raw, label: Box::new(label), whole_from: None }
}

fn same_values(a: &ArrayRef, b: &ArrayRef) -> bool {
    std::sync::Arc::ptr_eq(a, b) || a.to_data().ptr_eq(&b.to_data()) || a == b
}

/// The index into the dictionary's values of one row.
pub fn dictionary_key(keys: &dyn Array, i: usize) -> usize {
    with_keys!(keys, typed => typed[i] as usize)
}
