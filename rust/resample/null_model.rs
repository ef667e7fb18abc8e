//! The likelihood ratio of a model and a smaller one, in data of the smaller: by refits of both.

use std::sync::atomic::Ordering;

use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::bootstrap::BootstrapRequest;
use crate::design::Rows;
use crate::fit::Fit;
use crate::fit::refit::{refit, start};
use crate::fit::simulate::stream;
use crate::model::{Evaluator, Model};
use crate::rows::StoredRows;
use crate::{Error, Result, computed};

/// A fit and its rows.
pub type Fitted<'a> = (&'a Fit, &'a Rows);

/// The fall of the criterion from the smaller model to `full`, per replicate.  `null` is None for the model without
/// random effects.  NaN where a refit fails.
///
/// # Errors
/// Those of reading the rows; `Design` where the fixed parts or the rows differ; `Interrupted` when `stop` is set.
pub fn null_statistics((full, source): Fitted, null: Option<Fitted>, request: &BootstrapRequest) -> Result<Vec<f64>> {
    if null.is_some_and(|(null, _)| null.model.a.fixed != full.model.a.fixed) {
        return Err(Error::Design("the two models differ in their fixed parts or their rows".into()));
    }
    let rows = full.model.a.stored_rows(source)?;
    let smaller = match null {
        Some((fit, source)) => Some((fit, fit.model.a.stored_rows(source)?)),
        None => None,
    };
    // the model without random effects
    let (zero, mut work) = (vec![0.0; full.theta.len()], full.model.workspace());
    let sigma = full.model.variance(&full.model.evaluate(&zero, &mut work)?).sqrt();
    let fixed = rows.fixed(&work.factor.beta());
    let from = start(&full.model.theta_map, &full.theta);
    let from_null = smaller.as_ref().map_or(vec![], |(fit, _)| start(&fit.model.theta_map, &fit.theta));
    let of = |fit: &Fit| fit.model.evaluator(request.stop);
    let evaluators = || (of(full), smaller.as_ref().map(|(fit, _)| of(fit)));
    (0..request.n)
        .into_par_iter()
        .map_init(evaluators, |(own, below), k| {
            let mut rng = stream(request.seed, k);
            let (y, before) = match (&smaller, below) {
                (Some((fit, null_rows)), Some(below)) => {
                    let mut y = null_rows.fixed(&fit.beta);
                    fit.add_draw(null_rows, &mut y, &mut rng);
                    let before = refitted(&mut **below, null_rows, &y, &from_null)?;
                    (y, before)
                }
                _ => {
                    let mut noise = |i: usize| -> f64 {
                        let e: f64 = StandardNormal.sample(&mut rng);
                        sigma / rows.weight(i).sqrt() * e
                    };
                    let y: Vec<f64> = fixed.iter().enumerate().map(|(i, fitted)| fitted + noise(i)).collect();
                    own.set_response(&rows, &y)?;
                    (y, computed(own.value(&zero))?.unwrap_or(f64::NAN))
                }
            };
            let after = refitted(&mut **own, &rows, &y, &from)?;
            request.done.fetch_add(1, Ordering::Relaxed);
            Ok(if before.is_nan() || after.is_nan() { f64::NAN } else { (before - after).max(0.0) })
        })
        .collect()
}

/// The criterion at the optimum for a response; NaN where there is none.
fn refitted(own: &mut dyn Evaluator, rows: &StoredRows, y: &[f64], from: &[f64]) -> Result<f64> {
    own.set_response(rows, y)?;
    Ok(refit(own, from)?.map_or(f64::NAN, |o| o.criterion))
}
