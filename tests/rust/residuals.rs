//! Models whose residuals have parameters: the gradient against differences of the criterion, for every structure and
//! kind of design.

use std::sync::atomic::AtomicBool;

use hlmrs::Error;
use hlmrs::linalg::fourth_order;
use hlmrs::model::{Criterion, Evaluator, Lmm, LmmEvaluator, Scale, build};
use hlmrs::optimize::Objective;
use hlmrs::residual::{Correlation, ResidualInput};

use crate::designs::{Kind, design};

const NAMES: [&str; 15] =
    ["ar1", "ar1h", "car1", "cs", "csh", "corr", "us", "toep", "toeph", "ad", "adh", "arma", "exp", "gau", "sph"];

/// Groups of up to four rows, every one of them at its visit; scale depends on a column, which groups share where there are
/// few patterns.
fn input(name: &str, n: usize, within: Option<&[u32]>, few_patterns: bool) -> ResidualInput {
    let (correlation, heterogeneous) = Correlation::parse(name, (1, 1), name == "exp").unwrap();
    let mut input = ResidualInput {
        correlation: Some(correlation),
        heterogeneous,
        label: name.into(),
        scale: (0..n).map(|i| if few_patterns { (i / 4 % 2) as f64 } else { ((i * 7) % 11) as f64 / 5.0 }).collect(),
        scale_names: vec!["x".into()],
        visits: (0..4).map(|k| k.to_string()).collect(),
        ..ResidualInput::of_rows(n)
    };
    // rows of one level of the finest factor, four by four, or simply the next four
    let mut seen = std::collections::BTreeMap::<u32, u32>::new();
    for i in 0..n {
        let level = within.map_or(0, |codes| codes[i]);
        let count = seen.entry(level).or_default();
        input.group.push(level * 1000 + *count / 4);
        input.visit.push(*count % 4);
        input.time.push(f64::from(*count % 4));
        *count += 1;
    }
    let mut known: Vec<u32> = input.group.clone();
    known.sort_unstable();
    known.dedup();
    input.group.iter_mut().for_each(|g| *g = known.binary_search(g).unwrap() as u32);
    input.group_levels = known.iter().map(u32::to_string).collect();
    input
}

fn slope_by_differences(evaluator: &mut LmmEvaluator, x: &[f64], k: usize) -> f64 {
    let h = 1e-4;
    let mut at = |shift: f64| {
        let mut moved = x.to_vec();
        moved[k] += shift * h;
        evaluator.value(&moved).unwrap()
    };
    fourth_order([at(1.0), at(-1.0), at(2.0), at(-2.0)], h)
}

/// Whether the design has rows enough for its random effects; then its gradient is checked.
fn check(kind: Kind, name: &str, nested: bool, criterion: Criterion, few_patterns: bool) -> bool {
    let rows = design(kind, 3, !few_patterns);
    let finest = rows.factors.iter().max_by_key(|f| f.n_levels()).unwrap();
    let input = input(name, rows.n_rows(), nested.then(|| finest.codes()), few_patterns);
    let model = match build::of_rows_with_residual(&rows, &input, criterion, Scale::Profiled) {
        Ok(model) => model,
        Err(Error::Design(why)) if why.contains("cannot be told from the residuals") => return false,
        Err(error) => panic!("{kind:?} {name}: {error}"),
    };
    check_gradient(&model, &format!("{kind:?} {name} nested {nested} {criterion:?}"));
    true
}

fn check_gradient(model: &Lmm, what: &str) {
    let stop = AtomicBool::new(false);
    let mut evaluator = LmmEvaluator::new(model, &stop);
    let theta = (0..model.theta_map.n_parameters).map(|k| 0.4 + 0.15 * k as f64);
    let x: Vec<f64> = theta.chain(model.phi().iter().map(|v| 0.7 * v + 0.05)).collect();
    let gradient = evaluator.gradient(&x).unwrap();
    let (again, curvature) = {
        evaluator.value(&x).unwrap();
        evaluator.slope(&x).unwrap()
    };
    assert_eq!(gradient, again);
    let largest = gradient.iter().fold(1.0f64, |m, g| m.max(g.abs()));
    for (k, slope) in gradient.iter().enumerate() {
        let want = slope_by_differences(&mut evaluator, &x, k);
        assert!((slope - want).abs() < 1e-6 * largest, "{what} {k}: {slope} {want}");
    }
    assert!((0..x.len()).all(|k| curvature[k * x.len() + k].is_finite()));
}

/// Without random effects, where products of rows stand for the groups of a pattern.
#[test]
fn gradient_and_curvature_without_random_effects_are_those_of_the_criterion() {
    for name in NAMES {
        for criterion in [Criterion::Ml, Criterion::Reml] {
            let mut rows = design(Kind::Nested, 5, false);
            rows.random.clear();
            rows.factors.clear();
            let model = build::of_rows_with_residual(
                &rows,
                &input(name, rows.n_rows(), None, true),
                criterion,
                Scale::Profiled,
            )
            .unwrap();
            assert!(model.residual.as_ref().unwrap().residual.grid.is_some());
            check_gradient(&model, &format!("{name} {criterion:?}"));
            check_curvature(&model, &format!("{name} {criterion:?}"));
        }
    }
}

fn check_curvature(model: &Lmm, what: &str) {
    let (stop, h) = (AtomicBool::new(false), 1e-3);
    let mut evaluator = LmmEvaluator::new(model, &stop);
    let x: Vec<f64> = model.phi().iter().map(|v| 0.7 * v + 0.05).collect();
    let exact = evaluator.exact_curvature(&x).unwrap().unwrap();
    let largest = exact.iter().fold(1.0f64, |m, v| m.max(v.abs()));
    for k in 0..x.len() {
        let mut at = |shift: f64| {
            let mut moved = x.clone();
            moved[k] += shift * h;
            evaluator.gradient(&moved).unwrap()
        };
        let (far_up, up, down, far_down) = (at(2.0), at(1.0), at(-1.0), at(-2.0));
        for l in 0..x.len() {
            let want = fourth_order([up[l], down[l], far_up[l], far_down[l]], h);
            let found = exact[k * x.len() + l];
            assert!((found - want).abs() < 1e-6 * largest, "{what} {k} {l}: {found} {want}");
        }
    }
}

#[test]
fn the_gradient_is_that_of_the_criterion_for_every_structure() {
    for name in NAMES {
        for few_patterns in [true, false] {
            assert!(check(Kind::Nested, name, true, Criterion::Reml, few_patterns));
            assert!(check(Kind::Crossed, name, false, Criterion::Ml, few_patterns));
        }
    }
}

#[test]
fn the_gradient_is_that_of_the_criterion_in_every_kind_of_design() {
    let mut n_checked = 0;
    for kind in crate::designs::KINDS {
        for nested in [true, false] {
            for criterion in [Criterion::Ml, Criterion::Reml] {
                n_checked += usize::from(check(kind, "ar1", nested, criterion, false));
            }
        }
    }
    assert!(n_checked > 2 * crate::designs::KINDS.len());
}
