//! `ad(visit | g)`: antedependence of order one: neighbouring visits have correlations ρ_k = tanh x_k, others their product.

use super::correlation::{CorrelationStructure, Correlations, Natural, PlaceKind, Places};
use super::moments::Moments;

pub struct Antedependence;

impl CorrelationStructure for Antedependence {
    fn place(&self) -> PlaceKind {
        PlaceKind::Visit
    }

    fn n_parameters(&self, places: &Places) -> usize {
        places.n() - 1
    }

    fn at(&self, x: &[f64], places: &Places) -> Correlations {
        let (n, rho) = (places.n(), x.iter().map(|x| x.tanh()).collect::<Vec<f64>>());
        let product = |i: usize, j: usize, without: Option<usize>| -> f64 {
            (i..j).map(|k| if without == Some(k) { x[k].cosh().powi(-2) } else { rho[k] }).product()
        };
        let (mut values, mut slopes) = (vec![1.0; n * n], vec![vec![0.0; n * n]; x.len()]);
        for i in 0..n {
            for j in i + 1..n {
                for at in [i * n + j, j * n + i] {
                    values[at] = product(i, j, None);
                    (i..j).for_each(|k| slopes[k][at] = product(i, j, Some(k)));
                }
            }
        }
        Correlations::Visits { n, values, slopes }
    }

    fn natural(&self, x: &[f64], places: &Places) -> Vec<Natural> {
        let of = |(k, &x): (usize, &f64)| {
            let mut slopes = vec![0.0; places.n() - 1];
            slopes[k] = x.cosh().powi(-2);
            Natural::correlation(places.pair(k, k + 1), x.tanh(), slopes)
        };
        x.iter().enumerate().map(of).collect()
    }

    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64> {
        (1..places.n()).map(|k| moments.visits(k - 1, k).clamp(-0.9, 0.9).atanh()).collect()
    }
}
