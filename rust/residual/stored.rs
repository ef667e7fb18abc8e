//! The rows of a model whose residuals have parameters, in the working basis: pattern after pattern, group after group.

use super::correlation::PlaceKind;
use super::grid::Grid;
use super::groups::{GroupedRows, ResidualInput};
use super::identified;
use super::layout::ResidualLayout;
use super::moments::Moments;
use super::patterns::{Pattern, Patterns};
use super::scale::Scale;
use crate::Result;
use crate::linalg::dense;
use crate::rows::{RowBlock, StoredRows};

/// Rows up to which other correlations are tried.
const MOST_ROWS_OF_STARTS: usize = 10_000;

/// Rows of one group side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    pub first: usize,
    pub n: usize,
    pub pattern: usize,
    /// Its number among the groups by their levels.
    pub number: u32,
    /// What the places of its pattern are counted from.
    pub origin: f64,
}

/// Rows of one task: whole groups, those of a pattern one after the other.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Neither weighted nor whitened.
    pub rows: RowBlock,
    pub groups: Vec<Group>,
}

/// R with the rows that it is of.
#[derive(Debug, Clone)]
pub struct Residual {
    pub layout: ResidualLayout,
    /// The row of every place in the order of the groups.
    pub order: Vec<u32>,
    pub patterns: Patterns,
    pub pieces: Vec<Piece>,
    /// Where a search starts.
    pub start: Vec<f64>,
    /// By grouping factor, whether some group lies in several of its levels.
    pub spreads: Vec<bool>,
    /// Products of rows that stand for all groups of a pattern, where these take less time.
    pub grid: Option<Grid>,
}

impl Residual {
    /// `restricted`: by REML; `n_pieces`: tasks that the rows are cut into.
    ///
    /// # Errors
    /// `Design` and `Data` where the rows do not determine the parameters.
    pub fn new(input: &ResidualInput, rows: &StoredRows, restricted: bool, n_pieces: usize) -> Result<Self> {
        let weights = (!rows.block.weights.is_empty()).then_some(rows.block.weights.as_slice());
        let (grouped, scale) = (GroupedRows::new(input)?, Scale::new(input, input.heterogeneous, weights)?);
        let layout = ResidualLayout {
            correlation: input.correlation,
            places: grouped.layout.clone(),
            by: input.by_levels.clone(),
            scale: scale.layout.clone(),
        };
        let start = start(&layout, &grouped, &scale, &residuals(rows));
        let kind = input.correlation.map_or(PlaceKind::None, |c| c.structure().place());
        let (patterns, of_group) = Patterns::find(&grouped, &scale, kind);
        identified::check(input, &grouped, &patterns, &scale, rows, restricted)?;
        let (order, groups) = by_pattern(&grouped, &patterns, &of_group);
        let pieces = pieces(&order, &groups, rows, n_pieces);
        Ok(Self::of_pieces(layout, order, patterns, pieces, start))
    }

    /// R of rows of which those of a stratum have one variance, without the rows: `input` has a row of each.  Where a search
    /// starts follows from the logarithms of their standard deviations; `sums` are [X y]'[X y] of each, and its rows.
    ///
    /// # Errors
    /// `Design` where the strata do not determine the parameters.
    pub fn of_strata(
        input: &ResidualInput,
        log_sd: &[f64],
        sums: &[(&[f64], usize)],
        p: usize,
        restricted: bool,
    ) -> Result<Self> {
        let scale = Scale::new(input, false, None)?;
        identified::check_strata(input, &scale, sums, p, restricted)?;
        let (layout, k) =
            (ResidualLayout { scale: scale.layout, ..ResidualLayout::default() }, input.scale_names.len());
        let mut patterns = Patterns::default();
        for (row, offset) in scale.columns.chunks_exact(k).zip(&scale.offset) {
            patterns.push(Pattern { n: 1, by: 0, places: &[0.0], scale: row, offset: &[*offset] });
        }
        let logs: Vec<f64> = log_sd.iter().zip(&scale.offset).map(|(log, offset)| log - offset).collect();
        let start = regressed(&scale.columns, &logs, k);
        Ok(Self::of_pieces(layout, Vec::new(), patterns, Vec::new(), start))
    }

    /// R of rows that are cut into pieces.
    pub fn of_pieces(
        layout: ResidualLayout,
        order: Vec<u32>,
        patterns: Patterns,
        pieces: Vec<Piece>,
        start: Vec<f64>,
    ) -> Self {
        let n_blocks = pieces.first().map_or(0, |piece| piece.rows.z.len());
        let spreads = (0..n_blocks).map(|block| pieces.iter().any(|piece| piece.spreads(block))).collect();
        let grid = Grid::of_pieces(&pieces, &patterns);
        Self { layout, order, patterns, pieces, start, spreads, grid }
    }

    /// Whether the likelihood can have several optima in the correlations, and rows are few enough to look for them.
    pub fn has_other_starts(&self) -> bool {
        self.order.len() <= MOST_ROWS_OF_STARTS && self.starts().len() > 1
    }

