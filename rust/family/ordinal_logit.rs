//! The cumulative logit of many rows at once, without a scale: closed forms for vector units.
//!
//! With a = α_up - η, b = α_low - η, the gap a - b, σ the logistic function and k = log(1 - exp(-gap)), in which η does not
//! enter,
//!
//! ℓ = log(1 + exp(-a)) + log(1 + exp(b)) - k,
//!
//! where the first category is without b and k, the last without a and k (Christensen 2018, section 2.2).

use super::density::{Derivatives, Observation, Predictors};
use super::lanes::{BUFFER, sum_with_logarithms};
use crate::special::exp;

/// Thresholds that are nearer are left to forms that keep the digits of 1 - exp(-gap); 32 factors 1 / (1 - exp(-gap)) are a number.
const LEAST_GAP: f64 = 0.01;

/// A row: a and b, zero where there is none, and the gap, one where there is none.
struct Row {
    a: f64,
    b: f64,
    /// One where there is a threshold above, and one below; else zero.
    above: f64,
    below: f64,
    gap: f64,
}

#[inline(always)]
fn row(o: &Observation, last: f64, eta: f64, up: f64, low: f64) -> Row {
    let above = if o.y == last { 0.0 } else { 1.0 };
    let below = if o.y == 0.0 { 0.0 } else { 1.0 };
    // comparisons that keep NaN
    let a = if above == 0.0 { 0.0 } else { up - eta };
    let b = if below == 0.0 { 0.0 } else { low - eta };
    let gap = if above * below == 0.0 { 1.0 } else { up - low };
    Row { a, b, above, below, gap }
}

/// Whether the thresholds of all rows are in order and far enough apart.
#[inline(always)]
pub fn are_apart(rows: &[Observation], last: f64, [_, up, low, _]: Predictors) -> bool {
    let gaps = rows.iter().zip(up).zip(low).map(|((o, &up), &low)| row(o, last, 0.0, up, low).gap);
    gaps.fold(true, |all, gap| all & (gap > LEAST_GAP))
}

/// σ(x), σ'(x) and σ''(x), times a factor.
#[inline(always)]
fn logistic(x: f64, by: f64) -> [f64; 3] {
    logistic_of(x, exp(-x.abs()), by)
}

/// The same with exp(-|x|) given.
#[inline(always)]
fn logistic_of(x: f64, small: f64, by: f64) -> [f64; 3] {
    let (large, less) = (1.0 / (1.0 + small), small / (1.0 + small));
    let (p, q) = if x < 0.0 { (less, large) } else { (large, less) };
    let slope = large * less * by;
    [p * by, slope, slope * (q - p)]
}

/// Of a row the derivatives in η, σ(-a) - σ(b), σ'(a) + σ'(b) and -σ''(a) - σ''(b), and a term and the factor whose logarithm
/// make ℓ.
#[inline(always)]
fn in_eta(o: &Observation, last: f64, [eta, up, low]: [f64; 3]) -> ([f64; 3], [f64; 2]) {
    let row = row(o, last, eta, up, low);
    let (beside_a, beside_b) = (exp(-row.a.abs()), exp(-row.b.abs()));
    let [pa, va, ta] = logistic_of(-row.a, beside_a, row.above);
    let [pb, vb, tb] = logistic_of(row.b, beside_b, row.below);
    let (a, b) = (if row.a > 0.0 { 0.0 } else { -row.a }, if row.b < 0.0 { 0.0 } else { row.b });
    let product = (1.0 + row.above * beside_a) * (1.0 + row.below * beside_b);
    let factor = product / (1.0 - row.above * row.below * exp(-row.gap));
    ([pa - pb, va + vb, ta - tb], [a + b, factor])
}

/// Derivatives in η.
#[inline(always)]
pub fn derivatives(rows: &[Observation], last: f64, [eta, up, low, _]: Predictors, out: Derivatives) {
    let Derivatives { g, d, t } = out;
    let out = g.iter_mut().zip(d).zip(t);
    for ((((o, &eta), &up), &low), ((g, d), t)) in rows.iter().zip(eta).zip(up).zip(low).zip(out) {
        [*g, *d, *t] = in_eta(o, last, [eta, up, low]).0;
    }
}

