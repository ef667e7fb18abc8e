//! The bootstrap: replicates in parallel, each with its own stream.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::reflated::Reflated;
use super::sampling_units::SamplingUnits;
use crate::Result;
use crate::design::Rows;
use crate::fit::Fit;
use crate::fit::refit::{parameters_at, refit, start};
use crate::fit::simulate::stream;
use crate::model::{LmmEvaluator, Model, Parameter};
use crate::rows::StoredRows;

/// How new data are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootstrapKind {
    /// New random effects and residuals from the model.
    Parametric,
    /// The modes and residuals of the fit, reflated, drawn with replacement.
    Residual,
    /// The levels of these grouping factors of the design, drawn with replacement, with their rows.
    Case(Vec<usize>),
}

pub struct BootstrapRequest<'a> {
    pub kind: BootstrapKind,
    pub n: usize,
    pub seed: u64,
    pub parameters: &'a [Parameter],
    /// Replicates that are done.
    pub done: &'a AtomicUsize,
    pub stop: &'a AtomicBool,
}

/// The parameters of every replicate; NaN where a replicate has no optimum.
///
/// # Errors
/// Those of reading the rows, `Design` for levels that another grouping factor crosses, `Interrupted` when `stop` is set.
pub fn bootstrap(fit: &Fit, source: &Rows, request: &BootstrapRequest) -> Result<Vec<Vec<f64>>> {
    let rows = fit.model.a.stored_rows(source)?;
    if request.kind != BootstrapKind::Parametric {
        fit.model.plain("the bootstrap of cases and of residuals (the parametric one is there)")?;
    }
    if let BootstrapKind::Case(factors) = &request.kind {
        let units = SamplingUnits::new(fit, &rows, factors)?;
        let draw = |k: usize| {
            let mut rng = stream(request.seed, k);
            units.sizes.iter().map(|&n| (0..n).map(|_| rng.random_range(0..n)).collect()).collect()
        };
        return over_units(fit, &units, request, request.n, draw);
    }
    let reflated = (request.kind == BootstrapKind::Residual).then(|| Reflated::new(fit, &rows));
    let (fixed, from) = (rows.fixed(&fit.beta), start(&fit.model.theta_map, &fit.point()));
    let evaluator = || fit.model.evaluator(request.stop);
    (0..request.n)
        .into_par_iter()
        .map_init(evaluator, |evaluator, k| {
            let mut rng = stream(request.seed, k);
            let mut y = fixed.clone();
            match &reflated {
                None => fit.add_draw(&rows, &mut y, &mut rng),
                Some(reflated) => residual(fit, &rows, reflated, &mut y, &mut rng),
            }
            evaluator.set_response(&rows, &y)?;
            let optimum = refit(&mut **evaluator, &from)?;
            let values = parameters_at(&fit.model, optimum.as_ref(), request.parameters);
            request.done.fetch_add(1, Ordering::Relaxed);
            Ok(values)
        })
        .collect()
}

/// The parameters with every level of the grouping factors left out in turn, factor by factor.
///
/// # Errors
/// As `bootstrap`.
pub fn jackknife(fit: &Fit, source: &Rows, factors: &[usize], request: &BootstrapRequest) -> Result<Vec<Vec<f64>>> {
    fit.model.plain("leaving groups out")?;
    let rows = fit.model.a.stored_rows(source)?;
    let units = SamplingUnits::new(fit, &rows, factors)?;
    let sizes = &units.sizes;
    let places: Vec<(usize, usize)> =
        sizes.iter().enumerate().flat_map(|(f, &n)| (0..n).map(move |k| (f, k))).collect();
    let without = |k: usize| {
        let (factor, level) = places[k];
        let stays = |f: usize, l: usize| f != factor || l != level;
        sizes.iter().enumerate().map(|(f, &n)| (0..n).filter(|&l| stays(f, l)).collect()).collect()
    };
    over_units(fit, &units, request, places.len(), without)
}

fn over_units(
    fit: &Fit,
    units: &SamplingUnits,
    request: &BootstrapRequest,
    n: usize,
    draw: impl Fn(usize) -> Vec<Vec<usize>> + Sync,
) -> Result<Vec<Vec<f64>>> {
    let from = start(&fit.model.theta_map, &fit.point());
    (0..n)
        .into_par_iter()
        .map(|k| {
            let model = fit.model.with_products(units.assemble(&fit.model.a, &draw(k)));
            let optimum = refit(&mut LmmEvaluator::new(&model, request.stop), &from)?;
            request.done.fetch_add(1, Ordering::Relaxed);
            Ok(parameters_at(&model, optimum.as_ref(), request.parameters))
        })
        .collect()
}

/// y += Zb + e with b and e drawn from those of the fit; one draw of levels for all terms of a grouping factor.
fn residual(fit: &Fit, rows: &StoredRows, from: &Reflated, y: &mut [f64], rng: &mut Xoshiro256PlusPlus) {
    let widths = &fit.model.theta_map.widths;
    let modes: Vec<Vec<f64>> = from
        .modes
        .iter()
        .zip(widths)
        .map(|(b, &full)| {
            let levels = b.len() / full;
            (0..levels)
                .flat_map(|_| {
                    let drawn = rng.random_range(0..levels);
                    b[drawn * full..(drawn + 1) * full].iter().copied()
                })
                .collect()
        })
        .collect();
    rows.add_modes(y, &modes);
    for (i, y) in y.iter_mut().enumerate() {
        *y += from.residuals[rng.random_range(0..rows.n)] / rows.weight(i).sqrt();
    }
}
