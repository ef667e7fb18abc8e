//! From sums over columns as they are read, cells among them, to the columns of X that are kept.

use super::sums::Sums;
use crate::design::FixedLayout;
use crate::rows::{Columns, ExtendedColumns};

/// What makes a column of [X y] of a row of sums.
#[derive(Debug, Clone)]
pub struct Coding {
    /// For every column of X, then y: its entries in a row of sums.
    columns: Vec<Vec<(usize, f64)>>,
    /// The unit of y.
    y_scale: f64,
    /// Columns in the model, ascending, and what every column is multiplied by.
    kept: Vec<usize>,
    scale: Vec<f64>,
}

impl Coding {
    /// All columns, as they are.
    pub fn new(columns: &Columns, layout: &FixedLayout) -> Self {
        let (columns, y_scale) = match columns {
            Columns::Read(extended) => (extended.coding(layout), extended.scale[extended.n_dense()]),
            Columns::Fitted(basis) => ((0..=basis.kept.len()).map(|j| vec![(j, 1.0)]).collect(), 1.0),
        };
        let p = columns.len() - 1;
        Self { columns, y_scale, kept: (0..p).collect(), scale: vec![1.0; p] }
    }

    /// Keeps some of the columns; `scale` is that of all.
    pub fn keep(&mut self, kept: &[usize], scale: &[f64]) {
        (self.kept, self.scale) = (kept.to_vec(), scale.to_vec());
    }

    /// [X y]'W[X y] of all columns (p + 1 squared, symmetric), by way of the square of a whole row of sums.
    pub fn squares(&self, sums: &Sums, extended: &ExtendedColumns, full: &mut Vec<f64>, xx: &mut Vec<f64>) {
        let (width, stride) = (extended.width(), self.columns.len());
        full_square(sums, extended, full);
        xx.resize(stride * stride, 0.0);
        for (j, cj) in self.columns.iter().enumerate() {
            for (i, ci) in self.columns.iter().enumerate().take(j + 1) {
                let sum: f64 = ci
                    .iter()
                    .map(|&(a, va)| va * cj.iter().map(|&(b, vb)| vb * full[a * width + b]).sum::<f64>())
                    .sum();
                xx[j * stride + i] = sum;
                xx[i * stride + j] = sum;
            }
        }
        let p = stride - 1;
        for k in 0..stride {
            xx[k * stride + p] *= self.y_scale;
            xx[p * stride + k] *= self.y_scale;
        }
    }

    /// The squares of the columns kept and of y, from those of all.
    pub fn select(&self, xx: &[f64], out: &mut [f64]) {
        let (old, p) = (self.columns.len(), self.kept.len());
        let source = |k: usize| if k == p { (old - 1, 1.0) } else { (self.kept[k], self.scale[self.kept[k]]) };
        for j in 0..=p {
            for i in 0..=p {
                let ((a, sa), (b, sb)) = (source(i), source(j));
                out[j * (p + 1) + i] = xx[b * old + a] * sa * sb;
            }
        }
    }

    /// Columns kept, and y.
    pub fn width(&self) -> usize {
        self.kept.len() + 1
    }

    /// Rows of sums (of `width` numbers each) as rows of the columns kept and of y.
    pub fn rows(&self, rows: &[f64], width: usize, out: &mut [f64]) {
        let y = self.columns.len() - 1;
        for (row, out) in rows.chunks_exact(width).zip(out.chunks_exact_mut(self.width())) {
            let sum = |column: usize| self.columns[column].iter().map(|&(k, v)| row[k] * v).sum::<f64>();
            let (last, of_x) = out.split_last_mut().expect("y");
            of_x.iter_mut().zip(&self.kept).for_each(|(out, &k)| *out = sum(k) * self.scale[k]);
            *last = sum(y) * self.y_scale;
        }
    }
}

/// The square of a whole row of sums, cells included.
fn full_square(sums: &Sums, extended: &ExtendedColumns, full: &mut Vec<f64>) {
    let (width, d) = (extended.width(), extended.n_dense() + 1);
    full.resize(width * width, 0.0);
    let mut set = |i: usize, j: usize, v: f64| {
        full[i * width + j] = v;
        full[j * width + i] = v;
    };
    for j in 0..d {
        (j..d).for_each(|i| set(i, j, sums.dense[j * d + i]));
    }
    for (cell, row) in sums.cells_dense.chunks_exact(d).enumerate() {
        row.iter().enumerate().for_each(|(k, &v)| set(d + cell, k, v));
    }
    for (a, block_a) in extended.blocks.iter().enumerate() {
        for (b, block_b) in extended.blocks[..=a].iter().enumerate() {
            let table = &sums.cells[a * (a + 1) / 2 + b];
            for (k, &v) in table.iter().enumerate() {
                let (i, j) = (k / block_b.n_cells, k % block_b.n_cells);
                if a != b || j <= i {
                    set(d + block_a.first + i, d + block_b.first + j, v);
                }
            }
        }
    }
}
