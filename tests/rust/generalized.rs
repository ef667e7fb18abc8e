//! Generalized models: Laplace's criterion against dense algebra, quadrature against integration, gradients against differences.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use faer::Mat;
use faer::prelude::*;
use hlmrs::crossproduct::{PartWeights, Reweighting};
use hlmrs::design::Rows;
use hlmrs::family::{FamilySpec, Link, Observation, Predictor, Thresholds, Zero};
use hlmrs::fit::{Control, Status, fit_generalized};
use hlmrs::linalg::threads::pool;
use hlmrs::model::generalized::{Approximation, Nodes, NormalPrior, PartSource, Responses, glmm, laplace_error};
use hlmrs::model::{Evaluator, Glmm, GlmmEvaluator};
use hlmrs::optimize::Objective;
use hlmrs::penalized_ls::TrailingKind;
use hlmrs::rows::{PartColumns, PartRows, PartedRows};
use hlmrs::{Error, Structure};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::arrays::Arrays;
use crate::dense::Dense;
use crate::designs::{KINDS, Kind, design};

pub fn spec(name: &str, link: Link, zero: Zero) -> FamilySpec {
    FamilySpec { name: name.into(), link, zero, n_categories: 4, thresholds: Thresholds::Flexible, has_scale: false }
}

/// Responses that a family can have.
fn responses(name: &str, n: usize, seed: u64) -> Vec<Observation> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let response = |u: f64, v: f64| match name {
        "binomial" => (f64::from(u8::from(u < 0.4)) + (2.0 * v).floor(), 3.0),
        "cumulative" => ((4.0 * u).floor(), 1.0),
        "betabinomial" => ((4.0 * u).floor(), 3.0),
        "ordbeta" => ((1.4 * u - 0.2).clamp(0.0, 1.0), 1.0),
        "gamma" | "inverse_gaussian" | "lognormal" => (0.2 + 3.0 * u * v, 1.0),
        "beta" => (0.02 + 0.96 * u, 1.0),
        "gaussian" | "student" => (3.0 * u - v, 1.0),
        "tweedie" => (if u < 0.3 { 0.0 } else { 3.0 * v }, 1.0),
        _ => ((6.0 * u * v).floor() + f64::from(u8::from(name.starts_with("truncated"))), 1.0),
    };
    let draw = |_| {
        let (y, trials) = response(rng.random(), rng.random());
        Observation { y, trials }
    };
    (0..n).map(draw).collect()
}

pub fn model_of(spec: &FamilySpec, rows: &Rows, others: &[Predictor], seed: u64) -> Glmm {
    let mut sources = vec![PartSource { predictor: Predictor::Conditional, rows }];
    sources.extend(others.iter().map(|&predictor| PartSource { predictor, rows }));
    let weights = rows.weights().unwrap_or_default();
    let observations = responses(&spec.name, rows.n_rows(), seed);
    glmm(
        spec,
        &sources,
        Responses { name: "y".into(), observations, weights, in_unit: false },
        &[],
        &AtomicBool::new(false),
    )
    .unwrap()
}

/// A point away from the optimum.
pub fn point(model: &Glmm, seed: u64, size: f64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed + 77);
    let mut x = model.theta_map.start();
    x.iter_mut().for_each(|v| *v = 0.5 * *v + 0.3 * (rng.random::<f64>() - 0.5));
    x.extend(model.coordinates(&model.initial));
    x.iter_mut().skip(model.n_theta()).for_each(|v| *v += size * (rng.random::<f64>() - 0.5));
    x
}

/// Central differences with one Richardson step.
fn differences(evaluator: &mut GlmmEvaluator, x: &[f64]) -> Vec<f64> {
    (0..x.len())
        .map(|k| {
            let mut slope = |h: f64| {
                let mut at = |s: f64| {
                    let mut to = x.to_vec();
                    to[k] += s;
                    evaluator.value(&to).unwrap()
                };
                (at(h) - at(-h)) / (2.0 * h)
            };
            let (wide, narrow) = (slope(8e-4), slope(4e-4));
            (4.0 * narrow - wide) / 3.0
        })
        .collect()
}

fn assert_gradient(model: &Glmm, x: &[f64], what: &str) {
    let stop = AtomicBool::new(false);
    let mut evaluator = GlmmEvaluator::new(model, &stop);
    let expected = differences(&mut evaluator, x);
    let own = evaluator.gradient(x).unwrap();
    for (k, (own, expected)) in own.iter().zip(&expected).enumerate() {
        assert!(
            (own - expected).abs() < 1e-6 * (1.0 + expected.abs()),
            "{what}, {k}: {own}, by differences {expected}"
        );
    }
}

#[test]
fn the_gradient_is_the_slope_of_the_criterion_for_designs_of_every_kind() {
    for (k, &kind) in KINDS.iter().enumerate() {
        let rows = design(kind, 40 + k as u64, k % 2 == 0);
        let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 3);
        assert_gradient(&model, &point(&model, k as u64, 0.5), &format!("{kind:?}"));
    }
}

