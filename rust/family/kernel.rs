//! A density as rows meet it: sums, derivatives and moments row by row, whatever the density's type.

use std::ops::Range;

use rayon::prelude::*;

use super::density::{Density, Derivatives, MOST_PREDICTORS, Observation, Predictor, Predictors, Way};
use super::link::Link;
use crate::linalg::jet::{Dual, Jet};

/// Rows of one task.
const ROWS: usize = 1024;

/// Derivatives of -log density in m chosen predictors, row by row.
#[derive(Debug, Clone, Default)]
pub struct RowDerivatives {
    pub m: usize,
    /// n x m, n x m x m, n x m x m x m.
    pub g: Vec<f64>,
    pub d: Vec<f64>,
    pub t: Vec<f64>,
}

impl RowDerivatives {
    fn resize(&mut self, n: usize, m: usize) {
        self.m = m;
        self.g.resize(n * m, 0.0);
        self.d.resize(n * m * m, 0.0);
        self.t.resize(n * m * m * m, 0.0);
    }

    /// Multiplies every row by its weight.
    pub fn weigh(&mut self, weights: &[f64]) {
        let m = self.m;
        if weights.is_empty() {
            return;
        }
        let scale = |values: &mut [f64], width: usize| {
            values.chunks_exact_mut(width).zip(weights).for_each(|(row, w)| row.iter_mut().for_each(|v| *v *= w));
        };
        scale(&mut self.g, m);
        scale(&mut self.d, m * m);
        scale(&mut self.t, m * m * m);
    }
}

fn predictors_of(eta: &[Vec<f64>], rows: Range<usize>) -> Predictors<'_> {
    std::array::from_fn(|a| eta.get(a).map_or(&[][..], |eta| &eta[rows.clone()]))
}

fn n_predictors(eta: &Predictors) -> usize {
    eta.iter().take_while(|eta| !eta.is_empty()).count()
}

/// Σ w (-log density) of some rows.
fn piece_total<D: Density>(density: &D, rows: &[Observation], weights: &[f64], eta: Predictors) -> f64 {
    if let Some(sum) = density.closed_total(rows, weights, eta) {
        return sum;
    }
    let (m, mut own, mut sum) = (n_predictors(&eta), [0.0; MOST_PREDICTORS], 0.0);
    for (i, &o) in rows.iter().enumerate() {
        (0..m).for_each(|a| own[a] = eta[a][i]);
        sum += weights.get(i).copied().unwrap_or(1.0) * density.minus_log(o, &own[..m]);
    }
    sum
}

/// A density as rows meet it, whatever its type.
pub trait Kernel: Send + Sync {
    fn predictors(&self) -> Vec<Predictor>;
    fn link(&self) -> Link;
    /// Σ w (-log density), without constants; `eta` by predictor.
    fn total(&self, rows: &[Observation], weights: &[f64], eta: &[Vec<f64>]) -> f64;
    /// -log density of every row, without constants.
    fn values(&self, rows: &[Observation], eta: &[Vec<f64>], out: &mut Vec<f64>);
    /// Derivatives in the predictors `active`, at most four.
    fn derivatives(&self, rows: &[Observation], eta: &[Vec<f64>], active: &[usize], out: &mut RowDerivatives);
    /// The same times the weights, and the total, in one pass.
    fn derivatives_and_total(
        &self,
        rows: &[Observation],
        weights: &[f64],
        eta: &[Vec<f64>],
        active: &[usize],
        out: &mut RowDerivatives,
    ) -> f64;
    /// Means of the responses or of their conditional part, with their slopes in the predictors (n x m).
    fn means(&self, eta: &[Vec<f64>], conditional: bool) -> (Vec<f64>, Vec<f64>);
    /// Variances of the responses; no trials are one each.
    fn variances(&self, eta: &[Vec<f64>], trials: &[f64]) -> Vec<f64>;
    fn constant(&self, o: Observation) -> f64;
    fn outside(&self, o: Observation) -> Option<&'static str>;
    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64>;
    fn expected(&self, o: Observation, eta: f64) -> Option<[f64; 2]>;
    fn ways(&self, o: Observation) -> Option<Vec<Way>>;
}

