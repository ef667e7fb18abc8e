//! An order of elimination that keeps the Cholesky factor of S thin: by approximate minimum degree (Amestoy, Davis and
//! Duff 1996, SIAM J. Matrix Anal. Appl. 17, 886-905), then by subtrees of the elimination tree one after the other.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::{amd, cholesky::simplicial};

use super::graph::{Graph, Nodes};
use crate::{Error, Result};

/// The order, and what a factorization in it takes.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The nodes in the order of their elimination.
    pub nodes: Vec<u32>,
    /// Entries of S on and above the diagonal.
    pub pairs: f64,
    /// Entries of L, and multiplications and additions of the factorization.
    pub entries: f64,
    pub flops: f64,
}

/// A pattern by columns.
#[derive(Debug, Clone, Default)]
pub struct SparsityPattern {
    pub ptr: Vec<u32>,
    pub rows: Vec<u32>,
}

impl SparsityPattern {
    pub fn view(&self) -> SymbolicSparseColMatRef<'_, u32> {
        let n = self.ptr.len() - 1;
        SymbolicSparseColMatRef::new_checked(n, n, &self.ptr, None, &self.rows)
    }
}

/// A place for scratch of faer's, of the size it asks for.
///
/// # Errors
/// `Numerical` where memory does not hold it.
pub fn memory(size: StackReq) -> Result<MemBuffer> {
    MemBuffer::try_new(size)
        .map_err(|_| Error::Numerical("there is not enough memory for a sparse Cholesky factor".into()))
}

fn failed(error: impl std::fmt::Debug) -> Error {
    Error::Numerical(format!("a sparse Cholesky factor cannot be laid out: {error:?}"))
}

impl Order {
    /// # Errors
    /// `Numerical` where there is not enough memory, or the pattern is too large.
    pub fn new(graph: &Graph, nodes: &Nodes) -> Result<Self> {
        let minimum = minimum_degree(graph)?;
        let upper = upper(graph, nodes, &minimum);
        let (parent, counts) = elimination_tree(&upper)?;
        let mut order = Self { pairs: upper.rows.len() as f64, ..Self::default() };
        for &count in &counts {
            order.entries += f64::from(count);
            order.flops += f64::from(count).powi(2);
        }
        // a node's rows are a chain of the tree, whose last row shows the node above
        let mut of_place = Vec::with_capacity(parent.len());
        for (k, &node) in minimum.iter().enumerate() {
            of_place.extend(std::iter::repeat_n(k, nodes.width(node as usize)));
        }
        let mut last = 0;
        let above: Vec<Option<usize>> = minimum
            .iter()
            .map(|&node| {
                last += nodes.width(node as usize);
                parent[last - 1].map(|row| of_place[row])
            })
            .collect();
        order.nodes = by_subtrees(&above).into_iter().map(|k| minimum[k]).collect();
        Ok(order)
    }
}

fn minimum_degree(graph: &Graph) -> Result<Vec<u32>> {
    let n = graph.ptr.len() - 1;
    if u32::try_from(2 * graph.later.len() + 2 * n).is_err() {
        return Err(failed("too many pairs of levels"));
    }
    let pattern = SparsityPattern { ptr: graph.ptr.iter().map(|&p| p as u32).collect(), rows: graph.later.clone() };
    let (mut order, mut place) = (vec![0; n], vec![0; n]);
    let mut memory = memory(amd::order_scratch::<u32>(n, graph.later.len()))?;
    amd::order(&mut order, &mut place, pattern.view(), amd::Control::default(), MemStack::new(&mut memory))
        .map_err(failed)?;
    Ok(order)
}

/// The upper triangle of S by columns, its nodes in an order.
pub fn upper(graph: &Graph, nodes: &Nodes, order: &[u32]) -> SparsityPattern {
    let n = nodes.n();
    let (mut place, mut first, mut next) = (vec![0; n], vec![0; n], 0);
    for (k, &node) in order.iter().enumerate() {
        place[node as usize] = k;
        first[node as usize] = next;
        next += nodes.width(node as usize) as u32;
    }
    let mut earlier: Vec<Vec<u32>> = vec![Vec::new(); n];
    for node in 0..n {
        for &other in &graph.later[graph.ptr[node]..graph.ptr[node + 1]] {
            let (node, other) = (node as u32, other);
            let (from, to) = if place[node as usize] < place[other as usize] { (node, other) } else { (other, node) };
            earlier[to as usize].push(first[from as usize]);
        }
    }
    let mut pattern = SparsityPattern { ptr: vec![0], rows: Vec::new() };
    let width = |row: u32| nodes.width(order[order.partition_point(|&o| first[o as usize] <= row) - 1] as usize) as u32;
    let same = (0..n).all(|node| nodes.width(node) == nodes.width(0));
    for &node in order {
        let (list, own) = (&mut earlier[node as usize], first[node as usize]);
        list.sort_unstable();
        for j in 0..nodes.width(node as usize) as u32 {
            for &row in list.iter() {
                let r = if same { nodes.width(0) as u32 } else { width(row) };
                pattern.rows.extend(row..row + r);
            }
            pattern.rows.extend(own..=own + j);
            pattern.ptr.push(pattern.rows.len() as u32);
        }
        *list = Vec::new();
    }
    pattern
}

/// Parents in the elimination tree, and entries of every column of L.
fn elimination_tree(upper: &SparsityPattern) -> Result<(Vec<Option<usize>>, Vec<u32>)> {
    let n = upper.ptr.len() - 1;
    let (mut tree, mut counts) = (vec![0i32; n], vec![0u32; n]);
    let mut memory = memory(simplicial::prefactorize_symbolic_cholesky_scratch::<u32>(n, upper.rows.len()))?;
    let stack = MemStack::new(&mut memory);
    simplicial::prefactorize_symbolic_cholesky(&mut tree, &mut counts, upper.view(), stack);
    Ok((tree.iter().map(|&p| usize::try_from(p).ok()).collect(), counts))
}

/// Children before their parents, every subtree in one piece.
fn by_subtrees(parent: &[Option<usize>]) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parent.len()];
    let mut stack = Vec::new();
    for (k, parent) in parent.iter().enumerate().rev() {
        match parent {
            Some(p) => children[*p].push(k),
            None => stack.push(k),
        }
    }
    // parents first, from the last root on; read backwards
    let mut order = Vec::with_capacity(parent.len());
    stack.reverse();
    while let Some(k) = stack.pop() {
        order.push(k);
        stack.extend(children[k].iter().rev());
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_eliminated_from_its_tips() {
        let graph = Graph { ptr: vec![0, 5, 5, 5, 5, 5, 5], later: vec![1, 2, 3, 4, 5] };
        let nodes = Nodes { first: vec![0, 2, 3, 4, 5, 6, 7], of_row: vec![0, 0, 1, 2, 3, 4, 5] };
        let order = Order::new(&graph, &nodes).unwrap();
        // five tips with two rows below, and the 2 x 2 block of the middle; two tips may share its last elimination
        assert_eq!(order.entries, 5.0 * 3.0 + 3.0);
        assert_eq!(order.flops, 5.0 * 9.0 + 4.0 + 1.0);
    }

    #[test]
    fn subtrees_are_in_one_piece() {
        let order = by_subtrees(&[Some(4), Some(3), Some(4), Some(5), Some(5), None, None]);
        let place = |k: usize| order.iter().position(|&o| o == k).unwrap();
        assert!(place(0) < place(4) && place(2) < place(4) && place(1) < place(3) && place(4) < place(5));
        assert_eq!(place(4).abs_diff(place(0)).max(place(4).abs_diff(place(2))), 2);
    }
}