    /// Where a search may start: at moments, or with other correlations, of all levels of `by` or of one.
    pub fn starts(&self) -> Vec<Vec<f64>> {
        let Some(correlation) = self.layout.correlation else { return vec![self.start.clone()] };
        let (k, levels) = (self.layout.n_of_level(), self.layout.n_levels());
        let others = correlation.structure().other_starts(&self.start[..k], &self.layout.places);
        let mut all = vec![self.start.clone()];
        for own in &others {
            let mut start = self.start.clone();
            start[..k * levels].chunks_exact_mut(k).for_each(|level| level.copy_from_slice(own));
            all.push(start);
            for level in (0..levels).filter(|_| levels > 1) {
                let mut start = self.start.clone();
                start[level * k..(level + 1) * k].copy_from_slice(own);
                all.push(start);
            }
        }
        all
    }

    /// By group, the levels of every grouping factor that it lies in, ascending.
    pub fn levels(&self) -> Vec<Vec<Vec<u32>>> {
        let of_group = |piece: &Piece, group: &Group| {
            piece.rows.z.iter().map(|(_, levels)| distinct(&levels[group.first..group.first + group.n])).collect()
        };
        self.pieces.iter().flat_map(|piece| piece.groups.iter().map(move |group| of_group(piece, group))).collect()
    }

    /// Every group with its rows in the data.
    pub fn groups_of_rows(&self) -> impl Iterator<Item = (&Group, &[u32])> {
        let groups = self.pieces.iter().flat_map(|piece| &piece.groups);
        groups.scan(0, |first, group| {
            let rows = &self.order[*first..*first + group.n];
            *first += group.n;
            Some((group, rows))
        })
    }

    /// The same rows in other columns: of every row of [X y] what `change` makes of it.
    pub fn with_columns(&self, change: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        self.with_pieces(|rows| {
            let width = rows.dense.len() / rows.n;
            rows.dense = rows.dense.chunks_exact(width).flat_map(&change).collect();
        })
    }

    /// The same with the rows of every piece changed.
    pub fn with_pieces(&self, change: impl Fn(&mut RowBlock)) -> Self {
        let mut pieces = self.pieces.clone();
        pieces.iter_mut().for_each(|piece| change(&mut piece.rows));
        let grid = Grid::of_pieces(&pieces, &self.patterns);
        let (layout, order, patterns) = (self.layout.clone(), self.order.clone(), self.patterns.clone());
        Self { layout, order, patterns, pieces, start: self.start.clone(), spreads: self.spreads.clone(), grid }
    }

    /// Changes rows of values in the order of the data, group by group.
    pub fn change_groups(&self, values: &mut [f64], change: impl Fn(&Group, &mut [f64])) {
        let width = values.len() / self.order.len();
        for (group, rows) in self.groups_of_rows() {
            let places = || rows.iter().map(|&row| row as usize * width..(row as usize + 1) * width);
            let mut own: Vec<f64> = places().flat_map(|place| &values[place]).copied().collect();
            change(group, &mut own);
            places().zip(own.chunks_exact(width)).for_each(|(place, row)| values[place].copy_from_slice(row));
        }
    }

    /// Another response, less X origin already, in the order of the data.
    pub fn set_response(&mut self, y: &[f64]) {
        let mut order = self.order.iter();
        for piece in &mut self.pieces {
            let width = piece.rows.dense.len() / piece.rows.n.max(1);
            for row in piece.rows.dense.chunks_exact_mut(width) {
                row[width - 1] = y[*order.next().expect("a row of every place") as usize];
            }
        }
        self.grid = Grid::of_pieces(&self.pieces, &self.patterns);
    }

    /// The log standard deviations of the rows over σ, in the order of the groups.
    pub fn log_sd(&self, phi: &[f64]) -> Vec<f64> {
        let delta = self.layout.split(phi).1;
        let groups = self.pieces.iter().flat_map(|piece| &piece.groups);
        groups.flat_map(|group| self.patterns.get(group.pattern).log_sd(delta)).collect()
    }

    /// Values in the order of the groups, put in that of the data.
    pub fn in_order_of_data(&self, values: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; values.len()];
        self.order.iter().zip(values).for_each(|(&row, v)| out[row as usize] = *v);
        out
    }
}

/// The values there are, ascending.
pub fn distinct(values: &[u32]) -> Vec<u32> {
    let mut all = values.to_vec();
    all.sort_unstable();
    all.dedup();
    all
}

impl Piece {
    /// Whether some group lies in several levels of a grouping factor.
    pub fn spreads(&self, block: usize) -> bool {
        let levels = &self.rows.z[block].1;
        self.groups.iter().any(|g| levels[g.first..g.first + g.n].iter().any(|&level| level != levels[g.first]))
    }
}

