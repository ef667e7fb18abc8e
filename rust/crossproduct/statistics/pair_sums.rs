//! Sums over pairs of levels of two grouping factors, while the pairs that occur are not all known.

use rustc_hash::FxHashMap;

use crate::crossproduct::pattern::LinkPattern;

/// A block of numbers for every pair (from, to) that occurs.
#[derive(Debug, Clone, Default)]
pub struct PairSums {
    /// Numbers in a block: r_to x r_from, column-major.
    size: usize,
    place: FxHashMap<(u32, u32), u32>,
    pub pairs: Vec<(u32, u32)>,
    pub values: Vec<f64>,
}

impl PairSums {
    pub fn new(size: usize) -> Self {
        Self { size, ..Self::default() }
    }

    /// Values, pairs, and the table in which pairs are found (7/8 full at most, of a size that doubles).
    pub fn n_bytes(&self) -> usize {
        8 * self.values.capacity() + 8 * self.pairs.capacity() + 13 * self.place.capacity() * 8 / 7
    }

    pub fn from_parts(size: usize, pairs: Vec<(u32, u32)>, values: Vec<f64>) -> Self {
        let place = pairs.iter().copied().zip(0..).collect();
        Self { size, place, pairs, values }
    }

    /// The sums of a link, which has each pair once; they can be added to others, not added to.
    pub fn of_link(link: &LinkPattern, values: &[f64], size: usize) -> Self {
        let pairs = link.blocks().map(|(from, to, _)| (from as u32, to as u32)).collect();
        Self { size, place: FxHashMap::default(), pairs, values: values.to_vec() }
    }

    /// Adds other sums, whose levels have the numbers `from` and `to` here.
    pub fn add(&mut self, other: &PairSums, from: &[u32], to: &[u32]) {
        let size = self.size;
        for (k, &(f, t)) in other.pairs.iter().enumerate() {
            let pair = (from[f as usize], to[t as usize]);
            let next = self.pairs.len() as u32;
            let place = *self.place.entry(pair).or_insert(next);
            if place == next {
                self.pairs.push(pair);
                self.values.resize(self.values.len() + size, 0.0);
            }
            let sums = &mut self.values[place as usize * size..][..size];
            sums.iter_mut().zip(&other.values[k * size..][..size]).for_each(|(s, v)| *s += v);
        }
    }

    /// The link from the levels of `from` to those of `to`, each in its place.  `widths` are (r_to, r_from); with
    /// `transpose` the roles are changed: from `to` to `from`.
    pub fn link(
        &self,
        from: &[u32],
        to: &[u32],
        n_from: usize,
        widths: (usize, usize),
        transpose: bool,
    ) -> (LinkPattern, Vec<f64>) {
        let mut entries: Vec<(u32, u32, u32)> = self
            .pairs
            .iter()
            .zip(0..)
            .map(|(&(f, t), k)| {
                let (f, t) = (from[f as usize], to[t as usize]);
                if transpose { (t, f, k) } else { (f, t, k) }
            })
            .collect();
        entries.sort_unstable();
        let mut link = LinkPattern { ptr: vec![0; n_from + 1], level: vec![] };
        let mut values = Vec::with_capacity(self.values.len());
        for (f, t, k) in entries {
            link.ptr[f as usize + 1] += 1;
            link.level.push(t);
            let block = &self.values[k as usize * self.size..][..self.size];
            let (ri, rj) = widths;
            match transpose {
                false => values.extend(block),
                true => values.extend((0..ri * rj).map(|e| block[(e % rj) * ri + e / rj])),
            }
        }
        (0..n_from).for_each(|f| link.ptr[f + 1] += link.ptr[f]);
        (link, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums() -> PairSums {
        // r_to = 2, r_from = 1
        let mut sums = PairSums::new(2);
        let first = PairSums::from_parts(2, vec![(0, 0), (1, 0)], vec![1.0, 2.0, 3.0, 4.0]);
        let second = PairSums::from_parts(2, vec![(0, 0), (0, 1)], vec![10.0, 20.0, 30.0, 40.0]);
        sums.add(&first, &[0, 1], &[0]);
        sums.add(&second, &[1], &[0, 1]);
        sums
    }

    #[test]
    fn pairs_are_added_where_levels_are_the_same() {
        let (link, values) = sums().link(&[0, 1], &[0, 1], 2, (2, 1), false);
        assert_eq!((link.ptr, link.level), (vec![0, 1, 3], vec![0, 0, 1]));
        assert_eq!(values, [1.0, 2.0, 13.0, 24.0, 30.0, 40.0]);
    }

    #[test]
    fn levels_find_their_places_and_roles_can_change() {
        let (link, values) = sums().link(&[1, 0], &[1, 0], 2, (2, 1), true);
        // from the levels that were "to", now 1 and 0
        assert_eq!((link.ptr, link.level), (vec![0, 1, 3], vec![0, 0, 1]));
        assert_eq!(values, [30.0, 40.0, 13.0, 24.0, 1.0, 2.0]);
    }

    #[test]
    fn a_link_is_read_back() {
        let (link, values) = sums().link(&[0, 1], &[0, 1], 2, (2, 1), false);
        let read = PairSums::of_link(&link, &values, 2);
        assert_eq!(read.pairs, [(0, 0), (1, 0), (1, 1)]);
        assert_eq!(read.link(&[0, 1], &[0, 1], 2, (2, 1), false), (link, values));
    }
}
