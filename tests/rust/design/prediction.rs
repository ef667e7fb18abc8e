//! New data are encoded as the fit's rows were.

use std::sync::Arc;

use arrow_array::{Float64Array, Int64Array, StringArray};
use hlmrs::design::ModelSpec;
use hlmrs::design::{Encoding, NewRows};
use hlmrs::table::{Table, numeric};
use serde_json::{Value, json};

use super::frames::{self, call, col, function_term, random, term};

fn full_model() -> ModelSpec {
    let poly = json!({"kind": "call", "name": "poly", "args": [col("x")],
                      "named": {"degree": {"kind": "number", "value": 3}}});
    let terms = [
        function_term("scale(x)", call("scale", &[col("x")])),
        function_term("poly(x, 3)", poly),
        function_term("within(x, g)", call("within", &[col("x"), col("g")])),
        function_term("between(x, g)", call("between", &[col("x"), col("g")])),
        term("a"),
        term("a:x"),
    ];
    frames::model(
        json!("y"),
        true,
        &terms,
        &[random(true, &[term("x"), term("b")], "g"), random(false, &[term("x")], "a:g")],
    )
}

fn through_json(encoding: &Encoding) -> Arc<Encoding> {
    let read = Encoding::from_json(&encoding.to_json()).unwrap();
    assert_eq!(&read, encoding);
    Arc::new(read)
}

fn group_model() -> ModelSpec {
    frames::model(json!("y"), true, &[term("x"), term("a")], &[random(true, &[], "g")])
}

fn bind(model: &ModelSpec, new: &Table) -> hlmrs::Result<NewRows> {
    let rows = frames::rows(&frames::small(), model);
    NewRows::bind(through_json(&rows.encoding), new, false)
}

#[test]
fn the_rows_of_the_fit_are_encoded_as_in_the_fit() {
    let table = frames::small();
    let rows = frames::rows(&table, &full_model());
    let new = NewRows::bind(through_json(&rows.encoding), &table, false).unwrap();
    assert_eq!(new.model_matrix().unwrap(), rows.model_matrix().unwrap());
    let mut batch = hlmrs::design::Batch::default();
    rows.read(0..12, &mut batch).unwrap();
    for t in 0..2 {
        assert_eq!(new.term_matrix(t).unwrap().0, batch.z[t]);
        assert_eq!(new.term_codes(t).unwrap(), rows.factors[t].codes());
    }
    assert!(new.unseen_levels(10).is_empty());
}

#[test]
fn the_linear_predictor_is_x_beta_plus_z_b() {
    let table = frames::small();
    let rows = frames::rows(&table, &full_model());
    let new = NewRows::bind(rows.encoding.clone(), &table, false).unwrap();
    let p = rows.fixed().columns.len();
    let beta: Vec<f64> = (0..p).map(|k| (k as f64 + 0.3).cos()).collect();
    let modes: Vec<Vec<f64>> = rows
        .random
        .iter()
        .map(|t| (0..rows.factors[t.factor].n_levels() * t.columns.len()).map(|k| (k as f64).sin()).collect())
        .collect();
    let slices: Vec<&[f64]> = modes.iter().map(Vec::as_slice).collect();
    let (x, mut batch) = (rows.model_matrix().unwrap(), hlmrs::design::Batch::default());
    rows.read(0..12, &mut batch).unwrap();
    for use_terms in [[false, false], [true, false], [true, true]] {
        let got = new.linear_predictor(&beta, &slices, &use_terms).unwrap();
        for i in 0..12 {
            let mut want: f64 = (0..p).map(|j| x[i * p + j] * beta[j]).sum();
            for t in (0..2).filter(|&t| use_terms[t]) {
                let (r, code) = (rows.random[t].columns.len(), rows.factors[rows.random[t].factor].codes()[i]);
                want += (0..r).map(|k| batch.z[t][i * r + k] * modes[t][code as usize * r + k]).sum::<f64>();
            }
            assert!((got[i] - want).abs() < 1e-12, "row {i}: {} is not {want}", got[i]);
        }
    }
}

#[test]
fn rows_with_missing_values_predict_nothing() {
    let new = frames::table([
        frames::column("x", Float64Array::from(vec![Some(1.0), None, Some(2.0)])),
        frames::text("a", &["lo", "hi", "mid"]),
        frames::column("g", StringArray::from(vec![None, Some("g1"), Some("g2")])),
    ]);
    let new = bind(&group_model(), &new).unwrap();
    let modes = [1.0, 2.0, 3.0, 4.0];
    let eta = |used| new.linear_predictor(&[1.0, 1.0, 0.0, f64::NAN], &[&modes], &[used]).unwrap();
    assert!(eta(true)[0].is_nan() && eta(true)[1].is_nan());
    assert_eq!((eta(true)[2], eta(false)[0]), (3.0 + 2.0, 2.0));
    assert!(new.model_matrix().unwrap()[4..8].iter().all(|v| v.is_nan()));
}

