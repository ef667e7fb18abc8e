//! What a correlation structure of residuals must say of itself; one file each.
//!
//! R must stay positive definite, so that a search sees numbers without bounds whose ends are at infinity.

use super::antedependence::Antedependence;
use super::ar1::Ar1;
use super::arma::Arma;
use super::boundary::{Limit, limit_of};
use super::car1::Car1;
use super::exchangeable::Exchangeable;
use super::moments::Moments;
use super::spatial::Spatial;
use super::toeplitz::Toeplitz;
use super::unrestricted::Unrestricted;
use crate::covariance::Decay;
use crate::{Error, Result};

/// What the place of a row in its group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// No place counts.
    None,
    /// A whole number: lags count.
    Whole,
    /// A number: distances count.
    Distance,
    /// One of a few visits.
    Visit,
}

/// The places of all rows, as far as structures depend on them.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Places {
    /// Names of the visits.
    pub visits: Vec<String>,
    /// Rows of the largest group.
    pub largest: usize,
    /// The smallest and the largest distance within a group, and whether some rows are farther from the next than others.
    pub nearest: f64,
    pub span: f64,
    pub has_gaps: bool,
    /// All distances are even whole numbers, so that a correlation of one step and its negative are the same model.
    #[serde(default)]
    pub is_even: bool,
}

impl Places {
    /// Visits.
    pub fn n(&self) -> usize {
        self.visits.len()
    }

    /// `cor(a, b)` of two visits.
    pub fn pair(&self, i: usize, j: usize) -> String {
        format!("cor({}, {})", self.visits[i], self.visits[j])
    }
}

/// A correlation and, written, its slopes, from a distance.
pub type OfDistance = Box<dyn Fn(f64, &mut [f64]) -> f64 + Send + Sync>;

/// The correlations at given parameters.
pub enum Correlations {
    /// By the distance of two rows, which is not zero; writes the slopes too.
    Distance(OfDistance),
    /// By two visits: n x n, and for every parameter its slopes.
    Visits { n: usize, values: Vec<f64>, slopes: Vec<Vec<f64>> },
}

impl Correlations {
    /// Of two rows of a group that are not the same.
    pub fn pair(&self, a: f64, b: f64, out: &mut [f64]) -> f64 {
        match self {
            Self::Distance(of) => of((a - b).abs(), out),
            Self::Visits { n, values, slopes } => {
                let at = a as usize * n + b as usize;
                out.iter_mut().zip(slopes).for_each(|(out, slopes)| *out = slopes[at]);
                values[at]
            }
        }
    }

    /// Of lags 0, 1, ...
    pub fn of_lags(values: Vec<f64>, slopes: Vec<Vec<f64>>) -> Self {
        Self::Distance(Box::new(move |distance, out| {
            let lag = distance.round() as usize;
            out.iter_mut().zip(&slopes).for_each(|(out, slopes)| *out = slopes[lag]);
            values[lag]
        }))
    }
}

/// A parameter as users read it, with its slopes in the free numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Natural {
    pub name: String,
    pub value: f64,
    pub slopes: Vec<f64>,
    /// Where it can be.
    pub bounds: (f64, f64),
}

impl Natural {
    pub fn correlation(name: String, value: f64, slopes: Vec<f64>) -> Self {
        Self { name, value, slopes, bounds: (-1.0, 1.0) }
    }
}

/// All that is known of one structure.
pub trait CorrelationStructure {
    fn place(&self) -> PlaceKind;
    fn n_parameters(&self, places: &Places) -> usize;
    fn at(&self, x: &[f64], places: &Places) -> Correlations;
    fn natural(&self, x: &[f64], places: &Places) -> Vec<Natural>;
    /// Where a search starts, from correlations of residuals.
    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64>;
    /// A point where no slope of a correlation is zero by chance.
    fn any_point(&self, places: &Places) -> Vec<f64> {
        (0..self.n_parameters(places)).map(|k| 0.3 + 0.1 * (k % 4) as f64).collect()
    }
    /// Other places where a search may start, where the likelihood can have several optima.
    fn other_starts(&self, _start: &[f64], _places: &Places) -> Vec<Vec<f64>> {
        Vec::new()
    }
    /// The parameters in which second derivatives of the covariance are taken: as users read them, or others that do not
    /// depend on the unit of time.
    fn natural_of_any_unit(&self, x: &[f64], places: &Places) -> Vec<Natural> {
        self.natural(x, places)
    }
    /// Whether a row depends on those before by the last of them alone, with one parameter.
    fn is_chain(&self) -> bool {
        false
    }
    /// An end that the parameters are close to.
    fn limit(&self, x: &[f64], places: &Places) -> Option<Limit> {
        limit_of(&self.at(x, places), self.place(), places, x.len())
    }
}

/// A number between 0 and 1, and its slope, from one without bounds.
pub fn share(x: f64) -> (f64, f64) {
    let share = 1.0 / (1.0 + (-x).exp());
    (share, share * (1.0 - share))
}

/// A structure by its name in `residual=`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Correlation {
    Ar1,
    Car1,
    Exchangeable,
    Unrestricted,
    Toeplitz,
    Antedependence,
    Arma { p: usize, q: usize },
    Spatial { decay: Decay, nugget: bool },
}

impl Correlation {
    /// The structure of a name, and whether every visit has a standard deviation of its own.
    ///
    /// # Errors
    /// `Design` for a name that is not known.
    pub fn parse(name: &str, (p, q): (usize, usize), nugget: bool) -> Result<(Self, bool)> {
        let spatial = |decay| Self::Spatial { decay, nugget };
        Ok(match name {
            "ar1" => (Self::Ar1, false),
            "ar1h" => (Self::Ar1, true),
            "car1" => (Self::Car1, false),
            "cs" => (Self::Exchangeable, false),
            "csh" => (Self::Exchangeable, true),
            "corr" => (Self::Unrestricted, false),
            "us" => (Self::Unrestricted, true),
            "toep" => (Self::Toeplitz, false),
            "toeph" => (Self::Toeplitz, true),
            "ad" => (Self::Antedependence, false),
            "adh" => (Self::Antedependence, true),
            "arma" => (Self::Arma { p, q }, false),
            "exp" => (spatial(Decay::Exponential), false),
            "gau" => (spatial(Decay::Gaussian), false),
            "sph" => (spatial(Decay::Spherical), false),
            other => return Err(Error::Design(format!("residual structure '{other}' is not known"))),
        })
    }

    pub fn structure(self) -> Box<dyn CorrelationStructure> {
        match self {
            Self::Ar1 => Box::new(Ar1),
            Self::Car1 => Box::new(Car1),
            Self::Exchangeable => Box::new(Exchangeable),
            Self::Unrestricted => Box::new(Unrestricted),
            Self::Toeplitz => Box::new(Toeplitz),
            Self::Antedependence => Box::new(Antedependence),
            Self::Arma { p, q } => Box::new(Arma { p, q }),
            Self::Spatial { decay, nugget } => Box::new(Spatial { decay, nugget }),
        }
    }
}
