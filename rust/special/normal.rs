//! The normal distribution: both tails, the center, and the distribution function.

use std::f64::consts::PI;

use super::gamma::{fraction, series};

/// Φ(z).
pub fn normal_cdf(z: f64) -> f64 {
    if z < 0.0 { 0.5 * normal_tails(-z) } else { 1.0 - 0.5 * normal_tails(z) }
}

/// log Φ(z), exact in both tails.
pub fn log_normal_cdf(z: f64) -> f64 {
    let x = 0.5 * z * z;
    if z >= 0.0 {
        (-0.5 * normal_tails(z)).ln_1p()
    } else if x < 1.5 {
        (0.5 * normal_tails(-z)).ln()
    } else {
        // the logarithm of the continued fraction and of its front
        -x + (-0.5 * z / (2.0 * PI).sqrt() * fraction(0.5, x, 2e-16)).ln()
    }
}

/// 2 (1 - Φ(t)) = Q(1/2, t²/2).
pub fn normal_tails(t: f64) -> f64 {
    let x = 0.5 * t * t;
    if x < 1.5 {
        1.0 - normal_center(t)
    } else if x == f64::INFINITY {
        0.0
    } else {
        front(t, x) * fraction(0.5, x, 2e-16)
    }
}

/// 2 Φ(t) - 1.
pub fn normal_center(t: f64) -> f64 {
    let x = 0.5 * t * t;
    front(t, x) * series(0.5, x, 1e-17)
}

fn front(t: f64, x: f64) -> f64 {
    (-x).exp() * t / (2.0 * PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_line_have_probabilities_too() {
        assert_eq!((normal_cdf(f64::NEG_INFINITY), normal_cdf(f64::INFINITY)), (0.0, 1.0));
        assert!(normal_tails(f64::NAN).is_nan());
    }

    #[test]
    fn the_logarithm_has_its_digits_far_out() {
        // DLMF 7.12.1: Φ(-t) = φ(t) / t (1 - t⁻² + 3 t⁻⁴ - 15 t⁻⁶ + ...)
        for t in [30.0f64, 100.0, 700.0] {
            let series = 1.0 - t.powi(-2) + 3.0 * t.powi(-4) - 15.0 * t.powi(-6);
            let expected = -0.5 * t * t - 0.5 * (2.0 * PI).ln() - t.ln() + series.ln();
            assert!((log_normal_cdf(-t) - expected).abs() < 1e-12 * expected.abs(), "{t}");
        }
        for z in [-1.9f64, -1.0, -1e-9, 0.0, 0.3, 2.0] {
            assert!((log_normal_cdf(z) - normal_cdf(z).ln()).abs() < 1e-13, "{z}");
        }
        assert!((log_normal_cdf(9.0) + 1.128_588_405_953_840_6e-19).abs() < 1e-30);
    }

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
}
