//! The unit of the response: y = c y', so that searches and their tolerances meet a spread of about one, whatever y is in.
//!
//! Predictors follow by the link, η = f η' + s, and the dispersion by the family; users see neither.  Powers of four are exact.

use super::build::Collected;
use super::model::Glmm;
use crate::family::{FamilySpec, Link, Observation, Predictor, Zero, median_and_spread};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    pub response: f64,
    /// f and s of the predictor of the mean.
    factor: f64,
    shift: f64,
    /// What the predictor of the dispersion has more.
    dispersion: f64,
    /// Whether zeros have a probability, and no density with a unit.
    zeros_have_mass: bool,
}

impl Default for Unit {
    fn default() -> Self {
        Self { response: 1.0, factor: 1.0, shift: 0.0, dispersion: 0.0, zeros_have_mass: false }
    }
}

impl Unit {
    /// That of a continuous response: the standard deviation, or of positive ones the mean.
    pub fn of(spec: &FamilySpec, observations: &[Observation]) -> Self {
        let mean =
            |f: &dyn Fn(f64) -> f64| observations.iter().map(|o| f(o.y)).sum::<f64>() / observations.len() as f64;
        // squares of the largest responses are no numbers
        let largest = observations.iter().map(|o| o.y.abs()).fold(f64::MIN_POSITIVE, f64::max);
        let center = mean(&|y| y / largest);
        let spread = largest * mean(&|y| (y / largest - center).powi(2)).sqrt();
        let (size, power) = match spec.name.as_str() {
            "gaussian" => (spread, 1.0),
            "student" => {
                let own = median_and_spread(observations).1;
                (if own > 0.0 { own } else { spread }, 1.0)
            }
            "gamma" => (largest * center, 0.0),
            "inverse_gaussian" => (largest * center, -1.0),
            _ => return Self::default(),
        };
        let c = 4f64.powf((size.log2() / 2.0).round());
        if !c.is_normal() || !(1.0 / c).is_normal() {
            return Self::default();
        }
        let (factor, shift) = match spec.link {
            Link::Identity => (c, 0.0),
            Link::Log => (1.0, c.ln()),
            Link::Inverse => (1.0 / c, 0.0),
            Link::Sqrt => (c.sqrt(), 0.0),
            Link::InverseSquare => (1.0 / (c * c), 0.0),
            _ => return Self::default(),
        };
        let zeros_have_mass = spec.zero == Zero::Part;
        Self { response: c, factor, shift, dispersion: power * c.ln(), zeros_have_mass }
    }

    /// Responses in the unit.
    pub fn responses(&self, observations: Vec<Observation>) -> Vec<Observation> {
        observations.into_iter().map(|o| Observation { y: o.y / self.response, ..o }).collect()
    }

    /// -log of the density's unit.
    pub fn constant(&self, o: Observation) -> f64 {
        if self.zeros_have_mass && o.y == 0.0 { 0.0 } else { self.response.ln() }
    }

    /// Offsets, and the maps from coefficients and random effects to the user's.
    pub fn apply(&self, collected: &mut Collected, predictors: &[Predictor]) {
        let n = collected.n;
        for ((part, entries), predictor) in collected.parts.iter_mut().zip(&mut collected.transforms).zip(predictors) {
            let (factor, shift) = self.of_predictor(*predictor);
            entries.iter_mut().for_each(|(_, _, value)| *value *= factor);
            if shift != 0.0 && part.offset.is_empty() {
                part.offset = vec![0.0; n];
            }
            part.offset.iter_mut().for_each(|o| *o = (*o - shift) / factor);
        }
        let of_mean = collected.names[0].terms.clone();
        for basis in &mut collected.bases[of_mean] {
            basis.transform.iter_mut().for_each(|value| *value *= self.factor);
        }
    }

    /// f and s of a predictor.
    pub fn of_predictor(&self, predictor: Predictor) -> (f64, f64) {
        match predictor {
            Predictor::Conditional => (self.factor, self.shift),
            Predictor::Dispersion => (1.0, self.dispersion),
            _ => (1.0, 0.0),
        }
    }
}

impl Glmm {
    /// Makes predictors of the rows those of the response as it is.
    pub fn out_of_unit(&self, eta: &mut [Vec<f64>]) {
        for (eta, predictor) in eta.iter_mut().zip(self.family.predictors()) {
            let (factor, shift) = self.unit.of_predictor(predictor);
            eta.iter_mut().for_each(|eta| *eta = *eta * factor + shift);
        }
    }
}
