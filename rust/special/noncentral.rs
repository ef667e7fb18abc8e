//! Tails of the noncentral t and F: central tails, weighted by Poisson probabilities.
//!
//! The sums begin at the largest weight and go both ways, so that no weight underflows where it counts.

use super::fisher::f_tail;
use super::normal::normal_cdf;
use super::student::two_sided_p;

/// Weights below this share of the largest add nothing.
const NEGLIGIBLE: f64 = 1e-18;
/// A noncentrality of which the sums would have too many parts.
const LARGE: f64 = 1e8;

/// P(F > statistic) of F with a noncentrality: the numerator is chi-square of normals whose means have this sum of squares.
pub fn noncentral_f_tail(statistic: f64, num_df: f64, den_df: f64, noncentrality: f64) -> f64 {
    if !(0.0..f64::INFINITY).contains(&noncentrality) {
        return if noncentrality == f64::INFINITY { 1.0 } else { f64::NAN };
    }
    if noncentrality > LARGE {
        return large_f_tail(statistic, num_df, den_df, noncentrality);
    }
    // the mixture's parts are scaled F of num_df + 2j
    poisson_mean(0.5 * noncentrality, |j| f_tail(statistic * num_df / (num_df + 2.0 * j), num_df + 2.0 * j, den_df))
}

/// P(T > t) of (Z + noncentrality) / sqrt(chi-square / df).
pub fn noncentral_t_tail(t: f64, df: f64, noncentrality: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 || noncentrality.is_nan() {
        return f64::NAN;
    }
    if t < 0.0 {
        return 1.0 - noncentral_t_tail(-t, df, -noncentrality);
    }
    if df.is_infinite() || t == 0.0 || noncentrality.is_infinite() {
        return normal_cdf(noncentrality - t);
    }
    if noncentrality == 0.0 {
        return 0.5 * two_sided_p(t, df);
    }
    if noncentrality * noncentrality > LARGE {
        let square = noncentrality * noncentrality;
        return if noncentrality < 0.0 { 0.0 } else { large_f_tail(t * t, 1.0, df, square) };
    }
    // Z + noncentrality is positive with square of 1 + 2j or 2 + 2j degrees of freedom
    let half = 0.5 * noncentrality * noncentrality;
    let even = poisson_mean(half, |j| square_tail(t, 1.0 + 2.0 * j, df));
    let odd = half_steps_mean(half, |j| square_tail(t, 2.0 + 2.0 * j, df));
    (0.5 * (even + noncentrality.signum() * odd)).clamp(0.0, 1.0)
}

/// The tail for a large noncentrality λ, whose chi-square is nearly that of h = (k + λ)² / (k + 2λ) degrees of freedom, scaled to
/// the same mean and variance (Patnaik 1949, Biometrika 36, 202-232); its error falls as 1 / sqrt λ.
fn large_f_tail(statistic: f64, num_df: f64, den_df: f64, noncentrality: f64) -> f64 {
    let mean = num_df + noncentrality;
    f_tail(statistic * num_df / mean, mean * (mean / (num_df + 2.0 * noncentrality)), den_df)
}

/// P(chi-square of `own` / (chi-square of `df` / df) > t²).
fn square_tail(t: f64, own: f64, df: f64) -> f64 {
    f_tail(t * t / own, own, df)
}

/// Σ Poisson(j; mean) part(j).
fn poisson_mean(mean: f64, part: impl Fn(f64) -> f64) -> f64 {
    if mean == 0.0 {
        return part(0.0);
    }
    weighted_mean(mean.floor(), |j| mean / j, part)
}

/// Σ mean^(j + 1/2) e^-mean / Γ(j + 3/2) part(j); the weights have the sum P(|Z| < sqrt(2 mean)).
fn half_steps_mean(mean: f64, part: impl Fn(f64) -> f64) -> f64 {
    let sum = 1.0 - 2.0 * normal_cdf(-(2.0 * mean).sqrt());
    sum * weighted_mean(mean.floor(), |j| mean / (j + 0.5), part)
}

/// Σ weight(j) part(j) / Σ weight(j), from the mode both ways, where weight(j) = weight(j - 1) step(j).
fn weighted_mean(mode: f64, step: impl Fn(f64) -> f64, part: impl Fn(f64) -> f64) -> f64 {
    let (mut total, mut weights) = (part(mode), 1.0);
    let (mut weight, mut j) = (1.0, mode);
    while weight > NEGLIGIBLE {
        j += 1.0;
        weight *= step(j);
        total += weight * part(j);
        weights += weight;
    }
    (weight, j) = (1.0, mode);
    while j > 0.0 && weight > NEGLIGIBLE {
        weight /= step(j);
        j -= 1.0;
        total += weight * part(j);
        weights += weight;
    }
    total / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_noncentrality_tails_are_central() {
        for (x, df) in [(0.3f64, 3.0), (2.0, 17.5), (5.0, 1e6)] {
            assert!((noncentral_f_tail(x * x, 1.0, df, 0.0) - two_sided_p(x, df)).abs() < 1e-14);
            assert!((noncentral_t_tail(x, df, 0.0) - 0.5 * two_sided_p(x, df)).abs() < 1e-15);
            assert!((noncentral_t_tail(-x, df, 0.0) - 1.0 + 0.5 * two_sided_p(x, df)).abs() < 1e-15);
        }
    }

    #[test]
    fn both_tails_of_t_are_the_tail_of_its_square() {
        for delta in [1e-8, 0.1, 2.8, 9.0, 60.0] {
            for df in [1.0, 4.3, 38.0, 1e4] {
                for t in [0.5f64, 2.0, 8.0, 61.0] {
                    let both = noncentral_t_tail(t, df, delta) + noncentral_t_tail(t, df, -delta);
                    let square = noncentral_f_tail(t * t, 1.0, df, delta * delta);
                    assert!((both - square).abs() < 1e-12, "{delta} {df} {t}: {both} {square}");
                }
            }
        }
    }

    #[test]
    fn many_degrees_of_freedom_are_the_normal_distribution() {
        for delta in [-3.0, 0.4, 2.8, 40.0] {
            let t = delta - 0.7;
            assert!((noncentral_t_tail(t, 1e12, delta) - normal_cdf(0.7)).abs() < 1e-7);
            assert_eq!(noncentral_t_tail(t, f64::INFINITY, delta), normal_cdf(delta - t));
        }
    }

    #[test]
    fn a_large_noncentrality_goes_on_where_the_sums_end() {
        for df in [3.0, 50.0] {
            for share in [0.7, 1.0, 1.3] {
                let at = |lambda: f64| noncentral_f_tail(share * lambda / 2.0, 2.0, df, lambda);
                assert!((at(0.999_9 * LARGE) - at(1.000_1 * LARGE)).abs() < 1e-5);
                let root = |delta: f64| noncentral_t_tail(share * delta, df, delta);
                assert!((root(0.999_9e4) - root(1.000_1e4)).abs() < 1e-5);
                assert_eq!(noncentral_t_tail(share, df, -1e5), 0.0);
            }
        }
        assert!(noncentral_f_tail(1e300, 1.0, 0.1, 1e290).is_finite());
    }

    #[test]
    fn what_is_no_distribution_has_no_tail() {
        assert!(noncentral_f_tail(1.0, 2.0, 5.0, -1.0).is_nan() && noncentral_f_tail(1.0, 2.0, 5.0, f64::NAN).is_nan());
        assert!(noncentral_t_tail(1.0, 0.0, 1.0).is_nan());
        assert_eq!(noncentral_f_tail(1.0, 2.0, 5.0, f64::INFINITY), 1.0);
    }
}