#[test]
fn the_gradient_is_the_slope_of_the_criterion_for_every_family() {
    let rows = design(Kind::PartiallyCrossed, 5, false);
    for (name, link) in [
        ("binomial", Link::Probit),
        ("binomial", Link::Cloglog),
        ("poisson", Link::Log),
        ("nbinom2", Link::Log),
        ("nbinom1", Link::Log),
        ("gamma", Link::Log),
        ("beta", Link::Logit),
        ("gaussian", Link::Log),
        ("student", Link::Identity),
        ("tweedie", Link::Log),
        ("cumulative", Link::Probit),
        ("cumulative", Link::Logit),
        ("genpois", Link::Log),
        ("inverse_gaussian", Link::Log),
        ("lognormal", Link::Identity),
        ("betabinomial", Link::Logit),
        ("ordbeta", Link::Logit),
        ("truncated_poisson", Link::Log),
        ("truncated_nbinom2", Link::Log),
        ("truncated_nbinom1", Link::Log),
        ("truncated_genpois", Link::Log),
    ] {
        let model = model_of(&spec(name, link, Zero::None), &rows, &[], 11);
        assert_gradient(&model, &point(&model, 2, 0.2), name);
    }
}

/// An ordered model of random effects, with thresholds of a kind, and a scale and thresholds that depend on a variable.
fn ordered(thresholds: Thresholds, has_scale: bool, is_nominal: bool) -> Glmm {
    let n = 120;
    let codes: Vec<u32> = (0..n).map(|i| (i % 12) as u32).collect();
    let x = |k: f64| -> Vec<f64> { (0..n).map(|i| (i as f64 * k).sin() + 2.0).collect() };
    let mean =
        Arrays::new(x(1.0)).numeric("x", x(0.7)).grouping("g", &codes).random("g", Structure::Unstructured, vec![]);
    let (mean, other) = (mean.rows(), Arrays::new(x(1.0)).numeric("z", x(1.3)).rows());
    let spec = FamilySpec { thresholds, has_scale, n_categories: 5, ..spec("cumulative", Link::Probit, Zero::None) };
    let mut sources = vec![PartSource { predictor: Predictor::Conditional, rows: &mean }];
    sources.extend(is_nominal.then_some(PartSource { predictor: Predictor::Upper, rows: &other }));
    sources.extend(has_scale.then_some(PartSource { predictor: Predictor::Scale, rows: &other }));
    let observations = (0..n).map(|i| Observation { y: (5.0 * (i as f64 * 0.618).fract()).floor(), trials: 1.0 });
    let responses =
        Responses { name: "y".into(), observations: observations.collect(), weights: vec![], in_unit: false };
    glmm(&spec, &sources, responses, &[], &AtomicBool::new(false)).unwrap()
}

#[test]
fn ordered_models_of_every_kind_have_the_exact_gradient_and_the_number_of_parameters_of_their_thresholds() {
    for (thresholds, has_scale, is_nominal, n) in [
        (Thresholds::Flexible, true, false, 4 + 2),
        (Thresholds::Flexible, false, true, 8 + 1),
        (Thresholds::Symmetric, false, false, 3 + 1),
        (Thresholds::Equidistant, true, true, 4 + 2),
    ] {
        let model = ordered(thresholds, has_scale, is_nominal);
        assert_eq!(model.n_coefficients(), n);
        assert_gradient(&model, &point(&model, 3, 0.1), &format!("{thresholds:?} {has_scale} {is_nominal}"));
    }
}

#[test]
fn the_user_has_coefficients_of_the_columns_as_they_are_given() {
    // linear predictors of rows by hand from the user's coefficients and columns
    let model = ordered(Thresholds::Equidistant, true, true);
    let x = point(&model, 3, 0.1);
    let (user, shift) = (model.user_coefficients(&x), model.shift(&x));
    let eta = model.rows.fixed(&model.coefficients(&x));
    for (i, o) in model.observations.iter().enumerate().filter(|(_, o)| o.y > 0.0 && o.y < 4.0) {
        let column = |k: f64| (i as f64 * k).sin() + 2.0;
        assert!((eta[0][i] - shift - user[0] * column(0.7)).abs() < 1e-10);
        let threshold = |k: f64| user[1] + user[2] * k + (user[3] + user[4] * k) * column(1.3);
        assert!((eta[1][i] - shift - threshold(o.y)).abs() < 1e-9, "{} {}", eta[1][i] - shift, threshold(o.y));
        assert!((eta[2][i] - shift - threshold(o.y - 1.0)).abs() < 1e-9);
        assert!((eta[3][i] - user[5] * column(1.3)).abs() < 1e-10);
    }
}

#[test]
fn random_effects_in_several_parts_have_the_same_exact_gradient() {
    let rows = design(Kind::One, 8, false);
    let zip = model_of(&spec("poisson", Link::Log, Zero::Part), &rows, &[Predictor::Zero], 5);
    assert_eq!(zip.rows.random_parts, [0, 1]);
    assert_gradient(&zip, &point(&zip, 4, 0.2), "zero-inflated");
    let normal = model_of(&spec("gaussian", Link::Identity, Zero::None), &rows, &[Predictor::Dispersion], 5);
    assert_gradient(&normal, &point(&normal, 4, 0.2), "location and scale");
}

#[test]
fn the_gradient_is_exact_where_scales_are_zero() {
    let rows = design(Kind::Crossed, 3, false);
    let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 3);
    let mut x = point(&model, 1, 0.3);
    model.theta_map.scale_parameters().iter().take(1).for_each(|&k| x[k] = 0.0);
    assert_gradient(&model, &x, "zero scale");
}

#[test]
fn the_criterion_is_that_of_dense_algebra() {
    for (k, &kind) in KINDS.iter().enumerate() {
        let rows = design(kind, 60 + k as u64, false);
        let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 9);
        let x = point(&model, k as u64, 0.5);
        let stop = AtomicBool::new(false);
        let own = GlmmEvaluator::new(&model, &stop).value(&x).unwrap();
        let expected = dense_laplace(&rows, &model, &x);
        assert!((own - expected).abs() < 1e-8 * expected.abs(), "{kind:?}: {own} {expected}");
    }
}

