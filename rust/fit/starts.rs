//! Further starts: a criterion may have several optima, most often one at a variance of zero and one away from it.
//!
//! Lines are looked over by values alone.  From a dip that a rise separates from the optimum, and from large variances,
//! searches follow that are ended early: does one lead below the optimum?

use super::lines::{Line, beside_zeros, large, lines};
use crate::Result;
use crate::error::computed;
use crate::model::Evaluator;
use crate::optimize::{Objective, Outcome, Point, Settings, trust_region};

/// Flops that all valuations of a small model may take, and those that one takes beside its own.
const WORK: f64 = 1e6;
const OVERHEAD: f64 = 3000.0;
/// Evaluations that a search may take before its trouble says that the criterion may have several optima.
const USUAL: usize = 50;
/// Searches from dips, their tolerance (a hundredth of it is left), and their evaluations at most.
const SEARCHES: usize = 4;
const SETTINGS: Settings = Settings { tolerance: 0.05, max_evaluations: 20 };
/// An optimum that is lower by less is the same.
const LOWER: f64 = 1e-5;
/// A search that is so little above the optimum, with what its parabola says to this part, leads to it.
const NEAR: f64 = 1.0;
const AGREES: f64 = 0.2;
/// A model that can afford so many valuations is searched from starts of large variances too.
const SMALL: usize = 100;
/// Where the way from a dip to the optimum is valued.
const WAY: [f64; 3] = [0.5, 0.2, 0.8];

/// A point below the optimum, and the number of points that were valued.
#[derive(Debug, Default)]
pub struct Further {
    pub lower: Option<Vec<f64>>,
    pub tried: usize,
}

/// Looks for a point below the optimum by more than `error`: on as many lines as cost little beside the search, which
/// took `spent` evaluations; of a larger model where variances of zero are lifted.
///
/// # Errors
/// `Interrupted`.
pub fn look(objective: &mut dyn Evaluator, optimum: &Outcome, error: f64, spent: usize) -> Result<Further> {
    let affordable = ((WORK / (OVERHEAD + objective.flops())) as usize).max(spent.saturating_sub(USUAL));
    let lower = optimum.value - LOWER.max(error);
    let mut further = Further::default();
    let mut dips = Vec::new();
    for line in lines_for(objective, &optimum.x, affordable) {
        further.tried += line.len();
        let values = line.iter().map(|x| value(objective, x)).collect::<Result<Vec<f64>>>()?;
        dips.extend(dips_of(line, &values).filter(|(at, _)| (at - optimum.value).abs() > LOWER));
    }
    dips.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut starts = Vec::new();
    for (at, x) in dips {
        if at < lower {
            further.lower = Some(x);
            return Ok(further);
        }
        if starts.len() < SEARCHES && is_apart(objective, optimum, at, &x)? {
            starts.push(x);
        }
    }
    if affordable >= SMALL && optimum.x.len() > 1 {
        starts.extend(large(objective.parameters().theta, &optimum.x));
    }
    // of values with fewer digits a search all the way is worth its time
    let known = optimum.slope.as_ref().filter(|_| error < LOWER);
    for start in starts {
        further.tried += 1;
        further.lower = search_from(objective, &start, (known, lower))?;
        if further.lower.is_some() {
            break;
        }
    }
    Ok(further)
}

/// The first lines of so many points in all; where there is none, those that lift variances of zero.
fn lines_for(objective: &dyn Evaluator, optimum: &[f64], affordable: usize) -> Vec<Line> {
    let map = objective.parameters().theta;
    let mut points = 0;
    let fits = |line: &Line| {
        points += line.len();
        points <= affordable
    };
    let first: Vec<Line> = lines(map, optimum).into_iter().take_while(fits).collect();
    if first.is_empty() { beside_zeros(map, optimum) } else { first }
}

fn value(objective: &mut dyn Evaluator, x: &[f64]) -> Result<f64> {
    Ok(computed(objective.value(x))?.filter(|value| value.is_finite()).unwrap_or(f64::INFINITY))
}

/// Where values are no higher than beside.
fn dips_of(line: Line, values: &[f64]) -> impl Iterator<Item = (f64, Vec<f64>)> {
    let at = |k: usize| values.get(k).copied().unwrap_or(f64::INFINITY);
    let is_dip = move |k: usize| at(k).is_finite() && at(k) <= at(k.wrapping_sub(1)) && at(k) <= at(k + 1);
    line.into_iter().enumerate().filter(move |(k, _)| is_dip(*k)).map(move |(k, x)| (at(k), x))
}

