//! Entries of N = Λ M^-1 Λ' for pairs of levels that meet: what leverages are made of.

use super::factor::CholeskyFactor;
use super::inverse::Inverse;
use super::panel::Panels;
use super::symbolic::SymbolicFactor;
use super::trailing::InverseBlocks;
use crate::crossproduct::CrossProducts;

/// A view of an inverse that keeps the blocks of all leads.
pub struct InverseEntries<'a> {
    inverse: &'a Inverse,
    symbolic: &'a SymbolicFactor,
    /// Per block, N of every level (r x r each).
    own: Vec<Vec<f64>>,
    places: Vec<Place>,
}

/// Where a grouping factor stands in the order of elimination.
#[derive(Clone, Copy)]
enum Place {
    Lead(usize),
    Trailing { offset: usize, r: usize },
}

impl<'a> InverseEntries<'a> {
    pub fn new(inverse: &'a Inverse, factor: &CholeskyFactor, symbolic: &'a SymbolicFactor) -> Self {
        let n_blocks = symbolic.leads.len() + symbolic.groups.len();
        let place = |block: usize| match symbolic.leads.iter().position(|l| l.block == block) {
            Some(i) => Place::Lead(i),
            None => {
                let group = symbolic.groups.iter().find(|t| t.block == block).expect("a place of every block");
                Place::Trailing { offset: group.offset, r: group.r }
            }
        };
        let own = (0..n_blocks).map(|block| inverse.level_blocks(factor, symbolic, block)).collect();
        Self { inverse, symbolic, own, places: (0..n_blocks).map(place).collect() }
    }

    /// N of one level.
    pub fn own(&self, block: usize, level: usize, r: usize) -> &[f64] {
        &self.own[block][level * r * r..(level + 1) * r * r]
    }

