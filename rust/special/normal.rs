//! The normal distribution: both tails, the center, and the distribution function.

use std::f64::consts::PI;

const TERMS: usize = 1000;
const TINY: f64 = 1e-300;

/// Φ(z).
pub fn normal_cdf(z: f64) -> f64 {
    if z < 0.0 { 0.5 * normal_tails(-z) } else { 1.0 - 0.5 * normal_tails(z) }
}

/// 2 (1 - Φ(t)) = Q(1/2, t²/2): one less a series, or a continued fraction (DLMF 8.11.4, 8.9.2).
pub fn normal_tails(t: f64) -> f64 {
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
pub fn normal_center(t: f64) -> f64 {
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
}
