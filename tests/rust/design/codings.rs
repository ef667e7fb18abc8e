//! Cells times coding is the dense model matrix, by brute force.

use hlmrs::design::Options;
use hlmrs::design::Rows;
use hlmrs::table::{categorical, numeric};
use proptest::prelude::*;
use serde_json::json;

use super::frames;

/// Dense contrasts of m levels: rows are levels.
fn contrasts(kind: &str, m: usize) -> Vec<Vec<f64>> {
    let entry = |level: usize, k: usize| match kind {
        "full" => f64::from(u8::from(level == k)),
        "treatment" => f64::from(u8::from(level == k + 1)),
        "sum" if level == m - 1 => -1.0,
        "sum" => f64::from(u8::from(level == k)),
        "helmert" if level == k + 1 => (k + 1) as f64,
        "helmert" => -f64::from(u8::from(level <= k)),
        other => panic!("no contrasts {other}"),
    };
    let width = if kind == "full" { m } else { m - 1 };
    (0..m).map(|level| (0..width).map(|k| entry(level, k)).collect()).collect()
}

/// Products of the parts' entries, the first part's varying fastest.
fn products(parts: &[Vec<f64>]) -> Vec<f64> {
    parts.iter().fold(vec![1.0], |fast, slow| slow.iter().flat_map(|s| fast.iter().map(move |f| f * s)).collect())
}

fn kinds() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["treatment", "sum", "helmert"])
}

/// Codes of m levels, all of them used.
fn codes(m: u32, n: usize) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..m, n - m as usize)
        .prop_map(move |rest| (0..m).chain(rest).collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cells_times_coding_is_the_product_of_contrasts(
        (a, b) in (2u32..5, 2u32..4).prop_flat_map(|(la, lb)| (codes(la, 19), codes(lb, 19))),
        x in prop::collection::vec(-3.0..3.0f64, 19),
        (kind_a, kind_b) in (kinds(), kinds()),
        batch_rows in 1usize..20,
    ) {
        let levels = |c: &[u32]| (0..=*c.iter().max().unwrap()).map(|k| format!("l{k}")).collect::<Vec<_>>();
        let (la, lb) = (levels(&a), levels(&b));
        let table = frames::table([
            numeric("y", (0..19).map(f64::from).collect()),
            numeric("x", x.clone()),
            categorical("a", &a, &la, true).unwrap(),
            categorical("b", &b, &lb, true).unwrap(),
        ]);
        let terms = ["a", "b", "x", "a:b", "a:x", "b:x", "b:x:a"].map(frames::term);
        let options = json!({"contrasts": {"a": kind_a, "b": kind_b}}).to_string();
        let options = Options::from_json(&options).unwrap();
        let model = frames::model(json!("y"), true, &terms, &[]);
        let rows = Rows::build(&model, &table, &options).unwrap();
        let got = frames::dense(&rows, batch_rows);
        let (ca, cb) = (contrasts(kind_a, la.len()), contrasts(kind_b, lb.len()));
        let p = rows.fixed().columns.len();
        for i in 0..19 {
            let (ra, rb) = (ca[a[i] as usize].clone(), cb[b[i] as usize].clone());
            let rx = vec![x[i]];
            let want = [
                vec![1.0], ra.clone(), rb.clone(), rx.clone(),
                products(&[ra.clone(), rb.clone()]),
                products(&[ra.clone(), rx.clone()]),
                products(&[rb.clone(), rx.clone()]),
                products(&[rb, rx, ra]),
            ].concat();
            prop_assert_eq!(&got[i * p..(i + 1) * p], &want[..]);
        }
        prop_assert_eq!(got, rows.model_matrix().unwrap());
    }

    #[test]
    fn without_an_intercept_a_product_alone_has_one_column_a_cell(
        (a, b) in (2u32..4, 2u32..4).prop_flat_map(|(la, lb)| (codes(la, 17), codes(lb, 17))),
        kind in kinds(),
    ) {
        let levels = |c: &[u32]| (0..=*c.iter().max().unwrap()).map(|k| format!("l{k}")).collect::<Vec<_>>();
        let (la, lb) = (levels(&a), levels(&b));
        let table = frames::table([
            numeric("y", (0..17).map(f64::from).collect()),
            categorical("a", &a, &la, true).unwrap(),
            categorical("b", &b, &lb, true).unwrap(),
        ]);
        let options = json!({"contrasts": {"a": kind}}).to_string();
        let options = Options::from_json(&options).unwrap();
        let model = frames::model(json!("y"), false, &[frames::term("a:b")], &[]);
        let rows = Rows::build(&model, &table, &options).unwrap();
        let got = frames::dense(&rows, 5);
        let (ca, cb) = (contrasts("full", la.len()), contrasts("full", lb.len()));
        let want: Vec<f64> = (0..17)
            .flat_map(|i| products(&[ca[a[i] as usize].clone(), cb[b[i] as usize].clone()]))
            .collect();
        prop_assert_eq!(got, want);
    }
}
