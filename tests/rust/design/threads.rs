//! The number of threads changes nothing, to the last bit.

use hlmrs::design::Rows;
use hlmrs::table::{Table, numeric};
use serde_json::json;

use super::frames::{self, call, col, function_term, random, term};

/// More rows than a few units of work, some of them missing.
fn large() -> Table {
    let n = 150_000;
    let wave = |k: f64| (0..n).map(|i| ((i as f64 + k) * 0.37).sin() * (1.0 + i as f64 / 1e4)).collect::<Vec<_>>();
    let mut x = wave(3.0);
    x.iter_mut().step_by(97).for_each(|v| *v = f64::NAN);
    let words: Vec<String> = (0..n).map(|i| format!("w{}", i * 7919 % 1201)).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let ids: Vec<i64> = (0..n as i64).map(|i| i * i % 4001 * 1_000_003).collect();
    frames::table([
        numeric("y", wave(0.0)),
        numeric("x", x),
        frames::text("g", &words),
        frames::column("h", arrow_array::Int64Array::from(ids)),
    ])
}

fn on(n_threads: usize, table: &Table) -> Rows {
    let poly = json!({"kind": "call", "name": "poly", "args": [col("x")], "named": {"degree": {"kind": "number", "value": 3}}});
    let terms = [
        function_term("scale(x)", call("scale", &[col("x")])),
        function_term("poly(x, 3)", poly),
        function_term("within(x, g)", call("within", &[col("x"), col("g")])),
    ];
    let groups = [random(true, &[term("x")], "g"), random(true, &[], "g:h")];
    let model = frames::model(json!("y"), true, &terms, &groups);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    pool.install(|| frames::rows(table, &model))
}

#[test]
fn threads_change_nothing() {
    let table = large();
    let (one, three) = (on(1, &table), on(3, &table));
    assert_eq!(one.encoding.to_json(), three.encoding.to_json());
    assert_eq!(one.model_matrix().unwrap(), three.model_matrix().unwrap());
    for (a, b) in one.factors.iter().zip(&three.factors) {
        assert_eq!(a, b);
    }
}