/// The rows and groups with those of a pattern together, patterns in the order in which they first occur.
fn by_pattern(grouped: &GroupedRows, patterns: &Patterns, of_group: &[usize]) -> (Vec<u32>, Vec<Group>) {
    let mut sorted: Vec<usize> = (0..of_group.len()).collect();
    sorted.sort_by_key(|&g| of_group[g]);
    let (mut order, mut groups) = (Vec::with_capacity(grouped.order.len()), Vec::with_capacity(sorted.len()));
    for g in sorted {
        let own = grouped.groups[g];
        let origin = grouped.places.get(own.first).map_or(0.0, |place| place - patterns.get(of_group[g]).places[0]);
        groups.push(Group { first: order.len(), n: own.n, pattern: of_group[g], number: g as u32, origin });
        order.extend_from_slice(&grouped.order[own.first..own.first + own.n]);
    }
    (order, groups)
}

/// Cuts the groups into pieces of about as many rows.
fn pieces(order: &[u32], groups: &[Group], rows: &StoredRows, n_pieces: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for part in 1..=n_pieces.max(1) {
        let last = rows.n * part / n_pieces.max(1);
        let to = groups.partition_point(|g| g.first < last);
        if to == from {
            continue;
        }
        let first = groups[from].first;
        let end = groups[to - 1].first + groups[to - 1].n;
        pieces.push(Piece {
            rows: picked(rows, &order[first..end]),
            groups: groups[from..to].iter().map(|g| Group { first: g.first - first, ..*g }).collect(),
        });
        from = to;
    }
    pieces
}

fn picked(rows: &StoredRows, own: &[u32]) -> RowBlock {
    let of_block = |block: usize| {
        let z = own.iter().flat_map(|&i| rows.z(block, i as usize)).copied().collect();
        (z, own.iter().map(|&i| rows.levels(block)[i as usize]).collect())
    };
    RowBlock {
        n: own.len(),
        dense: own.iter().flat_map(|&i| rows.xy(i as usize)).copied().collect(),
        z: (0..rows.block.z.len()).map(of_block).collect(),
        ..RowBlock::default()
    }
}

/// Residuals of least squares.
fn residuals(rows: &StoredRows) -> Vec<f64> {
    let (p, stride) = (rows.p, rows.p + 1);
    let mut xx = vec![0.0; stride * stride];
    dense::rank_update_lower(&mut xx, dense::view(&rows.block.dense, stride, rows.n), 1.0);
    let mut l: Vec<f64> = (0..p * p).map(|e| xx[e / p * stride + e % p]).collect();
    let mut beta: Vec<f64> = (0..p).map(|j| xx[j * stride + p]).collect();
    if dense::cholesky_lower(&mut l, p).is_ok() {
        dense::solve_lower(&l, &mut beta, p, 1);
        dense::solve_lower_transposed(&l, &mut beta, p, 1);
    }
    rows.residuals(&rows.response(), &beta, &[])
}

/// φ by moments of residuals: log|e| on the columns of log sd, then correlations of what is left.
fn start(layout: &ResidualLayout, grouped: &GroupedRows, scale: &Scale, e: &[f64]) -> Vec<f64> {
    let (k, n) = (layout.scale.n(), e.len());
    let typical = (e.iter().map(|e| e * e).sum::<f64>() / n as f64).sqrt().max(f64::MIN_POSITIVE);
    let logs: Vec<f64> = e.iter().zip(&scale.offset).map(|(e, h)| (e.abs() / typical).max(1e-3).ln() - h).collect();
    let delta = regressed(&scale.columns, &logs, k);
    let Some(correlation) = layout.correlation else { return delta };
    let structure = correlation.structure();
    let mut moments = vec![Moments::new(layout.places.n()); layout.n_levels()];
    for group in &grouped.groups {
        let rows = group.first..group.first + group.n;
        let own: Vec<f64> = grouped.order[rows.clone()]
            .iter()
            .map(|&i| e[i as usize] / scale.log_sd(&delta, i as usize).exp())
            .collect();
        let visits = grouped.visits.get(rows.clone()).unwrap_or_default();
        moments[group.by].add_group(&own, &grouped.places[rows], visits);
    }
    let mut phi: Vec<f64> = moments.iter().flat_map(|m| structure.start(m, &layout.places)).collect();
    phi.extend(delta);
    phi
}

/// Coefficients of least squares of y on centred columns (n x k, row-major).
fn regressed(columns: &[f64], y: &[f64], k: usize) -> Vec<f64> {
    let (n, mean) = (y.len(), y.iter().sum::<f64>() / y.len() as f64);
    let view = dense::view(columns, k, n);
    let centred: Vec<f64> = y.iter().map(|v| v - mean).collect();
    let mut gram = dense::product(view, view.transpose());
    let mut delta = dense::product(view, dense::view(&centred, n, 1));
    if dense::cholesky_lower(&mut gram, k).is_err() {
        return vec![0.0; k];
    }
    dense::solve_lower(&gram, &mut delta, k, 1);
    dense::solve_lower_transposed(&gram, &mut delta, k, 1);
    delta
}