impl<D: Density> Kernel for D {
    fn predictors(&self) -> Vec<Predictor> {
        Density::predictors(self)
    }

    fn link(&self) -> Link {
        Density::link(self)
    }

    fn total(&self, rows: &[Observation], weights: &[f64], eta: &[Vec<f64>]) -> f64 {
        let of_piece = |(k, rows): (usize, &[Observation])| {
            let range = k * ROWS..k * ROWS + rows.len();
            piece_total(self, rows, weights.get(range.clone()).unwrap_or_default(), predictors_of(eta, range))
        };
        // sums of pieces, added in order: the same on any number of threads
        let pieces: Vec<f64> = rows.par_chunks(ROWS).enumerate().map(of_piece).collect();
        pieces.iter().sum()
    }

    fn values(&self, rows: &[Observation], eta: &[Vec<f64>], out: &mut Vec<f64>) {
        let m = eta.len();
        out.resize(rows.len(), 0.0);
        out.par_chunks_mut(ROWS).zip(rows.par_chunks(ROWS)).enumerate().for_each(|(k, (out, rows))| {
            let mut own = [0.0; MOST_PREDICTORS];
            for (i, (out, &o)) in out.iter_mut().zip(rows).enumerate() {
                (0..m).for_each(|a| own[a] = eta[a][k * ROWS + i]);
                *out = self.minus_log(o, &own[..m]);
            }
        });
    }

    fn derivatives(&self, rows: &[Observation], eta: &[Vec<f64>], active: &[usize], out: &mut RowDerivatives) {
        fill_all(self, rows, None, eta, active, out);
    }

    fn derivatives_and_total(
        &self,
        rows: &[Observation],
        weights: &[f64],
        eta: &[Vec<f64>],
        active: &[usize],
        out: &mut RowDerivatives,
    ) -> f64 {
        let total = fill_all(self, rows, Some(weights), eta, active, out);
        out.weigh(weights);
        total
    }

    fn means(&self, eta: &[Vec<f64>], conditional: bool) -> (Vec<f64>, Vec<f64>) {
        let (n, m) = (eta[0].len(), eta.len());
        let (mut means, mut slopes) = (vec![0.0; n], vec![0.0; n * m]);
        means.par_iter_mut().zip(slopes.par_chunks_exact_mut(m)).enumerate().with_min_len(ROWS).for_each(
            |(i, (mean, slopes))| {
                let mut own = [Dual::<MOST_PREDICTORS>::from(0.0); MOST_PREDICTORS];
                (0..m).for_each(|a| own[a] = Dual::variable(eta[a][i], a));
                let dual = if conditional { self.conditional(&own[..m]) } else { self.response(&own[..m]) };
                *mean = dual.value;
                slopes.copy_from_slice(&dual.first[..m]);
            },
        );
        (means, slopes)
    }

    fn variances(&self, eta: &[Vec<f64>], trials: &[f64]) -> Vec<f64> {
        let mut variances = vec![0.0; eta[0].len()];
        variances.par_iter_mut().enumerate().with_min_len(ROWS).for_each(|(i, variance)| {
            let mut own = [0.0; MOST_PREDICTORS];
            (0..eta.len()).for_each(|a| own[a] = eta[a][i]);
            *variance = self.variance(&own[..eta.len()], trials.get(i).copied().unwrap_or(1.0));
        });
        variances
    }

    fn constant(&self, o: Observation) -> f64 {
        Density::constant(self, o)
    }

