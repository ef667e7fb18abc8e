//! Student's t about a location: (y - μ)/σ has ν degrees of freedom; predictors μ, log σ and the shape log ν.

use super::density::{Density, Observation, Predictor};
use super::functions::Functions;
use super::link::Link;
use super::positive::moments;
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy)]
pub struct Student {
    pub link: Link,
}

impl Density for Student {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Dispersion, Predictor::Shape]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let e = (T::from(o.y) - self.link.mean(eta[0])) * (-eta[1]).exp();
        let df = eta[2].exp();
        let half = (df + T::from(1.0)).times(0.5);
        half * (e.square() / df).ln_1p() + df.times(0.5).log_gamma() - half.log_gamma() + eta[2].times(0.5) + eta[1]
    }

    fn constant(&self, _: Observation) -> f64 {
        0.5 * std::f64::consts::PI.ln()
    }

    fn variance(&self, eta: &[f64], _: f64) -> f64 {
        let df = eta[2].exp();
        if df > 2.0 { (2.0 * eta[1]).exp() * df / (df - 2.0) } else { f64::INFINITY }
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        (!o.y.is_finite()).then_some("is not finite")
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        let (mean, variance) = moments(rows, weights);
        vec![self.link.of_mean(mean), 0.5 * variance.ln() - 0.1, 10f64.ln()]
    }
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count, grid, total};
    use super::*;

    #[test]
    fn derivatives_are_differences_and_the_density_integrates_to_one() {
        let density = Student { link: Link::Identity };
        for y in [-4.0, 0.1, 2.0] {
            check(&density, count(y), &[0.3, -0.4, 1.2], 1e-7);
        }
        assert!((total(&density, &[0.3, -0.4, 2.0], grid(-200.0, 200.0, 20_000)) - 1.0).abs() < 1e-8);
    }
}
