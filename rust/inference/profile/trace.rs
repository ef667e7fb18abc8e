//! Follows one profile from the estimate outwards, and solves for the bounds of its interval.

use std::sync::atomic::AtomicBool;

use super::chart::{AtZero, Chart, Constrained};
use super::coordinates::{ProfileStart, ProfiledModel};
use super::multipliers;
use crate::fit::search::leave_zero;
use crate::model::Model;
use crate::optimize::{Settings, trust_region};
use crate::{Error, Result, computed};

/// Points on each side, about.
const POINTS: f64 = 4.0;
const MOST_POINTS: usize = 60;
/// A profile this much below the optimum has found a better one.
const BETTER: f64 = 1e-3;
/// A parameter as near to an end of its range as this share of half of it stands for the end, where that cannot be reached.
const NEAR_END: f64 = 1e-4;
/// Accuracy of a bound, in ζ.
const ACCURACY: f64 = 1e-7;

/// One parameter's profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub estimate: f64,
    /// (ψ, ζ), ascending in ψ.
    pub points: Vec<(f64, f64)>,
    /// Where |ζ| reaches its limit, or the boundary of the parameter's range.
    pub low: f64,
    pub high: f64,
}

/// One solved point: the value, |ζ|, and the free coordinates.
#[derive(Debug, Clone)]
struct ProfilePoint {
    value: f64,
    zeta: f64,
    free: Vec<f64>,
}

struct Tracer<'a> {
    start: ProfileStart,
    best: f64,
    stop: &'a AtomicBool,
}

/// Traces a profile from `start` on, where the criterion is `best`, to where |ζ| is `limit`.
///
/// # Errors
/// `Numerical` where a search fails or finds a better optimum, `Interrupted`.
pub fn trace(start: ProfileStart, best: f64, limit: f64, stop: &AtomicBool) -> Result<Profile> {
    let mut tracer = Tracer { start, best, stop };
    let estimate = tracer.start.estimate;
    let (below, low) = tracer.side(-1.0, limit)?;
    let (above, high) = tracer.side(1.0, limit)?;
    let mut points: Vec<(f64, f64)> = below.into_iter().map(|(v, z)| (v, -z)).chain([(estimate, 0.0)]).collect();
    points.extend(above);
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(Profile { estimate, points, low, high })
}

/// The bounds alone; NaN where a search fails on the way.
///
/// # Errors
/// `Interrupted`.
pub fn bounds(start: ProfileStart, best: f64, limit: f64, stop: &AtomicBool) -> Result<(f64, f64)> {
    let mut tracer = Tracer { start, best, stop };
    let mut bound = |direction: f64| Ok(computed(tracer.side(direction, limit))?.map_or(f64::NAN, |(_, bound)| bound));
    Ok((bound(-1.0)?, bound(1.0)?))
}

