//! Whole fits: closed forms, special cases, and what must not change a result.

use std::sync::atomic::AtomicBool;

use hlmrs::Structure;
use hlmrs::design::Rows;
use hlmrs::fit::{Control, Fit, Optimizer, Status, fit};
use hlmrs::linalg::threads::pool;
use hlmrs::model::Criterion;

use crate::arrays::Arrays;
use crate::designs::{KINDS, design, model};

fn fitted(source: &Rows, criterion: Criterion) -> Fit {
    let model = model(source, criterion);
    fit(&model, &Control::default(), &AtomicBool::new(false)).unwrap()
}

fn one_way(y: Vec<f64>, per_level: usize) -> Rows {
    let codes: Vec<u32> = (0..y.len()).map(|i| (i / per_level) as u32).collect();
    Arrays::new(y).grouping("g", &codes).random("g", Structure::Unstructured, vec![]).rows()
}

/// Yields of Davies and Goldsmith (1972), 6 batches of 5.
const DYESTUFF: [f64; 30] = [
    1545., 1440., 1440., 1520., 1580., 1540., 1555., 1490., 1560., 1495., 1595., 1550., 1605., 1510., 1560., 1445.,
    1440., 1595., 1465., 1545., 1595., 1630., 1515., 1635., 1625., 1520., 1455., 1450., 1480., 1445.,
];

#[test]
fn balanced_one_way_layout_gives_the_analysis_of_variance() {
    let source = one_way(DYESTUFF.to_vec(), 5);
    let fit = fitted(&source, Criterion::Reml);
    let means: Vec<f64> = DYESTUFF.chunks(5).map(|c| c.iter().sum::<f64>() / 5.0).collect();
    let grand = means.iter().sum::<f64>() / 6.0;
    let between = 5.0 * means.iter().map(|m| (m - grand).powi(2)).sum::<f64>() / 5.0;
    let within =
        DYESTUFF.chunks(5).zip(&means).flat_map(|(c, m)| c.iter().map(move |y| (y - m).powi(2))).sum::<f64>() / 24.0;
    assert!((fit.sigma.powi(2) / within - 1.0).abs() < 1e-7);
    assert!((fit.covariances()[0][0] / ((between - within) / 5.0) - 1.0).abs() < 1e-6);
    assert!((fit.user_beta()[0] - grand).abs() < 1e-9);
    assert_eq!(fit.verdict.status, Status::Optimum);
    // shrinkage of each batch mean
    let shrink = 5.0 * fit.covariances()[0][0] / (5.0 * fit.covariances()[0][0] + within);
    for (b, m) in fit.user_modes()[0].iter().zip(&means) {
        assert!((b - shrink * (m - grand)).abs() < 1e-4);
    }
}

#[test]
fn groups_less_different_than_chance_have_no_variance() {
    let y: Vec<f64> = (0..30).map(|i| ((i * 7) % 5) as f64 + 0.01 * (i / 5 % 2) as f64).collect();
    let source = one_way(y, 5);
    let fit = fitted(&source, Criterion::Reml);
    assert_eq!(fit.verdict.status, Status::Boundary);
    assert_eq!(fit.covariances()[0][0], 0.0);
    assert_eq!(fit.verdict.boundary[0].directions, [[1.0]]);
}

#[test]
fn a_zero_variance_that_the_data_are_sure_of_takes_few_evaluations() {
    let y: Vec<f64> = (0..60_000).map(|i| ((i * 7) % 5) as f64).collect();
    let source = one_way(y, 20_000);
    for criterion in [Criterion::Ml, Criterion::Reml] {
        let fit = fitted(&source, criterion);
        assert_eq!((fit.verdict.status, fit.theta[0]), (Status::Boundary, 0.0));
        assert!(fit.verdict.evaluations < 30, "{}", fit.verdict.evaluations);
    }
}

#[test]
fn both_optimizers_agree_and_every_fit_is_stationary() {
    let mut evaluations = 0;
    for kind in KINDS {
        for seed in 10..14 {
            let source = design(kind, seed, seed % 2 == 0);
            let model = model(&source, Criterion::Reml);
            let stop = AtomicBool::new(false);
            let first = fit(&model, &Control::default(), &stop).unwrap();
            let check = Control { optimizer: Optimizer::Bobyqa, ..Control::default() };
            let second = fit(&model, &check, &stop).unwrap();
            let name = format!("{kind:?} seed {seed}");
            assert_ne!(first.verdict.status, Status::NotConverged, "{name} {:?}", first.verdict);
            assert!(first.criterion < second.criterion + 1e-6, "{name}: {} {}", first.criterion, second.criterion);
            assert!(first.verdict.evaluations < 200, "{name}: {} evaluations", first.verdict.evaluations);
            evaluations += first.verdict.evaluations;
        }
    }
    // some 60 rows for up to nine parameters, most of them on a boundary
    assert!(evaluations < 1100, "{evaluations} evaluations in all");
}

#[test]
fn results_do_not_depend_on_threads() {
    for kind in KINDS {
        let source = design(kind, 3, true);
        let one = pool(1).unwrap().install(|| fitted(&source, Criterion::Reml));
        let two = pool(2).unwrap().install(|| fitted(&source, Criterion::Reml));
        assert_eq!(one.theta, two.theta);
        assert_eq!(one.criterion.to_bits(), two.criterion.to_bits());
        assert_eq!(one.user_beta(), two.user_beta());
    }
}