/// 2h + log|I + ΣZ'DZ| at the mode of b ~ N(0, Σ), in the user's units.
fn dense_laplace(rows: &Rows, model: &Glmm, x: &[f64]) -> f64 {
    let dense = Dense::new(rows);
    let (n, q) = (rows.n_rows(), dense.z.iter().map(|(z, _)| z.ncols()).sum::<usize>());
    let mut z = Mat::<f64>::zeros(n, q);
    let mut sigma = Mat::<f64>::zeros(q, q);
    let mut at = 0;
    for ((own, r), covariance) in dense.z.iter().zip(model.parameters().relative_covariances(x)) {
        for c in 0..own.ncols() {
            (0..n).for_each(|i| z[(i, at + c)] = own[(i, c)]);
            (0..*r).for_each(|k| sigma[(at + c / r * r + k, at + c)] = covariance[c % r * r + k]);
        }
        at += own.ncols();
    }
    let beta = model.user_coefficients(x);
    let kept = &model.parts[0].kept;
    let fixed: Vec<f64> =
        (0..n).map(|i| kept.iter().zip(&beta).map(|(&c, b)| dense.x[(i, c)] * b).sum::<f64>()).collect();
    // b = Σ a: Newton's steps for a, which need no inverse of Σ
    let mut a = Mat::<f64>::zeros(q, 1);
    let mut last = 0.0;
    for _ in 0..60 {
        let b = &sigma * &a;
        let eta: Vec<f64> = (0..n).map(|i| fixed[i] + (0..q).map(|c| z[(i, c)] * b[(c, 0)]).sum::<f64>()).collect();
        let p: Vec<f64> = eta.iter().map(|e| 1.0 / (1.0 + (-e).exp())).collect();
        let observations = &model.observations;
        let g = Mat::from_fn(n, 1, |i, _| observations[i].trials * p[i] - observations[i].y);
        let dz = Mat::from_fn(n, q, |i, c| observations[i].trials * p[i] * (1.0 - p[i]) * z[(i, c)]);
        let zdz = z.transpose() * &dz;
        let mut m = &zdz * &sigma;
        (0..q).for_each(|c| m[(c, c)] += 1.0);
        let lu = m.partial_piv_lu();
        let right = Mat::from_fn(q, 1, |c, _| -((0..n).map(|i| z[(i, c)] * g[(i, 0)]).sum::<f64>() + a[(c, 0)]));
        let step = lu.solve(&right);
        let value: f64 = eta
            .iter()
            .zip(observations.iter())
            .map(|(e, o)| o.trials * e.max(0.0) + o.trials * (-e.abs()).exp().ln_1p() - o.y * e)
            .sum();
        let penalty = 0.5 * (0..q).map(|c| a[(c, 0)] * b[(c, 0)]).sum::<f64>();
        last = 2.0 * (value + penalty + model.constant) + m.determinant().ln();
        if step.norm_max() < 1e-12 {
            break;
        }
        a += step;
    }
    last
}

#[test]
fn a_sparse_trailing_block_gives_the_same_slopes_as_a_dense_one() {
    let rows = design(Kind::ThreeCrossed, 12, false);
    let model = model_of(&spec("poisson", Link::Log, Zero::None), &rows, &[], 3);
    let x = point(&model, 6, 0.2);
    let stop = AtomicBool::new(false);
    let slope = |kind: TrailingKind| {
        let symbolic = model.symbolic.as_ref().clone().with_kind(kind, &model.unfilled(0));
        let other = Glmm { symbolic: Arc::new(symbolic), ..model.clone() };
        let mut evaluator = GlmmEvaluator::new(&other, &stop);
        (evaluator.value(&x).unwrap(), evaluator.gradient(&x).unwrap())
    };
    let (dense, sparse) = (slope(TrailingKind::Dense), slope(TrailingKind::Sparse));
    assert!((dense.0 - sparse.0).abs() < 1e-9 * dense.0.abs());
    assert!(dense.1.iter().zip(&sparse.1).all(|(a, b)| (a - b).abs() < 1e-7 * (1.0 + a.abs())), "{dense:?} {sparse:?}");
}

#[test]
fn one_node_is_laplace_and_many_have_an_exact_gradient() {
    let rows = design(Kind::One, 21, false);
    for (name, link) in [("binomial", Link::Logit), ("nbinom2", Link::Log)] {
        let model = model_of(&spec(name, link, Zero::None), &rows, &[], 3);
        let x = point(&model, 1, 0.3);
        let stop = AtomicBool::new(false);
        let laplace = GlmmEvaluator::new(&model, &stop).value(&x).unwrap();
        let by = |n: usize| model.clone().with_approximation(Approximation::Quadrature(n)).unwrap();
        let one = GlmmEvaluator::new(&by(1), &stop).value(&x).unwrap();
        assert!((one - laplace).abs() < 1e-10 * laplace.abs(), "{name}: {one} {laplace}");
        for n in [1, 3] {
            assert_gradient(&by(n), &x, &format!("{name}, {n} points"));
        }
    }
}

