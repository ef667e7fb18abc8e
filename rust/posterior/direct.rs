//! Draws without chains: rounds of independent points from t distributions around what rounds before found, weighted against the
//! mixture of all (Cornuet, Marin, Mira and Robert 2012, Scandinavian J. Statistics 39, 798-812), of which k and the effective
//! number tell whether they can be trusted.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use rand::Rng;
use rand::RngExt as _;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use rayon::prelude::*;

use super::coordinates::Reflections;
use super::log_posterior::Target;
use super::mode::Centre;
use super::psis::{effective, log_sum_exp, smooth};
use super::random::{Purpose, stream};
use crate::linalg::{dense, low_order};
use crate::special::beta::log_gamma;
use crate::{Error, Result};

/// Degrees of freedom of the proposals.
const DF: f64 = 5.0;
/// Points of a round, and of each coordinate beyond four.
const POINTS: usize = 1000;
const MORE_POINTS: usize = 100;
/// The same where a point takes more operations than this, and as many effective draws as are enough then.
const COSTLY: f64 = 2e7;
const FEW_POINTS: usize = 400;
const FEW_MORE: usize = 50;
const FEW: f64 = 1000.0;
const MOST_ROUNDS: usize = 12;
/// Weights that can be trusted well, in two rounds running.
const GOOD_K: f64 = 0.5;
/// Weights of a worse tail cannot be trusted; with a better one twice as many draws as wanted are enough, after some rounds.
pub const BAD_K: f64 = 0.7;
const ENOUGH_ROUNDS: usize = 4;
/// Standard deviations whose proposals are nearer to zero than this many of their own are reflected; of the others negative points
/// have no weight.
const NEAR: f64 = 6.0;
const MOST_REFLECTED: usize = 8;
/// More standard deviations have no signs of their own.
const MOST_SIGNS: usize = 64;

/// Weighted points.
#[derive(Debug, Clone)]
pub struct Weighted {
    pub points: Vec<Vec<f64>>,
    /// Smoothed, and with a sum of one.
    pub log_weights: Vec<f64>,
    pub effective: f64,
    pub k: f64,
    pub rounds: usize,
    /// log of the mean of the weights before smoothing: log p(y) where all priors are proper; with its standard error.
    pub log_marginal: (f64, f64),
}

/// Rounds until `wanted` points are worth as much as independent ones, or the last.
///
/// # Errors
/// `Numerical` where no point has a density, `Design` for too many standard deviations, `Interrupted`.
pub fn sample(
    target: &Target,
    first: Centre,
    wanted: f64,
    seed: u64,
    progress: (&AtomicUsize, &AtomicBool),
) -> Result<Weighted> {
    let d = first.mean.len();
    let is_costly = target.log_posterior(progress.1).flops() > COSTLY;
    let (points, more, wanted) =
        if is_costly { (FEW_POINTS, FEW_MORE, wanted.min(FEW)) } else { (POINTS, MORE_POINTS, wanted) };
    let per_round = points + more * d.saturating_sub(4);
    let mut found = Found::new(target.coordinates.reflections())?;
    let (mut next, mut good_before) = (first, false);
    loop {
        found.add(target, next, (per_round, seed), progress)?;
        let (weights, rounds) = (found.weights()?, found.parts.len());
        let is_good = weights.k <= GOOD_K && weights.effective >= wanted;
        let is_plenty = weights.k <= BAD_K && weights.effective >= 2.0 * wanted && rounds >= ENOUGH_ROUNDS;
        if is_plenty || (is_good && good_before) || rounds == MOST_ROUNDS {
            return Ok(found.weighted(weights));
        }
        good_before = is_good;
        next = moments(&found.points, &weights.log_weights);
    }
}

/// Points of all rounds, with their densities and those of the mixture that they are from.
struct Found {
    parts: Vec<Part>,
    reflections: Reflections,
    points: Vec<Vec<f64>>,
    log_density: Vec<f64>,
    /// log of the sum over parts.
    log_mixture: Vec<f64>,
}

/// What points are worth.
struct Weights {
    log_weights: Vec<f64>,
    k: f64,
    effective: f64,
    log_marginal: (f64, f64),
}

impl Found {
    fn new(reflections: Reflections) -> Result<Self> {
        if reflections.places.len() > MOST_SIGNS {
            return Err(Error::Design(format!(
                "direct draws are of up to {MOST_SIGNS} standard deviations, and the model has {}: use chains (method=\"nuts\")",
                reflections.places.len()
            )));
        }
        Ok(Self {
            parts: Vec::new(),
            reflections,
            points: Vec::new(),
            log_density: Vec::new(),
            log_mixture: Vec::new(),
        })
    }

