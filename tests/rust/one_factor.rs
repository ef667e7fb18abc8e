//! Sums over the levels of one grouping factor give what the levels give.

use std::sync::atomic::AtomicBool;

use hlmrs::Structure;
use hlmrs::model::{Criterion, Evaluator, Lmm, LmmEvaluator, Scale};
use hlmrs::optimize::Objective;

use crate::arrays::Arrays;
use crate::dense::{Dense, user_factors};
use crate::designs::{Kind, design, model};

/// Groups of the same times, and of a last group that misses some.
fn growth(seed: u64, structure: Structure, width: usize) -> hlmrs::design::Rows {
    let (n_groups, n_times) = (5 + seed as usize % 4, 6);
    let n = n_groups * n_times - 2;
    let noise = |i: usize, k: u64| ((i as u64 * 2_654_435_761 + seed * 97 + k * 12_345) % 10_007) as f64 / 5003.5 - 1.0;
    let time: Vec<f64> = (0..n).map(|i| (i % n_times) as f64).collect();
    let groups: Vec<u32> = (0..n).map(|i| (i / n_times) as u32).collect();
    let y =
        (0..n).map(|i| 3.0 * noise(i / n_times, 1) + time[i] * (1.0 + noise(i / n_times, 2)) + noise(i, 3)).collect();
    let slopes: Vec<Vec<f64>> = (1..width).map(|k| time.iter().map(|t| t.powi(k as i32)).collect()).collect();
    Arrays::new(y).numeric("x", time).grouping("g", &groups).random("g", structure, slopes).rows()
}

/// Every model of one factor, with points of the parameters.
fn each(mut check: impl FnMut(&Lmm, &Dense, &[f64], String)) {
    let structures = [(Structure::Unstructured, 1), (Structure::Unstructured, 2), (Structure::Unstructured, 3)];
    let others = [(Structure::Diagonal, 2), (Structure::CompoundSymmetry, 3)];
    for seed in 0..12 {
        let growth = structures.iter().chain(&others).map(|&(structure, width)| growth(seed, structure, width));
        for source in growth.chain([design(Kind::One, seed, false), design(Kind::One, seed, true)]) {
            let dense = Dense::new(&source);
            for criterion in [Criterion::Ml, Criterion::Reml] {
                let model = model(&source, criterion);
                let n = model.theta_map.n_parameters;
                for zero in [None, Some(0), Some(n - 1)] {
                    let entry = |k: usize| 0.2 + ((k as u64 * 7 + seed * 3) % 11) as f64 / 8.0;
                    let theta: Vec<f64> = (0..n).map(|k| if Some(k) == zero { 0.0 } else { entry(k) }).collect();
                    check(&model, &dense, &theta, format!("seed {seed} {n} {criterion:?} zero {zero:?}"));
                }
            }
        }
    }
}

fn assert_close(got: &[f64], want: &[f64], what: &str) {
    let scale = want.iter().fold(1.0f64, |m, v| m.max(v.abs()));
    assert_eq!(got.len(), want.len(), "{what}");
    assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() <= 1e-10 * scale), "{what}: {got:?} {want:?}");
}

#[test]
fn the_criterion_equals_dense_algebra() {
    let stop = AtomicBool::new(false);
    each(|model, dense, theta, name| {
        let got = LmmEvaluator::of_sums(model, &stop).value(theta).unwrap();
        let want = dense.criterion(&user_factors(model, theta), &model.a.fixed.kept, model.criterion);
        assert!((got - want).abs() <= 1e-10 * want.abs(), "{name}: {got} {want}");
    });
}

