//! From sums over cells to the columns of X.

use super::extended::ExtendedColumns;
use super::sums::Sums;

/// The sums with their categories coded: square and rectangular blocks of [X y].
pub struct CodedSums {
    pub p: usize,
    /// (p + 1) x (p + 1), symmetric.
    pub xx: Vec<f64>,
    /// Per factor, (levels r) rows of p + 1.
    pub zx: Vec<Vec<f64>>,
    pub zz: Vec<Vec<f64>>,
    pub links: Vec<Vec<f64>>,
    pub sum_log_weights: f64,
}

impl CodedSums {
    pub fn new(sums: Sums, coding: &[Vec<(usize, f64)>], extended: &ExtendedColumns) -> Self {
        let width = extended.width();
        let full = full_square(&sums, extended);
        let stride = coding.len();
        let mut xx = vec![0.0; stride * stride];
        for (j, cj) in coding.iter().enumerate() {
            for (i, ci) in coding.iter().enumerate().take(j + 1) {
                let sum: f64 = ci
                    .iter()
                    .map(|&(a, va)| va * cj.iter().map(|&(b, vb)| vb * full[a * width + b]).sum::<f64>())
                    .sum();
                xx[j * stride + i] = sum;
                xx[i * stride + j] = sum;
            }
        }
        let zx = sums.zx.iter().map(|rows| code_rows(rows, width, coding)).collect();
        let mut coded =
            Self { p: stride - 1, xx, zx, zz: sums.zz, links: sums.links, sum_log_weights: sums.sum_log_weights };
        coded.rescale_y(extended.scale[extended.n_dense()]);
        coded
    }

    /// Gives y its own unit back.
    fn rescale_y(&mut self, scale: f64) {
        let (p, stride) = (self.p, self.p + 1);
        for k in 0..stride {
            self.xx[k * stride + p] *= scale;
            self.xx[p * stride + k] *= scale;
        }
        self.zx.iter_mut().flat_map(|zx| zx.chunks_exact_mut(stride)).for_each(|row| row[p] *= scale);
    }

    /// Keeps the columns `kept` and y, and multiplies the columns by `scale`.
    pub fn select(&mut self, kept: &[usize], scale: &[f64]) {
        let (old, p) = (self.p + 1, kept.len());
        let source = |k: usize| if k == p { (old - 1, 1.0) } else { (kept[k], scale[kept[k]]) };
        let mut xx = vec![0.0; (p + 1) * (p + 1)];
        for j in 0..=p {
            for i in 0..=p {
                let ((a, sa), (b, sb)) = (source(i), source(j));
                xx[j * (p + 1) + i] = self.xx[b * old + a] * sa * sb;
            }
        }
        self.xx = xx;
        for zx in &mut self.zx {
            *zx = zx
                .chunks_exact(old)
                .flat_map(|row| {
                    (0..=p).map(move |k| {
                        let (a, s) = source(k);
                        row[a] * s
                    })
                })
                .collect();
        }
        self.p = p;
    }
}

/// The square of a whole row of sums, cells included.
fn full_square(sums: &Sums, extended: &ExtendedColumns) -> Vec<f64> {
    let (width, d) = (extended.width(), extended.n_dense() + 1);
    let mut full = vec![0.0; width * width];
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
    full
}

fn code_rows(rows: &[f64], width: usize, coding: &[Vec<(usize, f64)>]) -> Vec<f64> {
    let mut coded = Vec::with_capacity(rows.len() / width * coding.len());
    for row in rows.chunks_exact(width) {
        coded.extend(coding.iter().map(|entries| entries.iter().map(|&(k, v)| row[k] * v).sum::<f64>()));
    }
    coded
}
