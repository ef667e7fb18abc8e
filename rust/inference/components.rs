//! Random effects that no row connects: V is block-diagonal over the connected components of the levels.

use crate::crossproduct::CrossProducts;
use crate::penalized_ls::product::{Effects, zeros};

/// Every random effect's component, and its position there.
#[derive(Debug, Clone, PartialEq)]
pub struct Components {
    /// Per block and level.
    pub component: Vec<Vec<usize>>,
    /// Per block and level the position of its first column.
    pub position: Vec<Vec<usize>>,
    /// Random effects of each component.
    pub size: Vec<usize>,
}

impl Components {
    pub fn new(a: &CrossProducts) -> Self {
        let starts: Vec<usize> = a
            .factors
            .iter()
            .scan(0, |at, f| {
                *at += f.n_levels;
                Some(*at - f.n_levels)
            })
            .collect();
        let n = a.factors.iter().map(|f| f.n_levels).sum();
        let mut parent: Vec<usize> = (0..n).collect();
        for_links(a, |i, to, j, from, _| join(&mut parent, starts[i] + to, starts[j] + from));
        let mut number = vec![usize::MAX; n];
        let mut out = Self { component: Vec::new(), position: Vec::new(), size: Vec::new() };
        for (f, &start) in a.factors.iter().zip(&starts) {
            let (mut component, mut position) = (Vec::new(), Vec::new());
            for level in 0..f.n_levels {
                let top = root(&mut parent, start + level);
                if number[top] == usize::MAX {
                    number[top] = out.size.len();
                    out.size.push(0);
                }
                component.push(number[top]);
                position.push(out.size[number[top]]);
                out.size[number[top]] += f.width;
            }
            out.component.push(component);
            out.position.push(position);
        }
        out
    }

    pub fn largest(&self) -> usize {
        self.size.iter().copied().max().unwrap_or(0)
    }

    /// Z'WZ as rows of `largest()` numbers: row i holds its component's columns.
    pub fn rows(&self, a: &CrossProducts) -> Effects {
        let m = self.largest();
        let mut rows = zeros(a, m);
        for (i, f) in a.factors.iter().enumerate() {
            let r = f.width;
            for (level, zz) in f.zz.chunks_exact(r * r).enumerate() {
                for (k, &value) in zz.iter().enumerate() {
                    rows[i][(level * r + k % r) * m + self.position[i][level] + k / r] = value;
                }
            }
        }
        for_links(a, |i, to, j, from, block| {
            let (ri, rj) = (a.factors[i].width, a.factors[j].width);
            for (k, &value) in block.iter().enumerate() {
                let (x, y) = (k % ri, k / ri);
                rows[i][(to * ri + x) * m + self.position[j][from] + y] = value;
                rows[j][(from * rj + y) * m + self.position[i][to] + x] = value;
            }
        });
        rows
    }

    /// The rows of one component, gathered as columns: size x size.
    pub fn gather(&self, a: &CrossProducts, rows: &Effects, component: usize) -> Vec<f64> {
        let (m, size) = (self.largest(), self.size[component]);
        let mut out = vec![0.0; size * size];
        for (i, f) in a.factors.iter().enumerate() {
            for level in (0..f.n_levels).filter(|&l| self.component[i][l] == component) {
                for k in 0..f.width {
                    let (from, to) = ((level * f.width + k) * m, (self.position[i][level] + k) * size);
                    out[to..to + size].copy_from_slice(&rows[i][from..from + size]);
                }
            }
        }
        out
    }
}

/// Calls `visit(i, level of i, j, level of j, block r_i x r_j)` for every pair of levels that occur together.
fn for_links(a: &CrossProducts, mut visit: impl FnMut(usize, usize, usize, usize, &[f64])) {
    for i in 0..a.factors.len() {
        for j in 0..i {
            let (link, values) = a.link(i, j);
            let size = a.factors[i].width * a.factors[j].width;
            for from in 0..link.ptr.len().saturating_sub(1) {
                for k in link.ptr[from]..link.ptr[from + 1] {
                    visit(i, link.level[k] as usize, j, from, &values[k * size..(k + 1) * size]);
                }
            }
        }
    }
}

pub fn root(parent: &mut [usize], mut k: usize) -> usize {
    while parent[k] != k {
        parent[k] = parent[parent[k]];
        k = parent[k];
    }
    k
}

pub fn join(parent: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b)] = a.min(b);
}
