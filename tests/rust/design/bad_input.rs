//! What cannot be used is refused, by column, value and fix.

use arrow_array::Date32Array;
use hlmrs::design::{ModelSpec, Options};
use hlmrs::table::{Table, numeric};
use serde_json::{Value, json};

use super::frames::{self, call, col, function_term, random, term};

fn with(extra: hlmrs::table::Column) -> Table {
    let mut table = frames::small();
    table.add(extra).unwrap();
    table
}

fn fixed(terms: &[Value]) -> ModelSpec {
    frames::model(json!("y"), true, terms, &[])
}

/// The message of a model on the small table and one more column.
fn refused(extra: hlmrs::table::Column, model: &ModelSpec) -> String {
    frames::error(&with(extra), model, &Options::default())
}

fn refused_small(model: &ModelSpec) -> String {
    frames::error(&frames::small(), model, &Options::default())
}

fn assert_has(message: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(message.contains(part), "no {part:?} in: {message}"));
}

#[test]
fn a_missing_column_is_answered_with_the_nearest() {
    assert_has(&refused_small(&fixed(&[term("xx")])), &["no column 'xx'", "did you mean 'x'?"]);
}

#[test]
fn infinite_values_are_named() {
    let mut values = vec![0.5; 12];
    values[7] = f64::NEG_INFINITY;
    assert_has(&refused(numeric("u", values), &fixed(&[term("u")])), &["column 'u' is minus infinite at row 7"]);
}

#[test]
fn an_infinite_value_in_a_dropped_row_does_no_harm() {
    let (mut u, mut v) = (vec![0.5; 12], vec![1.0; 12]);
    (u[3], v[3], v[4]) = (f64::INFINITY, f64::NAN, 2.0);
    let mut table = with(numeric("u", u));
    table.add(numeric("v", v)).unwrap();
    assert_eq!(frames::rows(&table, &fixed(&[term("u"), term("v")])).n_rows(), 11);
}

#[test]
fn results_that_are_not_finite_name_expression_row_and_value() {
    let log = function_term("log(x)", call("log", &[col("x")]));
    assert_has(&refused_small(&fixed(&[log])), &["log(x) is not a number at row 0, where x is -3"]);
    let inverse = call(
        "/",
        &[json!({"kind": "number", "value": 1}), call("+", &[col("x"), json!({"kind": "number", "value": 3})])],
    );
    let inverse = function_term("I(1/(x + 3))", call("I", &[inverse]));
    assert_has(&refused_small(&fixed(&[inverse])), &["1/(x + 3) is infinite at row 0, where x is -3"]);
    let product = fixed(&[term("u:v")]);
    let mut table = with(numeric("u", vec![1e200; 12]));
    table.add(numeric("v", vec![1e200; 12])).unwrap();
    let rows = frames::rows(&table, &product);
    assert_has(&rows.model_matrix().unwrap_err().to_string(), &["product 'u:v' is infinite at row 0", "rescale"]);
}

#[test]
fn text_where_a_number_is_needed_is_named_with_a_value() {
    let response = frames::model(json!("a"), true, &[], &[]);
    assert_has(
        &refused_small(&response),
        &["column 'a' is text (for example 'lo')", "the response needs numbers", "cast"],
    );
    let log = function_term("log(a)", call("log", &[col("a")]));
    assert_has(&refused_small(&fixed(&[log])), &["column 'a' is text", "log(a) needs numbers"]);
    let weights = Options { weights: Some("a".into()), ..Options::default() };
    assert_has(
        &frames::error(&frames::small(), &fixed(&[]), &weights),
        &["column 'a' is text", "weights needs numbers"],
    );
}

#[test]
fn numbers_spoilt_by_a_word_are_not_silently_categories() {
    let values: Vec<String> = (0..12).map(|i| if i == 5 { "oops".into() } else { i.to_string() }).collect();
    let values: Vec<_> = values.iter().map(String::as_str).collect();
    let spoilt = || frames::text("Days", &values);
    assert_has(
        &refused(spoilt(), &fixed(&[term("Days")])),
        &["column 'Days' is text", "11 of its 12", "'oops'", "factor(Days)"],
    );
    let meant = function_term("factor(Days)", call("factor", &[col("Days")]));
    frames::rows(&with(spoilt()), &fixed(&[meant]));
    frames::rows(&with(spoilt()), &frames::model(json!("y"), true, &[], &[random(true, &[], "Days")]));
}

#[test]
fn dates_as_numbers_are_refused_and_as_groups_are_not() {
    let dates = || frames::column("day", Date32Array::from((0..12).map(|i| i / 4).collect::<Vec<_>>()));
    assert_has(
        &refused(dates(), &fixed(&[term("day")])),
        &["column 'day' is of type date", "1970-01-01", "convert it to a number"],
    );
    frames::rows(&with(dates()), &frames::model(json!("y"), true, &[], &[random(true, &[], "day")]));
}

