//! Points that are the same covariance: standard deviations of either sign, with the signs of correlations.

use super::Coordinates;
use crate::posterior::slots::is_unstructured;
use crate::prior::lkj;

/// Standard deviations that may be reflected: their places in ψ, and the partial correlations that go with them.
#[derive(Debug, Clone, Default)]
pub struct Reflections {
    pub places: Vec<usize>,
    /// By partial correlation its place, and those of the two standard deviations among `places`.
    pairs: Vec<(usize, usize, usize)>,
}

impl Coordinates {
    /// What of ψ may be reflected.
    pub fn reflections(&self) -> Reflections {
        let mut all = Reflections::default();
        for term in &self.theta_map.terms {
            let first = all.places.len();
            let r = term.width;
            if is_unstructured(term) {
                all.places.extend((0..r).map(|k| term.first + k));
                let pairs = lkj::pairs(r).enumerate();
                all.pairs.extend(pairs.map(|(k, (i, j))| (term.first + r + k, first + i, first + j)));
            } else {
                let scales = term.roles().into_iter().enumerate().filter(|(_, role)| role.is_scale());
                all.places.extend(scales.map(|(k, _)| term.first + k));
            }
        }
        all
    }
}

impl Reflections {
    /// ψ with those standard deviations reflected that are bits of `signs`.
    pub fn reflect(&self, psi: &mut [f64], signs: usize) {
        self.reflect_where(psi, |k| signs >> k & 1 == 1);
    }

    fn reflect_where(&self, psi: &mut [f64], is: impl Fn(usize) -> bool) {
        for (k, &place) in self.places.iter().enumerate() {
            if is(k) {
                psi[place] = -psi[place];
            }
        }
        for &(place, i, j) in &self.pairs {
            if is(i) != is(j) {
                psi[place] = -psi[place];
            }
        }
    }

    /// Whether no standard deviation is negative.
    pub fn is_folded(&self, psi: &[f64]) -> bool {
        self.places.iter().all(|&place| psi[place] >= 0.0)
    }

    /// ψ where no standard deviation is negative.
    pub fn fold(&self, psi: &mut [f64]) {
        let negative: Vec<bool> = self.places.iter().map(|&place| psi[place] < 0.0).collect();
        self.reflect_where(psi, |k| negative[k]);
    }
}
