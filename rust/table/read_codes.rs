//! Reads any column as categories: a code per row used, among levels of its own or among known ones.
//!
//! Dictionaries keep their codes, integers of a small range are their own, everything else is hashed.

use std::hash::Hash;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow_array::{LargeStringArray, StringArray, StringViewArray};
use arrow_schema::{DataType, TimeUnit};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::column::{Column, ColumnKind, Piece};
use super::columns::listed;
use super::dictionary::dictionary;
use super::label::{date_text, shown};
use super::levels::{Categories, NO_LEVEL, RawCodes, recode};
use super::selection::{SEGMENT, Selection, by_segment};
use crate::{Error, Remedy, Result};

/// The categories of a column in the rows of a selection, none of which may be missing.
///
/// # Errors
/// `Data` where the column cannot be read as categories.
pub fn categories(column: &Column, selection: &Selection) -> Result<Categories> {
    require_groups(column)?;
    if column.kind() == ColumnKind::Empty {
        return Ok(Categories::default());
    }
    let raw = raw_codes(column, selection);
    Ok(raw.into_categories(column.declared))
}

/// Fails for a column of a type that cannot name groups.
///
/// # Errors
/// `Data` in that case.
pub fn require_groups(column: &Column) -> Result<()> {
    if column.kind() != ColumnKind::Other {
        return Ok(());
    }
    Err(Error::Data(format!(
        "column '{}' is {}; only numbers, text, categories, booleans and dates can be groups",
        column.name,
        column.describe()
    )))
}

/// The level of every row used among known ones; `NO_LEVEL` where it is none of them.
///
/// # Errors
/// `Data` where the column cannot be read as categories.
pub fn known_codes(column: &Column, selection: &Selection, levels: &[String]) -> Result<Vec<u32>> {
    let Categories { mut codes, levels: found } = categories(column, selection)?;
    let known: FxHashMap<&str, u32> = levels.iter().map(String::as_str).zip(0..).collect();
    let find = |label: &String| {
        let code = known.get(label.as_str()).or_else(|| known.get(without_zeros(label)?));
        code.copied().unwrap_or(NO_LEVEL)
    };
    recode(&mut codes, &found.iter().map(find).collect::<Vec<u32>>());
    Ok(codes)
}

/// The whole number that a text such as "1.0" stands for.
fn without_zeros(label: &str) -> Option<&str> {
    let whole = label.trim_end_matches('0').strip_suffix('.')?;
    whole.parse::<i64>().is_ok().then_some(whole)
}

/// The code of every row used; fails at a level that is not known.
///
/// # Errors
/// `Data` in that case, or where the column cannot be read as categories.
pub fn fixed_level_codes(column: &Column, selection: &Selection, levels: &[String]) -> Result<Vec<u32>> {
    let codes = known_codes(column, selection, levels)?;
    require_known(column, selection, &codes, levels, "earlier batches did not have")
        .map_err(|error| error.unless(Remedy::NameLevels))?;
    Ok(codes)
}

/// Fails at the first row used whose level is not known; `why`: a level that ...
///
/// # Errors
/// `Data` in that case.
pub fn require_known(
    column: &Column,
    selection: &Selection,
    codes: &[u32],
    levels: &[String],
    why: &str,
) -> Result<()> {
    let Some(position) = codes.iter().position(|&code| code == NO_LEVEL) else { return Ok(()) };
    let row = selection.row(position);
    Err(Error::Data(format!(
        "column '{}' is '{}' at row {}, a level that {why}; known are {}",
        column.name,
        shown(&column.text(row).unwrap_or_default()),
        column.first + row,
        listed(levels.iter().map(String::as_str))
    )))
}

