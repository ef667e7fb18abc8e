//! Slopes of the engine's point and of the log prior in ψ, by differences.

use super::Coordinates;
use crate::linalg::{fourth_order, one_sided};
use crate::{Error, Result};

/// Steps of differences, beside one.
const STEP: f64 = 1e-3;

impl Coordinates {
    /// dx/dψ (engine x ψ, column-major), and the slope of the log prior.
    ///
    /// # Errors
    /// `Design` for numbers that are not finite, `Numerical` where a prior has a density at a single point.
    pub fn slopes(&self, psi: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (n, own) = (psi.len(), psi.len() - self.n_rest);
        let (mut jacobian, mut slope) = (Vec::with_capacity(n * n), Vec::with_capacity(n));
        for k in 0..own {
            let h = STEP * psi[k].abs().clamp(0.1, 1.0);
            let at = |shift: f64| self.to_engine(&shifted(psi, k, shift));
            let (a, b, c, d) = (at(h)?, at(-h)?, at(2.0 * h)?, at(-2.0 * h)?);
            jacobian.extend((0..a.len()).map(|j| fourth_order([a[j], b[j], c[j], d[j]], h)));
            slope.push(slope_within(|shift| self.log_prior(&shifted(psi, k, shift)), h)?);
        }
        for k in own..n {
            jacobian.extend((0..n).map(|j| f64::from(u8::from(j == k))));
            slope.push(slope_within(|shift| self.log_prior_of_rest(&shifted(psi, k, shift)[own..]), STEP)?);
        }
        Ok((jacobian, slope))
    }
}

fn shifted(psi: &[f64], k: usize, shift: f64) -> Vec<f64> {
    let mut to = psi.to_vec();
    to[k] += shift;
    to
}

/// The slope of a log density, which may end near the point: then from the side where it goes on.
fn slope_within(at: impl Fn(f64) -> f64, h: f64) -> Result<f64> {
    let central = fourth_order([h, -h, 2.0 * h, -2.0 * h].map(&at), h);
    let side = |h: f64| one_sided([0.0, h, 2.0 * h, 3.0 * h, 4.0 * h].map(&at), h);
    let found = [central, side(h), side(-h)].into_iter().find(|slope| slope.is_finite());
    found.ok_or_else(|| Error::Numerical("the prior has a density at a single point".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_density_that_ends_has_its_slope_from_inside() {
        let f = |x: f64| if x < 1.0 { (2.0 * x).sin() } else { f64::NEG_INFINITY };
        for x in [0.3, 0.9995, 0.998] {
            let found = slope_within(|shift| f(x + shift), 1e-3).unwrap();
            assert!((found - 2.0 * (2.0 * x).cos()).abs() < 1e-9, "{x}: {found}");
        }
        assert!(slope_within(|shift| if shift == 0.0 { 0.0 } else { f64::NEG_INFINITY }, 1e-3).is_err());
    }
}