    /// N of a scalar lead and a scalar trailing block, by the position of their pair in the link of the two; None of others, or
    /// where the places of pairs are not kept.
    pub fn scalar_pairs(
        &self,
        f: usize,
        g: usize,
        (a, panels): (&'a CrossProducts, &'a Panels),
    ) -> Option<impl Fn(u32) -> f64 + Sync + 'a> {
        let is_scalar = a.factors[f].width == 1 && a.factors[g].width == 1;
        let (lead, block) = match (self.places[f], self.places[g]) {
            (Place::Lead(lead), Place::Trailing { .. }) => (lead, g),
            (Place::Trailing { .. }, Place::Lead(lead)) => (lead, f),
            _ => return None,
        };
        let group = self.symbolic.groups.iter().position(|t| t.block == block)?;
        let places = panels.places(self.symbolic, lead, group, a).filter(|_| is_scalar)?;
        let n = &self.inverse.leads[lead].panel;
        Some(move |position: u32| n[places[position as usize] as usize])
    }

    /// z'N w for columns z of a level of one block and w of a level of another, which meet in some row.
    pub fn bilinear(&self, (f, lf, z): (usize, usize, &[f64]), (g, lg, w): (usize, usize, &[f64])) -> f64 {
        match (self.places[f], self.places[g]) {
            (Place::Lead(i), Place::Lead(j)) if i < j => self.with_ancestor(i, j, lf, z, w),
            (Place::Lead(i), Place::Lead(j)) => self.with_ancestor(j, i, lg, w, z),
            (Place::Lead(i), Place::Trailing { offset, r }) => self.with_trailing(i, lf, z, offset + lg * r, w),
            (Place::Trailing { offset, r }, Place::Lead(j)) => self.with_trailing(j, lg, w, offset + lf * r, z),
            (Place::Trailing { offset: a, r }, Place::Trailing { offset: b, r: s }) => {
                self.within_trailing((a + lf * r, z), (b + lg * s, w))
            }
        }
    }

    /// N over the columns of some levels (block, level, width), then of the columns of X that the inverse counts (c x c).
    pub fn of_levels(&self, levels: &[(usize, u32, usize)], out: &mut Vec<f64>) {
        let fixed = &self.inverse.trailing.fixed;
        let first: Vec<usize> = levels.iter().scan(0, |at, (_, _, r)| Some(std::mem::replace(at, *at + r))).collect();
        let (q, f) = (levels.iter().map(|(_, _, r)| r).sum::<usize>(), fixed.n);
        let c = q + f;
        out.clear();
        out.resize(c * c, 0.0);
        let mut set = |i: usize, j: usize, v: f64| (out[j * c + i], out[i * c + j]) = (v, v);
        for (k, &(block, level, r)) in levels.iter().enumerate() {
            let (level, at) = (level as usize, first[k]);
            let own = self.own(block, level, r);
            (0..r * r).for_each(|e| set(at + e % r, at + e / r, own[e]));
            for (&(other, of_other, width), &place) in levels.iter().zip(&first).take(k) {
                self.pair((block, level, at, r), (other, of_other as usize, place, width), &mut set);
            }
            let x = self.with_x(block, level, r);
            (0..r * f).for_each(|e| set(q + e % f, at + e / f, x[e]));
        }
        (0..f * f).for_each(|e| set(q + e % f, q + e / f, fixed.xx[e]));
    }

    /// N of the columns of X and those of a level (f x r).
    fn with_x(&self, block: usize, level: usize, r: usize) -> &[f64] {
        let fixed = &self.inverse.trailing.fixed;
        let (x, first) = match self.places[block] {
            Place::Lead(i) => (&self.inverse.leads[i].x, level * r),
            Place::Trailing { offset, .. } => (&fixed.x, offset + level * r),
        };
        &x[first * fixed.n..(first + r) * fixed.n]
    }

    /// Entries of N between a level of one block and one of another; (block, level, first place, width) of each.
    fn pair(
        &self,
        (f, lf, at_f, rf): (usize, usize, usize, usize),
        (g, lg, at_g, rg): (usize, usize, usize, usize),
        set: &mut impl FnMut(usize, usize, f64),
    ) {
        let unit = |r: usize, k: usize| (0..r).map(move |i| f64::from(u8::from(i == k))).collect::<Vec<f64>>();
        for i in 0..rf {
            for j in 0..rg {
                set(at_f + i, at_g + j, self.bilinear((f, lf, &unit(rf, i)), (g, lg, &unit(rg, j))));
            }
        }
    }

    fn with_ancestor(&self, i: usize, j: usize, level: usize, z: &[f64], up: &[f64]) -> f64 {
        let size = z.len() * up.len();
        bilinear(&self.inverse.leads[i].ancestors[j - i - 1][level * size..(level + 1) * size], up.len(), up, z)
    }

    fn with_trailing(&self, i: usize, level: usize, z: &[f64], row: usize, w: &[f64]) -> f64 {
        let lead = &self.symbolic.leads[i];
        let rows = lead.panel.level_rows(level);
        let at = if lead.panel.dense { row } else { rows.partition_point(|&r| (r as usize) < row) };
        let (n, d) = (&self.inverse.leads[i].panel[lead.panel.range(level, lead.r)], rows.len());
        let column = |j: usize| -> f64 { n[j * d + at..][..w.len()].iter().zip(w).map(|(n, w)| n * w).sum() };
        z.iter().enumerate().map(|(j, z)| z * column(j)).sum()
    }

    fn within_trailing(&self, (row, z): (usize, &[f64]), (column, w): (usize, &[f64])) -> f64 {
        match &self.inverse.trailing.blocks {
            InverseBlocks::Dense(n) => {
                let n = n.view(self.symbolic.n_trailing);
                let entry = |i: usize, j: usize| n[(row + i, column + j)];
                (0..w.len()).map(|j| w[j] * (0..z.len()).map(|i| z[i] * entry(i, j)).sum::<f64>()).sum()
            }
            InverseBlocks::Sparse(n) => {
                let block = n.pair((row, z.len()), (column, w.len())).expect("levels that meet");
                bilinear(&block, z.len(), z, w)
            }
            InverseBlocks::Iterative(_) => f64::NAN,
        }
    }
}

/// x'B y for a block of m rows, column-major.
fn bilinear(block: &[f64], m: usize, x: &[f64], y: &[f64]) -> f64 {
    let column = |c: &[f64]| -> f64 { c.iter().zip(x).map(|(b, x)| b * x).sum() };
    block.chunks_exact(m).zip(y).map(|(c, y)| y * column(c)).sum()
}
