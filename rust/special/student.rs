//! Two-sided tails and quantiles of Student's t; infinite degrees of freedom are the normal distribution.

use std::f64::consts::PI;

use super::beta::{incomplete_beta, log_gamma_ratio};
use super::normal::{normal_center, normal_tails};

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

#[cfg(test)]
mod tests {
    use super::*;

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
