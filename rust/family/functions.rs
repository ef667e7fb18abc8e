//! Functions that densities are made of, each with its first three derivatives, and none of which cancels or overflows.

use std::f64::consts::PI;

use crate::linalg::jet::Smooth;
use crate::special::{log_gamma_derivatives, log_normal_cdf};

const LOG_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

/// exp(-x) is nothing from here on.
pub const NOTHING: f64 = 746.0;

/// Elementary functions of numbers with derivatives.
pub trait Functions: Smooth {
    #[inline(always)]
    fn exp(self) -> Self {
        self.compose(|x| [x.exp(); 4])
    }

    /// exp(x) - 1.
    #[inline(always)]
    fn exp_m1(self) -> Self {
        self.compose(|x| {
            let e = x.exp();
            [x.exp_m1(), e, e, e]
        })
    }

    #[inline(always)]
    fn ln(self) -> Self {
        self.compose(|x| log_from(x.ln(), 1.0 / x))
    }

    /// log(1 + x).
    #[inline(always)]
    fn ln_1p(self) -> Self {
        self.compose(|x| log_from(x.ln_1p(), 1.0 / (1.0 + x)))
    }

    #[inline(always)]
    fn square(self) -> Self {
        self * self
    }

    #[inline(always)]
    fn log_gamma(self) -> Self {
        self.compose(log_gamma_derivatives)
    }

    /// log(1 + exp(x)).
    #[inline(always)]
    fn softplus(self) -> Self {
        self.compose(softplus)
    }

    /// The logistic function 1 / (1 + exp(-x)).
    #[inline(always)]
    fn logistic(self) -> Self {
        self.compose(|x| {
            let [_, p, v, t] = softplus(x);
            [p, v, t, v * (1.0 - 6.0 * v)]
        })
    }

    /// log log(1 + exp(x)).
    #[inline(always)]
    fn log_softplus(self) -> Self {
        self.compose(log_softplus)
    }

    /// log(1 - exp(-x)), x > 0.
    #[inline(always)]
    fn log1m_exp(self) -> Self {
        if self.value() > NOTHING {
            return Self::from(0.0); // powers of its derivatives may be no numbers
        }
        self.compose(|x| {
            // k = 1 / (exp(x) - 1)
            let k = 1.0 / x.exp_m1();
            let k1 = -k * (1.0 + k);
            [log1m_exp(x), k, k1, -k1 * (1.0 + 2.0 * k)]
        })
    }
}

impl<T: Smooth> Functions for T {}

#[inline(always)]
fn log_from(value: f64, r: f64) -> [f64; 4] {
    [value, r, -r * r, 2.0 * r * r * r]
}

/// log(1 - exp(-x)).
#[inline]
fn log1m_exp(x: f64) -> f64 {
    if x > std::f64::consts::LN_2 { (-(-x).exp()).ln_1p() } else { (-(-x).exp_m1()).ln() }
}

/// log(1 + exp(x)), one exponential.
#[inline(always)]
pub fn softplus(x: f64) -> [f64; 4] {
    let q = (-x.abs()).exp();
    let r = 1.0 / (1.0 + q);
    let p = if x >= 0.0 { r } else { q * r };
    // 1 - 2p without cancellation
    let difference = if x >= 0.0 { (q - 1.0) * r } else { (1.0 - q) * r };
    let v = q * r * r;
    [q.ln_1p() + x.max(0.0), p, v, v * difference]
}

/// log log(1 + exp(x)): x itself far to the left.
#[inline]
fn log_softplus(x: f64) -> [f64; 4] {
    if x < -36.0 {
        // softplus(x) = e (1 - e/2 + ...), e = exp(x)
        let half = 0.5 * x.exp();
        return [x - half, 1.0 - half, -half, -half];
    }
    let [s, p, v, t] = softplus(x);
    log_of([s, p, v, t])
}

/// log f and its derivatives from those of f.
#[inline(always)]
pub fn log_of([f, f1, f2, f3]: [f64; 4]) -> [f64; 4] {
    let (a, b, c) = (f1 / f, f2 / f, f3 / f);
    [f.ln(), a, b - a * a, c - 3.0 * a * b + 2.0 * a * a * a]
}

/// f(-x) and its derivatives in x, from those of f at -x.
#[inline(always)]
pub fn reflected([f, f1, f2, f3]: [f64; 4]) -> [f64; 4] {
    [f, -f1, f2, -f3]
}

