//! Rows in the working basis, new responses and refilled sums, against dense algebra.

use crate::allocations::allocations;
use crate::arrays::Arrays;
use crate::dense::Dense;
use crate::designs::{KINDS, arrays, design, model};
use hlmrs::Structure;
use hlmrs::crossproduct::{CrossProducts, FillScratch, accumulate, fill, set_response, with_response};
use hlmrs::design::Rows;
use hlmrs::model::Criterion;
use hlmrs::rows::WorkingRows;

fn assert_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    let size = want.iter().fold(1.0f64, |m, v| m.max(v.abs()));
    got.iter().zip(want).for_each(|(g, w)| assert!((g - w).abs() < 1e-10 * size, "{g} {w}"));
}

/// Any numbers, each for its place.
fn numbers(n: usize) -> Vec<f64> {
    (0..n).map(|k| ((k * 7919 + 13) % 1009) as f64 / 1009.0 - 0.5).collect()
}

#[test]
fn stored_rows_are_those_of_the_design_in_the_basis() {
    for (kind, weighted) in KINDS.into_iter().zip([false, true].into_iter().cycle()) {
        let source = design(kind, 4, weighted);
        let (model, dense) = (model(&source, Criterion::Reml), Dense::new(&source));
        let a = &model.a;
        let rows = a.stored_rows(&source).unwrap();
        // X T (β - origin) = Xβ - X origin
        let beta = numbers(rows.p);
        let user = a.fixed.beta(&beta);
        let of = |i: usize, b: &[f64]| -> f64 { a.fixed.kept.iter().zip(b).map(|(&k, b)| dense.x[(i, k)] * b).sum() };
        let want: Vec<f64> = (0..rows.n).map(|i| of(i, &user) - of(i, &a.fixed.origin)).collect();
        assert_close(&rows.fixed(&beta), &want);
        let want: Vec<f64> = (0..rows.n).map(|i| dense.y[(i, 0)] - of(i, &a.fixed.origin)).collect();
        assert_close(&rows.response(), &want);
        assert_close(&(0..rows.n).map(|i| rows.weight(i)).collect::<Vec<_>>(), &dense.w);
        // z'T b_basis = z'b
        let modes: Vec<Vec<f64>> = a.factors.iter().map(|f| numbers(f.n_levels * f.width)).collect();
        let mut got = vec![0.0; rows.n];
        rows.add_modes(&mut got, &modes);
        let mut want = vec![0.0; rows.n];
        for ((term, basis), (z, r)) in model.theta_map.terms.iter().zip(&a.random).zip(&dense.z) {
            let (full, block) = (model.theta_map.widths[term.block], &modes[term.block]);
            let b: Vec<f64> =
                block.chunks_exact(full).flat_map(|b| basis.decode(&b[term.offset..term.offset + r])).collect();
            want.iter_mut().enumerate().for_each(|(i, w)| *w += (0..b.len()).map(|c| z[(i, c)] * b[c]).sum::<f64>());
        }
        assert_close(&got, &want);
    }
}

#[test]
fn a_new_response_is_summed_alike_from_rows_in_memory_and_rows_read_again() {
    for kind in KINDS {
        let source = design(kind, 5, true);
        let a = model(&source, Criterion::Reml).a;
        let (rows, y) = (a.stored_rows(&source).unwrap(), numbers(source.n_rows()));
        let mean = hlmrs::crossproduct::mean(&y);
        let mut from_memory = (*a).clone();
        set_response(&mut from_memory, &rows, &y, Some(mean));
        assert_eq!(with_response(&a, &source, &y).unwrap(), from_memory);
        let stride = rows.p + 1;
        let want: Vec<f64> =
            (0..rows.p).map(|j| (0..rows.n).map(|i| rows.weight(i) * rows.x(i)[j] * (y[i] - mean)).sum()).collect();
        assert_close(&from_memory.xx[rows.p * stride..][..rows.p], &want);
        assert_close(&(0..rows.p).map(|k| from_memory.xx[k * stride + rows.p]).collect::<Vec<_>>(), &want);
    }
}

