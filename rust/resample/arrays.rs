//! Resampling the levels of crossed grouping factors: each factor's levels with replacement, independently, and the
//! rows where drawn levels meet (the pigeonhole bootstrap: Owen 2007, Ann. Appl. Stat. 1, 386-411; Owen and Eckles
//! 2012, Ann. Appl. Stat. 6, 895-927).  A level that is drawn twice is two levels.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cases::owners;
use crate::crossproduct::{CrossProducts, FactorBlock, LinkPattern};
use crate::rows::StoredRows;
use crate::{Error, Result};

pub struct Arrays<'a> {
    rows: &'a StoredRows,
    /// Blocks whose levels are drawn.
    drawn: Vec<usize>,
    /// Per block and drawn block the drawn level that each level lies in; None where they cross.
    owners: Vec<Vec<Option<Vec<usize>>>>,
}

impl<'a> Arrays<'a> {
    /// Draws the levels of some blocks, in one of which every other block must be nested.
    ///
    /// # Errors
    /// `Design` where one is not.
    pub fn new(a: &CrossProducts, rows: &'a StoredRows, drawn: Vec<usize>) -> Result<Self> {
        let of = |g: usize| drawn.iter().map(|&d| owners(a, g, d)).collect::<Vec<Option<Vec<usize>>>>();
        let owners: Vec<Vec<Option<Vec<usize>>>> = (0..a.factors.len()).map(of).collect();
        if owners.iter().any(|of| of.iter().all(Option::is_none)) {
            return Err(Error::Design(
                "the levels of a grouping factor that crosses all of those drawn would stay as they are, which \
                 understates what is uncertain; draw the levels of all factors that cross"
                    .into(),
            ));
        }
        Ok(Self { rows, drawn, owners })
    }

    /// The cross-products of the rows where the levels drawn meet; `draws` has the levels of each drawn block.
    pub fn assemble(&self, a: &CrossProducts, draws: &[Vec<usize>]) -> CrossProducts {
        let counts: Vec<Vec<usize>> = self.drawn.iter().zip(draws).map(|(&d, draws)| counts(draws, a, d)).collect();
        let firsts: Vec<Vec<usize>> = (0..a.factors.len()).map(|g| self.first_copies(a, g, &counts)).collect();
        let mut out = ArraySums::new(a, &firsts);
        let codes: Vec<&[u32]> = (0..a.factors.len()).map(|g| self.codes(g)).collect();
        let (mut copy, mut levels) = (vec![0; self.drawn.len()], vec![0; a.factors.len()]);
        for i in 0..self.rows.n {
            let times: Vec<usize> =
                self.drawn.iter().zip(&counts).map(|(&d, counts)| counts[codes[d][i] as usize]).collect();
            if times.contains(&0) {
                continue;
            }
            copy.fill(0);
            loop {
                for (g, level) in levels.iter_mut().enumerate() {
                    *level = firsts[g][codes[g][i] as usize] + self.copy_of(g, codes[g][i] as usize, &copy, &counts);
                }
                out.push(self.rows, i, &levels);
                if !next(&mut copy, &times) {
                    break;
                }
            }
        }
        out.finish(a)
    }

    fn codes(&self, block: usize) -> &[u32] {
        self.rows.levels(block)
    }

    /// Where the copies of every level of a block begin, and how many there are in all.
    fn first_copies(&self, a: &CrossProducts, g: usize, counts: &[Vec<usize>]) -> Vec<usize> {
        let mut first = vec![0];
        for level in 0..a.factors[g].n_levels {
            let copies: usize =
                self.owners[g].iter().zip(counts).filter_map(|(o, c)| o.as_ref().map(|o| c[o[level]])).product();
            first.push(first[level] + copies);
        }
        first
    }

    /// Which copy of a level it is, given the copies of the drawn levels that the row lies in.
    fn copy_of(&self, g: usize, level: usize, copy: &[usize], counts: &[Vec<usize>]) -> usize {
        let parts = self.owners[g].iter().zip(copy).zip(counts);
        parts.filter_map(|((o, k), c)| o.as_ref().map(|o| (*k, c[o[level]]))).fold(0, |n, (k, count)| n * count + k)
    }
}

fn counts(draws: &[usize], a: &CrossProducts, block: usize) -> Vec<usize> {
    let mut counts = vec![0; a.factors[block].n_levels];
    draws.iter().for_each(|&level| counts[level] += 1);
    counts
}

