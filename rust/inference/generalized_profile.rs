//! Profile likelihood of a generalized model: the ends of intervals of its coefficients, and of standard deviations of single
//! random effects.
//!
//! A coefficient is a coordinate after a rotation of the search's; along it all others are minimized again, from the tangent
//! that the covariance of the estimates gives.

use std::sync::atomic::AtomicBool;

use crate::fit::GlmmFit;
use crate::linalg::dense::eigen;
use crate::model::GlmmEvaluator;
use crate::model::parameters::Parameter;
use crate::optimize::{Objective, Settings, trust_region};
use crate::{Error, Result, computed};

const SETTINGS: Settings = Settings { tolerance: 1e-8, max_evaluations: 200 };
const MOST_STEPS: usize = 40;
/// A root of the criterion's rise this close to the one wanted ends the search.
const CLOSE: f64 = 1e-5;
/// Where the criterion has not risen enough at so many times the distance of a parabola's end, it is taken as level.
const LEVEL: f64 = 10.0;

/// What is profiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profiled {
    /// One of the user's coefficients, of all parts.
    Coefficient(usize),
    /// The standard deviation of a random term of one effect.
    Sd(usize),
}

impl Profiled {
    /// What a parameter is here; None of terms of several effects.
    pub fn of(parameter: Parameter, fit: &GlmmFit) -> Option<Self> {
        match parameter {
            Parameter::Fixed(j) => Some(Self::Coefficient(j)),
            Parameter::Random(t, _) if fit.model.theta_map.terms[t].width == 1 => Some(Self::Sd(t.0)),
            _ => None,
        }
    }
}

/// The interval in which the criterion rises by no more than the square of `limit`; an end is infinite where it rises no
/// further, and NaN where the criterion cannot be followed to it.
///
/// # Errors
/// `Design` for a term of several effects, `Interrupted`.
pub fn profile_interval(fit: &GlmmFit, of: Profiled, limit: f64, stop: &AtomicBool) -> Result<(f64, f64)> {
    if fit.model.integrated.is_some() {
        return Err(Error::Design(
            "profile intervals are of maximum likelihood: fit with reml=False and nagq of 1 or more, or take Wald intervals".into(),
        ));
    }
    let held = Held::new(fit, of)?;
    let mut evaluator = GlmmEvaluator::new(&fit.model, stop);
    let mut end = |side: f64| -> Result<f64> {
        // where the search of one end was lost, that of the other begins at the fit again
        evaluator.set_from(fit.u.clone());
        Ok(computed(held.end(fit, &mut evaluator, limit, side))?.unwrap_or(f64::NAN))
    };
    let ends = (end(-1.0)?, end(1.0)?);
    Ok(match of {
        Profiled::Coefficient(_) => (ends.0 * held.size, ends.1 * held.size),
        Profiled::Sd(_) => (ends.0 * held.size, ends.1 * held.size),
    })
}

/// One coordinate of a rotated space.
struct Held {
    /// Orthonormal, the coordinate held first (n x n, its vectors side by side).
    rotation: Vec<f64>,
    /// The parameter over the coordinate.
    size: f64,
    /// The coordinate at the optimum, and its standard error.
    at: f64,
    std_error: f64,
    /// How all coordinates move, to first order, as the one held does.
    tangent: Vec<f64>,
    is_scale: bool,
}

impl Held {
    fn new(fit: &GlmmFit, of: Profiled) -> Result<Self> {
        let (model, n) = (&fit.model, fit.x.len());
        let (direction, size, is_scale) = match of {
            Profiled::Coefficient(j) => {
                let p = model.n_coefficients();
                let slope = |k: usize| {
                    let mut e = vec![0.0; n];
                    e[model.n_theta() + k] = 1.0;
                    model.user_coefficients(&e)[j]
                };
                let mut direction = vec![0.0; n];
                (0..p).for_each(|k| direction[model.n_theta() + k] = slope(k));
                let size = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
                direction.iter_mut().for_each(|v| *v /= size);
                (direction, size, false)
            }
            Profiled::Sd(t) => {
                let term = &model.theta_map.terms[t];
                if term.width != 1 {
                    return Err(Error::Design(
                        "profiles of standard deviations are of random terms with one effect a level".into(),
                    ));
                }
                let mut direction = vec![0.0; n];
                direction[term.first] = if fit.x[term.first] < 0.0 { -1.0 } else { 1.0 };
                (direction, model.bases[t].scale(0), true)
            }
        };
        let at: f64 = direction.iter().zip(&fit.x).map(|(d, x)| d * x).sum();
        let moved: Vec<f64> = (0..n).map(|i| (0..n).map(|j| fit.covariance[j * n + i] * direction[j]).sum()).collect();
        let variance: f64 = moved.iter().zip(&direction).map(|(m, d)| m * d).sum();
        let known = variance > 0.0 && variance.is_finite();
        let tangent = if known { moved.iter().map(|m| m / variance).collect() } else { direction.clone() };
        let std_error = if known { variance.sqrt() } else { 0.5 * at.abs().max(0.2) };
        Ok(Self { rotation: completed(&direction), size, at, std_error, tangent, is_scale })
    }

