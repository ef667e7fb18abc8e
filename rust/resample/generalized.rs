//! Refits of a generalized model: to other responses, and to groups drawn or left out.
//!
//! Every refit starts from the fit with random effects of zero, so that results depend on no other refit and on no thread.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rand::RngExt;
use rayon::prelude::*;

use super::arrays::Arrays;
use crate::Result;
use crate::crossproduct::CrossProducts;
use crate::family::Observation;
use crate::fit::GlmmFit;
use crate::fit::simulate::stream;
use crate::ids::FactorId;
use crate::model::Parameter;
use crate::model::generalized::{DrawnRows, Glmm};

/// What refits give, and how they are watched.
pub struct Refits<'a> {
    pub parameters: &'a [Parameter],
    /// Refits that are done.
    pub done: &'a AtomicUsize,
    pub stop: &'a AtomicBool,
}

impl Refits<'_> {
    /// The parameters of a model like that of the fit; NaN where it has no optimum.
    fn of(&self, fit: &GlmmFit, model: &Glmm) -> Result<Vec<f64>> {
        let optimum = fit.optimum_of(model, self.stop)?;
        self.done.fetch_add(1, Ordering::Relaxed);
        Ok(match optimum {
            Some(o) => {
                let coefficients = GlmmFit::coefficients_of(model, &o.theta, self.stop)?;
                model.parameters().values(&coefficients, &o.theta, 1.0, self.parameters)
            }
            None => vec![f64::NAN; self.parameters.len()],
        })
    }
}

/// The parameters of the fits to other responses, each of n rows.
///
/// # Errors
/// `Data` for responses outside the family's support; `Interrupted`.
pub fn to_responses(fit: &GlmmFit, responses: &[Vec<f64>], refits: &Refits) -> Result<Vec<Vec<f64>>> {
    let of_response = |y: &Vec<f64>| {
        let observations = fit.model.observations.iter().zip(y).map(|(&o, &y)| Observation { y, ..o });
        refits.of(fit, &fit.model.with_response(observations.collect())?)
    };
    responses.par_iter().map(of_response).collect()
}

/// The parameters of the fits to levels of grouping factors, drawn with replacement, with their rows.
///
/// # Errors
/// `Design` where a grouping factor crosses all of those drawn; `Interrupted`.
pub fn to_drawn_groups(
    fit: &GlmmFit,
    factors: &[usize],
    n: usize,
    seed: u64,
    refits: &Refits,
) -> Result<Vec<Vec<f64>>> {
    fit.require_all_parameters()?;
    let groups = Groups::new(&fit.model, factors)?;
    let draw = |k: usize| -> Vec<Vec<usize>> {
        let mut rng = stream(seed, k);
        groups.sizes.iter().map(|&n| (0..n).map(|_| rng.random_range(0..n)).collect()).collect()
    };
    (0..n).into_par_iter().map(|k| refits.of(fit, &fit.model.of_rows(&groups.rows(&draw(k)))?)).collect()
}

/// The parameters with every level of the grouping factors left out in turn, factor by factor.
///
/// # Errors
/// As `to_drawn_groups`.
pub fn without_groups(fit: &GlmmFit, factors: &[usize], refits: &Refits) -> Result<Vec<Vec<f64>>> {
    fit.require_all_parameters()?;
    let groups = Groups::new(&fit.model, factors)?;
    let sizes = &groups.sizes;
    let places: Vec<(usize, usize)> =
        sizes.iter().enumerate().flat_map(|(f, &n)| (0..n).map(move |level| (f, level))).collect();
    let without = |&(factor, level): &(usize, usize)| -> Vec<Vec<usize>> {
        let stays = |f: usize, l: usize| f != factor || l != level;
        sizes.iter().enumerate().map(|(f, &n)| (0..n).filter(|&l| stays(f, l)).collect()).collect()
    };
    places.par_iter().map(|place| refits.of(fit, &fit.model.of_rows(&groups.rows(&without(place)))?)).collect()
}

/// The levels of grouping factors that are drawn, and the rows where they meet.
struct Groups<'a> {
    products: CrossProducts,
    arrays: Arrays<'a>,
    sizes: Vec<usize>,
}

impl<'a> Groups<'a> {
    fn new(model: &'a Glmm, factors: &[usize]) -> Result<Self> {
        let products = model.unfilled(0);
        let blocks: Vec<usize> = factors.iter().map(|&factor| products.block_of(FactorId(factor))).collect();
        let sizes = blocks.iter().map(|&b| model.rows.blocks[b].n_levels).collect();
        let levels = model.rows.blocks.iter().map(|block| block.codes.as_slice()).collect();
        Ok(Self { arrays: Arrays::new(&products, levels, blocks)?, products, sizes })
    }

    fn rows(&self, draws: &[Vec<usize>]) -> DrawnRows {
        self.arrays.rows(&self.products, draws)
    }
}
