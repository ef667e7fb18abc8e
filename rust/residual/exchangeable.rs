//! `cs(1 | g)`: one correlation ρ of all rows of a group, from -1/(n - 1) on; n the rows of the largest group.

use super::boundary::{Limit, NEAR_ONE};
use super::correlation::{CorrelationStructure, Correlations, Natural, PlaceKind, Places, share};
use super::moments::Moments;

pub struct Exchangeable;

impl Exchangeable {
    /// ρ and its slope: least + (1 - least) / (1 + exp(-x)).
    fn correlation(x: f64, places: &Places) -> (f64, f64, f64) {
        let least = -1.0 / (places.largest.max(2) - 1) as f64;
        let (share, slope) = share(x);
        (least + (1.0 - least) * share, (1.0 - least) * slope, least)
    }
}

impl CorrelationStructure for Exchangeable {
    fn place(&self) -> PlaceKind {
        PlaceKind::None
    }

    fn n_parameters(&self, _places: &Places) -> usize {
        1
    }

    fn at(&self, x: &[f64], places: &Places) -> Correlations {
        let (rho, slope, _) = Self::correlation(x[0], places);
        Correlations::Distance(Box::new(move |_, out| {
            out[0] = slope;
            rho
        }))
    }

    fn natural(&self, x: &[f64], places: &Places) -> Vec<Natural> {
        let (value, slope, least) = Self::correlation(x[0], places);
        vec![Natural { name: "rho".into(), value, slopes: vec![slope], bounds: (least, 1.0) }]
    }

    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64> {
        let (_, _, least) = Self::correlation(0.0, places);
        let share = ((moments.all.correlation() - least) / (1.0 - least)).clamp(0.02, 0.98);
        vec![(share / (1.0 - share)).ln()]
    }

    fn limit(&self, x: &[f64], places: &Places) -> Option<Limit> {
        let (rho, _, least) = Self::correlation(x[0], places);
        match rho {
            _ if rho > NEAR_ONE => Some(Limit::Equal),
            _ if rho - least < 1.0 - NEAR_ONE => Some(Limit::Least),
            _ => None,
        }
    }
}
