//! A trust region for few parameters: the objective's own curvature, corrected by what the gradients show.
//!
//! The model's curvature is B = H(x) + C: H from the objective at every point, C a symmetric rank-one
//! correction such that (H + C) s = y holds for the last step, forgotten when a step fails (Dennis, Gay and
//! Welsch 1981, ACM TOMS 7, 348-368, for the idea; Conn, Gould and Toint 2000, Trust-Region Methods,
//! chapter 7, for the step).  The last step, too short to matter but for its digits, needs no slope.

use super::optimizer::{Objective, Outcome, Point, Settings, Stop};
use crate::error::computed;
use crate::linalg::dense::eigen;
use crate::{Error, Result};

const ACCEPT: f64 = 1e-4;
/// Relative rounding of the objective: decreases below it cannot be seen.
const ROUNDING: f64 = 1e-14;
const MOST_SHRINKS: usize = 60;
/// A step whose decrease is this close to the expected one, relatively, shows that the model is right.
const AGREES: f64 = 0.2;
/// A last step may expect this many tolerances, and leave this part of one.
const LAST_STEP: f64 = 10.0;
const LEFT: f64 = 0.01;

/// Minimizes from `start`.
///
/// # Errors
/// Those of the objective, except `Numerical` ones away from the start.
pub fn minimize(objective: &mut dyn Objective, start: &[f64], settings: Settings) -> Result<Outcome> {
    let mut evaluations = 1;
    let value = objective.value(start)?;
    let mut at = point(objective, start.to_vec(), value)?;
    let n = start.len();
    let mut correction = vec![0.0; n * n];
    let mut radius = 1.0;
    let mut shrinks = 0;
    let mut before = None;
    let stop = loop {
        let model: Vec<f64> = at.curvature.iter().zip(&correction).map(|(h, c)| h + c).collect();
        let newton = subproblem(&model, &at.gradient, radius);
        let mut x = sum(&at.x, &newton);
        objective.regularize(&at.x, &mut x);
        let step: Vec<f64> = x.iter().zip(&at.x).map(|(x, from)| x - from).collect();
        let predicted = decrease(&model, &at.gradient, &step);
        let noise = ROUNDING * at.value.abs() + at.noise;
        if predicted <= 0.01 * noise || is_last(predicted, before, settings.tolerance) {
            let mut x = sum(&at.x, &newton);
            objective.snap_to_bounds(&mut x);
            return finish(objective, at, x, predicted + noise, evaluations);
        }
        if evaluations >= settings.max_evaluations {
            break Stop::EvaluationLimit;
        }
        if shrinks > MOST_SHRINKS {
            break Stop::NoProgress;
        }
        evaluations += 1;
        let value = computed(objective.value(&x))?.filter(|value| value.is_finite()).unwrap_or(f64::INFINITY);
        // where the value has fewer digits it has to be lower by what they are worth
        let actual = at.value - value - (objective.noise() - at.noise).max(0.0);
        let length = norm(&step);
        let ratio = (actual + noise) / (predicted + noise);
        if ratio < ACCEPT || actual < -noise {
            if predicted < 100.0 * noise {
                break Stop::NoProgress;
            }
            radius = 0.25 * length;
            shrinks += 1;
            before = None;
            correction.fill(0.0);
            continue;
        }
        shrinks = 0;
        before = ((ratio - 1.0).abs() < AGREES).then_some(predicted);
        let next = point(objective, x, value)?;
        correct(&mut correction, &step, &at, &next);
        radius = if ratio < 0.25 {
            0.5 * length
        } else if ratio > 0.75 {
            radius.max(2.5 * length)
        } else {
            radius
        };
        at = next;
        if objective.is_known(&at) {
            break Stop::Converged;
        }
    };
    Ok(Outcome { x: at.x.clone(), value: at.value, stop, evaluations, slope: Some(at) })
}

/// Whether a step that expects the decrease `predicted` is the last.  What it leaves is the decrease that another step
/// would expect, which falls as it fell from the step `before`, if the model was right for that one.
fn is_last(predicted: f64, before: Option<f64>, tolerance: f64) -> bool {
    let rate = before.map_or(1.0, |before| (predicted / before).min(1.0));
    predicted <= LAST_STEP * tolerance && predicted * rate <= LEFT * tolerance
}

/// The last step, if the value agrees.
fn finish(
    objective: &mut dyn Objective,
    at: Point,
    x: Vec<f64>,
    allowance: f64,
    evaluations: usize,
) -> Result<Outcome> {
    let (x, value) = match objective.value(&x) {
        Ok(value) if value <= at.value + allowance => (x, value),
        Ok(_) | Err(Error::Numerical(_)) => (at.x.clone(), at.value),
        Err(e) => return Err(e),
    };
    Ok(Outcome { x, value, stop: Stop::Converged, evaluations: evaluations + 1, slope: Some(at) })
}

fn point(objective: &mut dyn Objective, x: Vec<f64>, value: f64) -> Result<Point> {
    let noise = objective.noise();
    let (gradient, curvature) = objective.slope(&x)?;
    Ok(Point { x, value, noise, gradient, curvature })
}

