//! Random designs of every kind, small enough for dense algebra.

use hlmrs::Structure;
use hlmrs::design::{ArrayDesign, Coding, RandomLayout, RowSource};
use hlmrs::ids::FactorId;
use hlmrs::model::{Criterion, Lmm};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    One,
    Nested,
    ThreeNested,
    Crossed,
    PartiallyCrossed,
    NestedAndCrossed,
    ThreeCrossed,
    SharedFactor,
}

pub const KINDS: [Kind; 8] = [
    Kind::One,
    Kind::Nested,
    Kind::ThreeNested,
    Kind::Crossed,
    Kind::PartiallyCrossed,
    Kind::NestedAndCrossed,
    Kind::ThreeCrossed,
    Kind::SharedFactor,
];

/// Codes 0.. in order of appearance, so that every level is used.
fn compact(codes: Vec<usize>) -> (Vec<u32>, usize) {
    let mut seen = std::collections::BTreeMap::new();
    codes.iter().for_each(|&c| {
        let next = seen.len();
        seen.entry(c).or_insert(next);
    });
    (codes.iter().map(|c| seen[c] as u32).collect(), seen.len())
}

pub fn design(kind: Kind, seed: u64, weighted: bool) -> ArrayDesign {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let n = 36 + rng.random_range(0..50usize);
    let mut uniform = |k: usize| -> Vec<usize> { (0..n).map(|_| rng.random_range(0..k)).collect() };
    let a = uniform(9);
    let b = uniform(6);
    let c = uniform(4);
    let codes: Vec<Vec<usize>> = match kind {
        Kind::One => vec![a],
        Kind::Nested => vec![a.iter().map(|v| v / 3).collect(), a],
        Kind::ThreeNested => {
            let fine: Vec<usize> = a.iter().zip(&c).map(|(a, c)| a * 4 + c).collect();
            vec![fine, a.iter().map(|v| v / 3).collect(), a]
        }
        Kind::Crossed => vec![(0..n).map(|i| i % 7).collect(), (0..n).map(|i| i / 7 % 5).collect()],
        Kind::PartiallyCrossed => vec![a, b],
        Kind::NestedAndCrossed => vec![a.iter().map(|v| v / 3).collect(), a, b, c],
        Kind::ThreeCrossed => vec![a, b, c],
        Kind::SharedFactor => vec![a, b],
    };
    let widths: Vec<Vec<(Structure, usize)>> = (0..codes.len())
        .map(|k| match (kind, k) {
            (Kind::SharedFactor, 0) => vec![(Structure::Unstructured, 2), (Structure::Diagonal, 1)],
            _ => match rng.random_range(0..5u32) {
                0 => vec![(Structure::Unstructured, 2)],
                1 => vec![(Structure::Unstructured, 3)],
                2 => vec![(Structure::HomogeneousCompoundSymmetry, 2)],
                _ => vec![(Structure::Unstructured, 1)],
            },
        })
        .collect();
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let x: Vec<f64> = (0..n).map(|_| 100.0 + 5.0 * normal()).collect();
    let y: Vec<f64> = (0..n).map(|i| 50.0 + 0.3 * x[i] + 2.0 * ((codes[0][i] * 7 % 5) as f64) + normal()).collect();
    let z: Vec<Vec<f64>> = widths
        .iter()
        .flatten()
        .map(|&(_, r)| (0..n * r).map(|k| if k % r == 0 { 1.0 } else { 3.0 + normal() }).collect())
        .collect();
    let w: Vec<f64> = (0..n).map(|_| 0.3 + 2.0 * rng.random::<f64>()).collect();
    let cells: Vec<u32> = (0..n).map(|i| (i % 3) as u32).collect();
    let coding = Coding { n_cells: 3, columns: vec![vec![(1, 1.0)], vec![(2, 1.0)]] };
    let mut out = ArrayDesign::new(y).intercept().unwrap().numeric("x", x).unwrap();
    out = out.categorical("f", cells, coding).unwrap();
    if weighted {
        out = out.weighted(w).unwrap();
    }
    let mut next = 0;
    for (k, (codes, blocks)) in codes.into_iter().zip(widths).enumerate() {
        let (codes, n_levels) = compact(codes);
        out = out.grouping(&format!("g{k}"), codes, n_levels).unwrap();
        for (structure, _) in blocks {
            out = out.random(FactorId(k), z[next].clone(), true, structure).unwrap();
            next += 1;
        }
    }
    out
}

pub fn model(design: &dyn RowSource, criterion: Criterion) -> Lmm {
    let terms: Vec<_> = design.random().iter().map(RandomLayout::spec).collect();
    Lmm::new(hlmrs::crossproduct::accumulate(design).unwrap().1, &terms, criterion)
}
