//! The sparse trailing block beside the dense one: the same numbers, on designs of every sort.

use std::sync::atomic::AtomicBool;

use hlmrs::Structure;
use hlmrs::design::Rows;
use hlmrs::fit::{Control, fit};
use hlmrs::model::{Criterion, Lmm};
use hlmrs::penalized_ls::TrailingKind;
use proptest::prelude::*;

use crate::arrays::Arrays;
use crate::designs::{self, KINDS, model};
use crate::iterative::{Shape, design};

const SHAPES: [Shape; 5] = [Shape::NearlyNested, Shape::Disconnected, Shape::Thin, Shape::LongTailed, Shape::Clustered];

fn theta(model: &Lmm) -> Vec<f64> {
    (0..model.theta_map.n_parameters).map(|k| 0.35 + 0.07 * (k * k % 5) as f64).collect()
}

fn assert_close(a: &[f64], b: &[f64], tolerance: f64, name: &str) {
    assert_eq!(a.len(), b.len(), "{name}");
    let size = a.iter().fold(1e-12f64, |m, v| m.max(v.abs()));
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst <= tolerance * size, "{name}: off by {worst:e} of {size:e}");
}

/// Criterion, gradient, modes, curvature and conditional variances of the sparse kind are those of the dense.
fn assert_same(model: &Lmm, theta: &[f64], name: &str) {
    let (dense, sparse) = (model.with_trailing(TrailingKind::Dense), model.with_trailing(TrailingKind::Sparse));
    let (mut one, mut other) = (dense.workspace(), sparse.workspace());
    let (exact, same) = (dense.evaluate(theta, &mut one).unwrap(), sparse.evaluate(theta, &mut other).unwrap());
    let values = |e: &hlmrs::model::LinearTerms| [e.profiled(), e.pwrss, e.logdet_random, e.logdet_fixed];
    for (a, b) in values(&exact).iter().zip(values(&same)) {
        assert!((a - b).abs() <= 1e-10 * a.abs().max(1.0), "{name}: {exact:?} {same:?}");
    }
    assert_eq!(same.std_error, 0.0);
    let (exact, same) = (dense.gradient(theta, &mut one), sparse.gradient(theta, &mut other));
    assert_close(&exact.theta, &same.theta, 1e-7, &format!("{name}: gradient"));
    assert_close(&one.factor.beta(), &other.factor.beta(), 1e-9, &format!("{name}: beta"));
    for (a, b) in exact.modes.b.iter().zip(&same.modes.b).chain(exact.modes.u.iter().zip(&same.modes.u)) {
        assert_close(a, b, 1e-9, &format!("{name}: modes"));
    }
    let curvature = dense.curvature(theta, &one, &exact);
    assert_close(&curvature, &sparse.curvature(theta, &other, &same), 1e-8, &format!("{name}: curvature"));
    for block in 0..dense.a.factors.len() {
        let a = one.inverse.level_blocks(&one.factor, &dense.symbolic, block);
        let b = other.inverse.level_blocks(&other.factor, &sparse.symbolic, block);
        assert_close(&a, &b, 1e-9, &format!("{name}: variances of {block}"));
    }
}

#[test]
fn it_is_the_dense_kind_on_designs_of_every_shape() {
    for shape in SHAPES {
        for (width, criterion) in [(1, Criterion::Ml), (1, Criterion::Reml), (2, Criterion::Reml)] {
            let source = design(shape, width);
            let model = model(&source, criterion);
            assert_same(&model, &theta(&model), &format!("{shape:?} {width} {criterion:?}"));
        }
    }
}

#[test]
fn laying_other_values_out_again_is_laying_them_out_anew() {
    for (kind, trailing) in KINDS.iter().flat_map(|&k| [(k, TrailingKind::Dense), (k, TrailingKind::Sparse)]) {
        let (plain, weighted) = (designs::design(kind, 5, false), designs::design(kind, 5, true));
        let before = designs::model(&plain, Criterion::Reml).with_trailing(trailing);
        let after = designs::model(&weighted, Criterion::Reml).with_trailing(trailing);
        assert_eq!(before.a.patterns, after.a.patterns);
        let mut panels = (*before.panels).clone();
        before.symbolic.lay_out(&after.a, &mut panels);
        assert!(panels == *after.panels, "{kind:?}");
        assert!(panels != *before.panels || before.symbolic.n_trailing == 0, "{kind:?}");
        let again = Lmm { a: after.a.clone(), panels: panels.into(), ..before };
        let theta = theta(&again);
        let value = |model: &Lmm| model.evaluate(&theta, &mut model.workspace()).unwrap();
        assert_eq!(value(&again), value(&after), "{kind:?}");
    }
}