#[test]
fn quadrature_is_the_integral() {
    // one random intercept over groups of 4: the integral over u by trapezoids, whose error falls exponentially
    let n = 40;
    let codes: Vec<u32> = (0..n).map(|i| (i / 4) as u32).collect();
    let rows = Arrays::new(vec![0.0; n].iter().enumerate().map(|(i, _)| i as f64).collect())
        .grouping("g", &codes)
        .random("g", Structure::Unstructured, vec![])
        .rows();
    let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 17);
    let model = model.with_approximation(Approximation::Quadrature(25)).unwrap();
    let mut x = vec![1.3];
    x.extend(model.coordinates(&model.initial));
    let stop = AtomicBool::new(false);
    let own = GlmmEvaluator::new(&model, &stop).value(&x).unwrap();
    let beta = model.user_coefficients(&x)[0];
    let sd = model.parameters().relative_covariances(&x)[0][0].sqrt();
    let mut expected = 2.0 * model.constant;
    for group in model.observations.chunks(4) {
        let h = 0.01;
        let integral: f64 = (-1200..=1200)
            .map(|k| {
                let u = f64::from(k) * h;
                let eta = beta + sd * u;
                let log: f64 = group.iter().map(|o| o.y * eta - o.trials * eta.exp().ln_1p()).sum();
                h * (log - 0.5 * u * u).exp() / std::f64::consts::TAU.sqrt()
            })
            .sum();
        expected -= 2.0 * integral.ln();
    }
    assert!((own - expected).abs() < 1e-8, "{own} {expected}");
}

#[test]
fn the_expected_information_has_its_own_exact_gradient() {
    let rows = design(Kind::Crossed, 4, false);
    for (name, link) in [("binomial", Link::Probit), ("binomial", Link::Cloglog), ("poisson", Link::Sqrt)] {
        let model = model_of(&spec(name, link, Zero::None), &rows, &[], 3);
        let model = model.with_approximation(Approximation::Expected).unwrap();
        assert_gradient(&model, &point(&model, 3, 0.1), name);
    }
}

#[test]
fn canonical_links_have_the_same_information_either_way() {
    let rows = design(Kind::Crossed, 4, false);
    let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 3);
    let (x, stop) = (point(&model, 3, 0.3), AtomicBool::new(false));
    let observed = GlmmEvaluator::new(&model, &stop).value(&x).unwrap();
    let other = model.with_approximation(Approximation::Expected).unwrap();
    let expected = GlmmEvaluator::new(&other, &stop).value(&x).unwrap();
    assert!((observed - expected).abs() < 1e-10 * observed.abs());
}

#[test]
fn fits_do_not_depend_on_the_number_of_threads() {
    let rows = design(Kind::Crossed, 15, true);
    let model = model_of(&spec("poisson", Link::Log, Zero::None), &rows, &[], 3);
    let stop = AtomicBool::new(false);
    let fitted = |threads: usize| {
        pool(threads).unwrap().install(|| fit_generalized(&model, &Control::default(), &stop)).unwrap()
    };
    let (one, three) = (fitted(1), fitted(3));
    assert_eq!(one.criterion, three.criterion);
    assert_eq!(one.x, three.x);
    assert!(one.verdict.status == Status::Optimum || one.verdict.status == Status::Boundary, "{:?}", one.verdict);
}

#[test]
fn the_mode_does_not_depend_on_where_it_is_looked_for() {
    let rows = design(Kind::Nested, 16, false);
    let model = model_of(&spec("binomial", Link::Probit, Zero::None), &rows, &[], 3);
    let (x, stop) = (point(&model, 3, 0.3), AtomicBool::new(false));
    let mut evaluator = GlmmEvaluator::new(&model, &stop);
    let first = evaluator.value(&x).unwrap();
    let far = model.rows.blocks.iter().map(|b| vec![4.0; b.n_levels * b.width]).collect();
    evaluator.set_from(far);
    assert!((evaluator.value(&x).unwrap() - first).abs() < 1e-10 * first.abs());
}

#[test]
fn separation_is_proved_or_excluded() {
    let n = 24;
    let codes: Vec<u32> = (0..n).map(|i| (i % 6) as u32).collect();
    let x: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 4 == 0))).collect();
    let rows = Arrays::new((0..n).map(|i| i as f64).collect())
        .numeric("x", x.clone())
        .grouping("g", &codes)
        .random("g", Structure::Unstructured, vec![])
        .rows();
    let of = |y: &dyn Fn(usize) -> f64, name: &str, link: Link| {
        let observations = (0..n).map(|i| Observation { y: y(i), trials: 1.0 }).collect();
        let sources = [PartSource { predictor: Predictor::Conditional, rows: &rows }];
        let responses = Responses { name: "y".into(), observations, weights: vec![], in_unit: false };
        glmm(&spec(name, link, Zero::None), &sources, responses, &[], &AtomicBool::new(false)).unwrap().separation
    };
    // every row with x = 1 is a success, others are mixed
    let quasi = of(&|i| if x[i] == 1.0 { 1.0 } else { f64::from(u8::from(i % 3 == 0)) }, "binomial", Link::Logit);
    assert_eq!(quasi.unwrap().rows, (0..n).filter(|i| i % 4 == 0).collect::<Vec<_>>());
    let overlapping = of(&|i| f64::from(u8::from(i % 3 == 0)), "binomial", Link::Logit);
    assert_eq!(overlapping, None);
    let counts = of(&|i| if x[i] == 1.0 { 0.0 } else { (i % 3) as f64 }, "poisson", Link::Log);
    assert_eq!(counts.unwrap().rows.len(), 6);
}

