//! The same without some rows: groups keep the covariance of the rows they have left.

use super::patterns::{Pattern, Patterns};
use super::stored::{Group, Piece, Residual};
use crate::rows::RowBlock;

impl Residual {
    /// Without the rows of the data that are marked; `order` keeps the numbers that rows have there.
    pub fn without(&self, is_gone: &[bool]) -> Self {
        let (mut patterns, mut order, mut pieces) = (self.patterns.clone(), Vec::new(), Vec::new());
        let mut rest = self.order.as_slice();
        for piece in &self.pieces {
            let (own, after) = rest.split_at(piece.rows.n);
            rest = after;
            let kept: Vec<usize> = (0..own.len()).filter(|&i| !is_gone[own[i] as usize]).collect();
            if !kept.is_empty() {
                order.extend(kept.iter().map(|&i| own[i]));
                pieces.push(piece.of_rows(&kept, &mut patterns));
            }
        }
        let layout = self.layout.clone();
        let smaller = Self::of_pieces(layout, order, patterns, pieces, self.start.clone());
        Self { spreads: self.spreads.clone(), ..smaller }
    }
}

impl Piece {
    /// Of rows of it, ascending; those that were not all of their group get a pattern of their own.
    fn of_rows(&self, kept: &[usize], patterns: &mut Patterns) -> Self {
        let (mut groups, mut first) = (Vec::new(), 0);
        for group in &self.groups {
            let places =
                kept.partition_point(|&i| i < group.first)..kept.partition_point(|&i| i < group.first + group.n);
            let own: Vec<usize> = kept[places].iter().map(|i| i - group.first).collect();
            if own.is_empty() {
                continue;
            }
            let pattern = if own.len() == group.n { group.pattern } else { part(patterns, group.pattern, &own) };
            groups.push(Group { first, n: own.len(), pattern, ..*group });
            first += own.len();
        }
        Self { rows: picked(&self.rows, kept), groups }
    }
}

/// The pattern of some rows of another.
fn part(patterns: &mut Patterns, of: usize, rows: &[usize]) -> usize {
    let whole = patterns.get(of);
    let k = whole.scale.len() / whole.n;
    let places: Vec<f64> = rows.iter().filter_map(|&i| whole.places.get(i)).copied().collect();
    let scale: Vec<f64> = rows.iter().flat_map(|&i| &whole.scale[i * k..(i + 1) * k]).copied().collect();
    let offset: Vec<f64> = rows.iter().map(|&i| whole.offset[i]).collect();
    let by = whole.by;
    patterns.push(Pattern { n: rows.len(), by, places: &places, scale: &scale, offset: &offset })
}

fn picked(rows: &RowBlock, kept: &[usize]) -> RowBlock {
    let of = |values: &[f64]| -> Vec<f64> {
        let width = values.len() / rows.n;
        kept.iter().flat_map(|&i| &values[i * width..(i + 1) * width]).copied().collect()
    };
    let of_block = |(z, levels): &(Vec<f64>, Vec<u32>)| (of(z), kept.iter().map(|&i| levels[i]).collect());
    RowBlock { n: kept.len(), dense: of(&rows.dense), z: rows.z.iter().map(of_block).collect(), ..RowBlock::default() }
}
