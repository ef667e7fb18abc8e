//! `exp(t | g)`, `gau(t | g)`, `sph(t | g)`: correlations that fall with the distance, by a range exp x_0; with a nugget they
//! begin at 1 - nugget, nugget = 1 / (1 + exp(-x_1)).

use super::boundary::{Limit, NEAR_ONE, limit_of};
use super::correlation::{CorrelationStructure, Correlations, Natural, PlaceKind, Places, share};
use super::moments::Moments;
use crate::covariance::Decay;

/// Ranges that a search may start from, and with a nugget ranges and nuggets.
const RANGES: usize = 12;
const RANGES_OF_NUGGETS: usize = 4;
const NUGGETS: [f64; 2] = [0.2, 0.7];

pub struct Spatial {
    pub decay: Decay,
    pub nugget: bool,
}

impl CorrelationStructure for Spatial {
    fn place(&self) -> PlaceKind {
        PlaceKind::Distance
    }

    fn is_chain(&self) -> bool {
        self.decay == Decay::Exponential && !self.nugget
    }

    fn n_parameters(&self, _places: &Places) -> usize {
        1 + usize::from(self.nugget)
    }

    fn at(&self, x: &[f64], _places: &Places) -> Correlations {
        let (decay, inverse) = (self.decay, (-x[0]).exp());
        let (nugget, slope) = if self.nugget { share(x[1]) } else { (0.0, 0.0) };
        Correlations::Distance(Box::new(move |distance, out| {
            let (correlation, own) = decay.at(distance * inverse);
            out[0] = (1.0 - nugget) * own;
            out[1..].iter_mut().for_each(|out| *out = -slope * correlation);
            (1.0 - nugget) * correlation
        }))
    }

    fn natural(&self, x: &[f64], _places: &Places) -> Vec<Natural> {
        let range = x[0].exp();
        let mut slopes = vec![0.0; x.len()];
        slopes[0] = range;
        let mut all = vec![Natural { name: "range".into(), value: range, slopes, bounds: (0.0, f64::INFINITY) }];
        if self.nugget {
            let (value, slope) = share(x[1]);
            all.push(Natural { name: "nugget".into(), value, slopes: vec![0.0, slope], bounds: (0.0, 1.0) });
        }
        all
    }

    fn start(&self, moments: &Moments, places: &Places) -> Vec<f64> {
        let range = start_of_range(self.decay, moments, places);
        if self.nugget { vec![range, (0.1f64 / 0.9).ln()] } else { vec![range] }
    }

    fn any_point(&self, places: &Places) -> Vec<f64> {
        let range = if places.span > 0.0 { (2.0 * places.span).ln() } else { 0.0 };
        [range, 0.0][..self.n_parameters(places)].to_vec()
    }

    /// Where correlations end at a distance, its likelihood has kinks; within the smallest distance there are none.  With a nugget
    /// there can be an optimum of short ranges, and one of long ranges that are nearly compound symmetry.
    fn other_starts(&self, start: &[f64], places: &Places) -> Vec<Vec<f64>> {
        if places.nearest <= 0.0 {
            return Vec::new();
        }
        let (low, high) = ((0.99 * places.nearest).ln(), (3.0 * places.span).ln());
        let range = |k: usize, n: usize| low + (high - low) * k as f64 / (n - 1) as f64;
        if self.nugget {
            let of_range =
                |k: usize| NUGGETS.map(|nugget| vec![range(k, RANGES_OF_NUGGETS), (nugget / (1.0 - nugget)).ln()]);
            return (0..RANGES_OF_NUGGETS).flat_map(of_range).collect();
        }
        let n = if self.decay == Decay::Spherical { RANGES } else { 0 };
        (0..n).map(|k| [&[range(k, n)], &start[1..]].concat()).collect()
    }

    fn limit(&self, x: &[f64], places: &Places) -> Option<Limit> {
        let limit = limit_of(&self.at(x, places), self.place(), places, x.len());
        let without_nugget = self.nugget && share(x[1]).0 < 1.0 - NEAR_ONE;
        let is_constant = self.nugget && self.decay.at(places.span * (-x[0]).exp()).0 > NEAR_ONE;
        let of_nugget = without_nugget.then_some(Limit::WithoutNugget).or(is_constant.then_some(Limit::Constant));
        limit.or(of_nugget)
    }
}

/// The log range at which neighbours have the correlation that they show.
fn start_of_range(decay: Decay, moments: &Moments, places: &Places) -> f64 {
    let (near, distance) = (moments.neighbours.correlation().clamp(0.1, 0.9), moments.neighbours.distance());
    let range = distance / decay.inverse(near);
    if range > 0.0 && range.is_finite() { range.ln() } else { places.span.max(1.0).ln() }
}
