//! The rows of a model whose residuals have parameters, as named arrays, and back.

use std::ops::Range;

use super::layout::ResidualLayout;
use super::patterns::{Pattern, Patterns};
use super::stored::{Group, Piece, Residual};
use crate::Result;
use crate::rows::RowBlock;
use crate::saved::{Arrays, require, take_sized, whole};

/// What the arrays of a file must fit: columns of X, and (levels, width) of every grouping factor.
pub struct SavedShape {
    pub p: usize,
    pub factors: Vec<(usize, usize)>,
}

impl Residual {
    /// Writes everything but the layout.
    pub fn write(&self, arrays: &mut Arrays) {
        let mut put = |name: &str, values: Vec<f64>| arrays.insert(format!("residual/{name}"), values);
        let rows = |of: &dyn Fn(&Piece) -> Vec<f64>| self.pieces.iter().flat_map(of).collect::<Vec<f64>>();
        put("order", self.order.iter().map(|&row| f64::from(row)).collect());
        put("pieces", self.pieces.iter().map(|piece| piece.groups.len() as f64).collect());
        put("sizes", rows(&|piece| piece.groups.iter().map(|group| group.n as f64).collect()));
        put("patterns", rows(&|piece| piece.groups.iter().map(|group| group.pattern as f64).collect()));
        put("numbers", rows(&|piece| piece.groups.iter().map(|group| f64::from(group.number)).collect()));
        put("origins", rows(&|piece| piece.groups.iter().map(|group| group.origin).collect()));
        let patterns = || (0..self.patterns.count()).map(|k| self.patterns.get(k));
        put("pattern/sizes", patterns().map(|own| own.n as f64).collect());
        put("pattern/by", patterns().map(|own| own.by as f64).collect());
        put("pattern/places", patterns().flat_map(|own| own.places).copied().collect());
        put("pattern/scale", patterns().flat_map(|own| own.scale).copied().collect());
        put("pattern/offset", patterns().flat_map(|own| own.offset).copied().collect());
        put("xy", rows(&|piece| piece.rows.dense.clone()));
        for k in 0..self.spreads.len() {
            put(&format!("z/{k}"), rows(&|piece| piece.rows.z[k].0.clone()));
            put(&format!("levels/{k}"), rows(&|piece| piece.rows.z[k].1.iter().map(|&l| f64::from(l)).collect()));
        }
    }

    /// Reads what `write` wrote, at the parameters `phi`.
    ///
    /// # Errors
    /// `Data` where the arrays do not belong together.
    pub fn read(
        layout: ResidualLayout,
        phi: Vec<f64>,
        arrays: &mut Arrays,
        n: usize,
        shape: &SavedShape,
    ) -> Result<Self> {
        let pieces = counts(&crate::saved::take(arrays, "residual/pieces")?, n + 1)?;
        let n_groups: usize = pieces.iter().sum();
        let mut take = |name: &str, len: usize| take_sized(arrays, &format!("residual/{name}"), len);
        let order = counts(&take("order", n)?, n)?;
        let mut seen = vec![false; n];
        order.iter().for_each(|&row| seen[row] = true);
        let (sizes, of_group) =
            (counts(&take("sizes", n_groups)?, n + 1)?, counts(&take("patterns", n_groups)?, n_groups)?);
        let is_cut = sizes.iter().sum::<usize>() == n && sizes.iter().all(|&size| size > 0);
        require(is_cut && seen.iter().all(|&seen| seen), "the groups of its residuals are not those of its rows")?;
        require(layout.n_parameters() == phi.len() && n_groups <= n, "its residuals have other parameters")?;
        let patterns = read_patterns(&layout, &mut take, of_group.iter().map(|&k| k + 1).max().unwrap_or(0), n)?;
        let agree = sizes.iter().zip(&of_group).all(|(&size, &k)| patterns.get(k).n == size);
        require(agree, "the patterns of its residuals are not those of its groups")?;
        let (numbers, origins) = (counts(&take("numbers", n_groups)?, n_groups)?, take("origins", n_groups)?);
        let xy = take("xy", n * (shape.p + 1))?;
        let mut z = Vec::new();
        for (f, &(n_levels, width)) in shape.factors.iter().enumerate() {
            let levels = counts(&take(&format!("levels/{f}"), n)?, n_levels)?;
            z.push((take(&format!("z/{f}"), n * width)?, levels.into_iter().map(|l| l as u32).collect::<Vec<u32>>()));
        }
        let pieces = SavedRows { xy, z, sizes, patterns: of_group, numbers, origins }.cut(&pieces, shape);
        let order = order.into_iter().map(|row| row as u32).collect();
        Ok(Self::of_pieces(layout, order, patterns, pieces, phi))
    }
}

fn read_patterns(
    layout: &ResidualLayout,
    take: &mut impl FnMut(&str, usize) -> Result<Vec<f64>>,
    n_patterns: usize,
    n: usize,
) -> Result<Patterns> {
    let sizes = counts(&take("pattern/sizes", n_patterns)?, n + 1)?;
    let by = counts(&take("pattern/by", n_patterns)?, layout.n_levels())?;
    let (rows, k) = (sizes.iter().sum::<usize>(), layout.scale.n());
    let (places, offset) = (take("pattern/places", rows)?, take("pattern/offset", rows)?);
    let scale = take("pattern/scale", rows * k)?;
    let (mut all, mut first) = (Patterns::default(), 0);
    for (n, by) in sizes.into_iter().zip(by) {
        let own = first..first + n;
        let scale = &scale[own.start * k..own.end * k];
        all.push(Pattern { n, by, places: &places[own.clone()], scale, offset: &offset[own] });
        first += n;
    }
    Ok(all)
}

/// Arrays of all rows in the order of the groups, and what is known of every group.
struct SavedRows {
    xy: Vec<f64>,
    z: Vec<(Vec<f64>, Vec<u32>)>,
    sizes: Vec<usize>,
    patterns: Vec<usize>,
    numbers: Vec<usize>,
    origins: Vec<f64>,
}

impl SavedRows {
    /// Pieces of so many groups each.
    fn cut(&self, n_groups: &[usize], shape: &SavedShape) -> Vec<Piece> {
        let (mut group, mut first) = (0, 0);
        let mut next = |&n: &usize| {
            let own = group..group + n;
            let end = first + self.sizes[own.clone()].iter().sum::<usize>();
            let piece = self.piece(own, first..end, shape);
            (group, first) = (group + n, end);
            piece
        };
        n_groups.iter().map(&mut next).collect()
    }

    fn piece(&self, own: Range<usize>, rows: Range<usize>, shape: &SavedShape) -> Piece {
        let of = |values: &[f64], width: usize| values[rows.start * width..rows.end * width].to_vec();
        let columns = self.z.iter().zip(&shape.factors);
        let mut first = 0;
        let mut group = |g: usize| {
            first += self.sizes[g];
            Group {
                first: first - self.sizes[g],
                n: self.sizes[g],
                pattern: self.patterns[g],
                number: self.numbers[g] as u32,
                origin: self.origins[g],
            }
        };
        Piece {
            rows: RowBlock {
                n: rows.len(),
                dense: of(&self.xy, shape.p + 1),
                z: columns.map(|((z, levels), &(_, r))| (of(z, r), levels[rows.clone()].to_vec())).collect(),
                ..RowBlock::default()
            },
            groups: own.map(&mut group).collect(),
        }
    }
}

/// Whole numbers below one.
fn counts(values: &[f64], below: usize) -> Result<Vec<usize>> {
    Ok(whole(values, below as f64)?.into_iter().map(|v| v as usize).collect())
}
