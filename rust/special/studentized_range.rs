//! The studentized range: what all pairwise comparisons of means refer to, by Gauss-Legendre quadrature (Copenhaver and
//! Holland 1988, J. Statist. Comput. Simul. 30, 1-15).  Good to 1e-10 absolutely.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::beta::log_gamma;
use super::normal::normal_cdf;
use super::solve_tail::solve_tail;

const NODES: usize = 96;
/// With more degrees of freedom the scale counts as known.
const NORMAL_DF: f64 = 25_000.0;
/// Normal deviates beyond this are left out.
const REACH: f64 = 8.5;

/// Nodes and weights on (-1, 1).
static LEGENDRE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| legendre(NODES));
/// Nodes z and weights of n normals' integral, with Φ(z).
static NORMALS: LazyLock<Vec<(f64, f64, f64)>> = LazyLock::new(|| {
    let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
    let node = |&(node, weight): &(f64, f64)| (REACH * node, REACH * weight * density(REACH * node));
    LEGENDRE.iter().map(node).map(|(z, weight)| (z, weight, normal_cdf(z))).collect()
});

/// P(range of `n_means` independent normals / s > q).
pub fn studentized_range_tail(q: f64, n_means: u32, df: f64) -> f64 {
    if q.is_nan() || df.is_nan() {
        return f64::NAN;
    }
    if q <= 0.0 {
        return 1.0;
    }
    if df > NORMAL_DF {
        return range_tail(q, n_means);
    }
    let (nodes, total) = scale_rule(df);
    let tail: f64 = nodes.iter().map(|&(s, mass)| mass * range_tail(q * s, n_means)).sum();
    (tail / total).min(1.0)
}

/// The q that the studentized range exceeds with `probability`.
pub fn studentized_range_quantile(probability: f64, n_means: u32, df: f64) -> f64 {
    solve_tail(|q| studentized_range_tail(q, n_means, df), probability, 4.0, 1e-11)
}

/// P(range of n normals > w) = 1 - n ∫ φ(z) (Φ(z) - Φ(z - w))^(n-1) dz.
fn range_tail(w: f64, n: u32) -> f64 {
    let inside =
        |&(z, weight, upper): &(f64, f64, f64)| weight * (upper - normal_cdf(z - w)).clamp(0.0, 1.0).powi(n as i32 - 1);
    (1.0 - f64::from(n) * NORMALS.iter().map(inside).sum::<f64>()).clamp(0.0, 1.0)
}

/// Nodes s and weights of the law of s = sqrt(chi²_df / df), on the interval that holds all but 1e-16 of it; and the sum
/// of the weights.
fn scale_rule(df: f64) -> (Vec<(f64, f64)>, f64) {
    let spread = 9.0 / (2.0 * df).sqrt();
    let (low, high) = ((1.0 - spread).max(0.0).cbrt(), (1.0 + spread.max(8.0 / df.sqrt())).cbrt());
    let log_front = 0.5 * df * (0.5 * df).ln() - log_gamma(0.5 * df) + 2f64.ln();
    // s = u³: smooth at zero, where the density of few degrees of freedom is not
    let rule: Vec<(f64, f64)> = LEGENDRE
        .iter()
        .map(|&(node, weight)| {
            let u = low + (high - low) * 0.5 * (node + 1.0);
            let s = u.powi(3);
            (s, (log_front + (df - 1.0) * s.ln() - 0.5 * df * s * s).exp() * weight * u * u)
        })
        .collect();
    let total = rule.iter().map(|(_, mass)| mass).sum();
    (rule, total)
}

/// The Gauss-Legendre rule: zeros of P_n by Newton's method.
fn legendre(n: usize) -> Vec<(f64, f64)> {
    let node = |k: usize| {
        let mut x = -(PI * (k as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 0.0;
        for _ in 0..20 {
            let (mut before, mut value) = (1.0, x);
            for j in 2..=n {
                let j = j as f64;
                (before, value) = (value, ((2.0 * j - 1.0) * x * value - (j - 1.0) * before) / j);
            }
            slope = n as f64 * (x * value - before) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::two_sided_p;

    #[test]
    fn the_rule_integrates_polynomials() {
        for power in [0, 2, 10, 60] {
            let sum: f64 = LEGENDRE.iter().map(|(x, w)| w * x.powi(power)).sum();
            assert!((sum - 2.0 / f64::from(power + 1)).abs() < 1e-14);
        }
    }

    #[test]
    fn the_range_of_two_means_is_a_t_test() {
        for (t, df) in [(0.5, 1.0), (2.0, 3.7), (6.0, 60.0), (2.0, f64::INFINITY)] {
            let p = studentized_range_tail(t * 2f64.sqrt(), 2, df);
            assert!((p - two_sided_p(t, df)).abs() < 1e-10 + 1e-8 * p, "{t} {df}");
        }
    }
}
