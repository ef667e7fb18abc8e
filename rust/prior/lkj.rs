//! A correlation matrix C by partial correlations z_ij of i and j < i given those before j: its Cholesky factor, and the density
//! |C|^(η - 1) over them (Lewandowski, Kurowicka and Joe 2009, J. Multivariate Analysis 100, 1989-2001, sections 2.4 and 3).

use std::f64::consts::LN_2;

use crate::special::beta::log_beta;

/// Places (i, j) of the partial correlations of r variables, in their order.
pub fn pairs(r: usize) -> impl Iterator<Item = (usize, usize)> {
    (1..r).flat_map(|i| (0..i).map(move |j| (i, j)))
}

/// The Cholesky factor of C (r x r, row-major) from atanh z.
pub fn cholesky(t: &[f64], r: usize) -> Vec<f64> {
    let mut l = vec![0.0; r * r];
    if r > 0 {
        l[0] = 1.0;
    }
    let mut left = vec![1.0; r];
    for ((i, j), t) in pairs(r).zip(t) {
        l[i * r + j] = t.tanh() * left[i];
        left[i] *= (-log_cosh(*t)).exp();
        l[i * r + i] = left[i];
    }
    l
}

/// The density of atanh z where C has density proportional to |C|^(η - 1): the partial correlations are independent, each
/// (1 + z)/2 ~ Beta(b, b) with b = η + (r - 2 - j)/2.
pub fn log_density(t: &[f64], r: usize, eta: f64) -> f64 {
    let of = |((_, j), t): ((usize, usize), &f64)| {
        let b = eta + 0.5 * (r as f64 - 2.0 - j as f64);
        -2.0 * b * log_cosh(*t) - log_beta(b, b) - (2.0 * b - 1.0) * LN_2
    };
    pairs(r).zip(t).map(of).sum()
}

pub fn log_cosh(t: f64) -> f64 {
    t.abs() + (-2.0 * t.abs()).exp().ln_1p() - LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_that_of_a_correlation_matrix_with_its_determinant() {
        let (r, t) = (4, [0.3, -1.2, 0.8, 0.1, 2.0, -0.5]);
        let l = cholesky(&t, r);
        for i in 0..r {
            let square: f64 = l[i * r..(i + 1) * r].iter().map(|v| v * v).sum();
            assert!((square - 1.0).abs() < 1e-14);
        }
        // |C| = Π (1 - z²)
        let logdet: f64 = 2.0 * (0..r).map(|i| l[i * r + i].ln()).sum::<f64>();
        assert!((logdet - t.iter().map(|t| -2.0 * log_cosh(*t)).sum::<f64>()).abs() < 1e-13);
    }

    /// Two variables: ρ has density (1 - ρ²)^(η - 1) over its integral; η = 1 is uniform.
    #[test]
    fn a_single_correlation_is_uniform_under_one() {
        for t in [-2.0f64, 0.0, 0.7] {
            let expected = 0.5f64.ln() - 2.0 * log_cosh(t);
            assert!((log_density(&[t], 2, 1.0) - expected).abs() < 1e-14);
        }
    }

    /// Three variables: the density over t is |C|^(η - 1) times |∂C/∂t|, up to a constant.
    #[test]
    fn three_variables_have_the_determinant_to_the_power() {
        let correlations = |t: &[f64]| {
            let l = cholesky(t, 3);
            let c = |i: usize, j: usize| (0..3).map(|k| l[i * 3 + k] * l[j * 3 + k]).sum::<f64>();
            [c(1, 0), c(2, 0), c(2, 1)]
        };
        let excess = |t: [f64; 3], eta: f64| {
            let h = 1e-5;
            let column = |k: usize| {
                let shifted = |s: f64| {
                    let mut to = t;
                    to[k] += s;
                    correlations(&to)
                };
                let (up, down) = (shifted(h), shifted(-h));
                [0, 1, 2].map(|i| (up[i] - down[i]) / (2.0 * h))
            };
            let m = [column(0), column(1), column(2)];
            let det = m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
                - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
                + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
            let logdet: f64 = t.iter().map(|t| -2.0 * log_cosh(*t)).sum();
            log_density(&t, 3, eta) - (eta - 1.0) * logdet - det.abs().ln()
        };
        for eta in [1.0, 2.5] {
            let constant = excess([0.2, -0.4, 0.9], eta);
            assert!((excess([-1.1, 0.3, 0.05], eta) - constant).abs() < 1e-7);
        }
    }
}