impl Tracer<'_> {
    /// Points in one direction, and the bound there.
    fn side(&mut self, direction: f64, limit: f64) -> Result<(Vec<(f64, f64)>, f64)> {
        let mut points = Vec::new();
        let end = if direction < 0.0 { self.start.range.0 } else { self.start.range.1 };
        let mut last = ProfilePoint { value: self.start.estimate, zeta: 0.0, free: self.start.free.clone() };
        let gap = if matches!(self.start.chart, Chart::Multiplied(_)) { NEAR_END } else { 1e-12 };
        if direction * (end - last.value) <= gap {
            return Ok((points, end));
        }
        let (mut step, mut before): (f64, Option<ProfilePoint>) = (self.start.step, None);
        for _ in 0..MOST_POINTS {
            let (value, is_end) = self.next_value(last.value, direction * step, end);
            let next = self.solve(value, &guess(before.as_ref(), &last, value), &last.free)?;
            points.push((next.value, next.zeta));
            if next.zeta >= limit {
                let bound = self.bound(last, next, limit, &mut points)?;
                return Ok((points, bound));
            }
            if is_end {
                return Ok((points, end));
            }
            let gain = (next.zeta - last.zeta).max(1e-12);
            step = (value - last.value).abs() * (limit / POINTS / gain).clamp(0.2, 4.0);
            before = Some(std::mem::replace(&mut last, next));
        }
        Ok((points, end))
    }

    /// One step on, or the end of the range.
    fn next_value(&self, from: f64, step: f64, end: f64) -> (f64, bool) {
        let value = from + step;
        if step.signum() * (end - value) > 0.0 {
            return (value, false);
        }
        match self.start.chart {
            // σ itself is never zero
            Chart::Sigma => (0.5 * from, false),
            Chart::Multiplied(_) if self.start.range.1 == f64::INFINITY => (0.5 * from, false),
            // at the end itself others have no freedom left
            Chart::Multiplied(_) => {
                let (low, high) = self.start.range;
                (end - step.signum() * NEAR_END * 0.5 * (high - low), true)
            }
            _ => (end, true),
        }
    }

    /// |ζ| = limit between two points: regula falsi, with the stale end's weight halved (Illinois).
    fn bound(
        &mut self,
        inside: ProfilePoint,
        outside: ProfilePoint,
        limit: f64,
        points: &mut Vec<(f64, f64)>,
    ) -> Result<f64> {
        let (mut a, mut b) = (inside, outside);
        let (mut fa, mut fb) = (a.zeta - limit, b.zeta - limit);
        for _ in 0..40 {
            if fb.abs() < ACCURACY || (b.value - a.value).abs() <= 1e-12 * b.value.abs() {
                break;
            }
            let value = b.value - fb * (b.value - a.value) / (fb - fa);
            let from = if fa.abs() < fb.abs() { a.free.clone() } else { b.free.clone() };
            let next = self.solve(value, &guess(Some(&a), &b, value), &from)?;
            let f = next.zeta - limit;
            points.push((next.value, next.zeta));
            if f * fb < 0.0 {
                a = b;
                fa = fb;
            } else {
                fa *= 0.5;
            }
            b = next;
            fb = f;
        }
        Ok(b.value)
    }

    /// The best deviance with the parameter held, from a guess, or from where it was before.
    fn solve(&mut self, value: f64, guess: &[f64], safe: &[f64]) -> Result<ProfilePoint> {
        let (deviance, free) = match self.minimize(value, guess) {
            Err(Error::Numerical(_)) => self.minimize(value, safe)?,
            other => other?,
        };
        let rise = deviance - self.best;
        if rise < -BETTER {
            return Err(Error::Numerical(format!(
                "profiling found a better optimum, lower by {:.2e}: the fit is not at the maximum of the likelihood",
                -rise
            )));
        }
        Ok(ProfilePoint { value, zeta: rise.max(0.0).sqrt(), free })
    }

    fn minimize(&mut self, value: f64, from: &[f64]) -> Result<(f64, Vec<f64>)> {
        let inner = match &mut self.start.model {
            ProfiledModel::Moved(moved) => {
                moved.set(value)?;
                moved.model.evaluator(self.stop)
            }
            ProfiledModel::Own(model) => model.evaluator(self.stop),
        };
        let settings = Settings { tolerance: 1e-11, ..Settings::default() };
        let (mut x, mut objective) = (from.to_vec(), Constrained { inner, chart: self.start.chart.clone(), value });
        leave_zero(&mut x, &objective.scales(), 1e-3, 1e-2);
        if let Chart::Multiplied(constraint) = &self.start.chart {
            return multipliers::minimize(objective.inner, constraint, value, &x, settings);
        }
        let outcome = trust_region::minimize(&mut objective, &x, settings)?;
        match objective.chart {
            // a negative standard deviation has the opposite correlation: of this one, the best has none
            Chart::Pair { i, .. } if outcome.x[i - 1] * outcome.x[i] < 0.0 => {
                let ends = [i - 1, i].map(|k| without(&mut objective, k, &outcome.x, settings));
                let [one, other] = ends;
                let (one, other) = (one?, other?);
                Ok(if one.0 < other.0 { one } else { other })
            }
            _ => Ok((outcome.value, outcome.x)),
        }
    }
}

/// The least of an objective with coordinate k at zero.
fn without(objective: &mut Constrained, k: usize, from: &[f64], settings: Settings) -> Result<(f64, Vec<f64>)> {
    let mut x = from.to_vec();
    x.remove(k);
    let outcome = trust_region::minimize(&mut AtZero { inner: objective, k }, &x, settings)?;
    let mut x = outcome.x;
    x.insert(k, 0.0);
    Ok((outcome.value, x))
}

/// The free coordinates, extrapolated along the profile.
fn guess(before: Option<&ProfilePoint>, last: &ProfilePoint, value: f64) -> Vec<f64> {
    let Some(before) = before else { return last.free.clone() };
    let ratio = ((value - last.value) / (last.value - before.value)).clamp(-2.0, 2.0);
    last.free.iter().zip(&before.free).map(|(x, y)| x + ratio * (x - y)).collect()
}