/// The next combination of copies; false after the last.
fn next(copy: &mut [usize], times: &[usize]) -> bool {
    for (k, n) in copy.iter_mut().zip(times) {
        *k += 1;
        if *k < *n {
            return true;
        }
        *k = 0;
    }
    false
}

/// Cross-products as they grow.
struct ArraySums {
    n_obs: usize,
    log_weights: f64,
    xx: Vec<f64>,
    blocks: Vec<FactorBlock>,
    /// Per pair of blocks j < i the products of two levels, (of j, of i).
    pairs: Vec<FxHashMap<(usize, usize), Vec<f64>>>,
}

impl ArraySums {
    fn new(a: &CrossProducts, firsts: &[Vec<usize>]) -> Self {
        let stride = a.n_fixed() + 1;
        let block = |(f, first): (&FactorBlock, &Vec<usize>)| {
            let n_levels = *first.last().expect("an end");
            let (zz, zx) = (vec![0.0; n_levels * f.width * f.width], vec![0.0; n_levels * f.width * stride]);
            FactorBlock { factor: f.factor, n_levels, width: f.width, zz, zx }
        };
        let n = a.factors.len();
        Self {
            n_obs: 0,
            log_weights: 0.0,
            xx: vec![0.0; a.xx.len()],
            blocks: a.factors.iter().zip(firsts).map(block).collect(),
            pairs: vec![FxHashMap::default(); n * (n.max(1) - 1) / 2],
        }
    }

    fn push(&mut self, rows: &StoredRows, row: usize, levels: &[usize]) {
        let (w, xy) = (rows.weight(row), rows.xy(row));
        let stride = xy.len();
        self.n_obs += 1;
        self.log_weights += w.ln();
        add_outer(&mut self.xx, xy, xy, w);
        for (g, block) in self.blocks.iter_mut().enumerate() {
            let (r, z) = (block.width, rows.z(g, row));
            add_outer(&mut block.zz[levels[g] * r * r..(levels[g] + 1) * r * r], z, z, w);
            // rows of Z'W[X y]: the transpose of a column-major product
            add_outer(&mut block.zx[levels[g] * r * stride..(levels[g] + 1) * r * stride], xy, z, w);
        }
        let mut pair = 0;
        for i in 0..levels.len() {
            for j in 0..i {
                let (z_i, z_j) = (rows.z(i, row), rows.z(j, row));
                let sum =
                    self.pairs[pair].entry((levels[j], levels[i])).or_insert_with(|| vec![0.0; z_i.len() * z_j.len()]);
                add_outer(sum, z_i, z_j, w);
                pair += 1;
            }
        }
    }

    fn finish(self, a: &CrossProducts) -> CrossProducts {
        let mut pairs = self.pairs.into_iter();
        let n = self.blocks.len();
        let sizes: Vec<usize> = self.blocks.iter().map(|b| b.n_levels).collect();
        let (patterns, links) = (0..n)
            .map(|i| (0..i).map(|j| link(pairs.next().expect("a pair"), sizes[j])).unzip::<_, _, Vec<_>, Vec<_>>())
            .unzip::<_, _, Vec<_>, Vec<_>>();
        CrossProducts {
            n_obs: self.n_obs,
            sum_log_weights: self.log_weights,
            factors: self.blocks,
            patterns: Arc::new(patterns),
            links,
            xx: self.xx,
            fixed: a.fixed.clone(),
            random: a.random.clone(),
        }
    }
}

/// M += w a b', column-major.
fn add_outer(m: &mut [f64], a: &[f64], b: &[f64], w: f64) {
    for (column, b) in m.chunks_exact_mut(a.len()).zip(b) {
        column.iter_mut().zip(a).for_each(|(m, a)| *m += w * a * b);
    }
}

fn link(pairs: FxHashMap<(usize, usize), Vec<f64>>, n_from: usize) -> (LinkPattern, Vec<f64>) {
    let mut sorted: Vec<((usize, usize), Vec<f64>)> = pairs.into_iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    let (mut link, mut blocks) = (LinkPattern { ptr: vec![0; n_from + 1], level: Vec::new() }, Vec::new());
    for ((from, to), values) in sorted {
        link.ptr[from + 1] += 1;
        link.level.push(to as u32);
        blocks.extend(values);
    }
    (0..n_from).for_each(|k| link.ptr[k + 1] += link.ptr[k]);
    (link, blocks)
}
