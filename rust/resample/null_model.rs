//! The likelihood ratio of a model and a smaller one, in data of the smaller: by refits of both.

use std::sync::atomic::Ordering;

use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::bootstrap::BootstrapRequest;
use crate::design::RowSource;
use crate::fit::Fit;
use crate::fit::refit::{refit, start};
use crate::fit::simulate::stream;
use crate::model::{Evaluator, Model};
use crate::rows::StoredRows;
use crate::{Error, Result};

/// A fit and its rows.
pub struct Fitted<'a> {
    pub fit: &'a Fit,
    pub source: &'a dyn RowSource,
}

/// The fall of the criterion from the smaller model to `full`, per replicate.  `null` is None for the model without
/// random effects.  NaN where a refit fails.
///
/// # Errors
/// Those of reading the rows; `Design` where the fixed parts or the rows differ; `Interrupted` when `stop` is set.
pub fn null_statistics(full: &Fitted, null: Option<&Fitted>, request: &BootstrapRequest) -> Result<Vec<f64>> {
    if null.is_some_and(|null| null.fit.model.a.fixed != full.fit.model.a.fixed) {
        return Err(Error::Design("the two models differ in their fixed parts or their rows".into()));
    }
    let rows = full.fit.model.a.stored_rows(full.source)?;
    let smaller = match null {
        Some(null) => Some((null.fit, null.fit.model.a.stored_rows(null.source)?)),
        None => None,
    };
    let zero = Zero::new(full.fit)?;
    let from = start(&full.fit.model.theta_map, &full.fit.theta);
    let from_null = smaller.as_ref().map(|(fit, _)| start(&fit.model.theta_map, &fit.theta));
    let of = |fit: &Fit| fit.model.evaluator(request.stop);
    let evaluators = || (of(full.fit), smaller.as_ref().map(|(fit, _)| of(fit)));
    (0..request.n)
        .into_par_iter()
        .map_init(evaluators, |(own, below), k| {
            let mut rng = stream(request.seed, k);
            let mut y = vec![0.0; rows.n];
            let before = match (&smaller, below) {
                (Some((fit, null_rows)), Some(below)) => {
                    y = null_rows.fixed(&fit.beta);
                    fit.add_draw(null_rows, &mut y, &mut rng);
                    refitted(&mut **below, null_rows, &y, from_null.as_deref().unwrap_or(&[]))?
                }
                _ => {
                    y.iter_mut().zip(rows.fixed(&zero.beta)).enumerate().for_each(|(i, (y, fitted))| {
                        let noise: f64 = StandardNormal.sample(&mut rng);
                        *y = fitted + zero.sigma / rows.weight(i).sqrt() * noise;
                    });
                    at_zero(&mut **own, &rows, &y)
                }
            };
            let after = refitted(&mut **own, &rows, &y, &from)?;
            request.done.fetch_add(1, Ordering::Relaxed);
            Ok(if before.is_nan() || after.is_nan() { f64::NAN } else { (before - after).max(0.0) })
        })
        .collect()
}

/// The model without random effects.
struct Zero {
    beta: Vec<f64>,
    sigma: f64,
}

impl Zero {
    fn new(fit: &Fit) -> Result<Self> {
        let mut work = fit.model.workspace();
        let sigma = fit.model.evaluate(&vec![0.0; fit.theta.len()], &mut work)?.sigma();
        Ok(Self { beta: work.factor.beta(), sigma })
    }
}

/// The criterion at the optimum for a response; NaN where there is none.
fn refitted(own: &mut dyn Evaluator, rows: &StoredRows, y: &[f64], from: &[f64]) -> Result<f64> {
    own.set_response(rows, y);
    Ok(refit(own, from)?.map_or(f64::NAN, |o| o.criterion))
}

fn at_zero(own: &mut dyn Evaluator, rows: &StoredRows, y: &[f64]) -> f64 {
    own.set_response(rows, y);
    let zero = vec![0.0; own.n_parameters()];
    own.value(&zero).unwrap_or(f64::NAN)
}
