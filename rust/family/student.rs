//! Student's t about a location: (y - μ)/σ has ν degrees of freedom; predictors μ, log σ and the shape log ν.

use super::density::{Density, Observation, Predictor};
use super::functions::Functions;
use super::link::Link;
use super::positive::moments;
use crate::linalg::jet::Smooth;
use crate::special::{log_gamma_derivatives, stirling};

/// From here on Stirling's series is exact.
const LARGE: f64 = 15.0;
/// Logarithms of degrees of freedom this far from zero leave nothing beside the limit.
const FAR: f64 = 80.0;

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
        let ratio = e.square() * (-eta[2]).exp();
        // powers of a large ratio, or of one over the degrees of freedom, may be no numbers
        let log = if ratio.value() < 1.0 {
            ratio.ln_1p()
        } else {
            let size = if e.value() < 0.0 { -e } else { e };
            (size.ln().times(2.0) - eta[2]).softplus()
        };
        let half = (eta[2].exp() + T::from(1.0)).times(0.5);
        half * log + eta[2].compose(log_gamma_ratio) + eta[1]
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
        let (median, spread) = median_and_spread(rows);
        if spread > 0.0 {
            return vec![self.link.of_mean(median), spread.ln(), 10f64.ln()];
        }
        let (mean, variance) = moments(rows, weights);
        vec![self.link.of_mean(mean), 0.5 * variance.ln() - 0.1, 10f64.ln()]
    }
}

/// The median, and the median of distances from it in units of a normal law's standard deviation: outliers move neither.
pub fn median_and_spread(rows: &[Observation]) -> (f64, f64) {
    let middle = |mut values: Vec<f64>| {
        let half = values.len() / 2;
        *values.select_nth_unstable_by(half, f64::total_cmp).1
    };
    if rows.is_empty() {
        return (0.0, 0.0);
    }
    let median = middle(rows.iter().map(|o| o.y).collect());
    (median, 1.4826 * middle(rows.iter().map(|o| (o.y - median).abs()).collect()))
}

/// `gamma_ratio` of half the degrees of freedom, in their logarithm: level where these are many, a line where they are few.
fn log_gamma_ratio(log_df: f64) -> [f64; 4] {
    if log_df > FAR {
        return [0.5 * std::f64::consts::LN_2, 0.0, 0.0, 0.0];
    }
    if log_df < -FAR {
        return [std::f64::consts::LN_2 - 0.5 * std::f64::consts::PI.ln() - 0.5 * log_df, -0.5, 0.0, 0.0];
    }
    let a = 0.5 * log_df.exp();
    let [value, first, second, third] = gamma_ratio(a);
    let (b, c) = (a * a * second, a * a * a * third);
    [value, a * first, a * first + b, a * first + 3.0 * b + c]
}