    fn outside(&self, o: Observation) -> Option<&'static str> {
        Density::outside(self, o)
    }

    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64> {
        Density::start(self, rows, weights)
    }

    fn expected(&self, o: Observation, eta: f64) -> Option<[f64; 2]> {
        Density::expected(self, o, eta)
    }

    fn ways(&self, o: Observation) -> Option<Vec<Way>> {
        Density::ways(self, o)
    }
}

/// Derivatives, and where there are weights the total, else zero.
fn fill_all<D: Density>(
    density: &D,
    rows: &[Observation],
    weights: Option<&[f64]>,
    eta: &[Vec<f64>],
    active: &[usize],
    out: &mut RowDerivatives,
) -> f64 {
    match active.len() {
        1 => fill::<D, 1>(density, rows, weights, eta, active, out),
        2 => fill::<D, 2>(density, rows, weights, eta, active, out),
        3 => fill::<D, 3>(density, rows, weights, eta, active, out),
        _ => fill::<D, 4>(density, rows, weights, eta, active, out),
    }
}

#[inline(never)]
fn fill<D: Density, const M: usize>(
    density: &D,
    rows: &[Observation],
    weights: Option<&[f64]>,
    eta: &[Vec<f64>],
    active: &[usize],
    out: &mut RowDerivatives,
) -> f64 {
    out.resize(rows.len(), M);
    let RowDerivatives { g, d, t, .. } = out;
    let pieces: Vec<f64> = rows
        .par_chunks(ROWS)
        .zip(g.par_chunks_mut(ROWS * M))
        .zip(d.par_chunks_mut(ROWS * M * M))
        .zip(t.par_chunks_mut(ROWS * M * M * M))
        .enumerate()
        .map(|(k, (((rows, g), d), t))| {
            let range = k * ROWS..k * ROWS + rows.len();
            let weights = weights.map(|own| own.get(range.clone()).unwrap_or_default());
            fill_piece::<D, M>(density, rows, weights, predictors_of(eta, range), active, Derivatives { g, d, t })
        })
        .collect();
    pieces.iter().sum()
}

fn fill_piece<D: Density, const M: usize>(
    density: &D,
    rows: &[Observation],
    weights: Option<&[f64]>,
    eta: Predictors,
    active: &[usize],
    Derivatives { g, d, t }: Derivatives,
) -> f64 {
    let both = weights.and_then(|own| {
        density.closed_both(rows, own, eta, active, Derivatives { g: &mut *g, d: &mut *d, t: &mut *t })
    });
    if let Some(total) = both {
        return total;
    }
    if density.closed_derivatives(rows, eta, active, Derivatives { g: &mut *g, d: &mut *d, t: &mut *t }) {
        return weights.map_or(0.0, |own| piece_total(density, rows, own, eta));
    }
    let m = n_predictors(&eta);
    let (mut own, mut total) = ([Jet::<M>::from(0.0); MOST_PREDICTORS], 0.0);
    for (i, &o) in rows.iter().enumerate() {
        (0..m).for_each(|a| own[a] = Jet::from(eta[a][i]));
        active.iter().enumerate().for_each(|(slot, &a)| own[a].first[slot] = 1.0);
        let jet = density.minus_log(o, &own[..m]);
        spread(&jet, &mut g[i * M..][..M], &mut d[i * M * M..][..M * M], &mut t[i * M * M * M..][..M * M * M]);
        total += weights.map_or(0.0, |own| own.get(i).copied().unwrap_or(1.0) * jet.value);
    }
    total
}

/// All entries from those with ascending indices.
#[inline(always)]
fn spread<const M: usize>(jet: &Jet<M>, g: &mut [f64], d: &mut [f64], t: &mut [f64]) {
    g.copy_from_slice(&jet.first);
    for a in 0..M {
        for b in 0..M {
            d[a * M + b] = jet.second[a.min(b)][a.max(b)];
            for c in 0..M {
                let (low, high) = (a.min(b).min(c), a.max(b).max(c));
                t[(a * M + b) * M + c] = jet.third[low][a + b + c - low - high][high];
            }
        }
    }
}
