//! `ar1(t | g)`: correlation ρ^lag at whole times, gaps count; ρ = tanh x, or its absolute value where all lags are even, which
//! do not tell its sign.

use super::correlation::{CorrelationStructure, Correlations, Natural, PlaceKind, Places};
use super::moments::Moments;

pub struct Ar1;

impl CorrelationStructure for Ar1 {
    fn place(&self) -> PlaceKind {
        PlaceKind::Whole
    }

    fn is_chain(&self) -> bool {
        true
    }

    fn n_parameters(&self, _places: &Places) -> usize {
        1
    }

    fn at(&self, x: &[f64], places: &Places) -> Correlations {
        let (rho, slope) = rho(x[0], places);
        Correlations::Distance(Box::new(move |lag, out| {
            let before = rho.powi(lag as i32 - 1);
            out[0] = lag * before * slope;
            before * rho
        }))
    }

    fn natural(&self, x: &[f64], places: &Places) -> Vec<Natural> {
        let (rho, slope) = rho(x[0], places);
        vec![Natural::correlation("rho".into(), rho, vec![slope])]
    }

    /// Neighbours have a correlation of a half.
    fn any_point(&self, places: &Places) -> Vec<f64> {
        vec![0.5f64.powf(1.0 / places.nearest.clamp(1.0, 1e6)).atanh()]
    }

    /// Where rows are an even number of steps apart, ρ and -ρ are nearly the same.
    fn other_starts(&self, _start: &[f64], places: &Places) -> Vec<Vec<f64>> {
        let all = [-0.9f64, -0.5, 0.5, 0.9];
        if !places.is_even && (places.has_gaps || places.nearest > 1.0) {
            all.map(|rho| vec![rho.atanh()]).to_vec()
        } else {
            Vec::new()
        }
    }

    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64> {
        let rho = moments.neighbours.correlation();
        let sign = if places.is_even { 1.0 } else { rho.signum() };
        vec![(sign * rho.abs().powf(1.0 / moments.neighbours.distance().max(1.0))).atanh()]
    }
}

/// ρ and its slope.
fn rho(x: f64, places: &Places) -> (f64, f64) {
    let (rho, slope) = (x.tanh(), x.cosh().powi(-2));
    if places.is_even && x < 0.0 { (-rho, -slope) } else { (rho, slope) }
}
