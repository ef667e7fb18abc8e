//! Columns of every type, encoding, chunking and slicing give what plain arrays give; none panics.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::DataType;
use hlmrs::design::Options;
use hlmrs::design::Rows;
use hlmrs::table::{Column, Picks, Selection, categories, numeric};
use proptest::prelude::*;
use serde_json::json;

use super::arrays::{EXOTIC, exotic, numbers, texts};
use super::frames;

fn numeric_types() -> impl Strategy<Value = DataType> {
    prop::sample::select(vec![
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal32(6, 2),
        DataType::Decimal64(9, 3),
        DataType::Decimal128(12, 4),
        DataType::Decimal256(20, 5),
    ])
}

fn text_types() -> impl Strategy<Value = DataType> {
    let dictionary = |key: DataType| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    prop::sample::select(vec![
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        dictionary(DataType::Int8),
        dictionary(DataType::Int16),
        dictionary(DataType::Int32),
        dictionary(DataType::Int64),
        dictionary(DataType::UInt8),
        dictionary(DataType::UInt16),
        dictionary(DataType::UInt32),
        dictionary(DataType::UInt64),
    ])
}

/// The array in pieces, each a slice of a longer one, with an empty piece among them.
fn chunked(array: &ArrayRef, cuts: &[usize]) -> Vec<ArrayRef> {
    let mut ends: Vec<_> = cuts.iter().map(|c| c % (array.len() + 1)).chain([array.len()]).collect();
    ends.sort_unstable();
    let mut start = 0;
    ends.iter()
        .map(|&end| {
            let piece = array.slice(start, end - start);
            start = end;
            piece
        })
        .collect()
}

