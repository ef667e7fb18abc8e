//! Models of some of the rows, or of rows drawn again as new groups.

use std::sync::atomic::AtomicBool;

use hlmrs::family::{Link, Predictor, Zero};
use hlmrs::model::generalized::DrawnRows;
use hlmrs::model::{Evaluator, Glmm, GlmmEvaluator};
use hlmrs::optimize::Objective;

use crate::designs::{Kind, design};
use crate::generalized::{model_of, point, spec};

fn criterion_and_slope(model: &Glmm, x: &[f64]) -> (f64, Vec<f64>) {
    let stop = AtomicBool::new(false);
    let mut evaluator = GlmmEvaluator::new(model, &stop);
    (evaluator.value(x).unwrap(), evaluator.gradient(x).unwrap())
}

fn assert_sum(whole: (f64, Vec<f64>), parts: &[(f64, Vec<f64>)], what: &str) {
    let sum: f64 = parts.iter().map(|part| part.0).sum();
    assert!((whole.0 - sum).abs() < 1e-8 * (1.0 + sum.abs()), "{what}: {} is no {sum}", whole.0);
    for (k, own) in whole.1.iter().enumerate() {
        let sum: f64 = parts.iter().map(|part| part.1[k]).sum();
        assert!((own - sum).abs() < 1e-6 * (1.0 + sum.abs()), "{what}: slope {k} is {own}, no {sum}");
    }
}

#[test]
fn the_criterion_is_the_sum_over_independent_groups_of_rows() {
    for (name, zero, others) in [
        ("binomial", Zero::None, &[][..]),
        ("cumulative", Zero::None, &[][..]),
        ("poisson", Zero::Part, &[Predictor::Zero][..]),
    ] {
        for kind in [Kind::One, Kind::Nested, Kind::ThreeNested] {
            let rows = design(kind, 21, kind == Kind::Nested);
            let link = if name == "poisson" { Link::Log } else { Link::Logit };
            let model = model_of(&spec(name, link, zero), &rows, others, 9);
            let x = point(&model, 5, 0.2);
            let outer = model.rows.blocks.iter().min_by_key(|block| block.n_levels).unwrap();
            let of_group = |level: usize| {
                let own = (0..model.rows.n).filter(|&i| outer.codes[i] as usize == level).collect();
                model.of_rows(&DrawnRows::with_own_levels(&model, own)).unwrap()
            };
            let parts: Vec<_> = (0..outer.n_levels).map(|level| criterion_and_slope(&of_group(level), &x)).collect();
            assert_sum(criterion_and_slope(&model, &x), &parts, &format!("{name} {kind:?}"));
        }
    }
}

#[test]
fn rows_drawn_twice_as_new_groups_count_twice() {
    for kind in [Kind::One, Kind::Crossed, Kind::NestedAndCrossed] {
        let rows = design(kind, 31, true);
        let model = model_of(&spec("nbinom2", Link::Log, Zero::None), &rows, &[], 9);
        let x = point(&model, 5, 0.2);
        let twice = |codes: &[u32], n: usize| codes.iter().copied().chain(codes.iter().map(|c| c + n as u32)).collect();
        let drawn = DrawnRows {
            rows: (0..model.rows.n).chain(0..model.rows.n).collect(),
            codes: model.rows.blocks.iter().map(|b| twice(&b.codes, b.n_levels)).collect(),
            n_levels: model.rows.blocks.iter().map(|b| 2 * b.n_levels).collect(),
        };
        let own = criterion_and_slope(&model, &x);
        let both = criterion_and_slope(&model.of_rows(&drawn).unwrap(), &x);
        assert_sum(both, &[own.clone(), own], &format!("{kind:?}"));
    }
}

#[test]
fn another_response_of_ordered_categories_has_its_own_thresholds() {
    let rows = design(Kind::One, 8, false);
    let spec = spec("cumulative", Link::Logit, Zero::None);
    let (first, second) = (model_of(&spec, &rows, &[], 1), model_of(&spec, &rows, &[], 2));
    let replaced = first.with_response(second.observations.to_vec()).unwrap();
    let x = point(&second, 5, 0.2);
    let moved = [&x[..first.n_theta()], &first.coordinates(&second.coefficients(&x))].concat();
    assert!((criterion_and_slope(&replaced, &moved).0 - criterion_and_slope(&second, &x).0).abs() < 1e-9);
}