#[test]
fn the_next_term_of_the_expansion_is_most_of_what_quadrature_adds() {
    for seed in [21, 33] {
        let rows = design(Kind::One, seed, false);
        let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 3);
        let r = model.rows.blocks[0].width;
        let mut x = point(&model, 1, 0.3);
        x.iter_mut().take(model.n_theta()).for_each(|v| *v *= 0.7);
        let stop = AtomicBool::new(false);
        let mut laplace = GlmmEvaluator::new(&model, &stop);
        let value = laplace.value(&x).unwrap();
        let error = laplace_error(&mut laplace, &x).unwrap();
        let points = if r > 2 { 9 } else { 25 };
        let precise = model.clone().with_approximation(Approximation::Quadrature(points)).unwrap();
        let gap = 0.5 * (value - GlmmEvaluator::new(&precise, &stop).value(&x).unwrap());
        assert!(gap.abs() > 0.01 && (error - gap).abs() < 0.15 * gap.abs(), "{seed}, width {r}: {error} {gap}");
    }
}

#[test]
fn the_next_term_is_most_of_what_integration_adds_for_crossed_terms() {
    // 2 x 3 levels with two rows each: five dimensions of Gauss-Hermite nodes about zero
    let n = 12;
    let code = |of: &dyn Fn(usize) -> usize| -> Vec<u32> { (0..n).map(|i| of(i) as u32).collect() };
    let (f, g) = (code(&|i| i % 2), code(&|i| i / 2 % 3));
    let rows = Arrays::new((0..n).map(|i| i as f64).collect())
        .grouping("f", &f)
        .grouping("g", &g)
        .random("f", Structure::Unstructured, vec![])
        .random("g", Structure::Unstructured, vec![])
        .rows();
    let model = model_of(&spec("poisson", Link::Log, Zero::None), &rows, &[], 17);
    let mut x = vec![0.5, 0.4];
    x.extend(model.coordinates(&model.initial));
    let stop = AtomicBool::new(false);
    let mut laplace = GlmmEvaluator::new(&model, &stop);
    let value = laplace.value(&x).unwrap();
    let error = laplace_error(&mut laplace, &x).unwrap();
    let beta = model.user_coefficients(&x)[0];
    let sd: Vec<f64> = model.parameters().relative_covariances(&x).iter().map(|c| c[0].sqrt()).collect();
    let nodes = Nodes::new(15, 5);
    let likelihood: f64 = (0..nodes.count())
        .map(|k| {
            let u = nodes.point(k);
            let log: f64 = (0..n)
                .map(|i| {
                    let eta = beta + sd[0] * u[f[i] as usize] + sd[1] * u[2 + g[i] as usize];
                    model.observations[i].y * eta - eta.exp()
                })
                .sum();
            (nodes.log_weight[k] + log - 0.5 * u.iter().map(|u| u * u).sum::<f64>()).exp()
        })
        .sum();
    let gap = likelihood.ln() - model.constant + 0.5 * value;
    assert!(gap.abs() > 1e-3 && (error - gap).abs() < 0.2 * gap.abs(), "{error} {gap}");
}

#[test]
fn quadrature_has_an_exact_gradient_beside_a_model_of_the_dispersion() {
    let rows = design(Kind::One, 21, false);
    let spread: Vec<f64> = (0..rows.n_rows()).map(|i| (i as f64 * 0.7).sin()).collect();
    let of_spread = Arrays::new(spread.clone()).numeric("x", spread).rows();
    for (name, link) in [("gaussian", Link::Identity), ("nbinom2", Link::Log)] {
        let sources = [
            PartSource { predictor: Predictor::Conditional, rows: &rows },
            PartSource { predictor: Predictor::Dispersion, rows: &of_spread },
        ];
        let observations = responses(name, rows.n_rows(), 4);
        let responses = Responses { name: "y".into(), observations, weights: vec![], in_unit: false };
        let model = glmm(&spec(name, link, Zero::None), &sources, responses, &[], &AtomicBool::new(false)).unwrap();
        let model = model.with_approximation(Approximation::Quadrature(3)).unwrap();
        assert_eq!(model.rows.parts[1].p, 2);
        assert_gradient(&model, &point(&model, 1, 0.3), name);
    }
}

#[test]
fn a_mean_without_fixed_effects_has_a_fit() {
    let n = 40;
    let codes: Vec<u32> = (0..n).map(|i| (i / 4) as u32).collect();
    let rows = Arrays::new((0..n).map(|i| i as f64).collect())
        .without_intercept()
        .grouping("g", &codes)
        .random("g", Structure::Unstructured, vec![])
        .rows();
    let model = model_of(&spec("poisson", Link::Log, Zero::None), &rows, &[], 7);
    assert_eq!(model.n_coefficients(), 0);
    let fit = fit_generalized(&model, &Control::default(), &AtomicBool::new(false)).unwrap();
    assert_eq!(fit.x.len(), 1);
    assert!(fit.criterion.is_finite() && fit.covariance[0] > 0.0);
}

#[test]
fn a_response_outside_the_support_is_refused_in_place_of_another_too() {
    let rows = design(Kind::One, 8, false);
    let model = model_of(&spec("poisson", Link::Log, Zero::None), &rows, &[], 5);
    let mut observations = model.observations.to_vec();
    observations[3].y = -1.0;
    assert!(
        matches!(model.with_response(observations), Err(Error::Data(message)) if message.contains("counted from 0: 3"))
    );
}

