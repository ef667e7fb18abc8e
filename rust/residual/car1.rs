//! `car1(t | g)`: correlations that fall exponentially with the distance of any times, as `exp`, read as the one at distance
//! one.

use super::correlation::{CorrelationStructure, Correlations, Natural, PlaceKind, Places};
use super::moments::Moments;
use super::spatial::Spatial;
use crate::covariance::Decay;

pub struct Car1;

const EXPONENTIAL: Spatial = Spatial { decay: Decay::Exponential, nugget: false };

impl CorrelationStructure for Car1 {
    fn place(&self) -> PlaceKind {
        EXPONENTIAL.place()
    }

    fn is_chain(&self) -> bool {
        true
    }

    fn n_parameters(&self, places: &Places) -> usize {
        EXPONENTIAL.n_parameters(places)
    }

    fn at(&self, x: &[f64], places: &Places) -> Correlations {
        EXPONENTIAL.at(x, places)
    }

    fn natural(&self, x: &[f64], places: &Places) -> Vec<Natural> {
        let mut slopes = vec![0.0];
        let value = self.at(x, places).pair(1.0, 0.0, &mut slopes);
        vec![Natural { name: "rho".into(), value, slopes, bounds: (0.0, 1.0) }]
    }

    fn natural_of_any_unit(&self, x: &[f64], places: &Places) -> Vec<Natural> {
        EXPONENTIAL.natural(x, places)
    }

    fn any_point(&self, places: &Places) -> Vec<f64> {
        EXPONENTIAL.any_point(places)
    }

    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64> {
        EXPONENTIAL.start(moments, places)
    }
}
