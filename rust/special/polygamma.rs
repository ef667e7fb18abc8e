//! log Γ with its first three derivatives: upwards by the recurrence, then by Stirling's series (DLMF 5.11.1, 5.15.8).

/// Stirling's series is used from here on.
const LARGE: f64 = 15.0;
/// Coefficients of a⁻¹, a⁻³, a⁻⁵, ... of the rest of the series.
const STIRLING: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
    -3617.0 / 122_400.0,
];
const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;

/// log Γ(a), digamma, trigamma and tetragamma of a; NaN for a that is not positive.
pub fn log_gamma_derivatives(a: f64) -> [f64; 4] {
    if a.is_nan() || a <= 0.0 {
        return [f64::NAN; 4];
    }
    let (mut a, mut product, mut sums) = (a, 1.0, [0.0; 3]);
    while a < LARGE {
        let r = 1.0 / a;
        product *= a;
        sums[0] -= r;
        sums[1] += r * r;
        sums[2] -= 2.0 * r * r * r;
        a += 1.0;
    }
    let (r, log, rest) = (1.0 / a, a.ln(), stirling(a));
    [
        (a - 0.5) * log - a + HALF_LOG_TAU + rest[0] - product.ln(),
        log - 0.5 * r + rest[1] + sums[0],
        r + 0.5 * r * r + rest[2] + sums[1],
        -r * r - r * r * r + rest[3] + sums[2],
    ]
}

/// The rest of Stirling's series, log Γ(a) - (a - 1/2) log a + a - log(2π) / 2, with its derivatives; for a of 15 and more.
pub fn stirling(a: f64) -> [f64; 4] {
    let square = 1.0 / (a * a);
    let mut sums = [0.0; 4];
    for (k, &c) in STIRLING.iter().enumerate().rev() {
        let n = (2 * k + 1) as f64;
        let own = [c, -n * c, n * (n + 1.0) * c, -n * (n + 1.0) * (n + 2.0) * c];
        sums.iter_mut().zip(own).for_each(|(sum, c)| *sum = *sum * square + c);
    }
    [sums[0] / a, sums[1] * square, sums[2] * square / a, sums[3] * square * square]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{LN_2, PI};

    const EULER: f64 = 0.577_215_664_901_532_9;
    const ZETA_3: f64 = 1.202_056_903_159_594_2;

    #[test]
    fn at_one_and_one_half_they_are_the_closed_forms() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 2e-14 * b.abs().max(1.0), "{a} {b}");
        let [l, d, t, q] = log_gamma_derivatives(1.0);
        close(l, 0.0);
        close(d, -EULER);
        close(t, PI * PI / 6.0);
        close(q, -2.0 * ZETA_3);
        let [l, d, t, q] = log_gamma_derivatives(0.5);
        close(l, 0.5 * PI.ln());
        close(d, -EULER - 2.0 * LN_2);
        close(t, PI * PI / 2.0);
        close(q, -14.0 * ZETA_3);
    }

    #[test]
    fn the_recurrence_holds_across_the_change_of_method() {
        for a in [14.2, 14.999, 15.0, 3.7, 120.0] {
            let (own, next) = (log_gamma_derivatives(a), log_gamma_derivatives(a + 1.0));
            let step = [a.ln(), 1.0 / a, -1.0 / (a * a), 2.0 / (a * a * a)];
            for k in 0..4 {
                assert!((next[k] - own[k] - step[k]).abs() < 1e-13 * own[k].abs().max(1.0), "{a} {k}");
            }
        }
        assert!(log_gamma_derivatives(-0.5).iter().all(|v| v.is_nan()));
    }
}