    /// Draws a round around a centre.
    fn add(
        &mut self,
        target: &Target,
        centre: Centre,
        (n, seed): (usize, u64),
        progress: (&AtomicUsize, &AtomicBool),
    ) -> Result<()> {
        let part = Part::new(centre, &self.reflections);
        let new = part.draw(n, &self.reflections, &mut stream(seed, Purpose::Round(self.parts.len())));
        let reflections = &self.reflections;
        let old = self.points.par_iter().zip(&mut self.log_mixture);
        old.for_each(|(psi, log)| *log = log_sum_exp(&[*log, part.log_density(psi, reflections)]));
        self.parts.push(part);
        let parts = &self.parts;
        let of_mixture = |psi: &Vec<f64>| {
            log_sum_exp(&parts.iter().map(|part| part.log_density(psi, reflections)).collect::<Vec<f64>>())
        };
        self.log_mixture.par_extend(new.par_iter().map(of_mixture));
        self.log_density.extend(self.densities(target, &new, progress)?);
        self.points.extend(new);
        Ok(())
    }

    /// The density at points; of those with negative standard deviations none.
    fn densities(
        &self,
        target: &Target,
        points: &[Vec<f64>],
        progress: (&AtomicUsize, &AtomicBool),
    ) -> Result<Vec<f64>> {
        let mut values = target.values(points, progress)?;
        let pairs = values.iter_mut().zip(points);
        pairs.filter(|(_, psi)| !self.reflections.is_folded(psi)).for_each(|(value, _)| *value = f64::NEG_INFINITY);
        Ok(values)
    }

    fn weights(&self) -> Result<Weights> {
        let (n, rounds) = (self.points.len() as f64, self.parts.len() as f64);
        let ratio = |(p, q): (&f64, &f64)| if p.is_finite() { p - q + rounds.ln() } else { f64::NEG_INFINITY };
        let ratios: Vec<f64> = self.log_density.iter().zip(&self.log_mixture).map(ratio).collect();
        let total = log_sum_exp(&ratios);
        if !total.is_finite() {
            return Err(Error::Numerical("the posterior density is zero at all points that were tried".into()));
        }
        let relative: Vec<f64> = ratios.iter().map(|r| r - total).collect();
        let spread = (n / effective(&relative) - 1.0).max(0.0);
        let smoothed = smooth(&ratios);
        Ok(Weights {
            effective: effective(&smoothed.log_weights).min(least_worth(&self.points, &smoothed.log_weights)),
            log_weights: smoothed.log_weights,
            k: smoothed.k,
            log_marginal: (total - n.ln(), (spread / n).sqrt()),
        })
    }

    fn weighted(self, Weights { log_weights, k, effective, log_marginal }: Weights) -> Weighted {
        Weighted { points: self.points, log_weights, effective, k, rounds: self.parts.len(), log_marginal }
    }
}

/// How many independent points the mean of the worst coordinate is worth: its variance over Σ w²(x - mean)², which is less than
/// 1 / Σ w² where large weights are of points far out (Owen 2013, Monte Carlo theory, methods and examples, section 9.3).
fn least_worth(points: &[Vec<f64>], log_weights: &[f64]) -> f64 {
    let weights: Vec<f64> = log_weights.iter().map(|w| w.exp()).collect();
    let of = |k: usize| {
        let mean: f64 = points.iter().zip(&weights).map(|(x, w)| w * x[k]).sum();
        let part =
            |power: i32| points.iter().zip(&weights).map(|(x, w)| w.powi(power) * (x[k] - mean).powi(2)).sum::<f64>();
        part(1) / part(2)
    };
    (0..points[0].len()).map(of).fold(f64::INFINITY, f64::min)
}

/// The mean and covariance of weighted points; of weights no one alone may decide.
fn moments(points: &[Vec<f64>], log_weights: &[f64]) -> Centre {
    let (n, d) = (points.len(), points[0].len());
    let most = 1.0 / (n as f64).sqrt();
    let mut weights: Vec<f64> = log_weights.iter().map(|w| w.exp().min(most)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= total);
    let mean: Vec<f64> = (0..d).map(|k| points.iter().zip(&weights).map(|(x, w)| w * x[k]).sum()).collect();
    let mut root = vec![0.0; d * d];
    for (x, w) in points.iter().zip(&weights).filter(|(_, w)| **w > 0.0) {
        for j in 0..d {
            (0..d).for_each(|i| root[j * d + i] += w * (x[i] - mean[i]) * (x[j] - mean[j]));
        }
    }
    for k in 0..d {
        root[k * d + k] = root[k * d + k] * (1.0 + 1e-9) + 1e-24;
    }
    if dense::cholesky_lower(&mut root, d).is_err() {
        let diagonal: Vec<f64> = (0..d).map(|k| root[k * d + k].abs().sqrt()).collect();
        root = (0..d * d).map(|e| if e % d == e / d { diagonal[e % d] } else { 0.0 }).collect();
    }
    Centre { mean, root }
}