/// log Φ(x).
pub fn log_normal(x: f64) -> [f64; 4] {
    let value = log_normal_cdf(x);
    let r = (-0.5 * x * x - LOG_SQRT_TAU - value).exp();
    let r = if x < -1e8 { -x } else { r };
    // far out x + r is 1/|x| and less than rounding leaves of it
    let sum = if x < -50.0 { tail_sum(-x) } else { x + r };
    let r1 = -r * sum;
    [value, r, r1, -r1 * sum - r * (1.0 + r1)]
}

/// φ(t)/Φ(-t) - t for large t, by the continued fraction 1/(t + 2/(t + 3/(t + ...))).
fn tail_sum(t: f64) -> f64 {
    1.0 / (t + 2.0 / (t + 3.0 / (t + 4.0 / (t + 5.0 / (t + 6.0 / t)))))
}

/// log(1 - exp(-exp(x))).
pub fn log_one_less_gumbel(x: f64) -> [f64; 4] {
    let m = x.exp();
    if m > 40.0 {
        let k = m * (-m).exp();
        // what is left of 1 - exp(-m) is 1
        return if m < 700.0 { [-(-m).exp(), k, k * (1.0 - m), k * ((1.0 - m).powi(2) - m)] } else { [0.0; 4] };
    }
    if m < 1e-8 {
        return [x - 0.5 * m, 1.0 - 0.5 * m, -0.5 * m, -0.5 * m];
    }
    let k = m / m.exp_m1();
    // 1 - m - k loses its digits for small m
    let c = if m < 0.05 { -0.5 * m - m * m / 12.0 + m.powi(4) / 720.0 - m.powi(6) / 30_240.0 } else { 1.0 - m - k };
    let k1 = k * c;
    [log1m_exp(m), k, k1, k1 * c + k * (-m - k1)]
}

/// -exp(x).
pub fn minus_exp(x: f64) -> [f64; 4] {
    [-x.exp(); 4]
}

/// log of Cauchy's distribution function.
pub fn log_cauchy(x: f64) -> [f64; 4] {
    let f = if x > 0.0 { 1.0 - (1.0 / x).atan() / PI } else { 1f64.atan2(-x) / PI };
    let value = if x > 1.0 { (-(1.0 / x).atan() / PI).ln_1p() } else { f.ln() };
    let s = 1.0 / (1.0 + x * x);
    let d = s / PI;
    let out = log_of([f, d, -2.0 * x * s * d, (6.0 * x * x - 2.0) * s * s * d]);
    [value, out[1], out[2], out[3]]
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::linalg::fourth_order;

    /// Each derivative against central differences of the one before.
    pub fn check(f: impl Fn(f64) -> [f64; 4], points: &[f64], tolerance: f64) {
        for &x in points {
            let h = 1e-4 * x.abs().max(1.0);
            let (far_up, up, down, far_down) = (f(x + 2.0 * h), f(x + h), f(x - h), f(x - 2.0 * h));
            let at = f(x);
            for k in 1..4 {
                let slope = fourth_order([up[k - 1], down[k - 1], far_up[k - 1], far_down[k - 1]], h);
                assert!(
                    (at[k] - slope).abs() < tolerance * (at[k].abs() + at[k - 1].abs() + 1e-3),
                    "{x}, derivative {k}: {} and by differences {slope}",
                    at[k]
                );
            }
        }
    }

    #[test]
    fn every_derivative_is_the_slope_of_the_one_before() {
        let points = [-40.0, -8.0, -3.0, -1.1, -0.2, 0.3, 1.4, 3.0];
        check(softplus, &points, 1e-9);
        check(log_softplus, &points, 1e-9);
        check(log_normal, &points, 1e-7);
        check(log_one_less_gumbel, &[-20.0, -5.0, -3.0, -1.0, 0.0, 1.0, 2.0, 3.0], 1e-8);
        check(minus_exp, &[-3.0, 0.0, 2.0], 1e-9);
        check(log_cauchy, &points, 1e-8);
    }

    #[test]
    fn tails_are_finite_and_have_their_digits() {
        for x in [-700.0, 700.0] {
            for f in [softplus, log_softplus, log_normal, log_cauchy, log_one_less_gumbel] {
                assert!(f(x).iter().all(|v| v.is_finite()), "{x}");
            }
        }
        // -log Φ(-t) curves by 1 - 1/t² + ...
        let curvature = -log_normal(-60.0)[2];
        assert!((curvature - (1.0 - 1.0 / 3600.0 + 6.0 / 3600f64.powi(2))).abs() < 1e-8, "{curvature}");
        assert!((log_softplus(-50.0)[0] + 50.0).abs() < 1e-14);
        assert!((log_cauchy(-1e9)[0] - (1.0 / (PI * 1e9)).ln()).abs() < 1e-12);
    }
}
