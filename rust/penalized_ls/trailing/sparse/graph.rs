//! Which levels of the trailing block meet in S: those that occur together within a level of a lead, and those
//! that are linked.

use rayon::prelude::*;

use crate::crossproduct::CrossProducts;
use crate::penalized_ls::row_index::RowIndex;
use crate::penalized_ls::symbolic::{SymbolicFactor, TrailingGroup};

/// Levels whose neighbours are counted for an estimate.
const SAMPLE: usize = 256;
/// Levels of one task.
const GRAIN: usize = 256;

/// The levels of the trailing block, one factor after the other.
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    /// First row of every node, and the end.
    pub first: Vec<u32>,
    pub of_row: Vec<u32>,
}

impl Nodes {
    pub fn new(symbolic: &SymbolicFactor) -> Self {
        let mut nodes = Self { first: Vec::new(), of_row: Vec::with_capacity(symbolic.n_trailing) };
        for t in &symbolic.groups {
            for level in 0..t.n_levels {
                let node = nodes.first.len() as u32;
                nodes.first.push((t.offset + level * t.r) as u32);
                nodes.of_row.extend(std::iter::repeat_n(node, t.r));
            }
        }
        nodes.first.push(symbolic.n_trailing as u32);
        nodes
    }

    pub fn n(&self) -> usize {
        self.first.len() - 1
    }

    /// Rows of a node.
    pub fn width(&self, node: usize) -> usize {
        (self.first[node + 1] - self.first[node]) as usize
    }
}

/// S by levels: of every node the later ones that it meets, ascending.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    pub ptr: Vec<usize>,
    pub later: Vec<u32>,
}

/// Finds the neighbours of nodes.
pub struct Meetings<'a> {
    symbolic: &'a SymbolicFactor,
    a: &'a CrossProducts,
    nodes: &'a Nodes,
    index: &'a [RowIndex],
}

impl<'a> Meetings<'a> {
    pub fn new(symbolic: &'a SymbolicFactor, a: &'a CrossProducts, nodes: &'a Nodes, index: &'a [RowIndex]) -> Self {
        Self { symbolic, a, nodes, index }
    }

    /// Appends the later neighbours of a node; `mark` holds the last node that met each.
    fn collect(&self, node: usize, mark: &mut [u32], out: &mut Vec<u32>) {
        mark[node] = node as u32;
        let start = out.len();
        let mut meet = |other: u32| {
            if other as usize > node && mark[other as usize] != node as u32 {
                mark[other as usize] = node as u32;
                out.push(other);
            }
        };
        for (lead, index) in self.symbolic.leads.iter().zip(self.index) {
            for &(level, _) in index.row(self.nodes.first[node] as usize) {
                lead.panel.level_rows(level as usize).iter().for_each(|&row| meet(self.nodes.of_row[row as usize]));
            }
        }
        let (from, level) = self.factor(node);
        let is_own = |block: usize| block == from.block && self.a.own_link(block).is_some();
        for to in self.symbolic.groups.iter().filter(|t| t.block > from.block || is_own(t.block)) {
            let link = &self.a.patterns[to.block][from.block];
            let first = self.nodes.of_row[to.offset];
            link.level[link.ptr[level]..link.ptr[level + 1]].iter().for_each(|&other| meet(first + other));
        }
        out[start..].sort_unstable();
    }

    fn factor(&self, node: usize) -> (&TrailingGroup, usize) {
        let row = self.nodes.first[node] as usize;
        let t = self.symbolic.groups.iter().rfind(|t| t.offset <= row).expect("a trailing factor of every row");
        (t, (row - t.offset) / t.r)
    }

    /// The whole graph.
    pub fn graph(&self) -> Graph {
        let n = self.nodes.n();
        let pieces: Vec<(Vec<usize>, Vec<u32>)> = (0..n.div_ceil(GRAIN))
            .into_par_iter()
            .map_init(
                || vec![u32::MAX; n],
                |mark, piece| {
                    let (mut ends, mut later) = (Vec::new(), Vec::new());
                    for node in piece * GRAIN..((piece + 1) * GRAIN).min(n) {
                        self.collect(node, mark, &mut later);
                        ends.push(later.len());
                    }
                    (ends, later)
                },
            )
            .collect();
        let mut graph = Graph { ptr: vec![0], later: Vec::new() };
        for (ends, later) in pieces {
            let start = graph.later.len();
            graph.ptr.extend(ends.iter().map(|end| start + end));
            graph.later.extend(later);
        }
        graph
    }

    /// Share of all pairs of nodes that are within one component.
    pub fn share_within_components(&self) -> f64 {
        let mut root: Vec<u32> = (0..self.nodes.n() as u32).collect();
        for lead in &self.symbolic.leads {
            for level in 0..lead.n_levels {
                let mut nodes = lead.panel.level_rows(level).iter().map(|&row| self.nodes.of_row[row as usize]);
                let first = nodes.next();
                nodes.for_each(|node| join(&mut root, first.unwrap_or(node), node));
            }
        }
        for (k, to) in self.symbolic.groups.iter().enumerate() {
            let own = usize::from(self.a.own_link(to.block).is_some());
            for from in &self.symbolic.groups[..k + own] {
                let link = &self.a.patterns[to.block][from.block];
                let (from, to) = (self.nodes.of_row[from.offset], self.nodes.of_row[to.offset]);
                link.blocks().for_each(|(a, b, _)| join(&mut root, from + a as u32, to + b as u32));
            }
        }
        let mut size = vec![0.0; root.len()];
        (0..root.len()).for_each(|node| size[find(&mut root, node as u32) as usize] += 1.0);
        size.iter().map(|size| size * size).sum::<f64>() / (root.len() as f64).powi(2)
    }

    /// Pairs of nodes that meet, and the additions that finding them all takes, from a sample spread over all nodes.
    pub fn estimate(&self) -> (f64, f64) {
        let n = self.nodes.n();
        let step = n.div_ceil(SAMPLE).max(1);
        let (mut mark, mut out) = (vec![u32::MAX; n], Vec::new());
        let (mut pairs, mut additions, mut seen) = (0.0, 0.0, 0.0);
        for node in (0..n).step_by(step) {
            out.clear();
            self.collect(node, &mut mark, &mut out);
            pairs += out.len() as f64;
            additions += self.additions(node);
            seen += 1.0;
        }
        (pairs * n as f64 / seen, additions * n as f64 / seen)
    }

    /// Entries that finding the neighbours of a node reads.
    fn additions(&self, node: usize) -> f64 {
        let of = |(lead, index): (&crate::penalized_ls::symbolic::Lead, &RowIndex)| {
            let levels = index.row(self.nodes.first[node] as usize).iter();
            levels.map(|&(level, _)| lead.panel.level_rows(level as usize).len() as f64).sum::<f64>()
        };
        self.symbolic.leads.iter().zip(self.index).map(of).sum()
    }
}

fn find(root: &mut [u32], mut node: u32) -> u32 {
    while root[node as usize] != node {
        root[node as usize] = root[root[node as usize] as usize];
        node = root[node as usize];
    }
    node
}

fn join(root: &mut [u32], a: u32, b: u32) {
    let (a, b) = (find(root, a), find(root, b));
    root[a.max(b) as usize] = a.min(b);
}
