//! Residuals of the rows of a model drawn anew at draws of ψ, with the covariance that they have there.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::linear::LinearPosterior;
use super::random::{Purpose, stream};
use crate::fit::simulate::normal;
use crate::linalg::memory;
use crate::{Error, Result, check_stop};

/// Draws that are made before they are put in their places.
const DRAWS: usize = 16;

/// By row of a model whose residuals have parameters, in the order of the data, a number for each of the points at some places
/// (row-major).
///
/// # Errors
/// `Design` for residuals without parameters, or of sums over strata; `Data` where memory does not hold them; `Numerical`,
/// `Interrupted`.
pub fn new_residuals(
    posterior: &LinearPosterior,
    (points, places): (&[Vec<f64>], &[usize]),
    seed: u64,
    stop: &AtomicBool,
) -> Result<Vec<f64>> {
    posterior.model.require_rows("new residuals")?;
    let Some(own) = &posterior.model.residual else {
        return Err(Error::Design("residuals without parameters are independent".into()));
    };
    let (rows, n) = (own.residual.order.len(), places.len());
    let mut out = memory::zeros(rows, n).ok_or_else(|| Error::no_memory("residuals", rows, n))?;
    for first in (0..n).step_by(DRAWS) {
        check_stop(stop)?;
        let own = first..n.min(first + DRAWS);
        let of = |k: usize| at_point(posterior, &points[places[k]], &mut stream(seed, Purpose::Residuals(k)));
        let draws = own.into_par_iter().map(of).collect::<Result<Vec<_>>>()?;
        let all = out.chunks_exact_mut(n).enumerate();
        all.for_each(|(i, row)| draws.iter().zip(&mut row[first..]).for_each(|(draw, e)| *e = draw[i]));
    }
    Ok(out)
}

fn at_point(posterior: &LinearPosterior, psi: &[f64], rng: &mut rand_xoshiro::Xoshiro256PlusPlus) -> Result<Vec<f64>> {
    let (mut model, x) = posterior.at(psi)?;
    model.move_to(&x[model.theta_map.n_parameters..model.n_free()])?;
    let sigma = model.known_variance().unwrap_or_else(|| x[model.n_free()].exp()).sqrt();
    let own = model.residual.as_ref().expect("residuals with parameters");
    let mut e: Vec<f64> = own.residual.order.iter().map(|_| sigma * normal(rng)).collect();
    own.residual.colour(&own.whitened, &mut e);
    Ok(own.residual.in_order_of_data(&e))
}
