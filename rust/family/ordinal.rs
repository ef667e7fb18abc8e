//! Cumulative: P(Y <= k) = F((α_k - η) / exp(s)) for ordered categories 0..K and thresholds α_0 < ... < α_(K-2).
//!
//! A row knows the threshold above its category and the one below, its second and third predictors; at the ends one of them
//! does not count.  The fourth, if there is one, is the log scale s.  Thresholds are linear in free parameters (Christensen 2018,
//! Cumulative Link Models for Ordinal Regression with the R Package ordinal, section 2.3).

use std::f64::consts::{PI, TAU};

use super::density::{Course, Density, Derivatives, Observation, Predictor, Predictors, Way};
use super::functions::Functions;
use super::link::Link;
use super::ordinal_logit;
use crate::linalg::jet::Smooth;

/// A gap of thresholds, where a density bends by about one, below which a series of the density has all digits.
const THIN: f64 = 0.02;

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

impl Cumulative {
    fn last(&self) -> f64 {
        self.n_categories as f64 - 1.0
    }

    fn has_closed_form(&self, rows: &[Observation], eta: Predictors) -> bool {
        self.link == Link::Logit && !self.has_scale && ordinal_logit::are_apart(rows, self.last(), eta)
    }
}

/// Whether a category is so thin that a difference of tails loses digits, and its density hardly bends within it.
#[inline(always)]
fn is_thin(link: Link, above: f64, gap: f64) -> bool {
    let bend = match link {
        Link::Probit => 1.0 + above.abs(),
        Link::Cloglog => 1.0 + above.exp(),
        Link::Cauchit => 1.0,
        _ => return false,
    };
    gap * bend < THIN
}

/// Logarithm of the mean of F's density over a thin interval: by the density in the middle, and its second and fourth
/// derivative there as parts of it.
#[inline(always)]
fn log_density<T: Smooth>(link: Link, middle: T, gap: T) -> T {
    let (square, one) = (middle.square(), T::from(1.0));
    let (log, second, fourth) = match link {
        Link::Probit => (
            -square.times(0.5) - T::from(0.5 * TAU.ln()),
            square - one,
            square * (square - T::from(6.0)) + T::from(3.0),
        ),
        Link::Cloglog => {
            let z = middle.exp();
            let fourth = one + z * (T::from(-15.0) + z * (T::from(25.0) + z * (T::from(-10.0) + z)));
            (middle - z, one + z * (z - T::from(3.0)), fourth)
        }
        _ => {
            let base = one + square;
            let second = (square.times(6.0) - T::from(2.0)) / base.square();
            let fourth = (one + square * (square.times(5.0) - T::from(10.0))).times(24.0) / base.square().square();
            (-base.ln() - T::from(PI.ln()), second, fourth)
        }
    };
    let h = gap.times(0.5).square();
    log + (h * (second.times(1.0 / 6.0) + h * fourth.times(1.0 / 120.0))).ln_1p()
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
        if is_thin(link, a.value(), gap.value()) {
            return -gap.ln() - log_density(link, (a + b).times(0.5), gap);
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

    fn closed_derivatives(&self, rows: &[Observation], eta: Predictors, active: &[usize], out: Derivatives) -> bool {
        let (last, arch) = (self.last(), pulp::Arch::new());
        let is_closed = matches!(active, [0] | [0, 1, 2]) && self.has_closed_form(rows, eta);
        match active {
            _ if !is_closed => {}
            [0] => arch.dispatch(|| ordinal_logit::derivatives(rows, last, eta, out)),
            _ => arch.dispatch(|| ordinal_logit::all_derivatives(rows, last, eta, out)),
        }
        is_closed
    }

    fn closed_total(&self, rows: &[Observation], weights: &[f64], eta: Predictors) -> Option<f64> {
        let is_plain = weights.is_empty() && self.has_closed_form(rows, eta);
        is_plain.then(|| pulp::Arch::new().dispatch(|| ordinal_logit::total(rows, self.last(), eta)))
    }

    fn closed_both(
        &self,
        rows: &[Observation],
        weights: &[f64],
        eta: Predictors,
        active: &[usize],
        out: Derivatives,
    ) -> Option<f64> {
        let is_plain = active == [0] && weights.is_empty() && self.has_closed_form(rows, eta);
        is_plain.then(|| pulp::Arch::new().dispatch(|| ordinal_logit::both(rows, self.last(), eta, out)))
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
    fn thin_categories_have_the_mass_of_their_density_by_quadrature() {
        for link in [Link::Probit, Link::Cloglog, Link::Cauchit] {
            for middle in [-1.5, -0.2, 0.0, 0.4, 1.1] {
                let gap = 0.2 * THIN;
                let density = |m: f64| log_density(link, m, 0.0).exp();
                let nodes = [-0.774_596_669_241_483_4, 0.0, 0.774_596_669_241_483_4];
                let weighted = |(x, w): (&f64, f64)| w / 18.0 * density(middle + 0.5 * gap * x);
                let mean: f64 = nodes.iter().zip([5.0, 8.0, 5.0]).map(weighted).sum();
                assert!((log_density(link, middle, gap) - mean.ln()).abs() < 1e-14, "{link:?} {middle}");
                let below = |x: f64| link.log_probability(x).exp();
                let mass = below(middle + 0.5 * gap) - below(middle - 0.5 * gap);
                assert!((mean * gap - mass).abs() < 4e-15, "{link:?} {middle}");
            }
        }
    }

    #[test]
    fn categories_of_a_large_scale_have_the_derivatives_of_their_limit() {
        use crate::linalg::jet::Jet;
        for (link, log_density, bend) in
            [(Link::Probit, -0.5 * TAU.ln(), 1.0), (Link::Cloglog, -1.0, 1.0), (Link::Cauchit, -PI.ln(), 2.0)]
        {
            let cumulative = Cumulative { link, n_categories: 4, has_scale: true };
            for scale in [12.0, 20.0, 30.0] {
                let eta: [Jet<4>; 4] = std::array::from_fn(|k| Jet::variable([0.6, 1.2, -1.1, scale][k], k));
                let own = cumulative.minus_log(count(1.0), &eta);
                // s - log(gap) - log f(0), but for what is as small as the predictors over the scale
                let small = (-scale).exp();
                let expected = scale - 2.3f64.ln() - log_density;
                assert!((own.value - expected).abs() < 2.0 * small + 1e-15 * scale, "{link:?} {own:?}");
                let first = [0.0, -1.0 / 2.3, 1.0 / 2.3, 1.0];
                (0..4).for_each(|k| assert!((own.first[k] - first[k]).abs() < 2.0 * small + 1e-15, "{link:?} {own:?}"));
                // -log f bends so where it is the highest, and of the extreme value distribution too
                let expected = bend * small * small;
                assert!((own.second[0][0] - expected).abs() < 1e-4 * expected, "{link:?} {scale} {own:?}");
                let third = -2.0 / 2.3f64.powi(3);
                assert!((own.third[1][1][1] - third).abs() < 2.0 * small + 1e-14, "{link:?} {own:?}");
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