#[test]
fn work_that_is_stopped_ends_as_interrupted() {
    let rows = design(Kind::One, 8, false);
    let model = model_of(&spec("poisson", Link::Log, Zero::None), &rows, &[], 5);
    let stop = AtomicBool::new(true);
    let sources = [PartSource { predictor: Predictor::Conditional, rows: &rows }];
    let responses =
        Responses { name: "y".into(), observations: model.observations.to_vec(), weights: vec![], in_unit: false };
    let made = glmm(&model.spec, &sources, responses, &[], &stop);
    assert!(matches!(made, Err(Error::Interrupted)));
    let by_quadrature = model.with_approximation(Approximation::Quadrature(5)).unwrap();
    let x = point(&by_quadrature, 1, 0.1);
    assert!(matches!(GlmmEvaluator::new(&by_quadrature, &stop).value(&x), Err(Error::Interrupted)));
}

/// Sums of rows one after the other, as they are defined: [Z X]'D[Z X] and [Z X]'r.
fn dense_sums(rows: &PartedRows, slot: &[usize], m: usize, d: &[f64], r: &[f64]) -> (Vec<Vec<f64>>, usize) {
    let starts: Vec<usize> =
        rows.blocks.iter().scan(0, |next, b| Some(std::mem::replace(next, *next + b.n_levels * b.width))).collect();
    let q: usize = rows.blocks.iter().map(|b| b.n_levels * b.width).sum();
    let size = q + rows.n_coefficients + 1;
    let mut out = vec![vec![0.0; size]; size];
    for i in 0..rows.n {
        // (place, slot, value) of every column
        let mut entries = Vec::new();
        for (block, start) in rows.blocks.iter().zip(&starts) {
            for (j, &z) in block.z(i).iter().enumerate() {
                entries.push((start + block.codes[i] as usize * block.width + j, slot[block.part[j]], z));
            }
        }
        for (part, &slot) in rows.parts.iter().zip(slot) {
            part.each(i, |j, x| entries.push((q + j, slot, x)));
        }
        for &(a, sa, x) in &entries {
            for &(b, sb, y) in &entries {
                out[a][b] += d[(i * m + sa) * m + sb] * x * y;
            }
            out[a][size - 1] += x * r[i * m + sa];
            out[size - 1][a] = out[a][size - 1];
        }
    }
    (out, q)
}

fn assert_sums(rows: &PartedRows, model: &Glmm, what: &str) {
    let m = rows.parts.len();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    let half: Vec<f64> = (0..rows.n * m * m).map(|_| rng.random::<f64>() - 0.3).collect();
    let d: Vec<f64> = (0..half.len()).map(|e| half[e] + half[e / (m * m) * m * m + e % m * m + e / m % m]).collect();
    let r: Vec<f64> = (0..rows.n * m).map(|_| rng.random::<f64>() - 0.5).collect();
    let slot: Vec<usize> = (0..m).collect();
    let (expected, q) = dense_sums(rows, &slot, m, &d, &r);
    let (p, stride) = (rows.n_coefficients, rows.n_coefficients + 1);
    let reweighting = Reweighting::new(rows);
    let mut a = reweighting.unfilled(rows, p, &model.factors, &model.bases);
    // what was there before is replaced
    a.xx.fill(7.0);
    a.factors.iter_mut().for_each(|f| f.zz.iter_mut().chain(&mut f.zx).for_each(|v| *v = 7.0));
    reweighting.fill(rows, PartWeights { m, slot: &slot, d: &d, r: &r }, 5.0, &mut a);
    let close = |own: f64, expected: f64| {
        assert!((own - expected).abs() < 1e-10 * (1.0 + expected.abs()), "{what}: {own} {expected}")
    };
    for j in 0..stride {
        for i in 0..stride {
            close(a.xx[j * stride + i], if i == p && j == p { 5.0 } else { expected[q + i][q + j] });
        }
    }
    let mut start = 0;
    let mut starts = Vec::new();
    for (factor, block) in a.factors.iter().zip(&rows.blocks) {
        let r = block.width;
        starts.push(start);
        for level in 0..block.n_levels {
            let first = start + level * r;
            for k in 0..r {
                (0..r).for_each(|j| close(factor.zz[level * r * r + k * r + j], expected[first + j][first + k]));
                (0..stride).for_each(|c| close(factor.zx[(level * r + k) * stride + c], expected[first + k][q + c]));
            }
        }
        start += block.n_levels * r;
    }
    for (i, j) in (0..rows.blocks.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
        let (ri, rj) = (rows.blocks[i].width, rows.blocks[j].width);
        for (from, to, k) in a.patterns[i][j].blocks() {
            for e in 0..ri * rj {
                let (row, column) = (starts[i] + to * ri + e % ri, starts[j] + from * rj + e / ri);
                close(a.links[i][j][k * ri * rj + e], expected[row][column]);
            }
        }
    }
}