pub(super) fn raw_codes<'a>(column: &'a Column, rows: &Selection) -> RawCodes<'a> {
    use DataType::*;
    match &column.data_type {
        Dictionary(..) => dictionary(column, rows),
        Boolean => hashed(column, rows, |a: &BooleanArray, i| a.value(i)),
        Utf8 => hashed(column, rows, |a: &'a StringArray, i| a.value(i)),
        LargeUtf8 => hashed(column, rows, |a: &'a LargeStringArray, i| a.value(i)),
        // Texts of up to 12 bytes lie in the views themselves.
        Utf8View if is_inline(column) => hashed(column, rows, |a: &StringViewArray, i| a.views()[i]),
        Utf8View => hashed(column, rows, |a: &'a StringViewArray, i| a.value(i)),
        Int8 => integers::<Int8Type>(column, rows, i64::from),
        Int16 => integers::<Int16Type>(column, rows, i64::from),
        Int32 => integers::<Int32Type>(column, rows, i64::from),
        Int64 => integers::<Int64Type>(column, rows, |v| v),
        UInt8 => integers::<UInt8Type>(column, rows, i64::from),
        UInt16 => integers::<UInt16Type>(column, rows, i64::from),
        UInt32 => integers::<UInt32Type>(column, rows, i64::from),
        UInt64 => values::<UInt64Type, _>(column, rows, |v| v),
        // Adding zero makes -0 the same as 0.
        Float64 => values::<Float64Type, _>(column, rows, |v| (v + 0.0).to_bits()),
        Float32 => values::<Float32Type, _>(column, rows, |v| (v + 0.0).to_bits()),
        Float16 => values::<Float16Type, _>(column, rows, |v| (f32::from(v) + 0.0).to_bits()),
        Decimal32(..) => values::<Decimal32Type, _>(column, rows, |v| v),
        Decimal64(..) => values::<Decimal64Type, _>(column, rows, |v| v),
        Decimal128(..) => values::<Decimal128Type, _>(column, rows, |v| v),
        Decimal256(..) => values::<Decimal256Type, _>(column, rows, |v| v),
        Date32 => integers::<Date32Type>(column, rows, i64::from),
        Date64 => values::<Date64Type, _>(column, rows, |v| v),
        Time32(TimeUnit::Second) => values::<Time32SecondType, _>(column, rows, |v| v),
        Time32(_) => values::<Time32MillisecondType, _>(column, rows, |v| v),
        Time64(TimeUnit::Microsecond) => values::<Time64MicrosecondType, _>(column, rows, |v| v),
        Time64(_) => values::<Time64NanosecondType, _>(column, rows, |v| v),
        Timestamp(TimeUnit::Second, _) => values::<TimestampSecondType, _>(column, rows, |v| v),
        Timestamp(TimeUnit::Millisecond, _) => values::<TimestampMillisecondType, _>(column, rows, |v| v),
        Timestamp(TimeUnit::Microsecond, _) => values::<TimestampMicrosecondType, _>(column, rows, |v| v),
        Timestamp(TimeUnit::Nanosecond, _) => values::<TimestampNanosecondType, _>(column, rows, |v| v),
        Duration(TimeUnit::Second) => values::<DurationSecondType, _>(column, rows, |v| v),
        Duration(TimeUnit::Millisecond) => values::<DurationMillisecondType, _>(column, rows, |v| v),
        Duration(TimeUnit::Microsecond) => values::<DurationMicrosecondType, _>(column, rows, |v| v),
        Duration(TimeUnit::Nanosecond) => values::<DurationNanosecondType, _>(column, rows, |v| v),
        _ => unreachable!("columns of other types are refused"),
    }
}

fn is_inline(column: &Column) -> bool {
    column.chunks.iter().all(|chunk| chunk.as_string_view().data_buffers().is_empty())
}

fn values<'a, T: ArrowPrimitiveType, K: Hash + Eq + Copy + Send>(
    column: &'a Column,
    rows: &Selection,
    key: impl Fn(T::Native) -> K + Sync,
) -> RawCodes<'a> {
    hashed(column, rows, |a: &PrimitiveArray<T>, i| key(a.value(i)))
}

/// code = value - smallest, if the range is not much larger than the number of rows.
fn integers<'a, T: ArrowPrimitiveType>(
    column: &'a Column,
    rows: &Selection,
    integer: impl Fn(T::Native) -> i64 + Sync,
) -> RawCodes<'a> {
    let value = |a: &PrimitiveArray<T>, i| integer(a.value(i));
    let ranges = by_segment(rows.len(), |part| {
        let mut range = (i64::MAX, i64::MIN);
        scan(column, rows, part, |a, i| {
            let v = value(a, i);
            range = (range.0.min(v), range.1.max(v));
        });
        range
    });
    let (low, high) = ranges.into_iter().fold((i64::MAX, i64::MIN), |r, s| (r.0.min(s.0), r.1.max(s.1)));
    let span = high.checked_sub(low).and_then(|s| usize::try_from(s).ok());
    let Some(span) = span.filter(|&s| s < 2 * rows.len() + 1024) else {
        return hashed(column, rows, value);
    };
    let mut codes = vec![0; rows.len()];
    fill_codes(column, rows, &mut codes, |a, i| (value(a, i) - low) as u32);
    let is_date = column.kind() == ColumnKind::Time;
    let label = move |code: u32| {
        let v = low + i64::from(code);
        Some(if is_date { date_text(v as i32) } else { v.to_string() })
    };
    RawCodes { codes, n_raw: span + 1, label: Box::new(label), whole_from: (!is_date).then_some(low) }
}

