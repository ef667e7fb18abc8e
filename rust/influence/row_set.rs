//! A set of rows as deletion sees it: weighted, in the working basis, and no longer than its span is wide.

use faer::Mat;

use crate::penalized_ls::Touched;
use crate::rows::StoredRows;

/// W^½[Z X y] of the rows; where these are more than the columns they touch, the triangular factor of its QR
/// decomposition, which has the same cross-products.
#[derive(Debug, Clone)]
pub struct RowSet {
    pub n_rows: usize,
    /// Rows kept, k.
    pub k: usize,
    /// Per block the levels touched: r rows of k.
    pub z: Touched,
    /// p rows of k.
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    /// The square of y outside the span.
    pub rest: f64,
    pub sum_log_weights: f64,
}

impl RowSet {
    /// All rows as they are; `widths` are those of the blocks.
    pub fn plain(rows: &StoredRows, members: &[u32], widths: &[usize]) -> Self {
        let (k, p) = (members.len(), rows.p);
        let mut set = Self {
            n_rows: k,
            k,
            z: vec![Vec::new(); widths.len()],
            x: vec![0.0; p * k],
            y: vec![0.0; k],
            rest: 0.0,
            sum_log_weights: 0.0,
        };
        let mut places = vec![rustc_hash::FxHashMap::default(); widths.len()];
        for (c, &row) in members.iter().enumerate() {
            let row = row as usize;
            let root = rows.weight(row).sqrt();
            set.sum_log_weights += rows.weight(row).ln();
            set.y[c] = root * rows.y(row);
            (0..p).for_each(|j| set.x[j * k + c] = root * rows.x(row)[j]);
            for (b, block) in set.z.iter_mut().enumerate() {
                let level = rows.levels(b)[row] as usize;
                let at = *places[b].entry(level).or_insert_with(|| {
                    block.push((level, vec![0.0; widths[b] * k]));
                    block.len() - 1
                });
                rows.z(b, row).iter().enumerate().for_each(|(a, z)| block[at].1[a * k + c] = root * z);
            }
        }
        set
    }

    /// The rows, compressed where that makes them fewer; None where more than `largest` are left.
    pub fn new(rows: &StoredRows, members: &[u32], widths: &[usize], largest: usize) -> Option<Self> {
        let columns = n_columns(rows, members, widths);
        if members.len().min(columns + 1) > largest {
            return None;
        }
        let plain = Self::plain(rows, members, widths);
        Some(if plain.k > columns + 1 { plain.compressed(columns) } else { plain })
    }

    fn compressed(self, columns: usize) -> Self {
        let n = self.k;
        let mut lines: Vec<&[f64]> = self.z.iter().flatten().flat_map(|(_, values)| values.chunks_exact(n)).collect();
        lines.extend(self.x.chunks_exact(n));
        lines.push(&self.y);
        let r = Mat::from_fn(n, columns + 1, |i, j| lines[j][i]).qr().thin_R().to_owned();
        let column = |j: usize| (0..columns).map(|i| if i <= j { r[(i, j)] } else { 0.0 }).collect::<Vec<f64>>();
        let mut j = 0;
        let mut next = |count: usize| -> Vec<f64> {
            let out = (j..j + count).flat_map(column).collect();
            j += count;
            out
        };
        let levels = |block: &Vec<(usize, Vec<f64>)>, next: &mut dyn FnMut(usize) -> Vec<f64>| {
            block.iter().map(|(level, values)| (*level, next(values.len() / n))).collect()
        };
        let z = self.z.iter().map(|block| levels(block, &mut next)).collect();
        let x = next(self.x.len() / n);
        Self { k: columns, z, x, y: column(columns), rest: r[(columns, columns)].powi(2), ..self }
    }
}

/// Columns of Z that the rows touch, and of X.
fn n_columns(rows: &StoredRows, members: &[u32], widths: &[usize]) -> usize {
    let mut seen = vec![rustc_hash::FxHashSet::default(); widths.len()];
    for (b, seen) in seen.iter_mut().enumerate() {
        seen.extend(members.iter().map(|&row| rows.levels(b)[row as usize]));
    }
    rows.p + seen.iter().zip(widths).map(|(levels, r)| levels.len() * r).sum::<usize>()
}
