//! Random designs of every kind, small enough for dense algebra.

use hlmrs::Structure;
use hlmrs::design::{RandomLayout, Rows};
use hlmrs::model::{Criterion, Lmm};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::arrays::Arrays;

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
    /// Effects at times, or at points, beside crossed ones.
    AtPlaces,
}

pub const KINDS: [Kind; 9] = [
    Kind::One,
    Kind::Nested,
    Kind::ThreeNested,
    Kind::Crossed,
    Kind::PartiallyCrossed,
    Kind::NestedAndCrossed,
    Kind::ThreeCrossed,
    Kind::SharedFactor,
    Kind::AtPlaces,
];

/// Codes 0.. in order of appearance, so that every level is used.
fn compact(codes: &[usize]) -> Vec<u32> {
    let mut seen = std::collections::BTreeMap::new();
    codes.iter().for_each(|&c| {
        let next = seen.len();
        seen.entry(c).or_insert(next);
    });
    codes.iter().map(|c| seen[c] as u32).collect()
}

pub fn design(kind: Kind, seed: u64, weighted: bool) -> Rows {
    arrays(kind, seed, weighted).rows()
}

/// With a response in other units.
pub fn design_in(kind: Kind, seed: u64, unit: f64) -> Rows {
    arrays_in(kind, seed, false, unit).rows()
}

pub fn arrays(kind: Kind, seed: u64, weighted: bool) -> Arrays {
    arrays_in(kind, seed, weighted, 1.0)
}

fn arrays_in(kind: Kind, seed: u64, weighted: bool, unit: f64) -> Arrays {
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
        Kind::PartiallyCrossed | Kind::AtPlaces => vec![a, b],
        Kind::NestedAndCrossed => vec![a.iter().map(|v| v / 3).collect(), a, b, c],
        Kind::ThreeCrossed => vec![a, b, c],
        Kind::SharedFactor => vec![a, b],
    };
    let widths: Vec<Vec<(Structure, usize)>> = (0..codes.len())
        .map(|k| match (kind, k) {
            (Kind::AtPlaces, 0) => vec![],
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
    let mut z = widths
        .iter()
        .flatten()
        .map(|&(_, r)| {
            let rows: Vec<Vec<f64>> = (0..n).map(|_| (1..r).map(|_| 3.0 + normal()).collect()).collect();
            (1..r).map(|k| rows.iter().map(|row| row[k - 1]).collect()).collect()
        })
        .collect::<Vec<Vec<Vec<f64>>>>()
        .into_iter();
    let w: Vec<f64> = (0..n).map(|_| 0.3 + 2.0 * rng.random::<f64>()).collect();
    let cells: Vec<u32> = (0..n).map(|i| (i % 3) as u32).collect();
    let mut out = Arrays::new(y.into_iter().map(|y: f64| unit * y).collect()).numeric("x", x).categorical("f", &cells);
    if weighted {
        out = out.weighted(w);
    }
    for (k, (codes, terms)) in codes.iter().zip(widths).enumerate() {
        let group = format!("g{k}");
        out = out.grouping(&group, &compact(codes));
        if kind == Kind::AtPlaces && k == 0 {
            let structures: Vec<_> = Structure::ALL.iter().filter(|s| s.decay().is_some()).collect();
            let structure = *structures[seed as usize % structures.len()];
            let times: Vec<f64> = (0..n).map(|i| [0.0, 0.5, 1.7, 2.9][i * i % 7 % 4]).collect();
            let sides = (0..n).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
            let is_plane = structure.name() != "ou" && seed % 2 == 1;
            out = out.at_places(&group, structure, if is_plane { vec![times, sides] } else { vec![times] });
        }
        for ((structure, _), slopes) in terms.into_iter().zip(&mut z) {
            out = out.random(&group, structure, slopes);
        }
    }
    out
}

pub fn model(design: &Rows, criterion: Criterion) -> Lmm {
    let terms: Vec<_> = design.random.iter().map(RandomLayout::spec).collect();
    Lmm::new(hlmrs::crossproduct::accumulate(design).unwrap().1, &terms, criterion)
}