/// Calls `visit(array, index)` for every used row of a segment.
fn scan<'a, A: Array + 'static>(
    column: &'a Column,
    rows: &Selection,
    part: std::ops::Range<usize>,
    mut visit: impl FnMut(&'a A, usize),
) {
    for piece in column.pieces(rows.picks(part)) {
        let array = downcast::<A>(&piece);
        piece.for_each(|i| visit(array, i));
    }
}

/// A chunk as its own type.
fn downcast<'a, A: Array + 'static>(piece: &Piece<'a, '_>) -> &'a A {
    piece.array.as_any().downcast_ref().expect("every chunk has the column's type")
}

/// codes[position] = code(array, index), in parallel.
fn fill_codes<A: Array + 'static>(
    column: &Column,
    rows: &Selection,
    codes: &mut [u32],
    code: impl Fn(&A, usize) -> u32 + Sync,
) {
    codes.par_chunks_mut(SEGMENT).enumerate().for_each(|(k, out)| {
        let part = k * SEGMENT..k * SEGMENT + out.len();
        for piece in column.pieces(rows.picks(part)) {
            let array = downcast::<A>(&piece);
            piece.fill(&mut out[piece.offset..], |i| code(array, i));
        }
    });
}

/// Rows hashed by one task: enough that joining the tasks' values is cheap.
const HASHED_ROWS: usize = 1 << 18;

/// Codes in the order of the values' first rows.
fn hashed<'a, A: Array + 'static, K: Hash + Eq + Copy + Send>(
    column: &'a Column,
    rows: &Selection,
    key: impl Fn(&'a A, usize) -> K + Sync,
) -> RawCodes<'a> {
    let mut codes = vec![0; rows.len()];
    let parts: Vec<_> = codes
        .par_chunks_mut(HASHED_ROWS)
        .enumerate()
        .map(|(k, out)| hash_segment(column, rows, k * HASHED_ROWS, out, &key))
        .collect();
    let mut seen = FxHashMap::default();
    let mut first_rows = Vec::new();
    let tables: Vec<Vec<u32>> = parts
        .into_iter()
        .map(|part| part.into_iter().map(|(k, row)| number(&mut seen, &mut first_rows, k, row)).collect())
        .collect();
    codes.par_chunks_mut(HASHED_ROWS).zip(&tables).for_each(|(out, table)| {
        out.iter_mut().for_each(|c| *c = table[*c as usize]);
    });
    let n_raw = first_rows.len();
    RawCodes { codes, n_raw, label: Box::new(move |c| column.text(first_rows[c as usize])), whole_from: None }
}

fn number<K: Hash + Eq>(seen: &mut FxHashMap<K, u32>, first_rows: &mut Vec<usize>, key: K, row: usize) -> u32 {
    *seen.entry(key).or_insert_with(|| {
        first_rows.push(row);
        first_rows.len() as u32 - 1
    })
}

/// Codes of one segment; its distinct values, each with a row that has it.
fn hash_segment<'a, A: Array + 'static, K: Hash + Eq + Copy>(
    column: &'a Column,
    rows: &Selection,
    begin: usize,
    out: &mut [u32],
    key: &impl Fn(&'a A, usize) -> K,
) -> Vec<(K, usize)> {
    let mut seen: FxHashMap<K, u32> = FxHashMap::default();
    let mut distinct: Vec<(K, usize)> = Vec::new();
    let mut last: Option<(K, u32)> = None;
    for piece in column.pieces(rows.picks(begin..begin + out.len())) {
        let array = downcast::<A>(&piece);
        piece.fill(&mut out[piece.offset..], |i| {
            let key = key(array, i);
            // Rows of a group often follow each other.
            if let Some((_, code)) = last.filter(|(k, _)| *k == key) {
                return code;
            }
            let code = *seen.entry(key).or_insert_with(|| {
                distinct.push((key, piece.start + i));
                distinct.len() as u32 - 1
            });
            last = Some((key, code));
            code
        });
    }
    distinct
}
