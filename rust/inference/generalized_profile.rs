//! Profile likelihood of a generalized model: the ends of intervals.
//!
//! A coefficient is a coordinate after a rotation of the search's; along it all others are minimized again, from the tangent
//! that the covariance of the estimates gives.  Parameters of random effects have charts, as those of a linear model have.

use std::sync::atomic::AtomicBool;

use super::profile::{bounds, start_generalized};
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

/// The interval of a parameter in which the criterion rises by no more than the square of `limit`; an end is infinite where it
/// rises no further, and NaN where the criterion cannot be followed to it.
///
/// # Errors
/// `Design` for a model without a likelihood of its own, `Interrupted`.
pub fn profile_interval(fit: &GlmmFit, of: Parameter, limit: f64, stop: &AtomicBool) -> Result<(f64, f64)> {
    if fit.model.integrated.is_some() {
        return Err(Error::Design(
            "profile intervals are of maximum likelihood: fit with reml=False and nagq of 1 or more, or take Wald intervals".into(),
        ));
    }
    let j = match of {
        Parameter::Fixed(j) => j,
        Parameter::Random(term, reported) => {
            return match start_generalized(fit, term, reported)? {
                Some(start) => bounds(start, fit.criterion, limit, stop),
                // a correlation of effects without variance: nothing is known of it
                None => Ok((-1.0, 1.0)),
            };
        }
        Parameter::Residual(_) | Parameter::Sigma => {
            return Err(Error::Design("a generalized model has no residual variance".into()));
        }
    };
    let held = Held::new(fit, j);
    let mut evaluator = GlmmEvaluator::new(&fit.model, stop);
    let mut end = |side: f64| -> Result<f64> {
        // where the search of one end was lost, that of the other begins at the fit again
        evaluator.set_from(fit.u.clone());
        Ok(held.size * computed(held.end(fit, &mut evaluator, limit, side))?.unwrap_or(f64::NAN))
    };
    Ok((end(-1.0)?, end(1.0)?))
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
}

impl Held {
    fn new(fit: &GlmmFit, j: usize) -> Self {
        let (model, n) = (&fit.model, fit.x.len());
        let slope = |k: usize| {
            let mut e = vec![0.0; n];
            e[k] = 1.0;
            model.user_coefficients(&e)[j]
        };
        let mut direction: Vec<f64> = (0..n).map(|k| if k < model.n_theta() { 0.0 } else { slope(k) }).collect();
        let size = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
        direction.iter_mut().for_each(|v| *v /= size);
        let at: f64 = direction.iter().zip(&fit.x).map(|(d, x)| d * x).sum();
        let moved: Vec<f64> = (0..n).map(|i| (0..n).map(|j| fit.covariance[j * n + i] * direction[j]).sum()).collect();
        let variance: f64 = moved.iter().zip(&direction).map(|(m, d)| m * d).sum();
        let known = variance > 0.0 && variance.is_finite();
        let tangent = if known { moved.iter().map(|m| m / variance).collect() } else { direction.clone() };
        let std_error = if known { variance.sqrt() } else { 0.5 * at.abs().max(0.2) };
        Self { rotation: completed(&direction), size, at, std_error, tangent }
    }

    /// The coordinate at which the root of the criterion's rise is `limit`, on one side.
    fn end(&self, fit: &GlmmFit, evaluator: &mut GlmmEvaluator, limit: f64, side: f64) -> Result<f64> {
        let mut from = fit.x.clone();
        let mut rise = |value: f64, from: &mut Vec<f64>| -> Result<f64> {
            let (x, criterion) = self.minimum(evaluator, from, value)?;
            *from = x;
            Ok((criterion - fit.criterion).max(0.0).sqrt())
        };
        let (mut before, mut value) = ((self.at, 0.0), self.at + side * limit * self.std_error);
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
