//! Defines what a covariance structure must provide.  One file per structure.
//!
//! Inside, parameters are free: any real vector is a valid covariance, the criterion is smooth in
//! them, and a boundary (a variance of zero, a correlation of one) is an ordinary stationary point.
//! Outside, they are reported as a relative Cholesky factor, standard deviations or correlations.

use super::{ar1, compound_symmetry, diagonal, toeplitz, unstructured};
use crate::linalg::dual::{Dual, Real};
use crate::{Error, Result};

/// The covariance of the r random effects of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structure {
    /// `us()`: any covariance.
    Unstructured,
    /// `diag()`: independent, each with its own variance.
    Diagonal,
    /// `cs()`: one correlation, a variance each.
    CompoundSymmetry,
    /// `homcs()`: one correlation, one variance.
    HomogeneousCompoundSymmetry,
    /// `ar1()`: correlation ρ^|i-j|, one variance.
    Ar1,
    /// `toep()`: a correlation for every lag, a variance each.
    Toeplitz,
}

impl Structure {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Unstructured, "us"),
        (Self::Diagonal, "diag"),
        (Self::CompoundSymmetry, "cs"),
        (Self::HomogeneousCompoundSymmetry, "homcs"),
        (Self::Ar1, "ar1"),
        (Self::Toeplitz, "toep"),
    ];

    /// By the name that a formula uses.
    ///
    /// # Errors
    /// `Design`, listing the names there are.
    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == name);
        known.map(|(structure, _)| *structure).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(_, name)| *name).collect();
            Error::Design(format!("covariance structure '{name}' is not known; there are {}", names.join(", ")))
        })
    }

    /// The name that a formula uses.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(structure, _)| *structure == self).map_or("", |(_, name)| name)
    }

    /// Parameters of a term with `r` columns.
    pub fn n_parameters(self, r: usize) -> usize {
        match self {
            Self::Unstructured => r * (r + 1) / 2,
            Self::Diagonal => r,
            Self::CompoundSymmetry => r + usize::from(r > 1),
            Self::HomogeneousCompoundSymmetry | Self::Ar1 => 1 + usize::from(r > 1),
            Self::Toeplitz => 2 * r - 1,
        }
    }

    /// Parameters of Λ = I, where a search may start.
    pub fn start(self, r: usize) -> Vec<f64> {
        let mut theta = vec![0.0; self.n_parameters(r)];
        for k in self.scale_parameters(r) {
            theta[k] = 1.0;
        }
        if matches!(self, Self::CompoundSymmetry | Self::HomogeneousCompoundSymmetry) && r > 1 {
            *theta.last_mut().expect("a correlation") = compound_symmetry::angle_of(0.0, r);
        }
        theta
    }

    /// The parameters of c Λ, c >= 0.
    pub fn scaled(self, theta: &[f64], r: usize, c: f64) -> Vec<f64> {
        let scales = self.scale_parameters(r);
        let scaled = |(k, &value): (usize, &f64)| match self {
            Self::Unstructured | Self::Diagonal => c * value,
            _ if !scales.contains(&k) => value,
            Self::HomogeneousCompoundSymmetry | Self::Ar1 => c * value,
            // a standard deviation is the square of its parameter
            Self::CompoundSymmetry | Self::Toeplitz => c.sqrt() * value,
        };
        theta.iter().enumerate().map(scaled).collect()
    }

    /// Parameters that scale rows or columns of Λ: their sign is free, and zero is a boundary.
    pub fn scale_parameters(self, r: usize) -> Vec<usize> {
        match self {
            Self::Unstructured => unstructured::diagonal_parameters(r),
            Self::Diagonal | Self::CompoundSymmetry | Self::Toeplitz => (0..r).collect(),
            Self::HomogeneousCompoundSymmetry | Self::Ar1 => vec![0],
        }
    }

    /// Fills Λ (r x r, column-major, lower triangular) from the parameters.
    pub fn factor<T: Real>(self, theta: &[T], r: usize, lambda: &mut [T]) {
        lambda.fill(T::from(0.0));
        match self {
            Self::Unstructured => unstructured::factor(theta, r, lambda),
            Self::Diagonal => diagonal::factor(theta, r, lambda),
            Self::CompoundSymmetry => compound_symmetry::factor(theta, r, lambda),
            Self::HomogeneousCompoundSymmetry => compound_symmetry::homogeneous_factor(theta, r, lambda),
            Self::Ar1 => ar1::factor(theta, r, lambda),
            Self::Toeplitz => toeplitz::factor(theta, r, lambda),
        }
    }

    /// ∂Λ/∂θ_k (r x r), exact.
    pub fn derivative(self, theta: &[f64], r: usize, k: usize) -> Vec<f64> {
        let duals: Vec<Dual> =
            theta.iter().enumerate().map(|(i, &value)| Dual { value, slope: f64::from(u8::from(i == k)) }).collect();
        let mut lambda = vec![Dual::from(0.0); r * r];
        self.factor(&duals, r, &mut lambda);
        lambda.iter().map(|d| d.slope).collect()
    }

    /// The criterion does not change when the columns of z are scaled one by one.
    pub fn scales_by_column(self) -> bool {
        !matches!(self, Self::HomogeneousCompoundSymmetry | Self::Ar1)
    }

    /// Λ depends linearly on the parameters, so that its second derivative is zero.
    pub fn is_linear(self) -> bool {
        matches!(self, Self::Unstructured | Self::Diagonal)
    }
}

