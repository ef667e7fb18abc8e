//! Numbers the distinct values of a column by hashing: each segment on its own, then joined in order.

use std::hash::Hash;

use arrow_array::Array;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::column::Column;
use super::levels::RawCodes;
use super::read_codes::downcast;
use super::selection::Selection;

/// Rows hashed by one task: enough that joining the tasks' values is cheap.
const SEGMENT: usize = 1 << 18;

/// Codes in the order of the values' first rows.
pub fn hashed<'a, A: Array + 'static, K: Hash + Eq + Copy + Send>(
    column: &'a Column,
    rows: &Selection,
    key: impl Fn(&'a A, usize) -> K + Sync,
) -> RawCodes<'a> {
    let mut codes = vec![0; rows.len()];
    let parts: Vec<_> = codes
        .par_chunks_mut(SEGMENT)
        .enumerate()
        .map(|(k, out)| hash_segment(column, rows, k * SEGMENT, out, &key))
        .collect();
    let mut seen = FxHashMap::default();
    let mut first_rows = Vec::new();
    let tables: Vec<Vec<u32>> = parts
        .into_iter()
        .map(|part| part.into_iter().map(|(k, row)| number(&mut seen, &mut first_rows, k, row)).collect())
        .collect();
    codes.par_chunks_mut(SEGMENT).zip(&tables).for_each(|(out, table)| {
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
    for piece in column.pieces(&rows.picks(begin..begin + out.len())) {
        let array = downcast::<A>(column, piece.start);
        piece.at.fill(&mut out[piece.offset..], |i| {
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