#[test]
fn unseen_groups_are_named_and_add_nothing() {
    let new = frames::table([
        numeric("x", vec![1.0, 1.0, 1.0]),
        frames::text("a", &["lo"; 3]),
        frames::text("g", &["g7", "g2", "g3"]),
    ]);
    let new = bind(&group_model(), &new).unwrap();
    assert_eq!(new.unseen_levels(10), [("g".to_string(), vec!["g7".to_string(), "g3".to_string()])]);
    let eta = new.linear_predictor(&[0.0; 4], &[&[1.0, 2.0, 3.0, 4.0]], &[true]).unwrap();
    assert_eq!(eta, [0.0, 2.0, 0.0]);
}

#[test]
fn an_unseen_level_of_a_fixed_variable_is_refused_with_the_known_ones() {
    let new =
        frames::table([numeric("x", vec![1.0; 2]), frames::text("a", &["lo", "new"]), frames::text("g", &["g1"; 2])]);
    let message = bind(&group_model(), &new).unwrap_err().to_string();
    assert!(message.contains("column 'a' is 'new' at row 1"), "{message}");
    assert!(message.contains("'hi', 'lo', 'mid'"), "{message}");
    let means = frames::model(
        json!("y"),
        true,
        &[function_term("between(x, g)", call("between", &[col("x"), col("g")]))],
        &[random(true, &[], "g")],
    );
    let new = frames::table([frames::text("g", &["g1", "other"])]);
    let message = bind(&means, &new).unwrap_err().to_string();
    assert!(message.contains("column 'g' is 'other' at row 1"), "{message}");
}

#[test]
fn group_means_are_those_of_the_fit() {
    let means = frames::model(
        json!("y"),
        true,
        &[function_term("between(x, g)", call("between", &[col("x"), col("g")]))],
        &[random(true, &[], "g")],
    );
    let new = bind(&means, &frames::table([frames::text("g", &["g10"])])).unwrap();
    // Rows 0, 4 and 8 of x = i²/10 - 3.
    let want = (0.0 + 1.6 + 6.4) / 3.0 - 3.0;
    assert!((new.model_matrix().unwrap()[1] - want).abs() < 1e-14);
}

#[test]
fn columns_of_unused_random_terms_may_be_absent() {
    let new = frames::table([numeric("x", vec![1.0]), frames::text("a", &["lo"])]);
    let new = bind(&group_model(), &new).unwrap();
    assert!(new.linear_predictor(&[0.0; 4], &[&[0.0; 4]], &[false]).is_ok());
    let message = new.linear_predictor(&[0.0; 4], &[&[0.0; 4]], &[true]).unwrap_err().to_string();
    assert!(message.contains("no column 'g'"), "{message}");
    let lacks = frames::table([frames::text("a", &["lo"])]);
    assert!(bind(&group_model(), &lacks).unwrap_err().to_string().contains("no column 'x'"));
}

#[test]
fn groups_match_by_text_whatever_their_type() {
    let codes = |fit: hlmrs::table::Column, new: hlmrs::table::Column| {
        let y = |n: usize| numeric("y", (0..n).map(|i| i as f64).collect());
        let table = frames::table([y(fit.n_rows()), fit]);
        let model = frames::model(json!("y"), true, &[], &[random(true, &[], "g")]);
        let rows = frames::rows(&table, &model);
        let new = NewRows::bind(rows.encoding.clone(), &frames::table([new]), false).unwrap();
        new.term_codes(0).unwrap().to_vec()
    };
    let (texts, whole, doubles) = (
        || frames::text("g", &["308", "12"]),
        || frames::column("g", Int64Array::from(vec![308, 12])),
        || numeric("g", vec![308.0, 12.0]),
    );
    for fit in [texts(), whole(), doubles()] {
        for new in [texts(), whole(), doubles(), frames::text("g", &["308.0", "12.0"])] {
            assert_eq!(codes(fit.clone(), new), [1, 0]);
        }
    }
}

#[test]
fn new_values_outside_the_domain_are_refused_by_row() {
    let logged: Value =
        function_term("log(x)", call("log", &[call("+", &[col("x"), json!({"kind": "number", "value": 4})])]));
    let model = frames::model(json!("y"), true, &[logged], &[random(true, &[], "g")]);
    let message = bind(&model, &frames::table([numeric("x", vec![f64::NAN, 1.0, -7.0])])).unwrap_err().to_string();
    assert!(message.contains("log(x + 4) is not a number at row 2, where x is -7"), "{message}");
    let message = bind(&group_model(), &frames::table([numeric("x", vec![f64::INFINITY]), frames::text("a", &["lo"])]))
        .unwrap_err()
        .to_string();
    assert!(message.contains("column 'x' is infinite at row 0"), "{message}");
}

#[test]
fn empty_new_data_give_empty_predictions() {
    let new = frames::table([numeric("x", vec![]), frames::text("a", &[]), frames::text("g", &[])]);
    let new = bind(&group_model(), &new).unwrap();
    assert!(new.linear_predictor(&[0.0; 4], &[&[0.0; 4]], &[true]).unwrap().is_empty());
}
