//! Draws of ψ: direct ones where they can be trusted, else chains.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use serde::Deserialize;

use super::direct::{self, BAD_K};
use super::log_posterior::Target;
use super::mode::best_mode;
use super::nuts;
use crate::Result;
use crate::error::computed;

/// Direct draws are of no more coordinates than this.
pub const MOST_COORDINATES: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    #[default]
    Auto,
    Direct,
    Nuts,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Settings {
    pub draws: usize,
    pub seed: u64,
    pub method: Method,
}

/// How the draws came about.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Direct {
        k: f64,
        effective: f64,
        points: usize,
        rounds: usize,
    },
    Nuts {
        divergences: usize,
        chains: usize,
    },
    /// They were given.
    Given,
}

#[derive(Debug, Clone)]
pub struct Sampled {
    /// ψ of every draw; of chains one after the other.
    pub points: Vec<Vec<f64>>,
    pub source: Source,
    /// What direct draws were like that chains replaced.
    pub gave_up: Option<(f64, f64)>,
    /// log p(y) up to constants of improper priors, and its standard error; of direct draws alone.
    pub log_marginal: Option<(f64, f64)>,
}

/// Draws around the mode found from some starts.
///
/// # Errors
/// `Numerical` where no point with a density is found, `Interrupted`.
pub fn sample(
    target: &Target,
    starts: &[Vec<f64>],
    settings: Settings,
    progress: (&AtomicUsize, &AtomicBool),
) -> Result<Sampled> {
    if target.coordinates.dim() == 0 {
        return of_known(target, settings, progress.1);
    }
    let centre = best_mode(&mut target.log_posterior(progress.1), starts, settings.seed)?;
    let is_small = target.coordinates.dim() <= MOST_COORDINATES;
    let mut gave_up = None;
    if settings.method == Method::Direct || settings.method == Method::Auto && is_small {
        let wanted = (settings.draws as f64 / 2.0).clamp(200.0, 4000.0);
        let found = direct::sample(target, centre.clone(), wanted, settings.seed, progress);
        let found = if settings.method == Method::Direct { Some(found?) } else { computed(found)? };
        if let Some(weighted) = found {
            let is_enough = weighted.k <= BAD_K && weighted.effective >= 0.1 * wanted;
            if settings.method == Method::Direct || is_enough {
                return Ok(of_weighted(&weighted, settings));
            }
            gave_up = Some((weighted.k, weighted.effective));
        }
    }
    let chains = nuts::sample(target, &centre, settings.draws, settings.seed, progress)?;
    let source = Source::Nuts { divergences: chains.divergences, chains: nuts::CHAINS };
    Ok(Sampled { points: chains.points, source, gave_up, log_marginal: None })
}

/// Of a model whose coefficients alone are not known: these are integrated over.
fn of_known(target: &Target, settings: Settings, stop: &AtomicBool) -> Result<Sampled> {
    let (n, log_density) = (settings.draws, target.log_posterior(stop).value(&[])?);
    let source = Source::Direct { k: f64::NEG_INFINITY, effective: n as f64, points: n, rounds: 0 };
    Ok(Sampled { points: vec![Vec::new(); n], source, gave_up: None, log_marginal: Some((log_density, 0.0)) })
}

fn of_weighted(weighted: &direct::Weighted, settings: Settings) -> Sampled {
    let chosen = direct::resample(weighted, settings.draws, settings.seed);
    Sampled {
        points: chosen.into_iter().map(|k| weighted.points[k].clone()).collect(),
        source: Source::Direct {
            k: weighted.k,
            effective: weighted.effective,
            points: weighted.points.len(),
            rounds: weighted.rounds,
        },
        gave_up: None,
        log_marginal: Some(weighted.log_marginal),
    }
}
