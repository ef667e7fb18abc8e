//! The selected inverse beside the inverse.

use faer::Par;
use faer::sparse::SparseColMatRef;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::graph::{Graph, Nodes};
use super::order::{Order, SparsityPattern, upper};
use super::selected_inverse::selected_inverse;
use super::supernodes::Supernodes;
use crate::linalg::dense;

/// A random pattern of nodes one to three rows wide, some of which meet.
fn pattern(seed: u64, n: usize, meetings: usize) -> SparsityPattern {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut first = vec![0];
    (0..n).for_each(|k| first.push(first[k] + rng.random_range(1..4u32)));
    let of_row = (0..n).flat_map(|k| std::iter::repeat_n(k as u32, (first[k + 1] - first[k]) as usize)).collect();
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); n];
    for _ in 0..meetings {
        let (a, b) = (rng.random_range(0..n), rng.random_range(0..n));
        lists[a.min(b)].extend((a != b).then_some(a.max(b) as u32));
    }
    let mut graph = Graph { ptr: vec![0], later: Vec::new() };
    for list in &mut lists {
        list.sort_unstable();
        list.dedup();
        graph.later.extend_from_slice(list);
        graph.ptr.push(graph.later.len());
    }
    let nodes = Nodes { first, of_row };
    let order = Order::new(&graph, &nodes).unwrap();
    upper(&graph, &nodes, &order.nodes)
}

/// The transpose, with values that are positive definite.
fn lower(upper: &SparsityPattern) -> (SparsityPattern, Vec<f64>) {
    let n = upper.ptr.len() - 1;
    let mut columns: Vec<Vec<u32>> = vec![Vec::new(); n];
    for j in 0..n {
        let rows = &upper.rows[upper.ptr[j] as usize..upper.ptr[j + 1] as usize];
        rows.iter().for_each(|&i| columns[i as usize].push(j as u32));
    }
    let (mut pattern, mut values) = (SparsityPattern { ptr: vec![0], rows: Vec::new() }, Vec::new());
    for (j, rows) in columns.iter().enumerate() {
        let value = |&i: &u32| {
            if i as usize == j { 40.0 + (j % 5) as f64 } else { ((i as usize + 3 * j) % 7) as f64 / 6.0 - 0.4 }
        };
        values.extend(rows.iter().map(value));
        pattern.rows.extend_from_slice(rows);
        pattern.ptr.push(pattern.rows.len() as u32);
    }
    (pattern, values)
}

#[test]
fn it_is_the_inverse_on_the_pattern() {
    for (seed, n, meetings) in [(1, 1, 0), (2, 40, 30), (3, 60, 200), (4, 90, 120), (5, 30, 400)] {
        let upper = pattern(seed, n, meetings);
        let (lower, values) = lower(&upper);
        let (supernodes, q) = (Supernodes::new(&upper).unwrap(), upper.ptr.len() - 1);
        let mut l = vec![0.0; supernodes.n_values()];
        let s = SparseColMatRef::new(lower.view(), &values);
        supernodes.factor(&mut l, s, Par::Seq).unwrap();
        let mut whole = vec![0.0; q * q];
        for j in 0..q {
            for k in lower.ptr[j] as usize..lower.ptr[j + 1] as usize {
                whole[j * q + lower.rows[k] as usize] = values[k];
            }
        }
        dense::cholesky_lower(&mut whole, q).unwrap();
        let mut inverse = vec![0.0; q * q];
        dense::inverse_from_cholesky(&mut inverse, &whole, q);
        let blocks = selected_inverse(&supernodes, &l);
        for s in 0..supernodes.n() {
            let (columns, below) = supernodes.supernode(s);
            let rows: Vec<usize> = columns.clone().chain(below.iter().map(|&b| b as usize)).collect();
            let block = blocks[s].get().unwrap();
            for (j, column) in columns.enumerate() {
                for (i, &row) in rows.iter().enumerate() {
                    let (z, exact) = (block[j * rows.len() + i], inverse[column * q + row]);
                    assert!((z - exact).abs() < 1e-15, "{seed}: {row} {column} {z} {exact}");
                }
            }
        }
    }
}
