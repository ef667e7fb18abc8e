//! Cumulative: P(Y <= k) = F((α_k - η) / exp(s)) for ordered categories 0..K and thresholds α_0 < ... < α_(K-2).
//!
//! A row knows the threshold above its category and the one below, its second and third predictors; at the ends one of them
//! does not count.  The fourth, if there is one, is the log scale s.  Thresholds are linear in free parameters (Christensen 2018,
//! Cumulative Link Models for Ordinal Regression with the R Package ordinal, section 2.3).

use super::density::{Course, Density, Observation, Predictor, Way};
use super::functions::Functions;
use super::link::Link;
use crate::linalg::jet::Smooth;

#[derive(Debug, Clone, Copy)]
pub struct Cumulative {
    pub link: Link,
    pub n_categories: usize,
    pub has_scale: bool,
}

/// What thresholds are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thresholds {
    /// Each for itself.
    #[default]
    Flexible,
    /// Around a centre: of an odd number the middle one, else the two in the middle; and distances from it.
    Symmetric,
    /// The first, and one distance of all.
    Equidistant,
}

impl Thresholds {
    pub fn n_parameters(self, n: usize) -> usize {
        match self {
            Self::Flexible => n,
            Self::Symmetric => n / 2 + 1,
            Self::Equidistant => n.min(2),
        }
    }

    /// The slope of threshold k of n in parameter a.
    pub fn slope(self, n: usize, k: usize, a: usize) -> f64 {
        let indicator = |holds: bool| f64::from(u8::from(holds));
        match self {
            Self::Flexible => indicator(a == k),
            Self::Equidistant => [1.0, k as f64][a],
            Self::Symmetric if n % 2 == 1 => {
                let from_centre = k as f64 - (n / 2) as f64;
                if a == 0 { 1.0 } else { from_centre.signum() * indicator(from_centre.abs() == a as f64) }
            }
            Self::Symmetric => {
                let is_right = k >= n / 2;
                let distance = if is_right { k - n / 2 } else { n / 2 - 1 - k };
                match a {
                    0 => indicator(!is_right),
                    1 => indicator(is_right),
                    _ if is_right => indicator(distance == a - 1),
                    _ => -indicator(distance == a - 1),
                }
            }
        }
    }

    /// Whether a parameter moves all thresholds, itself or with others that do.
    pub fn is_place(self, n: usize, a: usize) -> bool {
        match self {
            Self::Flexible => true,
            Self::Symmetric => a == 0 || (a == 1 && n.is_multiple_of(2)),
            Self::Equidistant => a == 0,
        }
    }
}

impl Density for Cumulative {
    fn predictors(&self) -> Vec<Predictor> {
        let mut all = vec![Predictor::Conditional, Predictor::Upper, Predictor::Lower];
        all.extend(self.has_scale.then_some(Predictor::Scale));
        all
    }

    fn link(&self) -> Link {
        self.link
    }

    #[inline(always)]
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T {
        let scaled = |v: T| if self.has_scale { v * (-eta[3]).exp() } else { v };
        let (a, b, link) = (scaled(eta[1] - eta[0]), scaled(eta[2] - eta[0]), self.link);
        if o.y == 0.0 {
            return -link.log_probability(a);
        }
        if o.y as usize + 1 == self.n_categories {
            return -link.log_complement(b);
        }
        let gap = scaled(eta[1] - eta[2]);
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
        vec![0.0; self.predictors().len()]
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
            let density = Cumulative { link, n_categories: 4, has_scale: false };
            let scaled = Cumulative { has_scale: true, ..density };
            for eta in [-2.0, 0.1, 1.5] {
                let thresholds = [-0.7, 0.4, 1.1];
                let mut sum = 0.0;
                for y in 0..4 {
                    let at = [eta, thresholds[y.min(2)], thresholds[y.max(1) - 1]];
                    check(&density, count(y as f64), &at, 1e-6);
                    check(&scaled, count(y as f64), &[at[0], at[1], at[2], 0.3], 1e-6);
                    let (size, log) = (2.0, 2f64.ln());
                    let own = scaled.minus_log(count(y as f64), &[size * at[0], size * at[1], size * at[2], log]);
                    assert!((own - density.minus_log(count(y as f64), &at)).abs() < 1e-13);
                    sum += (-density.minus_log(count(y as f64), &at)).exp();
                }
                assert!((sum - 1.0).abs() < 1e-13, "{link:?} {eta} {sum}");
            }
        }
    }

    #[test]
    fn thresholds_of_every_kind_lie_as_their_parameters_say() {
        let of = |kind: Thresholds, n: usize, parameters: &[f64]| -> Vec<f64> {
            assert_eq!(kind.n_parameters(n), parameters.len());
            (0..n).map(|k| parameters.iter().enumerate().map(|(a, p)| kind.slope(n, k, a) * p).sum()).collect()
        };
        assert_eq!(of(Thresholds::Flexible, 2, &[-1.0, 3.0]), [-1.0, 3.0]);
        assert_eq!(of(Thresholds::Equidistant, 4, &[-1.0, 0.5]), [-1.0, -0.5, 0.0, 0.5]);
        assert_eq!(of(Thresholds::Symmetric, 5, &[0.2, 1.0, 3.0]), [-2.8, -0.8, 0.2, 1.2, 3.2]);
        assert_eq!(of(Thresholds::Symmetric, 4, &[-0.5, 1.0, 2.0]), [-2.5, -0.5, 1.0, 3.0]);
        assert_eq!(of(Thresholds::Symmetric, 2, &[-0.5, 1.0]), [-0.5, 1.0]);
        for kind in [Thresholds::Flexible, Thresholds::Symmetric, Thresholds::Equidistant] {
            for n in 1..7 {
                let moved: Vec<f64> =
                    (0..kind.n_parameters(n)).map(|a| f64::from(u8::from(kind.is_place(n, a)))).collect();
                assert_eq!(of(kind, n, &moved), vec![1.0; n], "{kind:?} {n}");
            }
        }
    }

    #[test]
    fn far_categories_have_finite_logarithms() {
        for (link, far) in [(Link::Logit, 600.0), (Link::Probit, 38.0)] {
            let density = Cumulative { link, n_categories: 3, has_scale: false };
            for eta in [-far, far] {
                let value = density.minus_log(count(1.0), &[eta, 1.0, 0.0]);
                assert!(value.is_finite() && value > 0.0, "{link:?} {eta} {value}");
            }
        }
    }
}
