//! The fit of a linear mixed model, whose criterion may be an estimate: where that is affordable, an exact one replaces it.

use std::sync::atomic::AtomicBool;

use super::result::Fit;
use super::search::{Control, leave_zero, search};
use super::verdict::Status;
use crate::model::linear::exact_kind;
use crate::model::{Lmm, LmmEvaluator, Model};
use crate::penalized_ls::TrailingKind;
use crate::{Result, computed};

/// Fits the model: minimizes the criterion and says what the result is.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated at the start, `Interrupted` when `stop` is set.
pub fn fit(model: &Lmm, control: &Control, stop: &AtomicBool) -> Result<Fit> {
    let mut start = match &control.start {
        Some(user) => model.parameters().to_working(user)?,
        None => model.start(stop)?,
    };
    leave_zero(&mut start, &model.theta_map.scale_parameters(), 1e-3, 1e-2);
    let mut objective = LmmEvaluator::new(model, stop);
    let is_estimate = model.symbolic.kind() == TrailingKind::Iterative;
    if is_estimate
        && let Some(why) = exact_kind::doubt(computed(objective.evaluate(&start))?.map(|terms| terms.std_error))
        && let Some(other) = exact_kind::instead(model, &why)
    {
        return fit(&other, control, stop);
    }
    let (theta, verdict) = search(&mut objective, &start, control)?;
    let unsettled =
        (verdict.status == Status::NotConverged).then(|| "the search on an estimate did not converge".into());
    let terms = objective.evaluate(&theta)?;
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
        return Ok(Fit::at(exact, theta, verdict, terms, &work));
    }
    let model = doubt.map_or_else(|| model.clone(), |why| exact_kind::estimated(model, &why));
    Ok(Fit::at(model, theta, verdict, terms, &objective.work))
}
