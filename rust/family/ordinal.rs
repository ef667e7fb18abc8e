//! Cumulative: P(Y <= k) = F(α_k - η) for ordered categories 0..K and thresholds α_0 < ... < α_(K-2).
//!
//! A row knows the threshold above its category and the one below, its second and third predictors; at the ends one of them
//! does not count.

use super::density::{Course, Density, Observation, Predictor, Way};
use super::functions::Functions;
use super::link::Link;
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy)]
pub struct Cumulative {
    pub link: Link,
    pub n_categories: usize,
}

impl Density for Cumulative {
    fn predictors(&self) -> Vec<Predictor> {
        vec![Predictor::Conditional, Predictor::Upper, Predictor::Lower]
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let (a, b, link) = (eta[1] - eta[0], eta[2] - eta[0], self.link);
        if o.y == 0.0 {
            return -link.log_probability(a);
        }
        if o.y as usize + 1 == self.n_categories {
            return -link.log_complement(b);
        }
        let gap = eta[1] - eta[2];
        if gap.value().is_nan() || gap.value() <= 0.0 {
            return T::from(f64::INFINITY); // thresholds out of order
        }
        match link {
            Link::Logit => (-a).softplus() + b.softplus() - gap.log1m_exp(),
            // the difference of the smaller tails
            _ if b.value() > 0.0 => {
                let log = link.log_complement(b);
                -log - (log - link.log_complement(a)).log1m_exp()
            }
            _ => {
                let log = link.log_probability(a);
                -log - (log - link.log_probability(b)).log1m_exp()
            }
        }
    }

    fn variance(&self, _: &[f64], _: f64) -> f64 {
        f64::NAN
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        let known = o.y >= 0.0 && o.y.fract() == 0.0 && (o.y as usize) < self.n_categories;
        (!known).then_some("is no category")
    }

    fn start(&self, _: &[Observation], _: &[f64]) -> Vec<f64> {
        vec![0.0, 0.0, 0.0]
    }

    /// The threshold above goes up from the predictor, the one below down from it; neither is at the ends.
    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        let above = Way { weights: [-1, 1, 0, 0], course: Course::Rises };
        let below = Way { weights: [1, 0, -1, 0], course: Course::Rises };
        let (first, last) = (o.y == 0.0, o.y as usize + 1 == self.n_categories);
        Some([(!last).then_some(above), (!first).then_some(below)].into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::density::tests::{check, count};
    use super::*;

    const LINKS: [Link; 4] = [Link::Logit, Link::Probit, Link::Cloglog, Link::Cauchit];

    #[test]
    fn derivatives_are_differences_and_probabilities_sum_to_one() {
        for link in LINKS {
            let density = Cumulative { link, n_categories: 4 };
            for eta in [-2.0, 0.1, 1.5] {
                let thresholds = [-0.7, 0.4, 1.1];
                let mut sum = 0.0;
                for y in 0..4 {
                    let at = [eta, thresholds[y.min(2)], thresholds[y.max(1) - 1]];
                    check(&density, count(y as f64), &at, 1e-6);
                    sum += (-density.minus_log(count(y as f64), &at)).exp();
                }
                assert!((sum - 1.0).abs() < 1e-13, "{link:?} {eta} {sum}");
            }
        }
    }

    #[test]
    fn far_categories_have_finite_logarithms() {
        for (link, far) in [(Link::Logit, 600.0), (Link::Probit, 38.0)] {
            let density = Cumulative { link, n_categories: 3 };
            for eta in [-far, far] {
                let value = density.minus_log(count(1.0), &[eta, 1.0, 0.0]);
                assert!(value.is_finite() && value > 0.0, "{link:?} {eta} {value}");
            }
        }
    }
}
