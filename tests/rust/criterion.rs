use std::sync::atomic::AtomicBool;

use hlmrs::Structure;
use hlmrs::linalg::fourth_order;
use hlmrs::model::{Criterion, Model, Scale};

use crate::arrays::Arrays;
use crate::dense::{Dense, user_factors};
use crate::designs::{KINDS, design, model};

fn theta(n: usize, seed: u64, zero: Option<usize>) -> Vec<f64> {
    (0..n).map(|k| if Some(k) == zero { 0.0 } else { 0.2 + ((k as u64 * 7 + seed * 3) % 11) as f64 / 8.0 }).collect()
}

/// Every kind of design, weighted and not, both criteria, with and without a parameter at zero.
fn each(mut check: impl FnMut(&hlmrs::model::Lmm, &Dense, &[f64], String)) {
    for kind in KINDS {
        for seed in 0..6 {
            let source = design(kind, seed, seed % 2 == 1);
            let dense = Dense::new(&source);
            for criterion in [Criterion::Ml, Criterion::Reml] {
                let model = model(&source, criterion);
                for zero in [None, Some(0), Some(model.theta_map.n_parameters - 1)] {
                    let theta = theta(model.theta_map.n_parameters, seed, zero);
                    check(&model, &dense, &theta, format!("{kind:?} seed {seed} {criterion:?} zero {zero:?}"));
                }
            }
        }
    }
}

#[test]
fn criterion_equals_dense_algebra() {
    each(|model, dense, theta, name| {
        let mut work = model.workspace();
        let got = model.evaluate(theta, &mut work).unwrap().profiled();
        let want = dense.criterion(&user_factors(model, theta), &model.a.fixed.kept, model.criterion);
        assert!((got - want).abs() <= 1e-10 * want.abs(), "{name}: {got} {want}");
    });
}

#[test]
fn the_criterion_at_given_sigma_equals_dense_algebra() {
    each(|model, dense, theta, name| {
        let mut work = model.workspace();
        let terms = model.evaluate(theta, &mut work).unwrap();
        let (lambda, kept, s) = (user_factors(model, theta), &model.a.fixed.kept, 1.7 * terms.sigma().powi(2));
        let (logdet, logdet_x, rss) = dense.terms(&lambda, kept);
        let restricted = if model.criterion == Criterion::Reml { logdet_x } else { 0.0 };
        let want = logdet + restricted + terms.m * (std::f64::consts::TAU * s).ln() + rss / s;
        assert!((terms.at_variance(s) - want).abs() <= 1e-10 * want.abs(), "{name}: {} {want}", terms.at_variance(s));
        assert!((terms.at_variance(terms.sigma().powi(2)) - terms.profiled()).abs() <= 1e-11 * want.abs(), "{name}");
    });
}

#[test]
fn an_evaluator_with_sigma_as_a_coordinate_has_the_slope_of_its_value() {
    each(|model, _, theta, name| {
        let stop = AtomicBool::new(false);
        let mut evaluator = model.with_scale(Scale::Parameter).evaluator(&stop);
        let x: Vec<f64> = theta.iter().copied().chain([0.4]).collect();
        evaluator.value(&x).unwrap();
        let (gradient, _) = evaluator.slope(&x).unwrap();
        assert_eq!(evaluator.gradient(&x).unwrap(), gradient);
        for k in 0..x.len() {
            let mut at = |h: f64| {
                let mut x = x.clone();
                x[k] += h;
                evaluator.value(&x).unwrap()
            };
            let h = 1e-3;
            let numeric = fourth_order([at(h), at(-h), at(2.0 * h), at(-2.0 * h)], h);
            assert!(
                (gradient[k] - numeric).abs() < 1e-5 * (1.0 + numeric.abs()),
                "{name} k={k}: {} {numeric}",
                gradient[k]
            );
        }
    });
}

#[test]
fn gradient_matches_central_differences() {
    each(|model, _, theta, name| {
        let mut work = model.workspace();
        model.evaluate(theta, &mut work).unwrap();
        let gradient = model.gradient(theta, &mut work).theta;
        for k in 0..theta.len() {
            let at = |h: f64| {
                let mut t = theta.to_vec();
                t[k] += h;
                model.evaluate(&t, &mut model.workspace()).unwrap().profiled()
            };
            // fourth order, so that the step may be long enough to see six digits
            let h = 1e-3;
            let numeric = fourth_order([at(h), at(-h), at(2.0 * h), at(-2.0 * h)], h);
            assert!(
                (gradient[k] - numeric).abs() < 1e-6 * (1.0 + numeric.abs()),
                "{name} k={k}: {} {numeric}",
                gradient[k]
            );
        }
    });
}

#[test]
fn rows_in_random_order_give_the_criterion_of_sorted_rows() {
    let (n, users, items) = (90_000usize, 30_000, 200);
    let mut rows: Vec<(u32, u32)> =
        (0..n).map(|i| ((i * 7919 % users) as u32, (i * i % 9973 * 31 % items) as u32)).collect();
    let criterion = |rows: &[(u32, u32)]| {
        let x = |r: &(u32, u32)| f64::from(r.0 % 7) - f64::from(r.1 % 3);
        let y = |r: &(u32, u32)| f64::from(r.0 * 13 % 17) / 8.0 + f64::from(r.1 * 5 % 11) / 6.0 + 0.3 * x(r);
        let codes = |of: fn(&(u32, u32)) -> u32| rows.iter().map(of).collect::<Vec<u32>>();
        let source = Arrays::new(rows.iter().map(y).collect()).numeric("x", rows.iter().map(x).collect());
        let source = source.grouping("user", &codes(|r| r.0)).grouping("item", &codes(|r| r.1));
        let source = source.random("user", Structure::Unstructured, vec![]);
        let source = source.random("item", Structure::Unstructured, vec![]).rows();
        let model = model(&source, Criterion::Reml);
        model.evaluate(&[0.7, 0.4], &mut model.workspace()).unwrap()
    };
    let scattered = criterion(&rows);
    rows.sort_unstable();
    let sorted = criterion(&rows);
    assert!((scattered.profiled() / sorted.profiled() - 1.0).abs() < 1e-12, "{scattered:?} {sorted:?}");
    assert!((scattered.pwrss / sorted.pwrss - 1.0).abs() < 1e-11, "{scattered:?} {sorted:?}");
}
