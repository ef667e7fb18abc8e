//! The incomplete gamma function by its series and, by Lentz's method, its continued fraction (DLMF 8.11.4, 8.9.2).

use super::beta::{away_from_zero, log_gamma};

const TINY: f64 = 1e-300;
const TERMS: usize = 100_000;
const PRECISION: f64 = 1e-16;

/// P(X > statistic) of chi-square; no degrees of freedom are a point at zero.
pub fn chi_square_tail(statistic: f64, df: f64) -> f64 {
    if statistic.is_nan() || df.is_nan() {
        f64::NAN
    } else if statistic <= 0.0 {
        1.0
    } else if df == 0.0 {
        0.0
    } else {
        upper_gamma(0.5 * df, 0.5 * statistic)
    }
}

/// Q(a, x).
fn upper_gamma(a: f64, x: f64) -> f64 {
    let front = (a * x.ln() - x - log_gamma(a)).exp();
    if x < a + 1.0 {
        return 1.0 - front * series(a, x, PRECISION);
    }
    front * fraction(a, x, PRECISION)
}

/// The continued fraction of the upper function, over the same front.
pub fn fraction(a: f64, x: f64, precision: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut value = d;
    for k in 1..TERMS {
        let numerator = -(k as f64) * (k as f64 - a);
        b += 2.0;
        d = 1.0 / away_from_zero(b + numerator * d);
        c = away_from_zero(b + numerator / c);
        value *= c * d;
        if (c * d - 1.0).abs() < precision {
            break;
        }
    }
    value
}

/// The series of the lower function, over the same front.
pub fn series(a: f64, x: f64, precision: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut total = term;
    for k in 1..TERMS {
        term *= x / (a + k as f64);
        total += term;
        if term < total * precision {
            break;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_square_of_two_and_four_has_closed_forms() {
        for x in [0.01f64, 1.0, 5.0, 300.0] {
            let two = (-0.5 * x).exp();
            assert!((chi_square_tail(x, 2.0) - two).abs() < 1e-13 * two);
            assert!((chi_square_tail(x, 4.0) - two * (1.0 + 0.5 * x)).abs() < 1e-13 * two * (1.0 + 0.5 * x));
        }
    }
}
