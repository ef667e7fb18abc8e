//! `toep(visit | g)`: a correlation for every number of visits that two rows are apart, by partial autocorrelations tanh x (Barndorff-Nielsen and
//! Schou 1973, J. Multivariate Analysis 3, 408-419).

use super::correlation::{CorrelationStructure, Correlations, Natural, PlaceKind, Places};
use super::moments::Moments;
use super::unrestricted::tanh;
use crate::covariance::toeplitz::autocorrelations_of;
use crate::linalg::dual::Dual;

pub struct Toeplitz;

impl CorrelationStructure for Toeplitz {
    fn place(&self) -> PlaceKind {
        PlaceKind::Visit
    }

    fn n_parameters(&self, places: &Places) -> usize {
        places.n() - 1
    }

    fn at(&self, x: &[f64], _places: &Places) -> Correlations {
        let (values, slopes) = lags(x);
        Correlations::of_lags(values, slopes)
    }

    fn natural(&self, x: &[f64], _places: &Places) -> Vec<Natural> {
        let (values, slopes) = lags(x);
        let of_lag = |lag: usize| {
            let slopes = slopes.iter().map(|s| s[lag]).collect();
            Natural::correlation(format!("cor(lag {lag})"), values[lag], slopes)
        };
        (1..values.len()).map(of_lag).collect()
    }

    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64> {
        partials_of_lags(&moments.lags(places.n())).into_iter().map(f64::atanh).collect()
    }
}

/// The autocorrelations of lag 0, 1, ... and their slopes in each number.
fn lags(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let at = |k: Option<usize>| -> Vec<Dual> {
        autocorrelations_of(&x.iter().enumerate().map(|(i, &x)| tanh(x, k == Some(i))).collect::<Vec<_>>())
    };
    let slopes = (0..x.len()).map(|k| at(Some(k)).iter().map(|d| d.slope).collect()).collect();
    (at(None).iter().map(|d| d.value).collect(), slopes)
}

/// Partial autocorrelations of correlations of lag 1, 2, ..., kept inside of their range.
fn partials_of_lags(rho: &[f64]) -> Vec<f64> {
    let mut partials: Vec<f64> = Vec::new();
    for &target in rho {
        // the correlation of the next lag is linear in the next partial autocorrelation
        let at = |partial: f64| {
            let mut trial = partials.clone();
            trial.push(partial);
            autocorrelations_of(&trial)[trial.len()]
        };
        let (low, high) = (at(-1.0), at(1.0));
        partials.push((2.0 * (target - low) / (high - low) - 1.0).clamp(-0.9, 0.9));
    }
    partials
}
