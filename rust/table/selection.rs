//! Which rows of the frame are used, and batches of them.

use std::ops::Range;

use rayon::prelude::*;

/// Rows of one batch, as positions in the frame, ascending.
#[derive(Debug, Clone)]
pub enum Picks<'a> {
    Range(Range<usize>),
    Rows(&'a [u32]),
}

impl<'a> Picks<'a> {
    pub fn n_rows(&self) -> usize {
        match self {
            Picks::Range(rows) => rows.len(),
            Picks::Rows(rows) => rows.len(),
        }
    }

    /// The row at a place.
    pub fn get(&self, k: usize) -> Option<usize> {
        match self {
            Picks::Range(rows) => rows.clone().nth(k),
            Picks::Rows(rows) => rows.get(k).map(|&row| row as usize),
        }
    }

    /// Those before a row, from a place on.
    pub fn before(&self, end: usize, from: usize) -> Picks<'a> {
        match self {
            Picks::Range(rows) => Picks::Range(rows.start + from..rows.end.min(end)),
            Picks::Rows(rows) => {
                let rest = &rows[from..];
                Picks::Rows(&rest[..rest.partition_point(|&row| (row as usize) < end)])
            }
        }
    }
}

/// The rows of a frame that are used, in the order of the frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    All(usize),
    Rows(Vec<u32>),
}

impl Selection {
    /// All rows but those listed (ascending).
    pub fn without(n_rows: usize, dropped: &[u32]) -> Self {
        if dropped.is_empty() {
            return Selection::All(n_rows);
        }
        let mut rows = Vec::with_capacity(n_rows - dropped.len());
        let mut next = dropped.iter().copied().peekable();
        for row in 0..n_rows as u32 {
            if next.next_if_eq(&row).is_none() {
                rows.push(row);
            }
        }
        Selection::Rows(rows)
    }

    pub fn len(&self) -> usize {
        match self {
            Selection::All(n) => *n,
            Selection::Rows(rows) => rows.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The used rows at these positions.
    pub fn picks(&self, positions: Range<usize>) -> Picks<'_> {
        match self {
            Selection::All(_) => Picks::Range(positions),
            Selection::Rows(rows) => Picks::Rows(&rows[positions]),
        }
    }

    /// The row of the frame at a position among the used rows.
    pub fn row(&self, position: usize) -> usize {
        match self {
            Selection::All(_) => position,
            Selection::Rows(rows) => rows[position] as usize,
        }
    }

    /// Values of the used rows, for all rows of the frame: `other` in those that are not used.
    pub fn spread<T: Copy>(&self, values: Vec<T>, n_rows: usize, other: T) -> Vec<T> {
        match self {
            Selection::All(_) => values,
            Selection::Rows(rows) => {
                let mut all = vec![other; n_rows];
                rows.iter().zip(values).for_each(|(&row, value)| all[row as usize] = value);
                all
            }
        }
    }

    /// Whether each row of the frame is used; `None` if all are.
    pub fn mask(&self, n_rows: usize) -> Option<Vec<bool>> {
        match self {
            Selection::All(_) => None,
            Selection::Rows(rows) => Some(self.spread(vec![true; rows.len()], n_rows, false)),
        }
    }
}

/// Rows of one unit of work: fixed, so that results do not depend on the number of threads.
pub const SEGMENT: usize = 1 << 14;

/// Runs `work` on every segment of `0..n` in parallel; results in order.
pub fn by_segment<T: Send>(n: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    (0..n.div_ceil(SEGMENT)).into_par_iter().map(|k| work(k * SEGMENT..((k + 1) * SEGMENT).min(n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_rows_are_left_out_in_order() {
        let kept = Selection::without(5, &[0, 3]);
        assert_eq!(kept, Selection::Rows(vec![1, 2, 4]));
        assert_eq!(kept.mask(5).unwrap(), [false, true, true, false, true]);
        assert_eq!((kept.len(), kept.row(2)), (3, 4));
        assert_eq!(Selection::without(5, &[]), Selection::All(5));
    }

    #[test]
    fn segments_cover_every_row_once() {
        for n in [0, 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT - 1] {
            let parts = by_segment(n, |r| r);
            assert_eq!(parts.iter().map(|r| r.len()).sum::<usize>(), n);
            assert!(parts.windows(2).all(|w| w[0].end == w[1].start));
        }
    }
}