/// C += r r' / (r's), r = y - (H + C) s.
fn correct(correction: &mut [f64], step: &[f64], from: &Point, to: &Point) {
    let n = step.len();
    let residual: Vec<f64> = (0..n)
        .map(|i| {
            let model: f64 = (0..n).map(|j| (to.curvature[j * n + i] + correction[j * n + i]) * step[j]).sum();
            to.gradient[i] - from.gradient[i] - model
        })
        .collect();
    let slope: f64 = residual.iter().zip(step).map(|(r, s)| r * s).sum();
    if slope.abs() > 1e-6 * norm(&residual) * norm(step) && slope.is_finite() {
        correction.iter_mut().enumerate().for_each(|(k, c)| *c += residual[k % n] * residual[k / n] / slope);
    }
}

/// -(g's + s'Bs / 2).
fn decrease(b: &[f64], g: &[f64], s: &[f64]) -> f64 {
    let n = s.len();
    -(0..n).map(|j| s[j] * (g[j] + 0.5 * (0..n).map(|i| b[j * n + i] * s[i]).sum::<f64>())).sum::<f64>()
}

/// The step s, |s| <= radius, of least g's + s'Bs / 2.
fn subproblem(b: &[f64], g: &[f64], radius: f64) -> Vec<f64> {
    let n = g.len();
    let (values, vectors) = eigen(b, n);
    let along: Vec<f64> = (0..n).map(|k| vectors[k * n..(k + 1) * n].iter().zip(g).map(|(v, g)| v * g).sum()).collect();
    let length = |shift: f64| (0..n).map(|k| (along[k] / (values[k] + shift)).powi(2)).sum::<f64>().sqrt();
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let scale = values.iter().fold(norm(g), |m, v| m.max(v.abs())).max(f64::MIN_POSITIVE);
    let least = (-lowest).max(0.0) + 1e-12 * scale;
    let mut shift = if lowest > 1e-12 * scale { 0.0 } else { least };
    if length(shift) > radius {
        let (mut low, mut high) = (shift, least + norm(g) / radius);
        for _ in 0..200 {
            shift = 0.5 * (low + high);
            if length(shift) > radius {
                low = shift
            } else {
                high = shift
            }
            if high - low <= 1e-10 * high {
                break;
            }
        }
        shift = high;
    }
    let mut coordinates: Vec<f64> = (0..n).map(|k| -along[k] / (values[k] + shift)).collect();
    // the hard case: along a direction of negative curvature the gradient says nothing
    let short = radius.powi(2) - coordinates.iter().map(|c| c * c).sum::<f64>();
    if lowest < -1e-8 * scale && short > 0.0 {
        let k = (0..n).find(|&k| values[k] == lowest).expect("the lowest eigenvalue");
        coordinates[k] += short.sqrt() * if coordinates[k] < 0.0 { -1.0 } else { 1.0 };
    }
    (0..n).map(|i| (0..n).map(|k| vectors[k * n + i] * coordinates[k]).sum()).collect()
}

fn sum(x: &[f64], step: &[f64]) -> Vec<f64> {
    x.iter().zip(step).map(|(x, s)| x + s).collect()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley, with half of its true curvature.
    struct Valley;

    impl Objective for Valley {
        fn n_parameters(&self) -> usize {
            2
        }
        fn value(&mut self, x: &[f64]) -> Result<f64> {
            Ok((1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2))
        }
        fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
            let d = x[1] - x[0] * x[0];
            let gradient = vec![-2.0 * (1.0 - x[0]) - 400.0 * x[0] * d, 200.0 * d];
            Ok((gradient, vec![1.0 + 600.0 * x[0] * x[0] - 200.0 * x[1], -200.0 * x[0], -200.0 * x[0], 100.0]))
        }
    }

    #[test]
    fn rosenbrocks_valley_is_followed_to_its_end() {
        let settings = Settings { tolerance: 1e-13, ..Settings::default() };
        let outcome = minimize(&mut Valley, &[-1.2, 1.0], settings).unwrap();
        assert_eq!(outcome.stop, Stop::Converged);
        assert!(outcome.x.iter().all(|x| (x - 1.0).abs() < 1e-5), "{:?}", outcome);
        assert!(outcome.evaluations < 80, "{}", outcome.evaluations);
    }

    /// (x - 1)² with a curvature that leads too far at first, where values have no digits.
    struct NoisyFarOut {
        last: f64,
    }

    impl Objective for NoisyFarOut {
        fn n_parameters(&self) -> usize {
            1
        }
        fn value(&mut self, x: &[f64]) -> Result<f64> {
            self.last = x[0];
            if x[0] > 1.5 { Err(Error::Numerical("too far".into())) } else { Ok((x[0] - 1.0).powi(2)) }
        }
        fn noise(&self) -> f64 {
            if self.last > 1.5 { 1e3 } else { 0.0 }
        }
        fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
            Ok((vec![2.0 * (x[0] - 1.0)], vec![0.1]))
        }
    }

    #[test]
    fn the_noise_of_a_point_that_was_refused_ends_no_search() {
        let outcome = minimize(&mut NoisyFarOut { last: 0.0 }, &[0.9], Settings::default()).unwrap();
        assert_eq!(outcome.stop, Stop::Converged);
        assert!((outcome.x[0] - 1.0).abs() < 1e-4, "{outcome:?}");
    }
}
