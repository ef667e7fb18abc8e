//! The incomplete beta function by the even part of its continued fraction (DLMF 8.17.22, 1.12.20), by Lentz's method.
//!
//! The fraction's denominators are written in λ = a (1 - x) - b x (Didonato and Morris 1992, ACM Trans. Math. Softw. 18,
//! 360-373), and log x in 1 - x where x is near 1, so that nothing cancels for large a.

use std::f64::consts::PI;

const TINY: f64 = 1e-300;
const TERMS: usize = 100_000;
/// Stirling's series is used from here on.
const LARGE: f64 = 15.0;

/// I_x(a, b); `complement` is 1 - x, without the rounding of a subtraction.
pub fn incomplete_beta(a: f64, b: f64, x: f64, complement: f64) -> f64 {
    if x <= 0.0 || complement <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, complement, x);
    }
    let front = a * log(x, complement) + b * log(complement, x) - log_beta(a, b);
    front.exp() * fraction(a, b, x, complement)
}

/// log x, from the one of x and 1 - x that rounding has spared.
fn log(x: f64, complement: f64) -> f64 {
    if x < 0.5 { x.ln() } else { (-complement).ln_1p() }
}

/// The fraction, over a.
fn fraction(a: f64, b: f64, x: f64, complement: f64) -> f64 {
    let beyond = 1.0 + a * complement - b * x;
    // one level of the fraction, both parts times a + 2m
    let below = |m: f64| {
        m + m * (b - m) * x / (a + 2.0 * m - 1.0) + (a + m) / (a + 2.0 * m + 1.0) * (beyond + m * (1.0 + complement))
    };
    let above = |m: f64| (a + m - 1.0) * (a + b + m - 1.0) * m * (b - m) * (x / (a + 2.0 * m - 1.0)).powi(2);
    let mut c = away_from_zero(a / (a + 1.0) * beyond);
    let (mut d, mut value) = (0.0, c);
    for m in 1..TERMS {
        let m = m as f64;
        let (numerator, denominator) = (above(m), below(m));
        d = 1.0 / away_from_zero(denominator + numerator * d);
        c = away_from_zero(denominator + numerator / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 2e-16 {
            break;
        }
    }
    1.0 / value
}

/// log B(a, b), without cancellation where one of them is large.
pub fn log_beta(a: f64, b: f64) -> f64 {
    let (small, large) = (a.min(b), a.max(b));
    log_gamma(small) - log_gamma_ratio(large, small)
}

/// log Γ(a + s) - log Γ(a).
pub fn log_gamma_ratio(a: f64, s: f64) -> f64 {
    if a < LARGE {
        return log_gamma(a + s) - log_gamma(a);
    }
    // (a + s - 1/2) log(a + s) - (a - 1/2) log a - s, and the tails of the series
    (a - 0.5) * (s / a).ln_1p() + s * (a + s).ln() - s + stirling(a + s) - stirling(a)
}

/// log Γ(a).
pub fn log_gamma(a: f64) -> f64 {
    let (mut a, mut product) = (a, 1.0);
    while a < LARGE {
        product *= a;
        a += 1.0;
    }
    (a - 0.5) * a.ln() - a + 0.5 * (2.0 * PI).ln() + stirling(a) - product.ln()
}

/// The rest of Stirling's series for log Γ(a) (DLMF 5.11.1).
fn stirling(a: f64) -> f64 {
    let square = 1.0 / (a * a);
    let terms = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    terms.iter().rev().fold(0.0, |sum, term| sum * square + term) / a
}

/// A value that may be divided by.
pub fn away_from_zero(value: f64) -> f64 {
    if value.abs() > TINY { value } else { TINY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_gamma_is_that_of_factorials_and_of_one_half() {
        let mut factorial: f64 = 1.0;
        for n in 1..30 {
            factorial *= f64::from(n);
            assert!((log_gamma(f64::from(n) + 1.0) - factorial.ln()).abs() < 1e-13 * factorial.ln().max(1.0));
        }
        assert!((log_gamma(0.5) - 0.5 * PI.ln()).abs() < 1e-14);
    }

    #[test]
    fn whole_numbers_have_closed_forms() {
        // I_x(1, b) = 1 - (1 - x)^b, I_x(a, 1) = x^a
        for x in [0.01f64, 0.3, 0.5, 0.77, 0.999] {
            for k in [1.0, 2.0, 7.5, 100.0] {
                assert!((incomplete_beta(1.0, k, x, 1.0 - x) - (1.0 - (1.0 - x).powf(k))).abs() < 1e-14);
                assert!((incomplete_beta(k, 1.0, x, 1.0 - x) - x.powf(k)).abs() < 1e-14);
            }
        }
    }
}