/// One t distribution, folded over the reflections of the standard deviations that it has near zero.
struct Part {
    centre: Centre,
    /// Log of its density's constant.
    constant: f64,
    /// Signs of reflections, by bits of their places.
    signs: Vec<usize>,
}

impl Part {
    fn new(centre: Centre, reflections: &Reflections) -> Self {
        let d = centre.mean.len();
        let half = d as f64 / 2.0;
        let logdet: f64 = (0..d).map(|k| centre.root[k * d + k].ln()).sum();
        let constant =
            log_gamma(half + DF / 2.0) - log_gamma(DF / 2.0) - half * (DF * std::f64::consts::PI).ln() - logdet;
        let sd = |k: usize| (0..=k).map(|j| centre.root[j * d + k].powi(2)).sum::<f64>().sqrt();
        let distance = |place: usize| centre.mean[place].abs() / sd(place);
        let mut near: Vec<usize> =
            (0..reflections.places.len()).filter(|&b| distance(reflections.places[b]) < NEAR).collect();
        near.sort_by(|&a, &b| distance(reflections.places[a]).total_cmp(&distance(reflections.places[b])));
        near.truncate(MOST_REFLECTED);
        let signs = (0..1usize << near.len())
            .map(|choice| near.iter().enumerate().filter(|(k, _)| choice >> k & 1 == 1).map(|(_, b)| 1usize << b).sum())
            .collect();
        Self { centre, constant, signs }
    }

    /// Points; where a standard deviation is still negative after folding, the density is that of no point.
    fn draw<R: Rng>(&self, n: usize, reflections: &Reflections, rng: &mut R) -> Vec<Vec<f64>> {
        let d = self.centre.mean.len();
        let square = ChiSquared::new(DF).expect("degrees of freedom above zero");
        let folded = self.signs.iter().fold(0, |all, signs| all | signs);
        (0..n)
            .map(|_| {
                let mut z: Vec<f64> = (0..d).map(|_| StandardNormal.sample(rng)).collect();
                let scale = (DF / square.sample(rng)).sqrt();
                z.iter_mut().for_each(|z| *z *= scale);
                let mut psi = self.centre.at(&z);
                let negative = reflections.places.iter().enumerate().filter(|(_, p)| psi[**p] < 0.0);
                let signs: usize = negative.map(|(b, _)| 1usize << b).sum();
                reflections.reflect(&mut psi, signs & folded);
                psi
            })
            .collect()
    }

    /// The density at a point whose standard deviations are not negative.
    fn log_density(&self, psi: &[f64], reflections: &Reflections) -> f64 {
        let d = psi.len();
        let of = |signs: &usize| {
            let mut z = psi.to_vec();
            reflections.reflect(&mut z, *signs);
            z.iter_mut().zip(&self.centre.mean).for_each(|(z, m)| *z -= m);
            low_order::solve(&self.centre.root, &mut z, d);
            let square: f64 = z.iter().map(|z| z * z).sum();
            self.constant - 0.5 * (DF + d as f64) * (square / DF).ln_1p()
        };
        let all: Vec<f64> = self.signs.iter().map(of).collect();
        log_sum_exp(&all)
    }
}

/// The points that stand for so many draws of equal weight, in an order that says nothing.
pub fn resample(weighted: &Weighted, n: usize, seed: u64) -> Vec<usize> {
    let mut rng = stream(seed, Purpose::Resampling);
    let start: f64 = rng.random();
    let (mut chosen, mut passed, mut k) = (Vec::with_capacity(n), weighted.log_weights[0].exp(), 0);
    for j in 0..n {
        let at = (j as f64 + start) / n as f64;
        while passed < at && k + 1 < weighted.points.len() {
            k += 1;
            passed += weighted.log_weights[k].exp();
        }
        chosen.push(k);
    }
    for j in (1..n).rev() {
        let other = rng.random_range(0..=j);
        chosen.swap(j, other);
    }
    chosen
}
