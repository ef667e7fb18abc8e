//! `ar1(t | g)`: correlation ρ^lag at whole times, gaps count; ρ = tanh x.

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

    fn at(&self, x: &[f64], _places: &Places) -> Correlations {
        let (rho, slope) = (x[0].tanh(), x[0].cosh().powi(-2));
        Correlations::Distance(Box::new(move |lag, out| {
            let before = rho.powi(lag as i32 - 1);
            out[0] = lag * before * slope;
            before * rho
        }))
    }

    fn natural(&self, x: &[f64], _places: &Places) -> Vec<Natural> {
        vec![Natural::correlation("rho".into(), x[0].tanh(), vec![x[0].cosh().powi(-2)])]
    }

    /// Where rows are an even number of steps apart, ρ and -ρ are nearly the same.
    fn other_starts(&self, _start: &[f64], places: &Places) -> Vec<Vec<f64>> {
        let all = [-0.9f64, -0.5, 0.5, 0.9];
        if places.has_gaps || places.nearest > 1.0 { all.map(|rho| vec![rho.atanh()]).to_vec() } else { Vec::new() }
    }

    fn start(&self, moments: &Moments, _places: &Places) -> Vec<f64> {
        let rho = moments.neighbours.correlation();
        vec![(rho.signum() * rho.abs().powf(1.0 / moments.neighbours.distance().max(1.0))).atanh()]
    }
}
