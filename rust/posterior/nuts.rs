//! The reference sampler: Hamiltonian chains without U-turns (Hoffman and Gelman 2014, J. Machine Learning Research 15,
//! 1593-1623), in coordinates in which the curvature at the mode is the identity.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use nuts_rs::{Chain as _, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings as _};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::coordinates::Reflections;
use super::log_posterior::{LogPosterior, Target};
use super::mode::Centre;
use super::random::{Purpose, stream};
use crate::{Error, Result, check_stop};

pub const CHAINS: usize = 4;
const WARM_UP: u64 = 400;
/// Points near the mode that a chain tries to begin at.
const TRIES: i32 = 20;
const TARGET_ACCEPTANCE: f64 = 0.9;

/// Draws chain by chain, without the warm-up.
#[derive(Debug, Clone)]
pub struct Chains {
    pub points: Vec<Vec<f64>>,
    pub divergences: usize,
}

/// Draws `n` points in four chains, the first of which have one more where four do not divide n.
///
/// # Errors
/// `Numerical` where a chain cannot begin, `Interrupted`.
pub fn sample(
    target: &Target,
    centre: &Centre,
    n: usize,
    seed: u64,
    (done, stop): (&AtomicUsize, &AtomicBool),
) -> Result<Chains> {
    let of_chain = |k: usize| n / CHAINS + usize::from(k < n % CHAINS);
    let chain = |k: usize| one_chain(target, centre, (k, of_chain(k)), seed, (done, stop));
    let chains = (0..CHAINS).into_par_iter().map(chain).collect::<Result<Vec<Chains>>>()?;
    let divergences = chains.iter().map(|chain| chain.divergences).sum();
    Ok(Chains { points: chains.into_iter().flat_map(|chain| chain.points).collect(), divergences })
}

fn one_chain(
    target: &Target,
    centre: &Centre,
    (k, n): (usize, usize),
    seed: u64,
    (done, stop): (&AtomicUsize, &AtomicBool),
) -> Result<Chains> {
    let reflections = target.coordinates.reflections();
    let density = Whitened { density: target.log_posterior(stop), centre: centre.clone(), stop };
    let mut settings = DiagNutsSettings { num_tune: WARM_UP, num_draws: n as u64, ..DiagNutsSettings::default() };
    settings.adapt_options.step_size_settings.target_accept = TARGET_ACCEPTANCE;
    let mut rng = stream(seed, Purpose::Chain(k));
    let start = start(&mut target.log_posterior(stop), centre, &mut rng)?;
    let failed = |e: anyhow::Error| match check_stop(stop) {
        Err(interrupted) => interrupted,
        Ok(()) => Error::Numerical(format!(
            "a chain of draws cannot go on ({}): a prior with an end near the mode (Uniform) may be in the way",
            e.root_cause()
        )),
    };
    let mut chain = settings.new_chain(k as u64, CpuMath::new(density), &mut rng).map_err(failed)?;
    chain.set_position(&start).map_err(failed)?;
    let mut found = Chains { points: Vec::with_capacity(n), divergences: 0 };
    for draw in 0..WARM_UP as usize + n {
        check_stop(stop)?;
        let (z, progress) = chain.draw().map_err(failed)?;
        done.fetch_add(1, Ordering::Relaxed);
        if draw >= WARM_UP as usize {
            found.divergences += usize::from(progress.diverging);
            found.points.push(folded(centre, &z, &reflections));
        }
    }
    Ok(found)
}

/// Where a chain begins: near the mode, at a point with a density.
fn start(density: &mut LogPosterior, centre: &Centre, rng: &mut Xoshiro256PlusPlus) -> Result<Vec<f64>> {
    let d = centre.mean.len();
    for k in 0..TRIES {
        let spread = 0.5 * 0.7f64.powi(k);
        let draw = |_| {
            let z: f64 = StandardNormal.sample(&mut *rng);
            spread * z
        };
        let z: Vec<f64> = (0..d).map(draw).collect();
        if density.value(&centre.at(&z))?.is_finite() {
            return Ok(z);
        }
    }
    Ok(vec![0.0; d])
}

fn folded(centre: &Centre, z: &[f64], reflections: &Reflections) -> Vec<f64> {
    let mut psi = centre.at(z);
    reflections.fold(&mut psi);
    psi
}

/// log p in z, ψ = mean + root z.
struct Whitened<'a, 'm> {
    density: LogPosterior<'a, 'm>,
    centre: Centre,
    stop: &'a AtomicBool,
}

#[derive(thiserror::Error)]
#[error("{text}")]
struct Failure {
    text: String,
    is_recoverable: bool,
}

/// The text alone: it stands in messages of the sampler.
impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl LogpError for Failure {
    fn is_recoverable(&self) -> bool {
        self.is_recoverable
    }
}

impl HasDims for Whitened<'_, '_> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_string(), self.dim() as u64)])
    }
}

impl CpuLogpFunc for Whitened<'_, '_> {
    type LogpError = Failure;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.centre.mean.len()
    }

    fn logp(&mut self, z: &[f64], gradient: &mut [f64]) -> std::result::Result<f64, Failure> {
        let failed = |e: Error| Failure { text: e.to_string(), is_recoverable: matches!(e, Error::Numerical(_)) };
        check_stop(self.stop).map_err(failed)?;
        let (value, slope) = self.density.gradient(&self.centre.at(z)).map_err(failed)?;
        let d = z.len();
        for (j, g) in gradient.iter_mut().enumerate() {
            *g = (j..d).map(|i| self.centre.root[j * d + i] * slope[i]).sum();
        }
        Ok(value)
    }

    fn expand_vector<R: rand::Rng + ?Sized>(
        &mut self,
        _: &mut R,
        z: &[f64],
    ) -> std::result::Result<Vec<f64>, CpuMathError> {
        Ok(z.to_vec())
    }
}