/// What derivatives in η and both thresholds are made of: σ, σ' and σ'' at -a and at b, and the derivatives of k, which are
/// k' = q / (1 - q) with q = exp(-gap), -k' (1 + k') and k' (1 + k') (1 + 2k').
#[inline(always)]
fn pieces(o: &Observation, last: f64, [eta, up, low]: [f64; 3]) -> [f64; 9] {
    let row = row(o, last, eta, up, low);
    let ([pa, va, ta], [pb, vb, tb]) = (logistic(-row.a, row.above), logistic(row.b, row.below));
    let q = exp(-row.gap);
    let k1 = row.above * row.below * q / (1.0 - q);
    let k2 = -k1 * (1.0 + k1);
    [pa, va, ta, pb, vb, tb, k1, k2, -k2 * (1.0 + 2.0 * k1)]
}

/// Derivatives in η and both thresholds.
#[inline(always)]
pub fn all_derivatives(rows: &[Observation], last: f64, [eta, up, low, _]: Predictors, out: Derivatives) {
    let Derivatives { g, d, t } = out;
    let (g, d) = (g.as_chunks_mut::<3>().0.chunks_mut(BUFFER), d.as_chunks_mut::<9>().0.chunks_mut(BUFFER));
    let out = g.zip(d).zip(t.as_chunks_mut::<9>().0.as_chunks_mut::<3>().0.chunks_mut(BUFFER));
    let mut own = [[0.0; BUFFER]; 9];
    let eta = eta.chunks(BUFFER).zip(up.chunks(BUFFER)).zip(low.chunks(BUFFER));
    for ((rows, ((eta, up), low)), ((g, d), t)) in rows.chunks(BUFFER).zip(eta).zip(out) {
        for (i, (((o, &eta), &up), &low)) in rows.iter().zip(eta).zip(up).zip(low).enumerate().take(BUFFER) {
            let all = pieces(o, last, [eta, up, low]);
            (0..9).for_each(|k| own[k][i] = all[k]);
        }
        for (i, ((g, d), t)) in g.iter_mut().zip(d).zip(t).enumerate().take(BUFFER) {
            let [pa, va, ta, pb, vb, tb, k1, k2, k3] = std::array::from_fn(|k| own[k][i]);
            *g = [pa - pb, -pa - k1, pb + k1];
            *d = [va + vb, -va, -vb, -va, va - k2, k2, -vb, k2, vb - k2];
            *t = [
                [ta - tb, -ta, tb, -ta, ta, 0.0, tb, 0.0, -tb],
                [-ta, ta, 0.0, ta, -ta - k3, k3, 0.0, k3, -k3],
                [tb, 0.0, -tb, 0.0, k3, -k3, -tb, -k3, tb + k3],
            ];
        }
    }
}

/// Σ ℓ.
#[inline(always)]
pub fn total(rows: &[Observation], last: f64, [eta, up, low, _]: Predictors) -> f64 {
    sum_with_logarithms(rows.len(), |range, terms, factors| {
        let eta = eta[range.clone()].iter().zip(&up[range.clone()]).zip(&low[range.clone()]);
        for (((o, ((&eta, &up), &low)), term), factor) in rows[range].iter().zip(eta).zip(terms).zip(factors) {
            [*term, *factor] = in_eta(o, last, [eta, up, low]).1;
        }
    })
}

