//! Profile likelihood (Bates et al. 2015, section 5.1): ζ(ψ) = sign(ψ - ψ̂) sqrt(D(ψ) - D(ψ̂)) for the deviance D
//! of maximum likelihood, everything else at its best.  Each parameter has a chart of its own, in which it is a
//! coordinate, so that a profile is a series of unconstrained searches.

mod basis;
mod chart;
mod coordinates;
mod effects;
mod lag;
mod multipliers;
mod residual;
mod trace;

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

pub use chart::Chart;
use coordinates::start;
pub use coordinates::{ProfileStart, ProfiledModel, start_generalized};
pub use trace::{Profile, bounds, trace};

use crate::Result;
use crate::fit::{Control, Fit, fit};
use crate::model::{Criterion, Parameter};

/// Profiles parameters to where |ζ| is `limit`.
///
/// # Errors
/// `Numerical` where a search fails or finds a better optimum than the fit's, `Interrupted` when `stop` is set.
pub fn profile(reference: &Fit, parameters: &[Parameter], limit: f64, stop: &AtomicBool) -> Result<Vec<Profile>> {
    reference.model.require_rows("the profile likelihood")?;
    let ml = by_maximum_likelihood(reference, stop)?;
    let of = |&parameter: &Parameter| match start(&ml, parameter)? {
        Some(start) => trace(start, ml.criterion, limit, stop),
        // a correlation of effects without variance: nothing is known of it
        None => Ok(Profile { estimate: f64::NAN, points: Vec::new(), low: -1.0, high: 1.0 }),
    };
    parameters.par_iter().map(of).collect()
}

/// The same model fitted by maximum likelihood.
fn by_maximum_likelihood(reference: &Fit, stop: &AtomicBool) -> Result<Fit> {
    if reference.model.criterion == Criterion::Ml {
        return Ok(reference.clone());
    }
    let model = reference.model.with_criterion(Criterion::Ml);
    let start = reference.model.parameters().to_user(&reference.theta);
    fit(&model, &Control { start: Some(start), ..Control::default() }, stop)
}
