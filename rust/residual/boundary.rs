//! Where correlations are at an end of what they can be, the model is a simpler one.

use super::correlation::{Correlations, PlaceKind, Places};
use crate::linalg::dense::eigen;

/// A correlation beyond this is one, and one below what is left of it is none.
pub const NEAR_ONE: f64 = 0.9999;

/// An eigenvalue of correlations of visits below which they are singular but for rounding.
const ROUNDED: f64 = 1e-7;

/// Which end it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Rows of a group have correlation one at every distance.
    Equal,
    /// Rows of a group have the same correlation at every distance.
    Constant,
    /// Rows of a group have the smallest correlation that they can have.
    Least,
    /// Rows of a group are not correlated at any distance.
    Independent,
    /// Rows of a group are correlated as without a nugget.
    WithoutNugget,
    /// A polynomial of the process has a root on the unit circle.
    UnitRoot,
    /// Residuals at one visit are nearly a combination of those at others.
    Dependent,
    /// They are one but for rounding, so that the density grows without end.
    Singular,
}

impl Limit {
    /// Whether the likelihood grows without end towards it.
    pub fn has_no_maximum(self) -> bool {
        self == Self::Singular
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Constant => "constant",
            Self::Least => "least",
            Self::Independent => "independent",
            Self::WithoutNugget => "without-nugget",
            Self::UnitRoot => "unit-root",
            Self::Dependent => "dependent",
            Self::Singular => "singular",
        }
    }
}

/// What can be read from the correlations at the distances, or the visits, that there are.
pub fn limit_of(at: &Correlations, kind: PlaceKind, places: &Places, n_parameters: usize) -> Option<Limit> {
    if let Correlations::Visits { n, values, .. } = at {
        let least = eigen(values, *n).0.into_iter().fold(f64::INFINITY, f64::min);
        return match least {
            _ if least < ROUNDED => Some(Limit::Singular),
            _ if least < 1.0 - NEAR_ONE => Some(Limit::Dependent),
            _ => None,
        };
    }
    let of = |distance: f64| at.pair(distance, 0.0, &mut vec![0.0; n_parameters]);
    let (near, far) = (of(places.nearest), of(places.span));
    match kind {
        _ if far > NEAR_ONE => Some(Limit::Equal),
        _ if near < -NEAR_ONE => Some(Limit::Least),
        PlaceKind::Distance if near.abs() < 1.0 - NEAR_ONE => Some(Limit::Independent),
        _ => None,
    }
}
