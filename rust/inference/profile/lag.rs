//! The correlation of one lag of toep(): in the angles of partial autocorrelations every point is a covariance, a singular one
//! an ordinary stationary point.

use crate::covariance::toeplitz::autocorrelations;
use crate::linalg::dual::Dual;

/// Which correlation: angles from θ_first on, `n` of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    pub first: usize,
    pub n: usize,
    pub lag: usize,
}

impl Lag {
    pub fn correlation(self, theta: &[f64]) -> f64 {
        autocorrelations(&theta[self.first..self.first + self.n])[self.lag]
    }

    pub fn slopes(self, theta: &[f64]) -> Vec<f64> {
        let angles = &theta[self.first..self.first + self.n];
        let mut slopes = vec![0.0; theta.len()];
        for k in 0..self.lag {
            let of = |(i, &value): (usize, &f64)| Dual { value, slope: f64::from(u8::from(i == k)) };
            let duals: Vec<Dual> = angles.iter().enumerate().map(of).collect();
            slopes[self.first + k] = autocorrelations(&duals)[self.lag].slope;
        }
        slopes
    }
}