#[test]
fn values_and_slopes_are_those_of_the_levels() {
    let stop = AtomicBool::new(false);
    each(|model, _, theta, name| {
        for scale in [Scale::Profiled, Scale::Known(1.7), Scale::Parameter] {
            let model = model.with_scale(scale);
            let x: Vec<f64> = theta.iter().copied().chain((scale == Scale::Parameter).then_some(0.4)).collect();
            let (mut sums, mut levels) = (LmmEvaluator::of_sums(&model, &stop), LmmEvaluator::new(&model, &stop));
            assert_close(&[sums.value(&x).unwrap()], &[levels.value(&x).unwrap()], &name);
            assert_close(&sums.gradient(&x).unwrap(), &levels.gradient(&x).unwrap(), &name);
            for (got, want) in [
                (sums.slope(&x).unwrap(), levels.slope(&x).unwrap()),
                (sums.information(&x).unwrap(), levels.information(&x).unwrap()),
            ] {
                assert_close(&got.0, &want.0, &name);
                assert_close(&got.1, &want.1, &name);
            }
            let (got, want) = (sums.accuracy(&x).unwrap(), levels.accuracy(&x).unwrap());
            assert!((got.rounding / want.rounding - 1.0).abs() < 1e-6, "{name}: {got:?} {want:?}");
            assert_close(&sums.estimates(&x).unwrap().beta, &levels.estimates(&x).unwrap().beta, &name);
        }
    });
}

#[test]
fn the_blocks_of_the_levels_come_back() {
    let stop = AtomicBool::new(false);
    each(|model, _, theta, name| {
        let (mut sums, mut levels) = (LmmEvaluator::of_sums(model, &stop), LmmEvaluator::new(model, &stop));
        sums.slope(&vec![0.5; theta.len()]).ok();
        sums.value(theta).unwrap();
        assert_eq!(sums.whole(theta).unwrap(), levels.evaluate(theta).unwrap(), "{name}");
        let beta = levels.work.factor.beta();
        let modes = |of: &LmmEvaluator| of.work.factor.modes(&model.symbolic, &beta).b;
        assert_eq!(modes(&sums), modes(&levels), "{name}");
    });
}

#[test]
fn an_evaluation_allocates_nothing() {
    let stop = AtomicBool::new(false);
    let model = model(&growth(3, Structure::Unstructured, 2), Criterion::Reml);
    let mut sums = LmmEvaluator::of_sums(&model, &stop);
    sums.value(&[1.0, 0.1, 0.5]).unwrap();
    let count = crate::allocations::allocations(|| {
        sums.value(&[0.9, 0.2, 0.4]).unwrap();
    });
    assert_eq!(count, 0);
}

#[test]
fn groups_far_from_each_other_lose_no_digits() {
    let stop = AtomicBool::new(false);
    for distance in [10.0, 1e3, 1e5] {
        let noise = |i: usize, k: usize| ((i * 7919 + k * 104_729) % 1009) as f64 / 504.5 - 1.0;
        let x: Vec<f64> = (0..48).map(|i| distance * (i / 6) as f64 + (i % 6) as f64 + 0.1 * noise(i, 1)).collect();
        let y = (0..48).map(|i| 2.0 * noise(i / 6, 2) + noise(i, 3) + 0.01 * x[i] / distance).collect();
        let groups: Vec<u32> = (0..48).map(|i| i / 6).collect();
        let source = Arrays::new(y).numeric("x", x.clone()).grouping("g", &groups);
        let model = model(&source.random("g", Structure::Unstructured, vec![x]).rows(), Criterion::Reml);
        for theta in [[0.5, 0.1, 0.3], [30.0, -20.0, 1e-3], [1e3, 1e3, 1.0]] {
            let (mut sums, mut levels) = (LmmEvaluator::of_sums(&model, &stop), LmmEvaluator::new(&model, &stop));
            let (got, want) = (sums.value(&theta).unwrap(), levels.value(&theta).unwrap());
            let allowed = 1e-10 * want.abs() + levels.accuracy(&theta).unwrap().rounding;
            assert!((got - want).abs() <= allowed, "{distance} {theta:?}: {got} {want}");
        }
    }
}
