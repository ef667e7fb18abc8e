//! The likelihood itself of a model with one effect of one factor, by sums so fine that they are exact, and how high it is at
//! finite points.

use std::cell::Cell;
use std::sync::atomic::AtomicBool;

use super::climb::{Height, climb, unit_steps};
use super::search::{feasible, further_starts};
use crate::fit::search::{Control, search};
use crate::model::generalized::{Approximation, Glmm, GlmmEvaluator};
use crate::{Result, computed};

/// The range of an effect in standard deviations, the distance of its points, and the move of a predictor between two.
const RANGE: f64 = 9.0;
const STEP: f64 = 0.05;
const MOVE: f64 = 0.4;
/// Values of rows that may be computed, at one point or in a climb.
const MOST_VALUES: f64 = 5e6;
/// Points of the quadrature whose optima are looked at.
const NODES: usize = 25;

/// The highest log-likelihood at the ends of searches by quadrature: from x, and from the model without random effects with scales
/// of several sizes; None where there is no such end.
///
/// # Errors
/// `Interrupted`.
pub fn highest_end(model: &Glmm, x: &[f64], stop: &AtomicBool) -> Result<Option<Height>> {
    let model = model.clone().with_approximation(Approximation::Quadrature(NODES))?;
    let mut starts = further_starts(&model);
    starts.push(x.to_vec());
    let mut best: Option<Height> = None;
    for start in starts {
        if let Some(end) = computed(end_of(&model, start, stop))?.flatten()
            && best.as_ref().is_none_or(|best| end.value > best.value)
        {
            best = Some(end);
        }
    }
    Ok(best)
}

fn end_of(model: &Glmm, start: Vec<f64>, stop: &AtomicBool) -> Result<Option<Height>> {
    let mut objective = GlmmEvaluator::new(model, stop);
    let start = feasible(&mut objective, start)?;
    let (x, _) = search(&mut objective, &start, &Control::default())?;
    Ok(exact(model, &x).map(|value| Height { x, value }))
}

/// The highest log-likelihood near a point, from steps along the coordinates and along the point, which makes all predictors larger
/// or smaller by the same factor.
pub fn highest_near(model: &Glmm, at: Height) -> Height {
    let mut steps = unit_steps(model, &at.x);
    steps.push(at.x.clone());
    let left = Cell::new(MOST_VALUES);
    climb(at, &steps, |x| {
        left.set(left.get() - n_values(model, x));
        if left.get() < 0.0 { None } else { exact(model, x) }
    })
}

/// The distance of points at x.
fn step(model: &Glmm, x: &[f64]) -> f64 {
    let largest = model.rows.blocks[0].z.iter().fold(0.0f64, |a, z| a.max(z.abs())) * x[0].abs();
    STEP.min(MOVE / largest)
}

/// Values of rows at all points.
fn n_values(model: &Glmm, x: &[f64]) -> f64 {
    2.0 * (RANGE / step(model, x)).ceil() * model.rows.n as f64
}

/// Whether the log-likelihood at x may be computed.
pub fn is_affordable(model: &Glmm, x: &[f64]) -> bool {
    n_values(model, x) <= MOST_VALUES
}

/// The log-likelihood at x, by the trapezoidal rule, whose error falls faster than any power of its step here.
pub fn exact(model: &Glmm, x: &[f64]) -> Option<f64> {
    let block = &model.rows.blocks[0];
    if !is_affordable(model, x) {
        return None;
    }
    let step = step(model, x);
    let n = (RANGE / step).ceil();
    let weight = |i: usize| model.weights.get(i).copied().unwrap_or(1.0);
    let random = |i: usize, u: f64| block.z(i)[0] * x[0] * u;
    let mut eta = model.rows.fixed(&model.coefficients(x));
    let (fixed, mut values) = (eta[0].clone(), Vec::new());
    // sums of exp(log-density - the largest so far) of every level
    let mut sums = vec![(f64::NEG_INFINITY, 0.0); block.n_levels];
    for k in -(n as i64)..=n as i64 {
        let u = k as f64 * step;
        eta[0].iter_mut().enumerate().for_each(|(i, eta)| *eta = fixed[i] + random(i, u));
        model.family.values(&model.observations, &eta, &mut values);
        let mut own = vec![-0.5 * u * u; block.n_levels];
        values.iter().enumerate().for_each(|(i, v)| own[block.codes[i] as usize] -= weight(i) * v);
        for ((largest, sum), own) in sums.iter_mut().zip(&own) {
            if own > largest {
                *sum *= (*largest - own).exp();
                *largest = *own;
            }
            *sum += (own - *largest).exp();
        }
    }
    let constant = model.constant + block.n_levels as f64 * (0.5 * std::f64::consts::TAU.ln() - step.ln());
    let value = sums.iter().map(|(largest, sum)| largest + sum.ln()).sum::<f64>() - constant;
    value.is_finite().then_some(value)
}
