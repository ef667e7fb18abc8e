//! Two-sided tails and quantiles of Student's t; infinite degrees of freedom are the normal distribution.

use std::f64::consts::PI;

use super::beta::{incomplete_beta, log_gamma_ratio};

const TERMS: usize = 1000;
const TINY: f64 = 1e-300;

/// P(|T| > |statistic|); NaN without degrees of freedom.
pub fn two_sided_p(statistic: f64, df: f64) -> f64 {
    if statistic.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if statistic.is_infinite() {
        return 0.0;
    }
    if df.is_infinite() {
        return normal_tails(statistic.abs());
    }
    let (inner, outer) = shares(statistic, df);
    incomplete_beta(0.5 * df, 0.5, outer, inner)
}

/// P(|T| <= t), not as a difference from 1.
fn center(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return normal_center(t);
    }
    let (inner, outer) = shares(t, df);
    incomplete_beta(0.5, 0.5 * df, inner, outer)
}

/// t² / (df + t²) and its complement; no square overflows.
fn shares(t: f64, df: f64) -> (f64, f64) {
    let ratio = t / df.sqrt();
    if ratio.abs() < 1.0 {
        let square = ratio * ratio;
        return (square / (1.0 + square), 1.0 / (1.0 + square));
    }
    let square = ratio.recip().powi(2);
    (1.0 / (1.0 + square), square / (1.0 + square))
}

/// The t with P(|T| <= t) = level; infinite where that is too large for a number, NaN without degrees of freedom.
pub fn two_sided_quantile(level: f64, df: f64) -> f64 {
    if df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    let mut t = 0.0;
    // Newton's steps rise to the root: the tail is convex in t > 0
    for _ in 0..200 {
        let missing = if level < 0.5 { level - center(t, df) } else { two_sided_p(t, df) - (1.0 - level) };
        let step = missing / (2.0 * density(t, df));
        t += step;
        if !t.is_finite() {
            return f64::INFINITY;
        }
        if step.abs() <= 1e-15 * t {
            break;
        }
    }
    t
}

fn density(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return (-0.5 * t * t).exp() / (2.0 * PI).sqrt();
    }
    (log_gamma_ratio(0.5 * df, 0.5) - 0.5 * (df + 1.0) * (t * t / df).ln_1p()).exp() / (PI * df).sqrt()
}

/// 2 (1 - Φ(t)) = Q(1/2, t²/2): one less a series, or a continued fraction (DLMF 8.11.4, 8.9.2).
fn normal_tails(t: f64) -> f64 {
    let x = 0.5 * t * t;
    if x < 1.5 {
        return 1.0 - normal_center(t);
    }
    let front = (-x).exp() * t / (2.0 * PI).sqrt();
    let (mut b, mut c) = (x + 0.5, 1.0 / TINY);
    let mut d = 1.0 / b;
    let mut value = d;
    for k in 1..TERMS {
        let numerator = -(k as f64) * (k as f64 - 0.5);
        b += 2.0;
        d = 1.0 / (b + numerator * d);
        c = b + numerator / c;
        value *= c * d;
        if (c * d - 1.0).abs() < 2e-16 {
            break;
        }
    }
    front * value
}

/// 2 Φ(t) - 1, by the series.
fn normal_center(t: f64) -> f64 {
    let x = 0.5 * t * t;
    let (mut term, mut sum) = (2.0, 2.0);
    for k in 1..TERMS {
        term *= x / (k as f64 + 0.5);
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    (-x).exp() * t / (2.0 * PI).sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_tails_are_published_ones_on_both_sides_of_the_change_of_method() {
        // NIST Digital Library, erfc(t / sqrt 2)
        for (t, p) in [
            (0.0, 1.0),
            (1.0, 0.317_310_507_862_914_1),
            (1.959_963_984_540_054, 0.05),
            (3.0, 0.002_699_796_063_260_189),
            (8.0, 1.244_192_114_854_356_8e-15),
        ] {
            assert!((normal_tails(t) - p).abs() < 2e-15 + 1e-12 * p, "{t}: {}", normal_tails(t));
        }
        let edge = 3f64.sqrt();
        assert!((normal_tails(edge * (1.0 - 1e-14)) - normal_tails(edge * (1.0 + 1e-14))).abs() < 1e-14);
    }

    #[test]
    fn next_to_no_degrees_of_freedom_nothing_is_known() {
        for df in [1e-3, 1e-6, 1e-12, 1e-17] {
            assert_eq!(two_sided_quantile(0.95, df), f64::INFINITY);
            assert!(two_sided_p(2.0, df) > 0.99);
        }
        for df in [0.0, -1e-15, f64::NAN] {
            assert!(two_sided_quantile(0.95, df).is_nan() && two_sided_p(2.0, df).is_nan());
        }
    }

    #[test]
    fn two_degrees_of_freedom_have_a_closed_form() {
        for t in [0.1, 1.0, 4.0, 30.0] {
            assert!((two_sided_p(t, 2.0) - (1.0 - t / (2.0f64 + t * t).sqrt())).abs() < 1e-14);
            let level = 1.0 - two_sided_p(t, 2.0);
            assert!((two_sided_quantile(level, 2.0) - t).abs() < 1e-10 * t);
        }
    }
}
