//! Where the entries of S and of its Cholesky factor lie.  Does not depend on θ or y.
//!
//! Rows have places, in the order of elimination.  A node, the r rows of one level, has places in a row, and one block of
//! S: all its columns, from its own first row down, so that a level's own r x r block is there whole.  L and the
//! inverse have one block for each supernode: columns of like pattern, in a row.

use faer::sparse::SymbolicSparseColMatRef;

use super::graph::{Graph, Meetings, Nodes};
use super::order::{Order, upper};
use super::supernodes::Supernodes;
use crate::Result;
use crate::crossproduct::CrossProducts;
use crate::penalized_ls::row_index::RowIndex;
use crate::penalized_ls::symbolic::{Lead, SymbolicFactor};

/// A level of the trailing block in the order of elimination.
#[derive(Debug, Clone, Copy)]
pub struct PlacedNode {
    /// First place, and first row.
    pub place: u32,
    pub row: u32,
    /// Index of the trailing factor.
    pub factor: u32,
    pub r: u32,
}

/// For each level of a lead the places of its rows, ascending, and where they are in the panel's list.
#[derive(Debug, Clone)]
pub struct Sorted {
    pub places: Vec<u32>,
    pub local: Vec<u32>,
}

#[derive(Debug)]
pub struct SparseLayout {
    pub nodes: Vec<PlacedNode>,
    /// The node of every place.
    pub node_of: Vec<u32>,
    /// The place of every row.
    pub place: Vec<u32>,
    /// S by columns; all columns of a node have the same rows.
    pub ptr: Vec<u32>,
    pub rows: Vec<u32>,
    pub supernodes: Supernodes,
    pub leads: Vec<Sorted>,
    /// Widest node.
    pub widest: usize,
    pub order: Order,
}

impl SparseLayout {
    /// # Errors
    /// `Numerical` where there is not enough memory, or the pattern is too large.
    pub fn new(
        symbolic: &SymbolicFactor,
        a: &CrossProducts,
        index: &[RowIndex],
        order: Option<&Order>,
    ) -> Result<Self> {
        let nodes = Nodes::new(symbolic);
        let graph = Meetings::new(symbolic, a, &nodes, index).graph();
        let order = order.map_or_else(|| Order::new(&graph, &nodes), |order| Ok(order.clone()))?;
        let supernodes = Supernodes::new(&upper(&graph, &nodes, &order.nodes))?;
        let mut layout = Self::of_nodes(symbolic, &nodes, order, supernodes);
        layout.add_pattern(&graph, &nodes);
        layout.leads = symbolic.leads.iter().map(|lead| layout.sorted(lead)).collect();
        Ok(layout)
    }

    fn of_nodes(symbolic: &SymbolicFactor, nodes: &Nodes, order: Order, supernodes: Supernodes) -> Self {
        let (mut own, mut node_of, mut place) = (Vec::new(), Vec::new(), vec![0; symbolic.n_trailing]);
        for (k, &node) in order.nodes.iter().enumerate() {
            let (row, r) = (nodes.first[node as usize], nodes.width(node as usize) as u32);
            let factor = symbolic.groups.iter().rposition(|t| t.offset <= row as usize).expect("a factor of every row");
            own.push(PlacedNode { place: node_of.len() as u32, row, factor: factor as u32, r });
            for j in 0..r {
                place[(row + j) as usize] = node_of.len() as u32;
                node_of.push(k as u32);
            }
        }
        let widest = symbolic.groups.iter().map(|t| t.r).max().unwrap_or(0);
        let (ptr, rows, leads) = (vec![0], Vec::new(), Vec::new());
        Self { nodes: own, node_of, place, ptr, rows, supernodes, leads, widest, order }
    }

    /// The rows of every column.
    fn add_pattern(&mut self, graph: &Graph, nodes: &Nodes) {
        let position = |node: u32| self.node_of[self.place[nodes.first[node as usize] as usize] as usize];
        let mut later: Vec<Vec<u32>> = vec![Vec::new(); self.nodes.len()];
        for node in 0..nodes.n() {
            let from = position(node as u32);
            for &other in &graph.later[graph.ptr[node]..graph.ptr[node + 1]] {
                let to = position(other);
                later[from.min(to) as usize].push(from.max(to));
            }
        }
        for (node, list) in self.nodes.iter().zip(&mut later) {
            list.sort_unstable();
            for _ in 0..node.r {
                self.rows.extend(node.place..node.place + node.r);
                for other in list.iter().map(|&k| self.nodes[k as usize]) {
                    self.rows.extend(other.place..other.place + other.r);
                }
                self.ptr.push(self.rows.len() as u32);
            }
            *list = Vec::new();
        }
    }

