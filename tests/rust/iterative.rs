//! The iterative trailing block beside the dense one, on designs of every sort.

use hlmrs::Structure;
use hlmrs::design::Rows;
use hlmrs::model::{Criterion, Lmm};
use hlmrs::penalized_ls::TrailingKind;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::arrays::Arrays;
use crate::designs::model;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    LongTailed,
    Clustered,
    NearlyNested,
    Disconnected,
    /// Two rows a user.
    Thin,
}

const SHAPES: [Shape; 4] = [Shape::LongTailed, Shape::Clustered, Shape::NearlyNested, Shape::Disconnected];

/// Users x items, and a third small factor; `width` random effects of users and items.
pub fn design(shape: Shape, width: usize) -> Rows {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let (n, users, items) = (12_000, if shape == Shape::Thin { 6_000 } else { 900 }, 150);
    let mut pick = |i: usize| -> (usize, usize) {
        let user = i % users;
        let item = match shape {
            Shape::LongTailed => (rng.random_range(0.0f64..1.0).powi(2) * items as f64) as usize,
            Shape::Clustered if rng.random_range(0..10) > 0 => user % 10 * 15 + rng.random_range(0..15usize),
            Shape::NearlyNested if rng.random_range(0..10) > 0 => user % items,
            Shape::Disconnected => user % 2 * 75 + rng.random_range(0..75usize),
            _ => rng.random_range(0..items),
        };
        (user, item)
    };
    let pairs: Vec<(usize, usize)> = (0..n).map(&mut pick).collect();
    let x: Vec<f64> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
    let y = pairs
        .iter()
        .zip(&x)
        .map(|((u, i), x)| ((u * 7919) % 101) as f64 / 60.0 + ((i * 104_729) % 89) as f64 / 50.0 + x * (u % 3) as f64);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let y: Vec<f64> = y.map(|y| y + rng.random_range(-2.0..2.0)).collect();
    let z = vec![x.clone(); width - 1];
    let codes = |k: fn(&(usize, usize)) -> usize| pairs.iter().map(|p| k(p) as u32).collect::<Vec<u32>>();
    let third: Vec<u32> = (0..n).map(|i| (i * 31 % 17) as u32).collect();
    let source = Arrays::new(y).numeric("x", x).grouping("user", &codes(|p| p.0)).grouping("item", &codes(|p| p.1));
    let source = source.grouping("third", &third).random("user", Structure::Unstructured, z.clone());
    source.random("item", Structure::Unstructured, z).random("third", Structure::Unstructured, vec![]).rows()
}

fn both(shape: Shape, width: usize, criterion: Criterion) -> (Lmm, Lmm) {
    let source = design(shape, width);
    let dense = model(&source, criterion);
    let iterative = dense.with_trailing(TrailingKind::Iterative);
    (dense.with_trailing(TrailingKind::Dense), iterative)
}

fn theta(model: &Lmm) -> Vec<f64> {
    (0..model.theta_map.n_parameters).map(|k| 0.35 + 0.07 * (k * k % 5) as f64).collect()
}

#[test]
fn the_criterion_is_the_exact_one_within_its_standard_error() {
    for shape in SHAPES {
        for width in [1, 2] {
            let (dense, iterative) = both(shape, width, Criterion::Reml);
            let theta = theta(&dense);
            let exact = dense.evaluate(&theta, &mut dense.workspace()).unwrap();
            let estimate = iterative.evaluate(&theta, &mut iterative.workspace()).unwrap();
            let name = format!("{shape:?} {width}: {exact:?} {estimate:?}");
            assert!((exact.profiled() - estimate.profiled()).abs() < 5.0 * estimate.std_error + 1e-6, "{name}");
            assert!((exact.pwrss / estimate.pwrss - 1.0).abs() < 1e-10, "{name}");
            assert!((exact.logdet_fixed - estimate.logdet_fixed).abs() < 1e-9, "{name}");
            assert!(estimate.std_error < 0.05, "{name}");
        }
    }
}

#[test]
fn gradient_curvature_and_modes_are_the_exact_ones() {
    for shape in [Shape::LongTailed, Shape::Clustered] {
        for (width, criterion) in [(1, Criterion::Ml), (1, Criterion::Reml), (2, Criterion::Reml)] {
            let (dense, iterative) = both(shape, width, criterion);
            let theta = theta(&dense);
            let (mut work, mut rough) = (dense.workspace(), iterative.workspace());
            dense.evaluate(&theta, &mut work).unwrap();
            iterative.evaluate(&theta, &mut rough).unwrap();
            let (exact, estimate) = (dense.gradient(&theta, &mut work), iterative.gradient(&theta, &mut rough));
            let name = format!("{shape:?} {width}: {:?} {:?}", exact.theta, estimate.theta);
            let close = |a: &[f64], b: &[f64], tolerance: f64| {
                let size = a.iter().fold(1e-12f64, |m, v| m.max(v.abs()));
                a.iter().zip(b).all(|(a, b)| (a - b).abs() < tolerance * size)
            };
            assert!(close(&exact.theta, &estimate.theta, 2e-4), "{name}");
            assert!(close(&work.factor.beta(), &rough.factor.beta(), 1e-9), "{name}");
            assert!(exact.modes.b.iter().zip(&estimate.modes.b).all(|(a, b)| close(a, b, 1e-9)), "{name}");
            let curvature = dense.curvature(&theta, &work, &exact);
            let same = iterative.curvature(&theta, &rough, &estimate);
            assert!(close(&curvature, &same, 1e-3), "{name}: {curvature:?} {same:?}");
        }
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let (_, iterative) = both(Shape::LongTailed, 2, Criterion::Reml);
    let theta = theta(&iterative);
    let run = |n: usize| {
        hlmrs::linalg::threads::pool(n).unwrap().install(|| {
            let mut work = iterative.workspace();
            let value = iterative.evaluate(&theta, &mut work).unwrap();
            (value, iterative.gradient(&theta, &mut work).theta)
        })
    };
    assert_eq!(run(1), run(2));
}
