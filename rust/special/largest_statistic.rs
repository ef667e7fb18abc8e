//! The largest of correlated Student statistics, a multivariate t of some rank r: the mean of P(F_{r, df} > t² / (r m²)) over
//! directions, of which m is the largest coordinate (Genz and Bretz 2009, section 4.3.2).

use super::fisher::f_tail;
use super::solve_tail::solve_tail;

/// P(max |T_i| > t); `reach` are the m of classes of directions, `share` how many each holds.
pub fn largest_statistic_tail(t: f64, df: f64, rank: f64, reach: &[f64], share: &[f64]) -> f64 {
    if t.is_nan() || df.is_nan() {
        return f64::NAN;
    }
    if t <= 0.0 {
        return 1.0;
    }
    reach.iter().zip(share).map(|(m, share)| share * f_tail(t * t / (rank * m * m), rank, df)).sum()
}

/// The t that max |T_i| exceeds with `probability`.
pub fn largest_statistic_quantile(probability: f64, df: f64, rank: f64, reach: &[f64], share: &[f64]) -> f64 {
    solve_tail(|t| largest_statistic_tail(t, df, rank, reach, share), probability, 2.0, 1e-8)
}
