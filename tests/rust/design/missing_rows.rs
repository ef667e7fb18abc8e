//! Null and NaN are missing; a row that misses a used value is dropped before anything is learned.

use arrow_array::{Float64Array, StringArray};
use hlmrs::design::Rows;
use hlmrs::design::{Missing, Options};
use hlmrs::table::{Table, numeric};
use serde_json::json;

use super::frames;

fn table() -> Table {
    frames::table([
        frames::column("y", Float64Array::from(vec![Some(1.0), None, Some(3.0), Some(5.0), Some(2.0), Some(4.0)])),
        numeric("x", vec![1.0, 2.0, f64::NAN, 9.0, 4.0, 6.0]),
        frames::column("f", StringArray::from(vec![Some("a"), Some("rare"), Some("b"), Some("b"), None, Some("a")])),
        numeric("unused", vec![f64::NAN; 6]),
    ])
}

fn model() -> hlmrs::design::ModelSpec {
    let scaled = frames::function_term("center(x)", frames::call("center", &[frames::col("x")]));
    frames::model(json!("y"), true, &[scaled, frames::term("f")], &[])
}

#[test]
fn rows_are_dropped_and_counted_by_column() {
    let rows = frames::rows(&table(), &model());
    assert_eq!(rows.kept().unwrap(), [true, false, false, true, false, true]);
    let counts: Vec<_> = rows.dropped.iter().map(|(c, k)| (c.as_str(), *k)).collect();
    assert_eq!(counts, [("f", 1), ("x", 1), ("y", 1)]);
    assert_eq!((rows.n_rows(), rows.n_rows_input), (3, 6));
    assert_eq!(rows.response(), [1.0, 5.0, 4.0]);
}

#[test]
fn levels_and_means_are_those_of_the_rows_used() {
    let rows = frames::rows(&table(), &model());
    assert_eq!(frames::names(&rows), ["(Intercept)", "center(x)", "fb"]);
    let mean = (1.0 + 9.0 + 6.0) / 3.0;
    let want = [1.0, 1.0 - mean, 0.0, 1.0, 9.0 - mean, 1.0, 1.0, 6.0 - mean, 0.0];
    let got = rows.model_matrix().unwrap();
    assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-14), "{got:?}");
}

#[test]
fn refusing_names_columns_and_rows() {
    let options = Options { missing: Missing::Error, ..Options::default() };
    let message = frames::error(&table(), &model(), &options);
    assert!(message.contains("column 'x' in 1 row (2)"), "{message}");
    assert!(message.contains("column 'y' in 1 row (1)"), "{message}");
    assert!(!message.contains("unused"), "{message}");
}

#[test]
fn nothing_left_says_which_column() {
    let one = frames::model(json!("y"), true, &[frames::term("unused")], &[]);
    let message = frames::error(&table(), &one, &Options::default());
    assert!(message.contains("'unused' has no value in any of the 6 rows"), "{message}");
    let halves = frames::table([numeric("y", vec![1.0, f64::NAN]), numeric("x", vec![f64::NAN, 1.0])]);
    let both = frames::model(json!("y"), true, &[frames::term("x")], &[]);
    let message = frames::error(&halves, &both, &Options::default());
    assert!(message.contains("'x' in 1, 'y' in 1"), "{message}");
}

#[test]
fn a_missing_offset_drops_its_row_and_a_missing_weight_is_refused() {
    let mut table = frames::table([numeric("y", vec![1.0, 2.0, 4.0]), numeric("w", vec![1.0, f64::NAN, 2.0])]);
    table.add(numeric("o", vec![f64::NAN, 0.5, 0.5])).unwrap();
    let model = frames::model(json!("y"), true, &[], &[]);
    let offset = Options { offset: Some("o".into()), ..Options::default() };
    let rows = Rows::build(&model, &table, &offset).unwrap();
    assert_eq!((rows.offset().unwrap(), rows.response()), (vec![0.5, 0.5], vec![2.0, 4.0]));
    let mut batch = hlmrs::design::Batch::default();
    rows.read(0..2, &mut batch).unwrap();
    assert_eq!((&batch.y, &batch.offset), (&vec![2.0, 4.0], &vec![0.5, 0.5]));
    assert_eq!(batch.response().collect::<Vec<_>>(), [1.5, 3.5]);
    let weights = Options { weights: Some("w".into()), ..Options::default() };
    let message = frames::error(&table, &model, &weights);
    assert!(message.contains("weight 'w' is missing at row 1"), "{message}");
}