    /// The coordinate at which the root of the criterion's rise is `limit`, on one side.
    fn end(&self, fit: &GlmmFit, evaluator: &mut GlmmEvaluator, limit: f64, side: f64) -> Result<f64> {
        let mut from = fit.x.clone();
        let mut rise = |value: f64, from: &mut Vec<f64>| -> Result<f64> {
            let (x, criterion) = self.minimum(evaluator, from, value)?;
            *from = x;
            Ok((criterion - fit.criterion).max(0.0).sqrt())
        };
        if self.is_scale && side < 0.0 && computed(rise(0.0, &mut from.clone()))?.is_some_and(|zeta| zeta <= limit) {
            return Ok(0.0);
        }
        let (mut before, mut value) = ((self.at, 0.0), self.at + side * limit * self.std_error);
        if self.is_scale && value <= 0.0 {
            value = 0.3 * self.at;
        }
        for _ in 0..MOST_STEPS {
            let Some(zeta) = computed(rise(value, &mut from))? else {
                // too far from the point before
                value = 0.5 * (value + before.0);
                continue;
            };
            if (zeta - limit).abs() < CLOSE {
                return Ok(value);
            }
            let slope = (zeta - before.1) / (value - before.0);
            let step = if slope * side > 0.0 { (limit - zeta) / slope } else { side * self.std_error };
            before = (value, zeta);
            value += step.clamp(-2.0 * limit * self.std_error, 2.0 * limit * self.std_error);
            if self.is_scale && value <= 0.0 {
                value = 0.5 * before.0;
            }
        }
        let is_level = before.1 < limit && (before.0 - self.at).abs() > LEVEL * limit * self.std_error;
        Ok(if is_level { side * f64::INFINITY } else { f64::NAN })
    }

    /// The least of the criterion with the coordinate held, from a point that is moved there along the tangent.
    fn minimum(&self, evaluator: &mut GlmmEvaluator, from: &[f64], value: f64) -> Result<(Vec<f64>, f64)> {
        let n = from.len();
        let now: f64 = self.rotation[..n].iter().zip(from).map(|(d, x)| d * x).sum();
        let moved: Vec<f64> = from.iter().zip(&self.tangent).map(|(x, t)| x + (value - now) * t).collect();
        let rest: Vec<f64> =
            (1..n).map(|k| self.rotation[k * n..(k + 1) * n].iter().zip(&moved).map(|(d, x)| d * x).sum()).collect();
        let mut objective = Rest { evaluator, rotation: &self.rotation, value };
        if rest.is_empty() {
            let x = objective.whole(&rest);
            let criterion = objective.evaluator.value(&x)?;
            return Ok((x, criterion));
        }
        let end = trust_region::minimize(&mut objective, &rest, SETTINGS)?;
        Ok((objective.whole(&end.x), end.value))
    }
}

/// The criterion over the coordinates that are not held.
struct Rest<'a, 'b> {
    evaluator: &'a mut GlmmEvaluator<'b>,
    rotation: &'a [f64],
    value: f64,
}

impl Rest<'_, '_> {
    fn whole(&self, rest: &[f64]) -> Vec<f64> {
        let n = rest.len() + 1;
        let mut x: Vec<f64> = self.rotation[..n].iter().map(|d| d * self.value).collect();
        for (k, v) in rest.iter().enumerate() {
            x.iter_mut().zip(&self.rotation[(k + 1) * n..(k + 2) * n]).for_each(|(x, d)| *x += v * d);
        }
        x
    }
}

impl Objective for Rest<'_, '_> {
    fn n_parameters(&self) -> usize {
        self.evaluator.n_parameters() - 1
    }

    fn value(&mut self, rest: &[f64]) -> Result<f64> {
        let x = self.whole(rest);
        self.evaluator.value(&x)
    }

    fn slope(&mut self, rest: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (x, n) = (self.whole(rest), rest.len() + 1);
        let (gradient, curvature) = self.evaluator.slope(&x)?;
        let column = |k: usize| &self.rotation[(k + 1) * n..(k + 2) * n];
        let own = (0..n - 1).map(|k| column(k).iter().zip(&gradient).map(|(d, g)| d * g).sum()).collect();
        let half: Vec<Vec<f64>> = (0..n - 1)
            .map(|k| (0..n).map(|i| (0..n).map(|j| curvature[j * n + i] * column(k)[j]).sum()).collect())
            .collect();
        let m = n - 1;
        let square = (0..m * m).map(|e| column(e % m).iter().zip(&half[e / m]).map(|(d, h)| d * h).sum()).collect();
        Ok((own, square))
    }
}

/// An orthonormal basis whose first vector is the one given.
fn completed(first: &[f64]) -> Vec<f64> {
    let n = first.len();
    // the projection on what is orthogonal to it has eigenvalue 1 for all others
    let projection: Vec<f64> =
        (0..n * n).map(|e| f64::from(u8::from(e % n == e / n)) - first[e % n] * first[e / n]).collect();
    let (values, vectors) = eigen(&projection, n);
    let others = (0..n).filter(|&k| values[k] > 0.5).flat_map(|k| vectors[k * n..(k + 1) * n].iter().copied());
    first.iter().copied().chain(others).collect()
}
