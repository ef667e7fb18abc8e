//! What the covariance of a group depends on: its places, its columns of log sd and its level of `by`.  Groups of one pattern
//! have one covariance, which is factored once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::correlation::PlaceKind;
use super::groups::GroupedRows;
use super::scale::Scale;

/// Groups that are looked at before it is judged whether patterns come again.
const TRIED: usize = 2_000;
/// New patterns among them, in parts of their number, from which on every group counts as a pattern of its own.
const MOSTLY_NEW: f64 = 0.8;

/// One pattern.
#[derive(Debug, Clone, Copy)]
pub struct Pattern<'a> {
    /// Rows.
    pub n: usize,
    /// The set of parameters that it has.
    pub by: usize,
    /// Distances from the first place where distances count.
    pub places: &'a [f64],
    /// Columns of log sd (n x K, row-major), and its offset.
    pub scale: &'a [f64],
    pub offset: &'a [f64],
}

/// All patterns, row after row.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    spans: Vec<Span>,
    places: Vec<f64>,
    scale: Vec<f64>,
    offset: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    first: usize,
    n: usize,
    by: usize,
}

impl Patterns {
    /// The patterns of rows in groups, and that of every group.
    pub fn find(grouped: &GroupedRows, scale: &Scale, kind: PlaceKind) -> (Self, Vec<usize>) {
        let (mut all, mut known) = (Self::default(), HashMap::<u64, Vec<usize>>::new());
        let k = scale.layout.n();
        let (mut places, mut columns, mut offset) = (Vec::new(), Vec::new(), Vec::new());
        let mut of_group = Vec::with_capacity(grouped.groups.len());
        for (tried, group) in grouped.groups.iter().enumerate() {
            let rows = group.first..group.first + group.n;
            let origin = match kind {
                PlaceKind::Whole | PlaceKind::Distance => grouped.places[group.first],
                PlaceKind::None | PlaceKind::Visit => 0.0,
            };
            let order = &grouped.order[rows.clone()];
            places.clear();
            places.extend(rows.map(|i| grouped.places.get(i).map_or(0.0, |place| place - origin)));
            columns.clear();
            columns.extend(order.iter().flat_map(|&i| &scale.columns[i as usize * k..(i as usize + 1) * k]));
            offset.clear();
            offset.extend(order.iter().map(|&i| scale.offset[i as usize]));
            let own = Pattern { n: group.n, by: group.by, places: &places, scale: &columns, offset: &offset };
            let is_worth_looking = tried < TRIED || (all.count() as f64) < MOSTLY_NEW * tried as f64;
            of_group.push(if is_worth_looking { all.known_or_new(own, &mut known) } else { all.push(own) });
        }
        (all, of_group)
    }

    pub fn count(&self) -> usize {
        self.spans.len()
    }

    pub fn get(&self, pattern: usize) -> Pattern<'_> {
        let Span { first, n, by } = self.spans[pattern];
        let (rows, k) = (first..first + n, self.scale.len() / self.offset.len().max(1));
        Pattern {
            n,
            by,
            places: &self.places[rows.clone()],
            scale: &self.scale[rows.start * k..rows.end * k],
            offset: &self.offset[rows],
        }
    }

    /// Adds one, and says which it is.
    pub fn push(&mut self, pattern: Pattern) -> usize {
        self.spans.push(Span { first: self.offset.len(), n: pattern.n, by: pattern.by });
        self.places.extend_from_slice(pattern.places);
        self.scale.extend_from_slice(pattern.scale);
        self.offset.extend_from_slice(pattern.offset);
        self.spans.len() - 1
    }

    fn known_or_new(&mut self, own: Pattern, known: &mut HashMap<u64, Vec<usize>>) -> usize {
        let same = known.entry(own.hash()).or_default();
        if let Some(&found) = same.iter().find(|&&other| self.get(other).equals(&own)) {
            return found;
        }
        same.push(self.count());
        self.push(own)
    }
}

impl Pattern<'_> {
    /// h + Wδ of its rows.
    pub fn log_sd(&self, delta: &[f64]) -> Vec<f64> {
        let of_row = |i: usize| {
            let own = &self.scale[i * delta.len()..(i + 1) * delta.len()];
            self.offset[i] + own.iter().zip(delta).map(|(w, d)| w * d).sum::<f64>()
        };
        (0..self.n).map(of_row).collect()
    }

    fn numbers(&self) -> impl Iterator<Item = u64> {
        self.places.iter().chain(self.scale).chain(self.offset).map(|v| v.to_bits())
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.n, self.by).hash(&mut hasher);
        self.numbers().for_each(|bits| bits.hash(&mut hasher));
        hasher.finish()
    }

    fn equals(&self, other: &Pattern) -> bool {
        (self.n, self.by) == (other.n, other.by) && self.numbers().eq(other.numbers())
    }
}
