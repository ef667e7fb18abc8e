//! A correlation as a function of a free angle.

use crate::linalg::dual::Real;

/// The correlations that an angle φ runs through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Angle {
    /// -1 to 1: ρ = sin φ.
    Full,
    /// a to 1: ρ = a + (1 - a)(1 + sin φ)/2.
    Above(f64),
}

impl Angle {
    pub fn least(self) -> f64 {
        match self {
            Self::Full => -1.0,
            Self::Above(least) => least,
        }
    }

    pub fn correlation<T: Real>(self, phi: T) -> T {
        match self {
            Self::Full => phi.sin(),
            Self::Above(least) => T::from(least) + T::from(0.5 * (1.0 - least)) * (T::from(1.0) + phi.sin()),
        }
    }

    pub fn angle(self, rho: f64) -> f64 {
        let sine = match self {
            Self::Full => rho,
            Self::Above(least) => 2.0 * (rho - least) / (1.0 - least) - 1.0,
        };
        sine.clamp(-1.0, 1.0).asin()
    }
}