proptest! {
    #[test]
    fn numbers_of_every_type_read_alike(
        values in prop::collection::vec(prop::option::weighted(0.8, 0i64..120), 1..60),
        data_type in numeric_types(),
        cuts in prop::collection::vec(0usize..60, 0..4),
        picked in prop::collection::vec(any::<bool>(), 60),
    ) {
        let array = numbers(&values, &data_type);
        let column = Column::new("x", chunked(&array, &cuts), data_type);
        let want: Vec<f64> = values.iter().map(|v| v.map_or(f64::NAN, |v| v as f64)).collect();
        let mut got = vec![0.0; values.len()];
        column.read(Picks::Range(0..values.len()), &mut got);
        prop_assert_eq!(format!("{got:?}"), format!("{want:?}"));
        let rows: Vec<u32> = (0..values.len() as u32).filter(|&i| picked[i as usize]).collect();
        let mut some = vec![0.0; rows.len()];
        column.read(Picks::Rows(&rows), &mut some);
        let want: Vec<f64> = rows.iter().map(|&i| want[i as usize]).collect();
        prop_assert_eq!(format!("{some:?}"), format!("{want:?}"));
    }

    #[test]
    fn text_of_every_encoding_gives_the_same_categories(
        values in prop::collection::vec(prop::sample::select(vec!["b", "a10", "a2", "", "é", "a longer text than fits a view"]), 1..60),
        data_type in text_types(),
        cuts in prop::collection::vec(0usize..60, 0..4),
        picked in prop::collection::vec(any::<bool>(), 60),
    ) {
        let owned: Vec<_> = values.iter().map(|v| Some(v.to_string())).collect();
        let array = texts(&owned, &data_type);
        let column = Column::new("f", chunked(&array, &cuts), data_type).undeclared();
        let rows: Vec<u32> = (0..values.len() as u32).filter(|&i| picked[i as usize]).collect();
        for selection in [Selection::All(values.len()), Selection::Rows(rows)] {
            let got = categories(&column, &selection).unwrap();
            prop_assert!(got.codes.iter().enumerate().all(|(i, &c)| got.levels[c as usize] == values[selection.row(i)]));
            let mut used = got.codes.clone();
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), got.levels.len());
            prop_assert!(got.levels.windows(2).all(|w| hlmrs::table::natural(&w[0], &w[1]).is_lt()));
        }
    }

    #[test]
    fn ids_of_every_type_have_the_same_levels(
        values in prop::collection::vec(0i64..120, 1..60),
        data_type in numeric_types(),
    ) {
        let plain: ArrayRef = Arc::new(Int64Array::from(values.clone()));
        let want = categories(&Column::new("g", vec![plain.clone()], DataType::Int64), &Selection::All(values.len())).unwrap();
        let some: Vec<_> = values.iter().copied().map(Some).collect();
        let array = numbers(&some, &data_type);
        let got = categories(&Column::new("g", vec![array], data_type), &Selection::All(values.len())).unwrap();
        prop_assert_eq!(got.codes, want.codes);
        prop_assert_eq!(got.levels, want.levels);
    }

    #[test]
    fn hashed_integers_equal_counted_ones(values in prop::collection::vec(0i64..9, 2..40)) {
        let n = values.len();
        let near = Column::new("g", vec![Arc::new(Int64Array::from(values.clone())) as ArrayRef], DataType::Int64);
        let far: Vec<i64> = values.iter().map(|v| (v - 4) * (i64::MAX / 4)).collect();
        let far = Column::new("g", vec![Arc::new(Int64Array::from(far)) as ArrayRef], DataType::Int64);
        let all = Selection::All(n);
        prop_assert_eq!(categories(&near, &all).unwrap().codes, categories(&far, &all).unwrap().codes);
    }

    #[test]
    fn no_type_in_no_role_panics(
        values in prop::collection::vec(prop::option::weighted(0.9, -5i64..300), 0..20),
        k in 0..EXOTIC,
    ) {
        let n = values.len();
        let array = exotic(&values, k);
        let mut table = frames::table([
            Column::new("u", vec![array.clone()], array.data_type().clone()),
            numeric("y", (0..n).map(|i| (i as f64).cos()).collect()),
        ]);
        table.add(numeric("w", vec![1.0; n])).unwrap();
        let group = || [frames::random(true, &[], "u")];
        let cases = [
            frames::model(json!("u"), true, &[], &[]),
            frames::model(json!("y"), true, &[frames::term("u")], &[]),
            frames::model(json!("y"), true, &[frames::term("u")], &group()),
            frames::model(json!("y"), true, &[frames::function_term("log(u)", frames::call("log", &[frames::col("u")]))], &[]),
            frames::model(json!("y"), true, &[frames::function_term("within(y, u)", frames::call("within", &[frames::col("y"), frames::col("u")]))], &[]),
        ];
        for model in &cases {
            if let Err(e) = Rows::build(model, &table, &Options::default()) {
                let text = e.to_string();
                prop_assert!(!text.is_empty());
            }
        }
        let weights = Options { weights: Some("u".into()), ..Options::default() };
        let _ = Rows::build(&frames::model(json!("y"), true, &[], &[]), &table, &weights);
    }
}

#[test]
fn declared_order_is_kept_and_unused_levels_vanish() {
    let levels = ["z", "unused", "b", "a"].map(String::from);
    let declared = hlmrs::table::categorical("f", &[3, 0, 2, 0], &levels, true).unwrap();
    let got = categories(&declared, &Selection::All(4)).unwrap();
    assert_eq!((got.codes, got.levels), (vec![2, 0, 1, 0], vec!["z".into(), "b".into(), "a".into()]));
}

#[test]
fn dates_and_booleans_are_levels_by_their_iso_text() {
    let days = arrow_array::Date32Array::from(vec![365, 0, 365]);
    let got = categories(&frames::column("d", days), &Selection::All(3)).unwrap();
    assert_eq!((got.codes, got.levels), (vec![1, 0, 1], vec!["1970-01-01".into(), "1971-01-01".into()]));
    let flags = arrow_array::BooleanArray::from(vec![true, false, true]);
    let got = categories(&frames::column("o", flags), &Selection::All(3)).unwrap();
    assert_eq!((got.codes, got.levels), (vec![1, 0, 1], vec!["FALSE".into(), "TRUE".into()]));
}