/// Multiplies row i of the correlation factor by the i-th standard deviation.
pub(super) fn scale_rows<T: Real>(lambda: &mut [T], sd: impl Fn(usize) -> T, r: usize) {
    for j in 0..r {
        for i in j..r {
            lambda[j * r + i] = lambda[j * r + i] * sd(i);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Structure; 6] = [
        Structure::Unstructured,
        Structure::Diagonal,
        Structure::CompoundSymmetry,
        Structure::HomogeneousCompoundSymmetry,
        Structure::Ar1,
        Structure::Toeplitz,
    ];

    fn covariance(structure: Structure, theta: &[f64], r: usize) -> Vec<f64> {
        let mut l = vec![0.0; r * r];
        structure.factor(theta, r, &mut l);
        let mut s = vec![0.0; r * r];
        for i in 0..r {
            for j in 0..r {
                s[j * r + i] = (0..r).map(|k| l[k * r + i] * l[k * r + j]).sum();
            }
        }
        s
    }

    #[test]
    fn the_start_is_the_identity() {
        for structure in ALL {
            for r in 1..5 {
                let s = covariance(structure, &structure.start(r), r);
                for i in 0..r {
                    for j in 0..r {
                        assert!((s[j * r + i] - f64::from(u8::from(i == j))).abs() < 1e-14, "{structure:?} {r}");
                    }
                }
            }
        }
    }

    #[test]
    fn scaled_parameters_scale_the_factor() {
        for structure in ALL {
            for r in 1..5 {
                let theta: Vec<f64> = (0..structure.n_parameters(r)).map(|k| 0.4 + 0.1 * k as f64).collect();
                let (mut a, mut b) = (vec![0.0; r * r], vec![0.0; r * r]);
                structure.factor(&theta, r, &mut a);
                structure.factor(&structure.scaled(&theta, r, 2.5), r, &mut b);
                assert!(a.iter().zip(&b).all(|(a, b)| (2.5 * a - b).abs() < 1e-12), "{structure:?} {r}");
            }
        }
    }

    #[test]
    fn derivatives_match_central_differences() {
        for structure in ALL {
            for r in 1..5 {
                let theta: Vec<f64> =
                    (0..structure.n_parameters(r)).map(|k| 0.3 + 0.17 * ((k * k) as f64 % 2.3)).collect();
                for k in 0..theta.len() {
                    let exact = structure.derivative(&theta, r, k);
                    let (mut up, mut down) = (theta.clone(), theta.clone());
                    up[k] += 1e-6;
                    down[k] -= 1e-6;
                    let (mut a, mut b) = (vec![0.0; r * r], vec![0.0; r * r]);
                    structure.factor(&up, r, &mut a);
                    structure.factor(&down, r, &mut b);
                    for e in 0..r * r {
                        assert!((exact[e] - (a[e] - b[e]) / 2e-6).abs() < 1e-8, "{structure:?} r={r} k={k}");
                    }
                }
            }
        }
    }

    #[test]
    fn structured_correlations_have_their_pattern() {
        let r = 4;
        let cs = covariance(Structure::HomogeneousCompoundSymmetry, &[2.0, 0.4], r);
        assert!((1..r).all(|j| (cs[j * r] - cs[2 * r + 1]).abs() < 1e-12 || j == 0));
        assert!((0..r).all(|j| (cs[j * r + j] - 4.0).abs() < 1e-12));
        let ar = covariance(Structure::Ar1, &[2.0, 0.4], r);
        let rho = 0.4f64.sin();
        for i in 0..r {
            for j in 0..r {
                assert!((ar[j * r + i] - 4.0 * rho.powi((i as i32 - j as i32).abs())).abs() < 1e-12);
            }
        }
        let toep = covariance(Structure::Toeplitz, &[1.0, 2.0, 0.5, 3.0, 0.7, -0.4, 0.3], r);
        let sd = [1.0, 4.0, 0.25, 9.0];
        let corr = |i: usize, j: usize| toep[j * r + i] / sd[i] / sd[j];
        for lag in 0..r {
            for i in 0..r - lag {
                assert!((corr(i, i + lag) - corr(0, lag)).abs() < 1e-12);
            }
        }
        assert!((corr(0, 0) - 1.0).abs() < 1e-12);
    }
}
