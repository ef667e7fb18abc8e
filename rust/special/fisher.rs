//! The F distribution; infinite degrees of freedom are chi-square.

use super::beta::incomplete_beta;
use super::gamma::chi_square_tail;

/// P(F > statistic).
pub fn f_tail(statistic: f64, num_df: f64, den_df: f64) -> f64 {
    if statistic.is_nan() || num_df.is_nan() || den_df.is_nan() {
        return f64::NAN;
    }
    if statistic <= 0.0 || statistic.is_infinite() {
        return if statistic <= 0.0 { 1.0 } else { 0.0 };
    }
    if den_df.is_infinite() {
        return chi_square_tail(statistic * num_df, num_df);
    }
    let total = den_df + num_df * statistic;
    incomplete_beta(0.5 * den_df, 0.5 * num_df, den_df / total, num_df * statistic / total)
}

/// The value that F exceeds with `probability`, by bisection to the last digit.
pub fn f_quantile(probability: f64, num_df: f64, den_df: f64) -> f64 {
    if num_df.is_nan() || den_df.is_nan() {
        return f64::NAN;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while f_tail(high, num_df, den_df) > probability {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle == low || middle == high {
            return middle;
        }
        if f_tail(middle, num_df, den_df) > probability { low = middle } else { high = middle }
    }
}