/// The same places without their values.
fn emptied(a: &CrossProducts) -> CrossProducts {
    let mut out = a.clone();
    out.factors.iter_mut().flat_map(|f| f.zz.iter_mut().chain(&mut f.zx)).for_each(|v| *v = f64::NAN);
    out.links.iter_mut().flatten().flatten().chain(&mut out.xx).for_each(|v| *v = f64::NAN);
    out
}

/// With a column that squares cannot tell from another.
fn ill_conditioned(source: Arrays) -> Arrays {
    let n = source.rows().n_rows();
    let x = numbers(n);
    let near = x.iter().zip(numbers(2 * n).into_iter().skip(n)).map(|(x, e)| x + 1e-5 * e).collect();
    source.numeric("near", x).numeric("nearer", near)
}

#[test]
fn a_refill_with_the_same_weights_is_the_first_fill_and_allocates_nothing() {
    for (kind, weighted) in KINDS.into_iter().zip([false, true].into_iter().cycle()) {
        let source = arrays(kind, 6, weighted);
        for source in [source.rows(), ill_conditioned(source).rows()] {
            let (plan, a) = accumulate(&source).unwrap();
            let rows = WorkingRows::new(&source, &plan.basis);
            let (mut again, mut scratch) = (emptied(&a), FillScratch::default());
            fill(&plan, &rows, &mut again, &mut scratch).unwrap();
            assert_eq!(again, a);
            assert_eq!(allocations(|| fill(&plan, &rows, &mut again, &mut scratch).unwrap()), 0);
            assert_eq!(again, a);
        }
    }
}

/// Levels far apart from row to row, and sums too many to stay near the processor.
#[test]
fn a_refill_of_rows_that_are_gathered_first_is_the_first_fill() {
    let (n, levels) = (80_000, 40_000);
    let codes: Vec<u32> = (0..n).map(|i| (i * 7919 % levels) as u32).collect();
    let source = Arrays::new(numbers(n)).grouping("g", &codes);
    let source = source.random("g", Structure::Unstructured, vec![numbers(n)]).rows();
    let (plan, a) = accumulate(&source).unwrap();
    let rows = WorkingRows::new(&source, &plan.basis);
    let (mut again, mut scratch) = (emptied(&a), FillScratch::default());
    for _ in 0..2 {
        fill(&plan, &rows, &mut again, &mut scratch).unwrap();
        assert_eq!(again, a);
    }
}

#[test]
fn other_weights_and_another_response_are_summed_in_the_same_basis() {
    let source = design(KINDS[5], 7, false);
    let (plan, a) = accumulate(&source).unwrap();
    let stored = a.stored_rows(&source).unwrap();
    let n = source.n_rows();
    let (weights, y): (Vec<f64>, Vec<f64>) = (numbers(n).iter().map(|v| v + 1.0).collect(), numbers(n));
    let mut rows = WorkingRows::new(&source, &plan.basis);
    (rows.weights, rows.y) = (Some(weights.as_slice()), Some(y.as_slice()));
    let (mut got, p) = (emptied(&a), stored.p);
    fill(&plan, &rows, &mut got, &mut FillScratch::default()).unwrap();
    let shift = |i: usize| stored.y(i) - source_response(&source)[i] + y[i];
    let column = |i: usize, j: usize| if j == p { shift(i) } else { stored.x(i)[j] };
    let sum = |j: usize, k: usize| (0..n).map(|i| weights[i] * column(i, j) * column(i, k)).sum::<f64>();
    let want: Vec<f64> = (0..(p + 1) * (p + 1)).map(|e| sum(e % (p + 1), e / (p + 1))).collect();
    assert_close(&got.xx, &want);
    let mut zz = vec![0.0; a.factors[0].zz.len()];
    let r = a.factors[0].width;
    for i in 0..n {
        let (z, level) = (stored.z(0, i), stored.levels(0)[i] as usize);
        (0..r * r).for_each(|e| zz[level * r * r + e] += weights[i] * z[e % r] * z[e / r]);
    }
    assert_close(&got.factors[0].zz, &zz);
    assert!((got.sum_log_weights - weights.iter().map(|w| w.ln()).sum::<f64>()).abs() < 1e-12);
}

fn source_response(source: &Rows) -> Vec<f64> {
    let mut batch = hlmrs::design::Batch::default();
    source.read(0..source.n_rows(), &mut batch).unwrap();
    batch.response().collect()
}