/// log Γ(a) - log Γ(a + 1/2) + log(2a) / 2 with its first three derivatives: for large a it is log(2) / 2 and little more, which
/// the difference of logarithms as large as a would hide.
fn gamma_ratio(a: f64) -> [f64; 4] {
    if a < LARGE {
        let (low, high) = (log_gamma_derivatives(a), log_gamma_derivatives(a + 0.5));
        let root = [0.5 * (2.0 * a).ln(), 0.5 / a, -0.5 / (a * a), 1.0 / (a * a * a)];
        return std::array::from_fn(|k| low[k] - high[k] + root[k]);
    }
    let (low, high, odd) = (stirling(a), stirling(a + 0.5), 2.0 * a + 1.0);
    let log = (0.5 / a).ln_1p();
    let rest = [
        0.5 * std::f64::consts::LN_2 + 0.5 - a * log,
        1.0 / odd - log,
        1.0 / (a * odd * odd),
        -1.0 / (a * a * odd * odd) - 4.0 / (a * odd * odd * odd),
    ];
    std::array::from_fn(|k| rest[k] + low[k] - high[k])
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

    #[test]
    fn degrees_of_freedom_of_any_size_have_the_derivatives_of_their_limit() {
        use crate::linalg::jet::Jet;
        let at = |log_df: f64| {
            let eta: [Jet<3>; 3] = std::array::from_fn(|k| Jet::variable([0.3, -0.4, log_df][k], k));
            Student { link: Link::Identity }.minus_log(count(2.0), &eta)
        };
        let e = 1.7 * 0.4f64.exp();
        for log_df in [100.0, 300.0, 600.0] {
            // Gaussian: e² / 2 + log σ + log(2) / 2
            let own = at(log_df);
            let expected = 0.5 * e * e - 0.4 + 0.5 * std::f64::consts::LN_2;
            assert!((own.value - expected).abs() < 1e-13 * expected, "{log_df} {own:?}");
            let slopes = [-e * 0.4f64.exp(), 1.0 - e * e, 0.0];
            (0..3).for_each(|k| assert!((own.first[k] - slopes[k]).abs() < 1e-12, "{log_df} {k} {own:?}"));
            assert!((own.second[0][0] - 0.8f64.exp()).abs() < 1e-12 && own.second[2][2].abs() < 1e-12, "{own:?}");
            assert!((own.third[1][1][1] + 4.0 * e * e).abs() < 1e-11 && own.third[2][2][2].abs() < 1e-12, "{own:?}");
        }
        for log_df in [-100.0, -300.0, -600.0] {
            // log|y - μ| - log ν + log(2 / √π)
            let own = at(log_df);
            let expected = 1.7f64.ln() - log_df + (2.0 / std::f64::consts::PI.sqrt()).ln();
            assert!((own.value - expected).abs() < 1e-13 * expected, "{log_df} {own:?} {expected}");
            let slopes = [-1.0 / 1.7, 0.0, -1.0];
            (0..3).for_each(|k| assert!((own.first[k] - slopes[k]).abs() < 1e-12, "{log_df} {k} {own:?}"));
            assert!((own.second[0][0] + 1.0 / (1.7 * 1.7)).abs() < 1e-12 && own.second[2][2].abs() < 1e-12, "{own:?}");
        }
    }

    #[test]
    fn the_ratio_of_gammas_has_no_seam_and_is_right_for_any_degrees_of_freedom() {
        let (below, above) = (gamma_ratio(LARGE - 1e-9), gamma_ratio(LARGE));
        below.iter().zip(above).for_each(|(b, a)| assert!((b - a).abs() < 1e-9, "{b} {a}"));
        // Γ(a + 1/2) / Γ(a) = sqrt(a) (1 - 1/(8a) + 1/(128a²) + ...)
        for a in [1e4, 1e6, 1e12] {
            let expected = 0.5 * std::f64::consts::LN_2 - (-1.0 / (8.0 * a) + 1.0 / (128.0 * a * a)).ln_1p();
            assert!((gamma_ratio(a)[0] - expected).abs() < 1e-12, "{a}");
        }
        for a in [0.3, 4.0, 40.0, 1e4] {
            let h = 1e-5 * a;
            let (up, down) = (gamma_ratio(a + h), gamma_ratio(a - h));
            for k in 0..3 {
                let slope = (up[k] - down[k]) / (2.0 * h);
                assert!((gamma_ratio(a)[k + 1] - slope).abs() < 1e-6 * slope.abs().max(1e-12 / h), "{a} {k}");
            }
        }
        // Gaussian in the limit, to rounding
        let o = super::super::density::tests::count(0.7);
        let t = Student { link: Link::Identity }.minus_log(o, &[0.2, 0.1, 25.0]);
        let e = (0.7 - 0.2) * (-0.1f64).exp();
        let normal = 0.5 * e * e + 0.1 + 0.5 * std::f64::consts::LN_2;
        assert!((t - normal).abs() < 1e-9, "{t} {normal}");
    }
}
