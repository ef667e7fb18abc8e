//! The order of levels: as declared, or the natural one, in which "2" comes before "10".

use std::cmp::Ordering;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// No level: a missing value, or one that was not seen in the fit.
pub const NO_LEVEL: u32 = u32::MAX;

/// The code of every row, before the levels are put in order.
pub struct RawCodes<'a> {
    pub codes: Vec<u32>,
    pub n_raw: usize,
    /// The label of a raw code; `None` where its value is missing.
    pub label: Box<dyn Fn(u32) -> Option<String> + 'a>,
    /// Raw codes are whole numbers, counted from this one.
    pub whole_from: Option<i64>,
}

/// A categorical column: the level of every row used; every level is used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Categories {
    pub codes: Vec<u32>,
    pub levels: Vec<String>,
}

impl RawCodes<'_> {
    /// Drops unused levels, joins those of the same label, and puts them in order.
    pub fn into_categories(mut self, declared: bool) -> Categories {
        let used = used_codes(&self.codes, self.n_raw).into_iter();
        let mut labelled: Vec<_> = used.filter_map(|c| Some(((self.label)(c)?, c))).collect();
        let mut table = vec![NO_LEVEL; self.n_raw];
        let levels = if declared {
            number_in_order(labelled, &mut table)
        } else {
            sort_naturally(&mut labelled);
            number_sorted(labelled, &mut table)
        };
        recode(&mut self.codes, &table);
        Categories { codes: self.codes, levels }
    }
}

/// The distinct labels; `table` becomes their numbers by raw code.
fn number_in_order(labelled: Vec<(String, u32)>, table: &mut [u32]) -> Vec<String> {
    let mut levels = Vec::new();
    let mut seen = FxHashMap::default();
    for (label, code) in labelled {
        table[code as usize] = *seen.entry(label.clone()).or_insert_with(|| {
            levels.push(label);
            levels.len() as u32 - 1
        });
    }
    levels
}

/// The same for sorted labels, without hashing.
fn number_sorted(labelled: Vec<(String, u32)>, table: &mut [u32]) -> Vec<String> {
    let mut levels = Vec::new();
    for (label, code) in labelled {
        if levels.last() != Some(&label) {
            levels.push(label);
        }
        table[code as usize] = levels.len() as u32 - 1;
    }
    levels
}

pub(super) fn used_codes(codes: &[u32], n_raw: usize) -> Vec<u32> {
    let mut used = vec![false; n_raw];
    codes.iter().for_each(|&c| used[c as usize] = true);
    (0..n_raw as u32).filter(|&c| used[c as usize]).collect()
}

/// codes[i] = table[codes[i]]
pub fn recode(codes: &mut [u32], table: &[u32]) {
    if table.iter().enumerate().all(|(k, &c)| c == k as u32) {
        return;
    }
    codes
        .par_chunks_mut(super::selection::SEGMENT)
        .for_each(|part| part.iter_mut().for_each(|c| *c = table[*c as usize]));
}

/// By value if every label is a number, else by text with its runs of digits as numbers.
pub fn sort_naturally<T: Send>(labelled: &mut Vec<(String, T)>) {
    let numbers: Option<Vec<f64>> = labelled.iter().map(|(label, _)| as_number(label)).collect();
    let Some(numbers) = numbers else { return labelled.par_sort_by(|(a, _), (b, _)| natural(a, b)) };
    let mut keyed: Vec<_> = numbers.into_iter().zip(labelled.drain(..)).collect();
    keyed.par_sort_by(|(x, (a, _)), (y, (b, _))| x.total_cmp(y).then_with(|| natural(a, b)));
    labelled.extend(keyed.into_iter().map(|(_, pair)| pair));
}

/// A label that reads as a finite number.
pub fn as_number(label: &str) -> Option<f64> {
    label.trim().parse().ok().filter(|v: &f64| v.is_finite())
}

/// Compares text with runs of digits taken as whole numbers.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a, b);
    loop {
        let (p, q) = (digits(x), digits(y));
        let order = if p.is_empty() || q.is_empty() {
            let (c, d) = (x.chars().next(), y.chars().next());
            (x, y) = (after_first(x), after_first(y));
            if c.is_none() || d.is_none() {
                return c.cmp(&d).then_with(|| a.cmp(b));
            }
            c.cmp(&d)
        } else {
            (x, y) = (&x[p.len()..], &y[q.len()..]);
            whole(p).cmp(&whole(q))
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn digits(text: &str) -> &str {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

fn after_first(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

/// Orders runs of digits by value, however long they are.
fn whole(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(labels: &[&str]) -> Vec<String> {
        let mut labelled: Vec<_> = labels.iter().map(|l| (l.to_string(), ())).collect();
        sort_naturally(&mut labelled);
        labelled.into_iter().map(|(label, ())| label).collect()
    }

    #[test]
    fn two_comes_before_ten() {
        assert_eq!(sorted(&["10", "9", "2"]), ["2", "9", "10"]);
        assert_eq!(sorted(&["s10a", "s2b", "s2a", "s"]), ["s", "s2a", "s2b", "s10a"]);
        assert_eq!(sorted(&["x", "10", "9"]), ["9", "10", "x"]);
    }

    #[test]
    fn numbers_sort_by_value() {
        assert_eq!(sorted(&["0.5", "0.25", "-5", "-10", "3"]), ["-10", "-5", "0.25", "0.5", "3"]);
    }

    #[test]
    fn unused_levels_vanish_and_equal_labels_join() {
        let labels = ["b", "a", "unused", "b"];
        let raw = || RawCodes {
            codes: vec![3, 1, 0, 1],
            n_raw: 4,
            label: Box::new(move |c| Some(labels[c as usize].to_string())),
            whole_from: None,
        };
        let declared = raw().into_categories(true);
        assert_eq!((declared.codes, declared.levels), (vec![0, 1, 0, 1], vec!["b".into(), "a".into()]));
        let natural = raw().into_categories(false);
        assert_eq!((natural.codes, natural.levels), (vec![1, 0, 1, 0], vec!["a".into(), "b".into()]));
    }

    proptest! {
        #[test]
        fn natural_order_is_total(a in "[a-c0-3é]{0,6}", b in "[a-c0-3é]{0,6}", c in "[a-c0-3é]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            prop_assert_eq!(natural(&a, &b) == Ordering::Equal, a == b);
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
