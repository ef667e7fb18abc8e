//! R's rule for the columns of categorical variables in a term, and products of their codings.

use super::contrasts::Contrast;
use super::layout::Coding;

/// Whether each variable of each term gets full indicators (true) or contrasts (false).
///
/// A variable gets contrasts if what remains of the term without it lies within an earlier term, or
/// nothing remains (Chambers and Hastie 1992, p. 38); without an intercept, the first categorical
/// variable of the first term that has one gets indicators.
pub fn full_indicators(
    intercept: bool,
    terms: &[Vec<usize>],
    is_categorical: impl Fn(usize) -> bool,
) -> Vec<Vec<bool>> {
    let mut full: Vec<Vec<bool>> = terms
        .iter()
        .enumerate()
        .map(|(t, term)| {
            let contained = |v: usize| {
                let rest: Vec<_> = term.iter().filter(|&&w| w != v).collect();
                rest.is_empty() || terms[..t].iter().any(|earlier| rest.iter().all(|w| earlier.contains(w)))
            };
            term.iter().map(|&v| is_categorical(v) && !contained(v)).collect()
        })
        .collect();
    if !intercept {
        let categorical =
            terms.iter().enumerate().find_map(|(t, term)| term.iter().position(|&v| is_categorical(v)).map(|k| (t, k)));
        if let Some((t, k)) = categorical {
            full[t][k] = true;
        }
    }
    full
}

/// The product of the codings of several variables: cells and columns with the first varying fastest.
///
/// `None` without variables.
pub fn product(parts: &[(usize, &Contrast)]) -> Option<Coding> {
    let mut parts = parts.iter();
    let (n_levels, first) = parts.next()?;
    let mut coding = Coding { n_cells: *n_levels, columns: first.columns.clone() };
    for (n_levels, next) in parts {
        coding = Coding {
            n_cells: coding.n_cells * n_levels,
            columns: next
                .columns
                .iter()
                .flat_map(|slow| coding.columns.iter().map(|fast| cross(fast, slow, coding.n_cells)))
                .collect(),
        };
    }
    Some(coding)
}

fn cross(fast: &[(u32, f64)], slow: &[(u32, f64)], n_fast: usize) -> Vec<(u32, f64)> {
    slow.iter().flat_map(|&(j, b)| fast.iter().map(move |&(i, a)| (i + n_fast as u32 * j, a * b))).collect()
}
