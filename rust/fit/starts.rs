//! Further starts: a criterion may have several optima, most often one at a variance of zero and one away from it.
//!
//! Lines are looked over by values alone: the range of each scale, and each term at other correlations and all scales.
//! From a dip that a rise separates from the optimum, and from large variances, searches follow that are ended early: does
//! one lead below the optimum?

use crate::Result;
use crate::covariance::{Role, TermCovariance, ThetaMap};
use crate::error::computed;
use crate::model::Evaluator;
use crate::optimize::{Outcome, Settings, trust_region};

/// Flops that all valuations of a small model may take, and those that one takes beside its own.
const WORK: f64 = 1e6;
const OVERHEAD: f64 = 3000.0;
/// The part of the evaluations of the search that a larger model has for it.
const SHARE: usize = 25;
/// Searches from dips, their tolerance, and their evaluations at most.
const SEARCHES: usize = 4;
const SETTINGS: Settings = Settings { tolerance: 1e-3, max_evaluations: 20 };
/// An optimum that is lower by less is the same.
const LOWER: f64 = 1e-5;
/// A model that can afford so many valuations is searched from starts of large variances too, this large.
const SMALL: usize = 100;
const LARGE: f64 = 8.0;
/// The range of one scale: its ends, and the points between them of a model with no other.
const RANGE: (f64, f64) = (3e-3, 1e4);
const POINTS: usize = 64;
/// The scales of a term on a line, and of one column.
const OF_TERM: [f64; 8] = [0.02, 0.06, 0.2, 0.6, 1.6, 5.0, 15.0, 60.0];
const OF_COLUMN: [f64; 7] = [0.0, 0.05, 0.2, 0.6, 2.0, 6.0, 20.0];
/// What a scale of zero is where other parameters of its term are looked over.
const LIFTED: f64 = 0.3;
/// Where the way from a dip to the optimum is valued.
const WAY: [f64; 3] = [0.5, 0.2, 0.8];

/// A point below the optimum, and the number of points that were valued.
#[derive(Debug, Default)]
pub struct Further {
    pub lower: Option<Vec<f64>>,
    pub tried: usize,
}

