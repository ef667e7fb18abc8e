//! How correlations fall with u = distance / range, of random effects and of residuals.

use crate::linalg::dual::{Dual, Real};

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Decay {
    /// exp(-u)
    Exponential,
    /// exp(-u²)
    Gaussian,
    /// 1 - 1.5 u + 0.5 u³ within the range, zero beyond.
    Spherical,
    /// Matérn's of smoothness 3/2: (1 + u) exp(-u).
    Smooth,
    /// Matérn's of smoothness 5/2: (1 + u + u²/3) exp(-u).
    Smoother,
}

impl Decay {
    pub fn correlation<T: Real>(self, u: T) -> T {
        match self {
            Self::Exponential => (T::from(0.0) - u).exp(),
            Self::Gaussian => (T::from(0.0) - u * u).exp(),
            Self::Spherical if u.value() < 1.0 => T::from(1.0) - T::from(1.5) * u + T::from(0.5) * u * u * u,
            Self::Spherical => T::from(0.0),
            Self::Smooth => (T::from(1.0) + u) * (T::from(0.0) - u).exp(),
            Self::Smoother => (T::from(1.0) + u + T::from(1.0 / 3.0) * u * u) * (T::from(0.0) - u).exp(),
        }
    }

    /// The correlation and its slope in log range, -u dc/du.
    pub fn at(self, u: f64) -> (f64, f64) {
        let correlation = self.correlation(Dual { value: u, slope: 1.0 });
        (correlation.value, -u * correlation.slope)
    }

    /// About where the correlation is r; for the spherical one by its slope at zero.
    pub fn inverse(self, r: f64) -> f64 {
        match self {
            Self::Exponential => -r.ln(),
            Self::Gaussian => (-r.ln()).sqrt(),
            Self::Spherical => (1.0 - r) / 1.5,
            Self::Smooth | Self::Smoother => self.solve(-r.ln()),
        }
    }

    /// u where the logarithm of the correlation is -depth, by Newton's method from beyond: it is concave in u.
    fn solve(self, depth: f64) -> f64 {
        let mut u = 2.0 * depth + 3.0 * depth.sqrt();
        for _ in 0..NEWTON_STEPS {
            let logarithm = self.logarithm(Dual { value: u, slope: 1.0 });
            let step = (logarithm.value + depth) / logarithm.slope;
            if !step.is_finite() || step.abs() <= 1e-16 * u {
                break;
            }
            u -= step;
        }
        u
    }

    fn logarithm(self, u: Dual) -> Dual {
        match self {
            Self::Smooth => u.ln_1p() - u,
            Self::Smoother => (u + Dual::from(1.0 / 3.0) * u * u).ln_1p() - u,
            Self::Exponential | Self::Gaussian | Self::Spherical => self.correlation(u).ln(),
        }
    }
}

const NEWTON_STEPS: usize = 50;

/// The smallest distance over the range, from its angle φ: -log sin²(φ/2 + π/4).
pub fn steepness<T: Real>(phi: T) -> T {
    let half = T::from(0.5) * phi + T::from(std::f64::consts::FRAC_PI_4);
    let (sine, cosine) = (half.sin(), half.cos());
    if sine.value().abs() < cosine.value().abs() {
        T::from(0.0) - (sine * sine + T::from(NO_RANGE)).ln()
    } else {
        T::from(0.0) - (T::from(0.0) - cosine * cosine).ln_1p()
    }
}

/// The angle of a smallest distance over the range.
pub fn angle_of(steepness: f64) -> f64 {
    let (sine, cosine) = ((-0.5 * steepness).exp(), (-(-steepness).exp_m1()).sqrt());
    2.0 * sine.atan2(cosine) - std::f64::consts::FRAC_PI_2
}

/// The square of the sine at a range of zero, whose logarithm is finite.
const NO_RANGE: f64 = 1e-300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_lead_to_ranges_and_back() {
        for steepness_of in [1e-12, 1e-3, 0.5, 0.7, 3.0, 40.0] {
            let back: f64 = steepness(angle_of(steepness_of));
            assert!((back / steepness_of - 1.0).abs() < 1e-7, "{steepness_of} {back}");
        }
        let ends = [f64::INFINITY, 0.0].map(angle_of);
        assert!(ends.iter().zip([-1.0, 1.0]).all(|(x, end)| (x - end * std::f64::consts::FRAC_PI_2).abs() < 1e-15));
        assert!(steepness(ends[0]) > 600.0 && steepness(ends[1]).abs() < 1e-15);
    }

    #[test]
    fn angles_beyond_an_end_come_back() {
        let end = std::f64::consts::FRAC_PI_2;
        for step in [0.3, 1.0, 2.5] {
            assert!((steepness(-end - step) - steepness(-end + step)).abs() < 1e-12);
            assert!((steepness(end + step) - steepness(end - step)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_distance_of_a_correlation_leads_back_to_it() {
        for decay in [Decay::Exponential, Decay::Gaussian, Decay::Smooth, Decay::Smoother] {
            for u in [1e-3, 0.2, 1.0, 6.0, 20.0] {
                let back = decay.inverse(decay.correlation(u));
                assert!((back / u - 1.0).abs() < 1e-9, "{decay:?} {u} {back}");
            }
            assert_eq!((decay.inverse(1.0), decay.inverse(0.0)), (0.0, f64::INFINITY), "{decay:?}");
        }
    }

    #[test]
    fn the_angle_of_a_correlation_of_one_half_is_zero() {
        assert!((steepness(0.0) - std::f64::consts::LN_2).abs() < 1e-15);
    }

    #[test]
    fn slopes_in_log_range_match_differences() {
        let smooth = [Decay::Smooth, Decay::Smoother];
        for decay in [Decay::Exponential, Decay::Gaussian, Decay::Spherical].into_iter().chain(smooth) {
            for u in [0.1, 0.7, 2.0] {
                let at = |step: f64| decay.correlation(u * (-step).exp());
                let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!((decay.at(u).1 - difference).abs() < 1e-9, "{decay:?} {u}");
            }
        }
    }
}
