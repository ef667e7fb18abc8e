//! Which levels of two grouping factors occur together.

use super::blocks::LinkPattern;

/// The levels of `to` that occur with each level of `from`, ascending.
pub fn link_pattern(from: &[u32], n_from: usize, to: &[u32]) -> LinkPattern {
    let mut start = vec![0usize; n_from + 1];
    for &c in from {
        start[c as usize + 1] += 1;
    }
    for level in 0..n_from {
        start[level + 1] += start[level];
    }
    // counting sort of the rows by their level of `from`
    let mut partner = vec![0u32; from.len()];
    let mut next = start.clone();
    for (&c, &partner_level) in from.iter().zip(to) {
        let place = &mut next[c as usize];
        partner[*place] = partner_level;
        *place += 1;
    }
    let mut link = LinkPattern { ptr: Vec::with_capacity(n_from + 1), level: Vec::new() };
    link.ptr.push(0);
    for level in 0..n_from {
        let partners = &mut partner[start[level]..start[level + 1]];
        if !partners.is_sorted() {
            partners.sort_unstable();
        }
        let first = link.level.len();
        for &p in partners.iter() {
            if link.level.len() == first || *link.level.last().expect("a level") != p {
                link.level.push(p);
            }
        }
        link.ptr.push(link.level.len());
    }
    link
}

impl LinkPattern {
    /// Position of the block of a pair of levels that occurs.
    #[inline]
    pub fn position(&self, from: u32, to: u32) -> usize {
        let (start, end) = (self.ptr[from as usize], self.ptr[from as usize + 1]);
        if end - start == 1 {
            return start;
        }
        start + self.level[start..end].partition_point(|&l| l < to)
    }
}
