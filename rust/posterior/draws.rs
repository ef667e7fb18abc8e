//! Coefficients and random effects given draws of ψ, each with a random stream of its own.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::coordinates::Coordinates;
use super::log_posterior::Target;
use super::random::{Purpose, stream};
use super::sampled::{Sampled, Settings, sample};
use crate::covariance::{RandomBasis, ThetaMap};
use crate::ids::TermId;
use crate::model::Parameter;
use crate::{Result, check_stop};

/// Points of one task, which has a drawer of its own: numbers do not depend on threads.
const GRAIN: usize = 16;

/// A draw in the user's units.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Of the parameters asked for.
    pub values: Vec<f64>,
    /// Per random term asked for, n_levels rows of r.
    pub effects: Vec<Vec<f64>>,
}

/// Where draws begin.
#[derive(Debug, Clone)]
pub struct Region {
    pub coordinates: Coordinates,
    /// Where the mode is looked for.
    pub starts: Vec<Vec<f64>>,
}

/// A posterior that can be drawn from.
pub trait Drawn: Send + Sync {
    fn region(&self) -> &Region;

    fn target(&self) -> Target<'_>;

    /// For one thread.
    fn drawer<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Drawer + 'a>;

    fn coordinates(&self) -> &Coordinates {
        &self.region().coordinates
    }

    /// Whether the density has all its constants.
    fn has_constant(&self) -> bool;

    /// Draws of ψ.
    ///
    /// # Errors
    /// `Numerical` where no point with a density is found, `Interrupted`.
    fn sample(&self, settings: Settings, progress: (&AtomicUsize, &AtomicBool)) -> Result<Sampled> {
        let found = sample(&self.target(), &self.region().starts, settings, progress)?;
        // that of the criterion, where its constants are all known
        Ok(if self.has_constant() { found } else { Sampled { log_marginal: None, ..found } })
    }
}

/// What is asked for of every draw.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub parameters: &'a [Parameter],
    /// Random terms whose effects are drawn.
    pub terms: &'a [usize],
}

/// Draws what ψ leaves open.
pub trait Drawer {
    /// A draw for every stream; parameters are the same whatever is asked for beside.
    ///
    /// # Errors
    /// `Design` where there is no factor to draw random effects with, `Numerical`, `Interrupted`.
    fn draw(&mut self, psi: &[f64], streams: &mut [Xoshiro256PlusPlus], asked: Asked) -> Result<Vec<Draw>>;
}

/// A draw for every point; a point that is there several times is looked at once.
///
/// # Errors
/// Those of a draw.
pub fn draws(of: &dyn Drawn, (points, seed): (&[Vec<f64>], u64), asked: Asked, stop: &AtomicBool) -> Result<Vec<Draw>> {
    let groups = same(points);
    let of_piece = |groups: &[Vec<usize>]| {
        check_stop(stop)?;
        let mut drawer = of.drawer(stop);
        let mut found = Vec::new();
        for members in groups {
            let mut streams: Vec<_> = members.iter().map(|&k| stream(seed, Purpose::Draw(k))).collect();
            let own = drawer.draw(&points[members[0]], &mut streams, asked)?;
            found.extend(members.iter().copied().zip(own));
        }
        Ok(found)
    };
    let found: Vec<Vec<(usize, Draw)>> = groups.par_chunks(GRAIN).map(of_piece).collect::<Result<_>>()?;
    let mut all: Vec<(usize, Draw)> = found.into_iter().flatten().collect();
    all.sort_by_key(|(k, _)| *k);
    Ok(all.into_iter().map(|(_, draw)| draw).collect())
}

/// Places of equal points.
fn same(points: &[Vec<f64>]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    let compare = |a: &usize, b: &usize| {
        let pairs = points[*a].iter().zip(&points[*b]);
        pairs.map(|(a, b)| a.total_cmp(b)).find(|found| found.is_ne()).unwrap_or(a.cmp(b))
    };
    order.sort_by(compare);
    order.chunk_by(|a, b| points[*a] == points[*b]).map(<[usize]>::to_vec).collect()
}

/// The effects of a term in the user's units (n_levels rows of r).
pub fn user_effects(map: &ThetaMap, bases: &[RandomBasis], b: &[Vec<f64>], t: usize) -> Vec<f64> {
    let (term, basis) = (&map.terms[TermId(t)], &bases[t]);
    let levels = b[term.block.0].chunks_exact(map.widths[term.block]);
    levels.flat_map(|b| basis.decode(&b[term.offset..term.offset + term.width])).collect()
}