#[test]
fn sums_of_weighted_rows_are_those_of_dense_algebra() {
    for (k, &kind) in KINDS.iter().enumerate() {
        let rows = design(kind, 60 + k as u64, false);
        for (name, zero, others) in [
            ("binomial", Zero::None, vec![]),
            ("cumulative", Zero::None, vec![]),
            ("poisson", Zero::Part, vec![Predictor::Zero]),
        ] {
            let model =
                model_of(&spec(name, if name == "poisson" { Link::Log } else { Link::Logit }, zero), &rows, &others, 4);
            assert_sums(&model.rows, &model, &format!("{kind:?} {name}"));
        }
        // many rows, and so many columns that a matrix product takes over
        let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 4);
        let times = 2500 / model.rows.n + 1;
        let mut many = (*model.rows).clone();
        many.n *= times;
        for block in &mut many.blocks {
            block.z = block.z.repeat(times);
            block.codes = block.codes.repeat(times);
        }
        let x = (0..many.n * 14).map(|k| ((k * 7919 + 13) % 1009) as f64 / 1009.0 - 0.5).collect();
        many.n_coefficients = 14;
        many.parts = vec![PartRows { first: 0, p: 14, columns: PartColumns::Dense(x), offset: Vec::new() }];
        assert_sums(&many, &model, &format!("{kind:?} wide"));
    }
}

#[test]
fn the_inverse_of_spherical_effects_is_that_of_the_scaled_ones() {
    let stop = AtomicBool::new(false);
    for (k, &kind) in KINDS.iter().enumerate() {
        let rows = design(kind, 90 + k as u64, false);
        let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 3);
        let mut evaluator = GlmmEvaluator::new(&model, &stop);
        evaluator.evaluate(&point(&model, k as u64, 0.5)).unwrap();
        let newton = &mut evaluator.newton;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
        let h: Vec<Vec<f64>> = model
            .rows
            .blocks
            .iter()
            .map(|b| (0..b.n_levels * b.width).map(|_| rng.random::<f64>() - 0.5).collect())
            .collect();
        // M^-1 Λ'h by either way
        let scaled = hlmrs::model::generalized::scaled(&newton.factor.lambda, &h, true);
        let own = newton.factor.solve_spherical(&scaled, &newton.a, &model.symbolic);
        let known = newton.factor.solve(h, &newton.a, &model.symbolic).u;
        for (own, known) in own.iter().flatten().zip(known.iter().flatten()) {
            assert!((own - known).abs() < 1e-12 * (1.0 + known.abs()), "{kind:?}: {own} {known}");
        }
    }
}

#[test]
fn restricted_likelihood_has_an_exact_gradient() {
    for (k, &kind) in KINDS.iter().enumerate() {
        let rows = design(kind, 140 + k as u64, k % 2 == 0);
        for (name, link, others) in [("binomial", Link::Logit, vec![]), ("nbinom2", Link::Log, vec![])] {
            let base = model_of(&spec(name, link, Zero::None), &rows, &others, 6);
            let x = point(&base, k as u64, 0.3);
            let p = base.rows.parts[0].p;
            let model = base.clone().with_approximation(Approximation::Restricted).unwrap();
            let own = [&x[..base.n_theta()], &x[base.n_theta() + p..]].concat();
            assert_gradient(&model, &own, &format!("{kind:?} {name}"));
        }
    }
    let rows = design(Kind::One, 8, false);
    let base = model_of(&spec("gaussian", Link::Identity, Zero::None), &rows, &[Predictor::Dispersion], 5);
    let mut x = point(&base, 4, 0.2);
    x.drain(base.n_theta()..base.n_theta() + base.rows.parts[0].p);
    assert_gradient(&base.with_approximation(Approximation::Restricted).unwrap(), &x, "location and scale");
}

#[test]
fn fixed_effects_by_penalized_likelihood_are_at_the_joint_mode() {
    let stop = AtomicBool::new(false);
    let rows = design(Kind::Crossed, 31, false);
    let base = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 6);
    let model = base.clone().with_approximation(Approximation::Penalized).unwrap();
    let theta = vec![0.4; base.n_theta()];
    let mut penalized = GlmmEvaluator::new(&model, &stop);
    let value = penalized.value(&theta).unwrap();
    // Laplace's criterion at the same coefficients, of which 2h is least there
    let b = penalized.fixed_effects(&theta).unwrap();
    let own = model.integrated.clone().unwrap();
    let mut x = theta.clone();
    x.extend(base.coordinates(&own.joined(&b, &[])));
    let mut laplace = GlmmEvaluator::new(&base, &stop);
    assert!((laplace.value(&x).unwrap() - value).abs() < 1e-8, "{value}");
    let h = laplace.evaluate(&x).unwrap().1.h;
    for k in base.n_theta()..x.len() {
        for shift in [-1e-2, 1e-2] {
            let mut to = x.clone();
            to[k] += shift;
            assert!(laplace.evaluate(&to).unwrap().1.h > h, "coordinate {k}");
        }
    }
}