#[test]
fn a_constant_response_and_one_level_are_refused() {
    let constant = frames::model(json!("u"), true, &[], &[]);
    assert_has(&refused(numeric("u", vec![3.5; 12]), &constant), &["response 'u' is 3.5 in every row"]);
    let one = || frames::text("only", &["k"; 12]);
    assert_has(&refused(one(), &fixed(&[term("only")])), &["'only' has one level ('k')"]);
    let group = frames::model(json!("y"), true, &[], &[random(true, &[], "only")]);
    assert_has(&refused(one(), &group), &["grouping factor 'only' has one level", "cannot be estimated"]);
    let scaled = function_term("scale(u)", call("scale", &[col("u")]));
    assert_has(&refused(numeric("u", vec![1.0; 12]), &fixed(&[scaled])), &["u is constant"]);
}

#[test]
fn weights_must_be_positive() {
    for (value, word) in [(0.0, "0"), (-1.0, "-1"), (f64::NAN, "missing"), (f64::INFINITY, "inf")] {
        let mut weights = vec![1.0; 12];
        weights[3] = value;
        let table = with(numeric("(weights)", weights));
        let options = Options { weights: Some("(weights)".into()), ..Options::default() };
        assert_has(&frames::error(&table, &fixed(&[]), &options), &[&format!("weight 'weights' is {word} at row 3")]);
    }
}

#[test]
fn an_empty_frame_is_refused() {
    let table = frames::table([numeric("y", vec![])]);
    assert_has(&frames::error(&table, &fixed(&[]), &Options::default()), &["no rows"]);
}

#[test]
fn cbind_is_for_glmer() {
    let model = frames::model(call("cbind", &[col("y"), col("x")]), true, &[], &[]);
    assert_has(&refused_small(&model), &["cbind() is for a binomial response"]);
}

#[test]
fn a_category_with_too_many_levels_is_sent_to_a_random_term() {
    let ids: Vec<String> = (0..10_001).map(|i| format!("id{i}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let y = numeric("y", (0..10_001).map(f64::from).collect());
    let table = frames::table([y, frames::text("id", &ids)]);
    assert_has(&frames::error(&table, &fixed(&[term("id")]), &Options::default()), &["10001 levels", "(1 | id)"]);
}

#[test]
fn contrasts_without_effect_are_refused() {
    let options = |key: &str, kind: Value| Options::from_json(&json!({"contrasts": {key: kind}}).to_string()).unwrap();
    let model = fixed(&[term("x"), term("a")]);
    let message = |key, kind| frames::error(&frames::small(), &model, &options(key, kind));
    assert_has(&message("x", json!("sum")), &["'x', which is numeric", "factor(x)"]);
    assert_has(&message("b", json!("sum")), &["'b', of which the formula makes no categorical effect", "'a'"]);
    assert_has(&message("a", json!("simple")), &["no contrasts 'simple'", "treatment, sum, helmert, poly"]);
    assert_has(&message("a", json!({"matrix": [[1.0], [2.0]]})), &["2 rows", "3 levels", "'hi', 'lo', 'mid'"]);
    let grouped = frames::model(json!("y"), true, &[], &[random(true, &[], "b")]);
    hlmrs::design::Rows::build(&grouped, &frames::small(), &options("b", json!("poly"))).unwrap();
}

#[test]
fn polynomials_need_enough_distinct_values() {
    let poly = json!({"kind": "call", "name": "poly", "args": [col("u")], "named": {"degree": {"kind": "number", "value": 3}}});
    let model = fixed(&[function_term("poly(u, 3)", poly)]);
    let values = (0..12).map(|i| f64::from(i % 3)).collect();
    assert_has(&refused(numeric("u", values), &model), &["u has 3 distinct values", "degree 3"]);
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    let mut expr = json!({"kind": "column", "name": "x"}).to_string();
    for _ in 0..5000 {
        expr = format!("{{\"kind\":\"call\",\"name\":\"I\",\"args\":[{expr}]}}");
    }
    let text =
        format!("{{\"formula\":\"\",\"response\":{{\"name\":\"y\",\"expr\":{expr}}},\"intercept\":true,\"terms\":[]}}");
    assert_has(&ModelSpec::from_json(&text).unwrap_err().to_string(), &["nests its calls too deeply"]);
}

#[test]
fn very_many_terms_are_refused_at_once() {
    let terms: Vec<_> = (0..100_000).map(|k| term(&format!("x{k}"))).collect();
    assert_has(&refused_small(&fixed(&terms)), &["100000 terms", "at most 10000 columns"]);
}

#[test]
fn messages_stay_short_whatever_the_values() {
    let long = "long ".repeat(1_000_000);
    let extra = || frames::text("u", &[long.as_str(); 12]);
    let log = function_term("log(u)", call("log", &[col("u")]));
    for model in [fixed(&[term("u")]), fixed(&[log])] {
        assert!(refused(extra(), &model).len() < 300);
    }
}