/// Whether the criterion rises between a point and the optimum.
fn is_apart(objective: &mut dyn Evaluator, optimum: &Outcome, at: f64, x: &[f64]) -> Result<bool> {
    for share in WAY {
        let between: Vec<f64> = x.iter().zip(&optimum.x).map(|(x, to)| x + share * (to - x)).collect();
        if value(objective, &between)? > at + LOWER {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The end of a search, if it is below a value; the search ends early where it comes near the known optimum.
fn search_from(
    objective: &mut dyn Evaluator,
    start: &[f64],
    (known, below): (Option<&Point>, f64),
) -> Result<Option<Vec<f64>>> {
    let mut elsewhere = Elsewhere { objective, known };
    let end = computed(trust_region::minimize(&mut elsewhere, start, SETTINGS))?;
    Ok(end.filter(|end| end.value < below).map(|end| end.x))
}

/// The criterion to a search that is to find another optimum.
struct Elsewhere<'a> {
    objective: &'a mut dyn Evaluator,
    known: Option<&'a Point>,
}

impl Objective for Elsewhere<'_> {
    fn n_parameters(&self) -> usize {
        self.objective.n_parameters()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        self.objective.value(x)
    }

    fn noise(&self) -> f64 {
        self.objective.noise()
    }

    fn regularize(&self, from: &[f64], x: &mut [f64]) {
        self.objective.regularize(from, x);
    }

    fn snap_to_bounds(&self, x: &mut [f64]) {
        self.objective.snap_to_bounds(x);
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.objective.slope(x)
    }

    fn is_known(&self, at: &Point) -> bool {
        self.known.is_some_and(|known| is_near(known, at))
    }
}

/// Whether the parabola at an optimum has both the value and the gradient of a point not far above it.
fn is_near(optimum: &Point, at: &Point) -> bool {
    let (n, above) = (at.x.len(), at.value - optimum.value);
    if above > NEAR {
        return false;
    }
    let step: Vec<f64> = at.x.iter().zip(&optimum.x).map(|(x, from)| x - from).collect();
    let slope = |i: usize| optimum.gradient[i] + (0..n).map(|j| optimum.curvature[j * n + i] * step[j]).sum::<f64>();
    let slopes: Vec<f64> = (0..n).map(slope).collect();
    let expected: f64 = (0..n).map(|i| 0.5 * step[i] * (slopes[i] + optimum.gradient[i])).sum();
    let off: f64 = (0..n).map(|i| (at.gradient[i] - slopes[i]).powi(2)).sum();
    let size: f64 = slopes.iter().map(|v| v * v).sum();
    (above - expected).abs() <= AGREES * above.abs() && off <= AGREES.powi(2) * size
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x² + y², or with `steep` another function of x beyond 1/2.
    fn bowl(x: &[f64], steep: f64) -> Point {
        let beyond = (x[0] - 0.5).max(0.0);
        let value = x[0] * x[0] + x[1] * x[1] + steep * beyond.powi(2);
        let gradient = vec![2.0 * x[0] + 2.0 * steep * beyond, 2.0 * x[1]];
        Point { x: x.to_vec(), value, noise: 0.0, gradient, curvature: vec![2.0, 0.0, 0.0, 2.0] }
    }

    #[test]
    fn a_point_is_near_an_optimum_where_its_parabola_holds() {
        let optimum = bowl(&[0.0, 0.0], 0.0);
        assert!(is_near(&optimum, &bowl(&[0.6, -0.5], 0.0)));
        assert!(!is_near(&optimum, &bowl(&[0.6, -0.5], 20.0)), "another value and slope");
        assert!(!is_near(&optimum, &bowl(&[1.2, 0.0], 0.0)), "too far above");
        assert!(!is_near(&optimum, &bowl(&[0.7, 0.1], -1.2)), "another slope");
    }

    #[test]
    fn dips_are_no_higher_than_their_neighbours_and_can_be_computed() {
        let line: Line = (0..6).map(|k| vec![f64::from(k)]).collect();
        let dips: Vec<(f64, Vec<f64>)> = dips_of(line, &[1.0, 2.0, 0.5, f64::INFINITY, f64::INFINITY, 0.0]).collect();
        assert_eq!(dips, [(1.0, vec![0.0]), (0.5, vec![2.0]), (0.0, vec![5.0])]);
    }
}