#[test]
fn a_normal_prior_is_a_penalty_in_the_users_units_with_its_exact_gradient_and_ends_separation() {
    let n = 40;
    let codes: Vec<u32> = (0..n).map(|i| (i % 8) as u32).collect();
    let x: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 4 == 0))).collect();
    let rows = Arrays::new((0..n).map(|i| i as f64).collect())
        .numeric("x", x.clone())
        .grouping("g", &codes)
        .random("g", Structure::Unstructured, vec![])
        .rows();
    let of = |prior: &[NormalPrior]| {
        let y = |i: usize| if x[i] == 1.0 { 1.0 } else { f64::from(u8::from(i.is_multiple_of(3))) };
        let observations = (0..n).map(|i| Observation { y: y(i), trials: 1.0 }).collect();
        let sources = [PartSource { predictor: Predictor::Conditional, rows: &rows }];
        let responses = Responses { name: "y".into(), observations, weights: vec![], in_unit: false };
        let stop = AtomicBool::new(false);
        glmm(&spec("binomial", Link::Logit, Zero::None), &sources, responses, prior, &stop).unwrap()
    };
    let (free, held) = (of(&[]), of(&[NormalPrior { column: 1, mean: 0.5, sd: 1.5 }]));
    assert!(free.separation.is_some() && held.separation.is_none());
    assert_gradient(&held, &point(&held, 2, 0.3), "prior");
    let at = point(&held, 2, 0.3);
    let mut other = at[..1].to_vec();
    other.extend(free.coordinates(&held.coefficients(&at)));
    let stop = AtomicBool::new(false);
    let added =
        GlmmEvaluator::new(&held, &stop).value(&at).unwrap() - GlmmEvaluator::new(&free, &stop).value(&other).unwrap();
    let b = held.user_coefficients(&at)[1];
    assert!((added - ((b - 0.5) / 1.5).powi(2)).abs() < 1e-9, "{added} {b}");
    let fit = fit_generalized(&held, &Control::default(), &stop).unwrap();
    assert!(matches!(fit.verdict.status, Status::Optimum | Status::Boundary), "{:?}", fit.verdict);
    assert!(fit.unbounded.is_empty() && fit.user_covariance().iter().all(|v| v.is_finite()));
    assert!(fit.user_coefficients()[1] > 0.5 && fit.user_coefficients()[1] < 5.0);
}

/// Rows of classes in schools, with an intercept in each.
fn nested_rows(schools: usize, classes: usize, rows: usize) -> Rows {
    let n = schools * classes * rows;
    let class: Vec<u32> = (0..n).map(|i| (i / rows) as u32).collect();
    let school: Vec<u32> = (0..n).map(|i| (i / (rows * classes)) as u32).collect();
    let x = (0..n).map(|i| ((i * 7919 + 13) % 1009) as f64 / 1009.0).collect();
    let weights = (0..n).map(|i| 0.5 + (i % 3) as f64).collect();
    Arrays::new((0..n).map(|i| (i % 5) as f64).collect())
        .numeric("x", x)
        .weighted(weights)
        .grouping("school", &school)
        .random("school", Structure::Unstructured, Vec::new())
        .grouping("class", &class)
        .random("class", Structure::Unstructured, Vec::new())
        .rows()
}

#[test]
fn nested_quadrature_has_an_exact_gradient_and_one_node_is_laplace() {
    let rows = nested_rows(12, 4, 5);
    for (name, link) in [("binomial", Link::Logit), ("poisson", Link::Log), ("nbinom2", Link::Log)] {
        let model = model_of(&spec(name, link, Zero::None), &rows, &[], 6);
        assert_eq!(model.rows.blocks.len(), 2);
        let x = point(&model, 5, 0.3);
        let stop = AtomicBool::new(false);
        let laplace = GlmmEvaluator::new(&model, &stop).value(&x).unwrap();
        let one = model.clone().with_approximation(Approximation::Quadrature(1)).unwrap();
        assert!((GlmmEvaluator::new(&one, &stop).value(&x).unwrap() - laplace).abs() < 1e-9, "{name}");
        for n in [2, 5, 9] {
            let model = model.clone().with_approximation(Approximation::Quadrature(n)).unwrap();
            assert_gradient(&model, &x, &format!("{name}, {n} points"));
        }
    }
}

#[test]
fn nested_quadrature_is_the_integral() {
    // the criterion against trapezoids over the effects of schools, and within them of classes
    let rows = nested_rows(3, 2, 3);
    let model = model_of(&spec("binomial", Link::Logit, Zero::None), &rows, &[], 6);
    let x = point(&model, 5, 0.3);
    let stop = AtomicBool::new(false);
    let fine = model.clone().with_approximation(Approximation::Quadrature(25)).unwrap();
    let value = GlmmEvaluator::new(&fine, &stop).value(&x).unwrap();
    let lambda = {
        let mut lambda: Vec<Vec<f64>> = vec![vec![0.0]; 2];
        model.theta_map.factors(&x[..2], &mut lambda);
        [lambda[0][0], lambda[1][0]]
    };
    let eta = &model.rows.fixed(&model.coefficients(&x))[0];
    let (class, school) = (&model.rows.blocks[0], &model.rows.blocks[1]);
    let normal = |u: f64| (-0.5 * u * u).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let grid: Vec<f64> = (0..=200).map(|k| -8.0 + 0.08 * f64::from(k)).collect();
    let mut log = 0.0;
    for s in 0..school.n_levels {
        let mut outer = 0.0;
        for &v in &grid {
            let mut product = 1.0;
            for c in 0..class.n_levels {
                let own: Vec<usize> = (0..model.rows.n)
                    .filter(|&i| class.codes[i] as usize == c && school.codes[i] as usize == s)
                    .collect();
                if own.is_empty() {
                    continue;
                }
                let density = |w: f64| -> f64 {
                    own.iter()
                        .map(|&i| {
                            let eta = eta[i] + lambda[0] * class.z[i] * w + lambda[1] * school.z[i] * v;
                            let weight = model.weights.get(i).copied().unwrap_or(1.0);
                            -weight * model.family.total(&model.observations[i..=i], &[], &[vec![eta]])
                        })
                        .sum::<f64>()
                        .exp()
                };
                product *= grid.iter().map(|&w| 0.08 * normal(w) * density(w)).sum::<f64>();
            }
            outer += 0.08 * normal(v) * product;
        }
        log += outer.ln();
    }
    let expected = -2.0 * log + 2.0 * model.constant;
    assert!((value - expected).abs() < 1e-8, "{value} {expected}");
}