/// Derivatives in η, and Σ ℓ.
#[inline(always)]
pub fn both(rows: &[Observation], last: f64, [eta, up, low, _]: Predictors, out: Derivatives) -> f64 {
    let Derivatives { g, d, t } = out;
    sum_with_logarithms(rows.len(), |range, terms, factors| {
        let (g, d, t) = (&mut g[range.clone()], &mut d[range.clone()], &mut t[range.clone()]);
        let eta = eta[range.clone()].iter().zip(&up[range.clone()]).zip(&low[range.clone()]);
        let out = terms.iter_mut().zip(factors).zip(g.iter_mut().zip(d).zip(t));
        for ((o, ((&eta, &up), &low)), ((term, factor), ((g, d), t))) in rows[range].iter().zip(eta).zip(out) {
            ([*g, *d, *t], [*term, *factor]) = in_eta(o, last, [eta, up, low]);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::count;
    use super::super::kernel::Kernel;
    use super::super::link::Link;
    use super::super::ordinal::Cumulative;
    use super::super::{Density, RowDerivatives};
    use crate::linalg::jet::Jet;

    fn rows() -> (Vec<super::Observation>, Vec<Vec<f64>>) {
        let n = 1300;
        let rows: Vec<super::Observation> = (0..n).map(|k| count(f64::from(k % 4))).collect();
        let thresholds = [0.0, -1.3, 0.4, 0.43, 0.0];
        let at = |k: i32| (k % 4) as usize;
        let eta = (0..n).map(|k| 0.06 * f64::from(k - 650) + 1e-3 * f64::from(k % 7)).collect();
        let up = (0..n).map(|k| thresholds[1 + at(k)]).collect();
        let low = (0..n).map(|k| thresholds[at(k)]).collect();
        (rows, vec![eta, up, low])
    }

    #[test]
    fn closed_forms_are_those_of_the_jet() {
        let family = Cumulative { link: Link::Logit, n_categories: 4, has_scale: false };
        let (rows, eta) = rows();
        let (mut one, mut all) = (RowDerivatives::default(), RowDerivatives::default());
        family.derivatives(&rows, &eta, &[0], &mut one);
        family.derivatives(&rows, &eta, &[0, 1, 2], &mut all);
        let close = |a: f64, b: f64| (a - b).abs() <= 3e-13 * (1.0 + b.abs());
        let mut sum = 0.0;
        for (i, &o) in rows.iter().enumerate() {
            let jets: Vec<Jet<3>> = (0..3).map(|a| Jet::variable(eta[a][i], a)).collect();
            let jet = family.minus_log(o, &jets);
            sum += jet.value;
            assert!(close(one.g[i], jet.first[0]) && close(one.d[i], jet.second[0][0]), "{i}");
            assert!(close(one.t[i], jet.third[0][0][0]), "{i}");
            for a in 0..3 {
                assert!(close(all.g[3 * i + a], jet.first[a]), "{i} {a}");
                for b in a..3 {
                    for (x, y) in [(a, b), (b, a)] {
                        assert!(close(all.d[9 * i + 3 * x + y], jet.second[a][b]), "{i} {a} {b}");
                    }
                    for c in b..3 {
                        for (x, y, z) in [(a, b, c), (a, c, b), (b, a, c), (b, c, a), (c, a, b), (c, b, a)] {
                            assert!(close(all.t[27 * i + 9 * x + 3 * y + z], jet.third[a][b][c]), "{i} {a} {b} {c}");
                        }
                    }
                }
            }
        }
        assert!((family.total(&rows, &[], &eta) / sum - 1.0).abs() < 1e-14);
    }

    #[test]
    fn thresholds_that_are_near_or_out_of_order_keep_their_digits_and_what_is_no_number_stays() {
        let family = Cumulative { link: Link::Logit, n_categories: 3, has_scale: false };
        let total = |eta: f64, up: f64, low: f64| family.total(&[count(1.0)], &[], &[vec![eta], vec![up], vec![low]]);
        // log of a density times the gap
        assert!((total(0.0, 1e-9, 0.0) + (0.25e-9f64).ln()).abs() < 1e-8);
        assert_eq!(total(0.0, 0.0, 1.0), f64::INFINITY);
        assert!(total(f64::NAN, 1.0, 0.0).is_nan());
        assert!((total(600.0, 1.0, 0.0) - (599.0 - (1.0 - (-1f64).exp()).ln() + 0.0)).abs() < 1e-10);
    }
}
