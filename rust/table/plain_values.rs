//! A column as plain values, to be kept and made a column again: numbers, truth values, or codes of levels.

use rustc_hash::FxHashMap;

use super::column::{Column, ColumnKind};
use super::levels::{NO_LEVEL, sort_naturally};
use super::selection::Picks;

/// Whole numbers beyond are not all doubles.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;
const MISSING: u8 = 2;

/// What a column holds.
pub enum PlainValues {
    Numbers(Vec<f64>),
    /// 0 is false, 1 is true, 2 is missing.
    Booleans(Vec<u8>),
    Levels {
        codes: Vec<u32>,
        levels: Vec<String>,
        declared: bool,
    },
}

impl Column {
    /// Columns that are read neither as numbers nor as truth values keep the labels of their values; levels whose order
    /// was not declared are in the natural one.
    pub fn plain_values(&self) -> PlainValues {
        match self.kind() {
            ColumnKind::Number | ColumnKind::Empty => {
                let numbers = self.numbers();
                let exact = self.data_type.is_floating() || numbers.iter().all(|v| v.is_nan() || v.abs() < MOST_EXACT);
                if exact { PlainValues::Numbers(numbers) } else { self.labelled() }
            }
            ColumnKind::Boolean => {
                let plain = |v: &f64| if v.is_nan() { MISSING } else { *v as u8 };
                PlainValues::Booleans(self.numbers().iter().map(plain).collect())
            }
            _ => self.labelled(),
        }
    }

    fn numbers(&self) -> Vec<f64> {
        let mut numbers = vec![0.0; self.n_rows()];
        self.read(Picks::Range(0..self.n_rows()), &mut numbers);
        numbers
    }

    fn labelled(&self) -> PlainValues {
        let mut levels = if self.declared { self.dictionary_labels() } else { vec![] };
        let mut known: FxHashMap<String, u32> = levels.iter().cloned().zip(0..).collect();
        let mut code = |row: usize| {
            let Some(label) = self.text(row) else { return NO_LEVEL };
            *known.entry(label).or_insert_with_key(|label| {
                levels.push(label.clone());
                levels.len() as u32 - 1
            })
        };
        let mut codes: Vec<u32> = (0..self.n_rows()).map(&mut code).collect();
        if !self.declared {
            levels = put_in_natural_order(levels, &mut codes);
        }
        PlainValues::Levels { codes, levels, declared: self.declared }
    }
}

fn put_in_natural_order(levels: Vec<String>, codes: &mut [u32]) -> Vec<String> {
    let mut labelled: Vec<(String, u32)> = levels.into_iter().zip(0..).collect();
    sort_naturally(&mut labelled);
    let mut places = vec![0; labelled.len()];
    labelled.iter().zip(0..).for_each(|((_, before), place)| places[*before as usize] = place);
    codes.iter_mut().filter(|code| **code != NO_LEVEL).for_each(|code| *code = places[*code as usize]);
    labelled.into_iter().map(|(label, _)| label).collect()
}
