//! Random effects that predict every response: their standard deviation has no best value.
//!
//! As θ and the coefficients grow together, every row's likelihood goes to one where its predictor has the right sign, and the
//! likelihood of a level to the probability that its effects give all rows the right sign.  Where that is possible in every level,
//! the supremum lies at infinity as a rule, while Laplace's approximation and quadrature, which know no cliffs, have optima.
//! Two things are looked at: whether all rows of a term are settled at the modes, so that they do not answer to it any more; and of
//! one effect of one factor, whether a limit is above the likelihood at the estimates and at its optima by quadrature, all computed
//! exactly.

use std::sync::atomic::AtomicBool;

use super::super::verdict::{Status, Verdict};
use super::climb::{Height, climb, unit_steps};
use super::exact::{exact, highest_end, highest_near, is_affordable};
use crate::Result;
use crate::covariance::TermCovariance;
use crate::family::{Course, Observation, RowDerivatives};
use crate::model::generalized::{Glmm, GlmmEvaluator, Point, scaled};
use crate::rows::BlockRows;
use crate::special::normal_cdf;

/// Slope and curvature of a row, in a linear predictor, that is settled.
const SETTLED: f64 = 0.05;
/// Rows that are looked at together.
const ROWS: usize = 256;
/// A gain in log-likelihood at which other estimates are worth a word.
const FAR: f64 = 0.1;

/// Calls an optimum unbounded where a standard deviation has no best value.
///
/// # Errors
/// Those of the criterion.
pub fn check_bounds(objective: &mut GlmmEvaluator, x: &[f64], verdict: &mut Verdict, stop: &AtomicBool) -> Result<()> {
    if matches!(verdict.status, Status::NotConverged | Status::Pole | Status::Exact | Status::Rounded) {
        return Ok(());
    }
    let (_, point) = objective.evaluate(x)?;
    let point = point.clone();
    let terms = settled_terms(objective, x, &point);
    if !terms.is_empty() {
        let reason = "all responses are as the random effects predict them, with probabilities near one, and remain so as it grows";
        unbounded(verdict, terms, reason.into());
        return Ok(());
    }
    let model = &objective.model;
    if !is_scalar(model) || x[0] == 0.0 || !is_affordable(model, x) {
        return Ok(());
    }
    let Some(after) = highest_limit(model, x).filter(|limit| limit.is_finite()) else { return Ok(()) };
    if let Some(before) = exact(model, x).filter(|before| after > *before) {
        compare(model, x, (before, after), verdict, stop)?;
    }
    Ok(())
}

/// Calls an optimum unbounded whose log-likelihood is below the highest limit, where no finite one is as high.  Where one is, the
/// optimum is one of an approximation that is far from the likelihood, and no sign that this has none.
fn compare(
    model: &Glmm,
    x: &[f64],
    (before, mut after): (f64, f64),
    verdict: &mut Verdict,
    stop: &AtomicBool,
) -> Result<()> {
    if let Some(mut finite) = highest_end(model, x, stop)? {
        after = after.max(highest_limit(model, &finite.x).unwrap_or(after));
        if finite.value < after {
            finite = highest_near(model, finite);
            after = after.max(highest_limit(model, &finite.x).unwrap_or(after));
        }
        if finite.value >= after {
            if finite.value > before + FAR {
                verdict.reason = elsewhere(model, before, &finite);
            }
            return Ok(());
        }
    }
    let reason = format!("the log-likelihood is {before:.2} here, and {after:.2} where it is infinite");
    unbounded(verdict, vec![0], reason);
    Ok(())
}

fn elsewhere(model: &Glmm, before: f64, finite: &Height) -> String {
    let sd = model.parameters().to_user(&finite.x[..model.n_theta()])[0].abs();
    format!(
        "the log-likelihood is {before:.2} here, and {:.2} where the standard deviation of the random effects is {sd:.2}",
        finite.value
    )
}

fn unbounded(verdict: &mut Verdict, terms: Vec<usize>, reason: String) {
    verdict.flat.terms = terms;
    verdict.flat.redundant = None;
    (verdict.status, verdict.reason) = (Status::Unbounded, reason);
}