/// Looks for a point below the optimum, as far as that costs little beside the search, which took `spent` evaluations.
///
/// # Errors
/// `Interrupted`.
pub fn look(objective: &mut dyn Evaluator, optimum: &Outcome, spent: usize) -> Result<Further> {
    let affordable = ((WORK / (OVERHEAD + objective.flops())) as usize).max(spent / SHARE);
    let mut further = Further::default();
    let mut dips = Vec::new();
    for line in lines(objective.parameters().theta, &optimum.x) {
        if further.tried + line.len() > affordable {
            break;
        }
        further.tried += line.len();
        let values = line.iter().map(|x| value(objective, x)).collect::<Result<Vec<f64>>>()?;
        dips.extend(dips_of(line, &values).filter(|(at, _)| (at - optimum.value).abs() > LOWER));
    }
    dips.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut starts = Vec::new();
    for (at, x) in dips {
        if at < optimum.value - LOWER {
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
    for start in starts {
        further.tried += 1;
        further.lower = search_from(objective, &start, optimum.value - LOWER)?;
        if further.lower.is_some() {
            break;
        }
    }
    Ok(further)
}

fn value(objective: &mut dyn Evaluator, x: &[f64]) -> Result<f64> {
    Ok(computed(objective.value(x))?.filter(|value| value.is_finite()).unwrap_or(f64::INFINITY))
}

/// Where values are no higher than beside.
fn dips_of(line: Vec<Vec<f64>>, values: &[f64]) -> impl Iterator<Item = (f64, Vec<f64>)> {
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

/// The end of a search, if it is below a value.
fn search_from(objective: &mut dyn Evaluator, start: &[f64], below: f64) -> Result<Option<Vec<f64>>> {
    let end = computed(trust_region::minimize(objective, start, SETTINGS))?;
    Ok(end.filter(|end| end.value < below).map(|end| end.x))
}

/// Lines through the space of the parameters, as points in order; the first matter most.
fn lines(map: &ThetaMap, optimum: &[f64]) -> Vec<Vec<Vec<f64>>> {
    if let [_] = optimum {
        return vec![range(optimum[0])];
    }
    let mut lines: Vec<Vec<Vec<f64>>> = map.terms.iter().flat_map(|term| of_term(term, optimum)).collect();
    if map.terms.len() > 1 {
        lines.push(OF_TERM.map(|c| all_terms(map, optimum, c)).to_vec());
    }
    lines
}

/// Λ = c I for all terms.
fn all_terms(map: &ThetaMap, optimum: &[f64], c: f64) -> Vec<f64> {
    let scaled = map.terms.iter().flat_map(|t| t.structure.scaled(&t.structure.start(t.width), t.width, c));
    scaled.chain(optimum[map.n_parameters..].iter().copied()).collect()
}

/// Starts of large variances, to which no line through an optimum need lead: of all terms, and of a term of three columns
/// and more with every correlation one, or one column far above the others.
fn large(map: &ThetaMap, optimum: &[f64]) -> Vec<Vec<f64>> {
    let mut starts = vec![all_terms(map, optimum, LARGE)];
    for term in map.terms.iter().filter(|t| t.width > 2) {
        let (roles, start) = (term.structure.roles(term.width), term.structure.start(term.width));
        let mut own: Vec<Vec<f64>> = correlations(&roles, &start).split_off(1);
        own.iter_mut().for_each(|values| *values = term.structure.scaled(values, term.width, LARGE));
        own.extend((0..roles.len()).filter(|&k| roles[k].is_scale()).map(|k| {
            let mut values = start.clone();
            values[k] = LARGE;
            values
        }));
        starts.extend(own.into_iter().map(|values| {
            let mut x = optimum.to_vec();
            x[term.first..term.first + values.len()].copy_from_slice(&values);
            x
        }));
    }
    starts
}

/// All scales of one parameter.
fn range(optimum: f64) -> Vec<Vec<f64>> {
    let step = (RANGE.1 / RANGE.0).powf(1.0 / (POINTS - 1) as f64);
    let mut points: Vec<f64> = (0..POINTS).map(|k| RANGE.0 * step.powi(k as i32)).chain([0.0, optimum.abs()]).collect();
    points.sort_by(f64::total_cmp);
    points.dedup();
    points.into_iter().map(|x| vec![x]).collect()
}

/// A term at all scales, with correlations of its own and others, then column by column; other terms as they are.
fn of_term(term: &TermCovariance, optimum: &[f64]) -> Vec<Vec<Vec<f64>>> {
    let (structure, r, own) = (term.structure, term.width, term.parameters(optimum));
    let roles = structure.roles(r);
    let within = |values: &[f64]| {
        let mut x = optimum.to_vec();
        x[term.first..term.first + values.len()].copy_from_slice(values);
        x
    };
    let scaled = |values: &Vec<f64>| OF_TERM.map(|c| within(&structure.scaled(values, r, c))).to_vec();
    let mut lines: Vec<Vec<Vec<f64>>> = correlations(&roles, &structure.start(r)).iter().map(scaled).collect();
    if r == 1 {
        return lines;
    }
    lines.push(scaled(&own.to_vec()));
    let lifted: Vec<f64> =
        roles.iter().zip(own).map(|(role, &x)| if role.is_scale() && x == 0.0 { LIFTED } else { x }).collect();
    for values in correlations(&roles, &lifted) {
        for (k, _) in roles.iter().enumerate().filter(|(_, role)| role.is_scale()) {
            let at = |value: f64| {
                let mut values = values.clone();
                values[k] = value;
                within(&values)
            };
            lines.push(OF_COLUMN.map(at).to_vec());
        }
    }
    lines
}

/// The values, and those with correlations near their ends: one at a time, and all alike.
fn correlations(roles: &[Role], values: &[f64]) -> Vec<Vec<f64>> {
    let mut all = vec![values.to_vec()];
    let angles: Vec<usize> = (0..roles.len()).filter(|&k| roles[k].is_angle()).collect();
    for end in [-1.5, 1.5] {
        let with = |own: &[usize]| {
            let mut values = values.to_vec();
            own.iter().for_each(|&k| values[k] = end);
            values
        };
        all.extend(angles.iter().map(|&k| with(&[k])));
        if angles.len() > 1 {
            all.push(with(&angles));
        }
        // of a free covariance the first effect and all others
        let entry = |role: &Role| match *role {
            Role::Entry { column: 0, row } => Some(if row == 0 { 1.0 } else { end.signum() }),
            Role::Entry { .. } => Some(0.0),
            _ => None,
        };
        let entries: Option<Vec<f64>> = roles.iter().map(entry).collect();
        all.extend(entries.filter(|entries| entries.len() > 1));
    }
    all
}
