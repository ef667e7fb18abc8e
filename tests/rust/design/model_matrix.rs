//! Values and names of X against R (tests/golden/model_matrix.R).

use hlmrs::design::Rows;
use hlmrs::design::{ModelSpec, Options};
use hlmrs::table::{Table, categorical, numeric};
use serde_json::{Value, json};

use super::frames;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../golden/model_matrix.json")).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_string()).collect()
}

fn data(golden: &Value) -> Table {
    let mut columns = vec![];
    for (name, values) in golden["data"].as_object().unwrap() {
        let values = values.as_array().unwrap();
        columns.push(if let Some(levels) = golden["levels"].get(name) {
            let levels = strings(levels);
            let code = |v: &Value| levels.iter().position(|l| l == v.as_str().unwrap()).unwrap() as u32;
            categorical(name, &values.iter().map(code).collect::<Vec<_>>(), &levels, true).unwrap()
        } else if values[0].is_boolean() {
            let values: Vec<_> = values.iter().map(|v| v.as_bool().unwrap()).collect();
            frames::column(name, arrow_array::BooleanArray::from(values))
        } else {
            numeric(name, values.iter().map(|v| v.as_f64().unwrap()).collect())
        });
    }
    columns.push(numeric("y", (0..24).map(|i| f64::from(i).sin()).collect()));
    frames::table(columns)
}

fn model(case: &Value) -> ModelSpec {
    let model = json!({
        "formula": case["formula"], "intercept": case["intercept"], "terms": case["terms"],
        "response": {"name": "y", "expr": {"kind": "column", "name": "y"}},
    });
    ModelSpec::from_json(&model.to_string()).unwrap()
}

#[test]
fn columns_are_those_of_r() {
    let golden = golden();
    let table = data(&golden);
    for case in golden["cases"].as_array().unwrap() {
        let mut contrasts = json!({});
        if let Some(given) = case.get("contrasts") {
            contrasts = given.clone();
        }
        let options = json!({"contrasts": contrasts}).to_string();
        let formula = case["formula"].as_str().unwrap();
        let rows = Rows::build(&model(case), &table, &Options::from_json(&options).unwrap())
            .unwrap_or_else(|e| panic!("{formula}: {e}"));
        assert_eq!(frames::names(&rows), strings(&case["names"]), "{formula}");
        let p = rows.fixed().columns.len();
        for x in [rows.model_matrix().unwrap(), frames::dense(&rows, 7)] {
            for (j, column) in case["columns"].as_array().unwrap().iter().enumerate() {
                for (i, want) in column.as_array().unwrap().iter().enumerate() {
                    let (want, got) = (want.as_f64().unwrap(), x[i * p + j]);
                    let close = (got - want).abs() <= 1e-11 * want.abs().max(1.0);
                    assert!(close, "{formula}, column {j}, row {i}: {got} is not {want}");
                }
            }
        }
    }
}

#[test]
fn random_terms_follow_the_rule_of_their_own_intercept() {
    let golden = golden();
    let table = data(&golden);
    let columns = |intercept, terms: &[Value]| {
        let random = frames::random(intercept, terms, "d");
        let rows = frames::rows(&table, &frames::model(json!("y"), true, &[], &[random]));
        rows.random[0].columns.clone()
    };
    assert_eq!(columns(true, &[frames::term("a")]), ["(Intercept)", "amid", "ahi"]);
    assert_eq!(columns(false, &[frames::term("a")]), ["alo", "amid", "ahi"]);
    // R codes the first categorical factor fully, though x is there: colnames(model.matrix(~ 0 + x + x:b))
    assert_eq!(columns(false, &[frames::term("x"), frames::term("x:b")]), ["x", "x:bp", "x:bq"]);
    assert_eq!(columns(true, &[frames::term("x:b")]), ["(Intercept)", "x:bp", "x:bq"]);
}

#[test]
fn z_of_a_random_term_is_its_model_matrix_row_by_row() {
    let golden = golden();
    let table = data(&golden);
    let terms = [frames::term("a"), frames::term("x:a")];
    let as_fixed = frames::rows(&table, &frames::model(json!("y"), false, &terms, &[]));
    let random = frames::random(false, &terms, "d");
    let as_random = frames::rows(&table, &frames::model(json!("y"), true, &[], &[random]));
    let mut batch = hlmrs::design::Batch::default();
    as_random.read(5..17, &mut batch).unwrap();
    let p = as_fixed.fixed().columns.len();
    assert_eq!(batch.z[0], as_fixed.model_matrix().unwrap()[5 * p..17 * p]);
}
