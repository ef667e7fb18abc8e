//! The criterion with some of its coordinates held.

use super::search::leave_zero;
use crate::Result;
use crate::error::computed;
use crate::model::Evaluator;
use crate::optimize::{Objective, Settings, trust_region};

const SETTINGS: Settings = Settings { tolerance: 1e-9, max_evaluations: 100 };
/// Where a search leaves a scale of zero.
const LIFTED: f64 = 0.3;

/// The least of the criterion without a term, from the point x; None where it cannot be computed.
///
/// # Errors
/// `Interrupted`.
pub fn least_without(objective: &mut dyn Evaluator, x: &[f64], term: usize) -> Result<Option<f64>> {
    let map = objective.parameters().theta;
    let (left_out, scales) = (&map.terms[term], map.scale_parameters());
    let (first, n) = (left_out.first, left_out.n_parameters);
    let mut at = x.to_vec();
    for (value, role) in at[first..].iter_mut().zip(left_out.roles()) {
        if role.row().is_some() {
            *value = 0.0;
        }
    }
    let free: Vec<usize> = (0..x.len()).filter(|k| !(first..first + n).contains(k)).collect();
    if free.is_empty() {
        return computed(objective.value(&at));
    }
    let mut start = x.to_vec();
    leave_zero(&mut start, &scales, LIFTED, LIFTED);
    let start: Vec<f64> = free.iter().map(|&k| start[k]).collect();
    let mut held = Held { inner: objective, at, free };
    Ok(computed(trust_region::minimize(&mut held, &start, SETTINGS))?.map(|outcome| outcome.value))
}

struct Held<'a> {
    inner: &'a mut dyn Evaluator,
    at: Vec<f64>,
    free: Vec<usize>,
}

impl Held<'_> {
    fn whole(&self, x: &[f64]) -> Vec<f64> {
        let mut whole = self.at.clone();
        self.free.iter().zip(x).for_each(|(&k, &x)| whole[k] = x);
        whole
    }

    fn free(&self, whole: &[f64], x: &mut [f64]) {
        self.free.iter().zip(x).for_each(|(&k, x)| *x = whole[k]);
    }
}

impl Objective for Held<'_> {
    fn n_parameters(&self) -> usize {
        self.free.len()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let whole = self.whole(x);
        self.inner.value(&whole)
    }

    fn regularize(&self, from: &[f64], x: &mut [f64]) {
        let mut whole = self.whole(x);
        self.inner.regularize(&self.whole(from), &mut whole);
        self.free(&whole, x);
    }

    fn snap_to_bounds(&self, x: &mut [f64]) {
        let mut whole = self.whole(x);
        self.inner.snap_to_bounds(&mut whole);
        self.free(&whole, x);
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let n = self.at.len();
        let (gradient, curvature) = self.inner.slope(&self.whole(x))?;
        let free = &self.free;
        let square = free.iter().flat_map(|&l| free.iter().map(move |&k| (k, l)));
        Ok((free.iter().map(|&k| gradient[k]).collect(), square.map(|(k, l)| curvature[l * n + k]).collect()))
    }
}