/// Terms whose random effects leave every row settled that they have a part in, where these would not be without them.
fn settled_terms(objective: &GlmmEvaluator, x: &[f64], point: &Point) -> Vec<usize> {
    let model = &objective.model;
    let b = scaled(&objective.newton.factor.lambda, &point.u, false);
    let is_settled = |(t, term): (usize, &TermCovariance)| {
        let block = &model.rows.blocks[term.block.0];
        let part = block.part[term.offset];
        let has_variance = term.relative_factor(x).iter().any(|&l| l != 0.0);
        let touched = || (0..model.rows.n).filter(|&i| own(block, term, i).iter().any(|&z| z != 0.0));
        let without = |a: usize, i: usize| {
            let b = &b[term.block.0][block.codes[i] as usize * block.width + term.offset..][..term.width];
            let effect: f64 = own(block, term, i).iter().zip(b).map(|(z, b)| z * b).sum();
            point.eta[a][i] - if a == part { effect } else { 0.0 }
        };
        let all = are_settled(model, part, touched(), |a, i| point.eta[a][i]);
        (has_variance && touched().next().is_some() && all && !are_settled(model, part, touched(), without))
            .then_some(t)
    };
    let terms: Vec<usize> = model.theta_map.terms.iter().enumerate().filter_map(is_settled).collect();
    let has_ways = || model.observations.iter().all(|&o| model.family.ways(o).is_some());
    if terms.is_empty() || has_ways() { terms } else { Vec::new() }
}

/// Whether rows are settled in the predictor of a part, for predictors by part and row.
fn are_settled(
    model: &Glmm,
    part: usize,
    mut rows: impl Iterator<Item = usize>,
    eta: impl Fn(usize, usize) -> f64,
) -> bool {
    let mut found = RowDerivatives::default();
    // of most models a row among the first is not
    loop {
        let some: Vec<usize> = rows.by_ref().take(ROWS).collect();
        let observations: Vec<Observation> = some.iter().map(|&i| model.observations[i]).collect();
        let of_part = |a: usize| some.iter().map(|&i| eta(a, i)).collect::<Vec<f64>>();
        let own: Vec<Vec<f64>> = (0..model.rows.parts.len()).map(of_part).collect();
        model.family.derivatives(&observations, &own, &[part], &mut found);
        if !found.g.iter().chain(&found.d).all(|v| v.abs() < SETTLED) {
            return false;
        }
        if some.len() < ROWS {
            return true;
        }
    }
}

/// A row's columns of a term.
fn own<'a>(block: &'a BlockRows, term: &TermCovariance, i: usize) -> &'a [f64] {
    &block.z(i)[term.offset..term.offset + term.width]
}

/// Whether the integral is over one effect of the mean for every level, of coefficients that are free.
fn is_scalar(model: &Glmm) -> bool {
    model.rows.blocks.len() == 1
        && model.rows.blocks[0].width == 1
        && model.rows.random_parts == [0]
        && model.integrated.is_none()
        && model.penalty.is_empty()
}

/// The log-likelihood of x c as c goes to infinity: Σ log P(all rows of a level have the right sign); None where a row has a best
/// value.
fn limit(model: &Glmm, x: &[f64]) -> Option<f64> {
    let (block, coefficients) = (&model.rows.blocks[0], model.coefficients(x));
    let mut ends = vec![(f64::NEG_INFINITY, f64::INFINITY); block.n_levels];
    for (i, &o) in model.observations.iter().enumerate() {
        let (low, high) = &mut ends[block.codes[i] as usize];
        for way in model.family.ways(o)? {
            let mut along = 0.0;
            for (part, &weight) in model.rows.parts.iter().zip(&way.weights).filter(|(_, weight)| **weight != 0) {
                part.each(i, |j, value| along += f64::from(weight) * value * coefficients[j]);
            }
            let by = f64::from(way.weights[0]) * x[0] * block.z(i)[0];
            match way.course {
                // this row's likelihood goes to zero, or it is no part of the limit
                Course::Stays => return None,
                _ if by == 0.0 => return None,
                _ if by > 0.0 => *low = low.max(-along / by),
                _ => *high = high.min(-along / by),
            }
        }
        if *low >= *high {
            return Some(f64::NEG_INFINITY);
        }
    }
    let of_level = |&(low, high): &(f64, f64)| {
        let (low, high) = if low > 0.0 { (-high, -low) } else { (low, high) };
        (normal_cdf(high) - normal_cdf(low)).max(0.0).ln()
    };
    Some(ends.iter().map(of_level).sum())
}

/// The highest limit over directions of the coefficients, in which it is log-concave (Prékopa), from that of x.
fn highest_limit(model: &Glmm, x: &[f64]) -> Option<f64> {
    let from = Height { x: x.to_vec(), value: limit(model, x)? };
    Some(climb(from, &unit_steps(model, x)[1..], |x| limit(model, x)).value)
}