/// A growth curve: x is a time, the random slope is nearly the whole of it.
fn growth(scale: f64, shift: f64, lift: f64) -> Rows {
    let n = 120;
    let (mut x, mut y) = (vec![], vec![]);
    for i in 0..n {
        let (g, t) = (i / 10, (i % 10) as f64);
        let slope = 10.0 + ((g * 5) % 7) as f64;
        let noise = ((i * 37 % 101) as f64 - 50.0) / 10.0;
        x.push(t * scale + shift);
        y.push(250.0 + ((g * 3) % 5) as f64 * 20.0 + slope * t + noise + lift);
    }
    let codes: Vec<u32> = (0..n).map(|i| (i / 10) as u32).collect();
    let source = Arrays::new(y).numeric("x", x.clone()).grouping("g", &codes);
    source.random("g", Structure::Unstructured, vec![x]).rows()
}

#[test]
fn units_of_x_and_y_change_nothing_but_the_units() {
    for criterion in [Criterion::Ml, Criterion::Reml] {
        let source = growth(1.0, 0.0, 0.0);
        let plain = fitted(&source, criterion);
        for (scale, shift, lift) in [(1.0, 0.0, 1e8), (1e6, 1e9, 0.0), (1e-7, 3.0, 0.0), (1.0, 2000.0, -1e6)] {
            let source = growth(scale, shift, lift);
            let moved = fitted(&source, criterion);
            // the REML criterion counts the units of x once
            let units = if criterion == Criterion::Reml { 2.0 * scale.ln() } else { 0.0 };
            let want = plain.criterion + units;
            assert!((moved.criterion - want).abs() < 1e-6, "{scale} {shift} {lift}: {} {want}", moved.criterion);
            assert!((moved.sigma / plain.sigma - 1.0).abs() < 1e-6);
            let (a, b) = (plain.covariances(), moved.covariances());
            assert!((b[0][3] * scale * scale / a[0][3] - 1.0).abs() < 1e-4, "{scale} {shift} {lift}");
            assert!((moved.user_beta()[1] * scale / plain.user_beta()[1] - 1.0).abs() < 1e-7);
        }
    }
}

#[test]
fn a_dependent_column_is_left_out_and_a_nearly_dependent_one_is_not() {
    let n = 60;
    let x: Vec<f64> = (0..n).map(|i| (i * 17 % 23) as f64).collect();
    let y: Vec<f64> = (0..n).map(|i| x[i] + ((i * 7) % 11) as f64 + (i / 10) as f64).collect();
    let build = |third: Vec<f64>| {
        let codes: Vec<u32> = (0..n).map(|i| (i / 10) as u32).collect();
        let source = Arrays::new(y.clone()).numeric("x", x.clone()).numeric("third", third).grouping("g", &codes);
        source.random("g", Structure::Unstructured, vec![]).rows()
    };
    let source = build(x.iter().map(|v| 3.0 * v - 2.0).collect());
    assert_eq!(model(&source, Criterion::Ml).a.fixed.kept, [0, 1]);
    // x plus a wobble a hundred thousand times smaller
    let wobble: Vec<f64> = (0..n).map(|i| ((i * 13) % 7) as f64).collect();
    let source = build((0..n).map(|i| x[i] + 1e-5 * wobble[i]).collect());
    let near = fitted(&source, Criterion::Ml);
    assert_eq!(near.model.a.fixed.kept, [0, 1, 2]);
    let source = build(wobble);
    let direct = fitted(&source, Criterion::Ml);
    assert!((near.criterion - direct.criterion).abs() < 1e-7);
    assert!((near.user_beta()[2] * 1e-5 / direct.user_beta()[2] - 1.0).abs() < 1e-5);
}

#[test]
fn a_fit_survives_its_saved_state_bit_for_bit() {
    for kind in KINDS {
        let source = design(kind, 5, true);
        let first = fitted(&source, Criterion::Reml);
        let saved = first.saved();
        let second = Fit::from_saved(saved.clone()).unwrap();
        assert_eq!((first.criterion, first.sigma), (second.criterion, second.sigma));
        assert_eq!(first.user_beta(), second.user_beta());
        assert_eq!(first.user_modes(), second.user_modes());
        assert_eq!(first.verdict, second.verdict);
        for name in saved.arrays.keys() {
            let mut damaged = saved.clone();
            damaged.arrays.get_mut(name).unwrap().push(1.0);
            assert!(Fit::from_saved(damaged).is_err(), "{name}");
        }
    }
}

#[test]
fn a_refit_to_the_same_response_is_the_same_fit() {
    for kind in KINDS {
        let source = design(kind, 6, kind == KINDS[2]);
        let first = fitted(&source, Criterion::Reml);
        let again = first.refit(&source, &source.response(), &AtomicBool::new(false)).unwrap();
        let (one, other) = (first.criterion, again.criterion);
        assert!((one - other).abs() < 1e-8, "{kind:?}: {one} {other}");
        assert!(first.user_beta().iter().zip(again.user_beta()).all(|(a, b)| (a - b).abs() < 1e-5 * (1.0 + a.abs())));
    }
}
