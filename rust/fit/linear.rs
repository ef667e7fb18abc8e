//! The fit of a linear mixed model, whose criterion may be an estimate: where that is affordable, an exact one replaces it.

use std::sync::atomic::AtomicBool;

use super::result::Fit;
use super::search::{Control, leave_zero, search};
use super::verdict::{Status, Verdict};
use crate::model::linear::exact_kind;
use crate::model::{Lmm, LmmEvaluator, Model, Scale};
use crate::optimize::Objective;
use crate::penalized_ls::TrailingKind;
use crate::{Result, computed};

/// Starts of the residuals' parameters that are searched from, where their likelihood can have several optima.
const SEARCHED: usize = 3;

/// Fits the model: minimizes the criterion and says what the result is.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated at the start, `Interrupted` when `stop` is set.
pub fn fit(model: &Lmm, control: &Control, stop: &AtomicBool) -> Result<Fit> {
    let mut start = match &control.start {
        Some(user) => model.parameters().to_working(user)?,
        None => model.start(stop)?,
    };
    start.truncate(model.theta_map.n_parameters);
    start.extend_from_slice(model.phi());
    if model.scale == Scale::Parameter {
        start.push(2.0 * log_sigma(model, &start, stop)?);
    }
    leave_zero(&mut start, &model.theta_map.scale_parameters(), 1e-3, 1e-2);
    let mut objective = LmmEvaluator::of_sums(model, stop);
    let is_estimate = model.symbolic.kind() == TrailingKind::Iterative;
    if is_estimate
        && let Some(why) = exact_kind::doubt(computed(objective.evaluate(&start))?.map(|terms| terms.std_error))
        && let Some(other) = exact_kind::instead(model, &why)
    {
        return fit(&other, control, stop);
    }
    let (mut theta, verdict) = lowest(&mut objective, starts_of_residuals(model, &start, stop)?, control)?;
    let unsettled =
        (verdict.status == Status::NotConverged).then(|| "the search on an estimate did not converge".into());
    let terms = objective.whole(&theta)?;
    let variance = (model.scale != Scale::Profiled).then(|| objective.variance(&theta, &terms));
    theta.truncate(model.theta_map.n_parameters);
    let doubt = exact_kind::doubt(Some(terms.std_error)).or(unsettled).filter(|_| is_estimate);
    if let Some(other) = doubt.as_ref().and_then(|why| exact_kind::instead(model, why)) {
        // good enough where it began, but not where it ended
        let from = Control { start: Some(model.parameters().to_user(&theta)), ..control.clone() };
        return fit(&other, &from, stop);
    }
    if let Some(kind) = exact_kind::finishing_kind(model) {
        let exact = model.with_trailing(kind);
        let mut work = exact.workspace();
        let terms = exact.evaluate(&theta, &mut work)?;
        return Ok(Fit::at(exact, theta, verdict, (terms, variance), &work));
    }
    let model = doubt.map_or_else(|| objective.model.clone(), |why| exact_kind::estimated(model, &why));
    Ok(Fit::at(model, theta, verdict, (terms, variance), &objective.work))
}

/// Starts with other parameters of the residuals, the best first: as many as are searched from.
fn starts_of_residuals(model: &Lmm, start: &[f64], stop: &AtomicBool) -> Result<Vec<Vec<f64>>> {
    let Some(own) = model.residual.as_ref().filter(|own| own.residual.has_other_starts()) else {
        return Ok(vec![start.to_vec()]);
    };
    let mut objective = LmmEvaluator::new(model, stop);
    let mut values = Vec::new();
    for phi in own.residual.starts() {
        let mut x = start.to_vec();
        x[model.theta_map.n_parameters..][..phi.len()].copy_from_slice(&phi);
        let value = computed(objective.value(&x))?.unwrap_or(f64::INFINITY);
        values.push((value, x));
    }
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let searched = values.iter().take(SEARCHED).filter(|(value, _)| value.is_finite());
    let found: Vec<Vec<f64>> = searched.map(|(_, x)| x.clone()).collect();
    Ok(if found.is_empty() { vec![start.to_vec()] } else { found })
}

/// The lowest of the optima that searches from some starts end at.
fn lowest(objective: &mut LmmEvaluator, starts: Vec<Vec<f64>>, control: &Control) -> Result<(Vec<f64>, Verdict)> {
    let mut best: Option<(f64, Vec<f64>, Verdict)> = None;
    for start in &starts {
        let (x, verdict) = search(objective, start, control)?;
        let value = objective.value(&x)?;
        if best.as_ref().is_none_or(|(lowest, ..)| value < *lowest) {
            best = Some((value, x, verdict));
        }
    }
    let (_, x, verdict) = best.expect("a search from one start at least");
    Ok((x, verdict))
}

/// log σ at its best for a start.
fn log_sigma(model: &Lmm, start: &[f64], stop: &AtomicBool) -> Result<f64> {
    Ok(LmmEvaluator::new(&model.with_scale(Scale::Profiled), stop).evaluate(start)?.sigma().ln())
}