    /// Writes A's blocks in their places; fill stays zero.
    pub fn fill(&self, symbolic: &SymbolicFactor, a: &CrossProducts, base: &mut Vec<f64>) {
        base.resize(self.rows.len(), 0.0);
        for (k, t) in symbolic.groups.iter().enumerate() {
            let zz = &a.factors[t.block].zz;
            for (level, zz) in zz.chunks_exact(t.r * t.r).enumerate() {
                let first = self.place[t.offset + level * t.r] as usize;
                for (j, column) in zz.chunks_exact(t.r).enumerate() {
                    base[self.ptr[first + j] as usize..][..t.r].copy_from_slice(column);
                }
            }
            let own = usize::from(a.own_link(t.block).is_some());
            for from in &symbolic.groups[..k + own] {
                let (link, values) = a.link(t.block, from.block);
                for (level, other, e) in link.blocks() {
                    let to = t.offset + other * t.r;
                    let block = &values[e * t.r * from.r..(e + 1) * t.r * from.r];
                    self.fill_link(base, (to, t.r), (from.offset + level * from.r, from.r), block);
                }
            }
        }
    }

    /// A block of a link, or its transpose, whichever is below the diagonal.
    fn fill_link(&self, base: &mut [f64], (to, r): (usize, usize), (from, rj): (usize, usize), block: &[f64]) {
        for j in 0..rj {
            for i in 0..r {
                let (row, column) = (self.place[to + i], self.place[from + j]);
                let at = self.entry(row.max(column), row.min(column));
                base[at] = block[j * r + i];
            }
        }
    }

    /// Where S has the entry of two places that meet.
    fn entry(&self, row: u32, column: u32) -> usize {
        let column = self.ptr[column as usize] as usize..self.ptr[column as usize + 1] as usize;
        column.start + self.rows[column].binary_search(&row).expect("an entry of S")
    }

    fn sorted(&self, lead: &Lead) -> Sorted {
        let mut sorted = Sorted { places: Vec::with_capacity(lead.panel.rows.len()), local: Vec::new() };
        sorted.local.reserve(lead.panel.rows.len());
        let mut list: Vec<(u32, u32)> = Vec::new();
        for level in 0..lead.n_levels {
            let rows = lead.panel.level_rows(level).iter().enumerate();
            list.clear();
            list.extend(rows.map(|(k, &row)| (self.place[row as usize], k as u32)));
            list.sort_unstable();
            sorted.places.extend(list.iter().map(|e| e.0));
            sorted.local.extend(list.iter().map(|e| e.1));
        }
        sorted
    }

    pub fn node(&self, place: usize) -> PlacedNode {
        self.nodes[self.node_of[place] as usize]
    }

    /// The row at a place.
    pub fn row(&self, place: usize) -> usize {
        let node = self.node(place);
        node.row as usize + place - node.place as usize
    }

    /// S by columns, as faer reads it.
    pub fn pattern(&self) -> SymbolicSparseColMatRef<'_, u32> {
        let n = self.place.len();
        SymbolicSparseColMatRef::new_checked(n, n, &self.ptr, None, &self.rows)
    }

    /// Entries of L in the columns of a trailing factor.
    pub fn entries(&self, factor: usize) -> usize {
        let mut entries = 0;
        for s in 0..self.supernodes.n() {
            let (columns, below) = self.supernodes.supernode(s);
            let own = columns.clone().filter(|&place| self.node(place).factor as usize == factor);
            entries += own.map(|place| columns.end - place + below.len()).sum::<usize>();
        }
        entries
    }

    /// The values of A laid out counted.
    pub fn n_bytes(&self) -> usize {
        let lists: usize = self.leads.iter().map(|l| l.places.len() + l.local.len()).sum();
        let small = self.ptr.len() + self.rows.len() + 2 * self.place.len() + self.supernodes.n_rows() + lists;
        8 * self.rows.len() + 4 * small + size_of::<PlacedNode>() * self.nodes.len()
    }
}
