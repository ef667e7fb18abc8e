//! Resampling whole clusters: cross-products of a design that repeats the clusters drawn, from those of each.

use std::sync::Arc;

use crate::crossproduct::{CrossProducts, LinkPattern};
use crate::rows::StoredRows;

pub struct ClusterDraws {
    /// Per block and cluster, its levels, ascending.
    levels: Vec<Vec<Vec<usize>>>,
    /// Per block, the rank of every level within its cluster.
    rank: Vec<Vec<usize>>,
    /// Per cluster [X y]'W[X y], Σ log w, and rows.
    xx: Vec<Vec<f64>>,
    log_weights: Vec<f64>,
    n_rows: Vec<usize>,
}

impl ClusterDraws {
    /// The levels of one block, in which all others must be nested: None where one is not.
    pub fn new(a: &CrossProducts, rows: &StoredRows, block: usize) -> Option<Self> {
        let count = a.factors[block].n_levels;
        let own: Vec<Vec<usize>> = (0..a.factors.len()).map(|g| owners(a, g, block)).collect::<Option<_>>()?;
        let mut levels = vec![vec![Vec::new(); count]; own.len()];
        let mut rank: Vec<Vec<usize>> = own.iter().map(|o| vec![0; o.len()]).collect();
        for (g, own) in own.iter().enumerate() {
            for (level, &cluster) in own.iter().enumerate() {
                rank[g][level] = levels[g][cluster].len();
                levels[g][cluster].push(level);
            }
        }
        let stride = rows.p + 1;
        let mut out = Self {
            levels,
            rank,
            xx: vec![vec![0.0; stride * stride]; count],
            log_weights: vec![0.0; count],
            n_rows: vec![0; count],
        };
        for (i, &code) in rows.levels(block).iter().enumerate() {
            let (cluster, weight) = (code as usize, rows.weight(i));
            let row = rows.xy(i);
            let xx = &mut out.xx[cluster];
            (0..stride * stride).for_each(|k| xx[k] += weight * row[k % stride] * row[k / stride]);
            out.log_weights[cluster] += weight.ln();
            out.n_rows[cluster] += 1;
        }
        Some(out)
    }

    /// The cross-products of the clusters drawn, each a new one.
    pub fn assemble(&self, a: &CrossProducts, draws: &[usize]) -> CrossProducts {
        let mut out = CrossProducts {
            n_obs: draws.iter().map(|&c| self.n_rows[c]).sum(),
            sum_log_weights: draws.iter().map(|&c| self.log_weights[c]).sum(),
            factors: a.factors.clone(),
            patterns: Arc::default(),
            links: a.links.iter().map(|links| vec![Vec::new(); links.len()]).collect(),
            xx: vec![0.0; a.xx.len()],
            fixed: a.fixed.clone(),
            random: a.random.clone(),
        };
        draws.iter().for_each(|&c| out.xx.iter_mut().zip(&self.xx[c]).for_each(|(s, v)| *s += v));
        let stride = a.n_fixed() + 1;
        for (g, f) in out.factors.iter_mut().enumerate() {
            let (r, old) = (f.width, &a.factors[g]);
            f.zz.clear();
            f.zx.clear();
            f.n_levels = 0;
            for &level in draws.iter().flat_map(|&c| &self.levels[g][c]) {
                f.zz.extend_from_slice(&old.zz[level * r * r..(level + 1) * r * r]);
                f.zx.extend_from_slice(&old.zx[level * r * stride..(level + 1) * r * stride]);
                f.n_levels += 1;
            }
        }
        let mut patterns: Vec<Vec<LinkPattern>> = Vec::new();
        for (i, links) in out.links.iter_mut().enumerate() {
            let own = links.iter_mut().enumerate().map(|(j, values)| self.link(a, (i, j), draws, values));
            patterns.push(own.collect());
        }
        out.patterns = Arc::new(patterns);
        out
    }

    fn link(
        &self,
        a: &CrossProducts,
        (i, j): (usize, usize),
        draws: &[usize],
        new_values: &mut Vec<f64>,
    ) -> LinkPattern {
        let ((old, values), size) = (a.link(i, j), a.factors[i].width * a.factors[j].width);
        let mut new = LinkPattern { ptr: vec![0], level: Vec::new() };
        let mut first = 0; // level of i in this draw
        for &c in draws {
            for &from in &self.levels[j][c] {
                for k in old.ptr[from]..old.ptr[from + 1] {
                    new.level.push((first + self.rank[i][old.level[k] as usize]) as u32);
                    new_values.extend_from_slice(&values[k * size..(k + 1) * size]);
                }
                new.ptr.push(new.level.len());
            }
            first += self.levels[i][c].len();
        }
        new
    }
}

/// The cluster of every level of a block; None where a level is in several.
pub fn owners(a: &CrossProducts, g: usize, cluster: usize) -> Option<Vec<usize>> {
    let n = a.factors[g].n_levels;
    if g == cluster {
        return Some((0..n).collect());
    }
    let mut own = vec![usize::MAX; n];
    let mut meet = |level: usize, cluster: usize| {
        let before = std::mem::replace(&mut own[level], cluster);
        before == usize::MAX || before == cluster
    };
    let (low, high) = (g.min(cluster), g.max(cluster));
    let link = &a.patterns[high][low];
    let nested = (0..link.ptr.len() - 1).all(|from| {
        (link.ptr[from]..link.ptr[from + 1]).all(|k| {
            let to = link.level[k] as usize;
            if g < cluster { meet(from, to) } else { meet(to, from) }
        })
    });
    nested.then_some(own)
}