#[test]
fn a_singular_relative_factor_is_no_exception() {
    for shape in [Shape::NearlyNested, Shape::Thin] {
        let source = design(shape, 2);
        let model = model(&source, Criterion::Reml);
        // users 0..3, items 3..6, the third factor 6
        for zeros in [vec![3], vec![5], vec![3, 4, 5], vec![6], vec![2, 5, 6]] {
            let mut theta = theta(&model);
            zeros.iter().for_each(|&k| theta[k] = 0.0);
            assert_same(&model, &theta, &format!("{shape:?} without {zeros:?}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_the_dense_kind_on_random_designs(
        kind in 0..KINDS.len(), seed in 0u64..1000, weighted: bool, reml: bool, zero in 0usize..20,
    ) {
        let source = designs::design(KINDS[kind], seed, weighted);
        let criterion = if reml { Criterion::Reml } else { Criterion::Ml };
        let model = model(&source, criterion);
        let mut theta = theta(&model);
        if let Some(t) = theta.get_mut(zero) {
            *t = 0.0;
        }
        assert_same(&model, &theta, &format!("{:?} {seed} {weighted} {criterion:?}", KINDS[kind]));
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    for shape in [Shape::Thin, Shape::Disconnected] {
        let source = design(shape, 2);
        let model = model(&source, Criterion::Reml).with_trailing(TrailingKind::Sparse);
        let theta = theta(&model);
        let run = |n: usize| {
            hlmrs::linalg::threads::pool(n).unwrap().install(|| {
                let mut work = model.workspace();
                let value = model.evaluate(&theta, &mut work).unwrap();
                (value, model.gradient(&theta, &mut work).theta)
            })
        };
        assert_eq!(run(1), run(2));
    }
}

/// Pupils with three teachers each, of whom few are of another school than the first.
fn nearly_nested(pupils: usize, teachers: usize, schools: usize) -> Rows {
    let (mut of_pupil, mut of_teacher, mut of_school) = (Vec::new(), Vec::new(), Vec::new());
    for pupil in 0..pupils {
        for k in 0..3 {
            let moved = usize::from(pupil % 40 == 0 && k > 0);
            let school = (pupil + moved) % schools;
            of_pupil.push(pupil as u32);
            of_teacher.push((school + schools * ((pupil / schools * 7 + k * 3) % (teachers / schools))) as u32);
            of_school.push(school as u32);
        }
    }
    let n = of_pupil.len();
    let effect = |k: u32, by: u64, modulus: u64| (u64::from(k) * by % modulus) as f64 / modulus as f64;
    let y = (0..n).map(|i| {
        let noise = effect(i as u32, 2_654_435_761, 1009);
        effect(of_pupil[i], 7919, 101) + effect(of_teacher[i], 104_729, 89) + effect(of_school[i], 31, 17) + 2.0 * noise
    });
    let levels = [("pupil", &of_pupil), ("teacher", &of_teacher), ("school", &of_school)];
    let one = |source: Arrays, (name, codes): (&str, &Vec<u32>)| {
        source.grouping(name, codes).random(name, Structure::Unstructured, vec![])
    };
    levels.into_iter().fold(Arrays::new(y.collect()), one).rows()
}

#[test]
fn thin_designs_are_given_it_and_others_are_not() {
    let source = nearly_nested(6_000, 1_500, 100);
    let chosen = model(&source, Criterion::Ml);
    assert_eq!(chosen.symbolic.kind(), TrailingKind::Sparse);
    let blocks = chosen.symbolic.blocks(&chosen.a);
    let sparse: Vec<_> = blocks.iter().filter(|b| b.kind == "sparse").collect();
    assert_eq!(sparse.len(), 2);
    assert!(sparse.iter().all(|b| b.fill > 0.0 && b.fill < 0.2), "{sparse:?}");
    let source = design(Shape::LongTailed, 2);
    assert_eq!(model(&source, Criterion::Ml).symbolic.kind(), TrailingKind::Dense);
}

#[test]
fn an_iterative_block_with_a_large_standard_error_gives_way_and_says_so() {
    let source = nearly_nested(6_000, 1_500, 300);
    let sparse = model(&source, Criterion::Ml);
    let iterative = sparse.with_trailing(TrailingKind::Iterative);
    let (control, stop) = (Control::default(), AtomicBool::new(false));
    let (exact, fell_back) = (fit(&sparse, &control, &stop).unwrap(), fit(&iterative, &control, &stop).unwrap());
    assert_eq!(fell_back.model.symbolic.kind(), TrailingKind::Sparse);
    let reason = fell_back.model.symbolic.reason.clone().unwrap();
    assert!(reason.contains("sparse block") && reason.contains("standard error"), "{reason}");
    assert_eq!(fell_back.std_error, 0.0);
    assert!((exact.criterion - fell_back.criterion).abs() < 1e-6);
    assert_eq!(exact.model.symbolic.reason, None);
}
