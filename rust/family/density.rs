//! What a density states, and its derivatives over many rows.

use rayon::prelude::*;

use super::link::Link;
use crate::linalg::jet::{Dual, Jet, Smooth};

/// Rows of one task.
const ROWS: usize = 1024;

/// A response: a number, of binomial counts the successes among trials, of an ordered category its number from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    pub y: f64,
    pub trials: f64,
}

/// What a linear predictor of a density is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predictor {
    /// That of the mean.
    Conditional,
    /// The logarithm of a dispersion or precision.
    Dispersion,
    /// The logit of the probability of a zero from another source.
    Zero,
    /// Parameters that no formula models, on a scale without bounds.
    Shape,
    SecondShape,
    /// The threshold above a category, and the one below.
    Upper,
    Lower,
    /// The logarithm of the scale of an ordered response.
    Scale,
}

/// A family of distributions with given links.
pub trait Density: Send + Sync {
    /// Its linear predictors, that of the mean first.
    fn predictors(&self) -> Vec<Predictor>;

    fn link(&self) -> Link;

    /// -log density without `constant`; not finite outside the domain.
    fn minus_log<T: Smooth>(&self, o: Observation, eta: &[T]) -> T;

    /// The part of -log density that the response alone determines.
    fn constant(&self, _: Observation) -> f64 {
        0.0
    }

    /// The mean of the response without zeros of another source; of a hurdle that of what is above zero.
    fn conditional<T: Smooth>(&self, eta: &[T]) -> T {
        self.link().mean(eta[0])
    }

    /// The mean of the response; of binomial counts the probability.
    fn response<T: Smooth>(&self, eta: &[T]) -> T {
        self.conditional(eta)
    }

    /// The variance of a response of weight one; of successes among trials that of the proportion times the trials.
    fn variance(&self, eta: &[f64], trials: f64) -> f64;

    /// What is wrong with a response, if it cannot be one.
    fn outside(&self, o: Observation) -> Option<&'static str>;

    /// A predictor of every kind, constant over the rows, from which a search can start; NaN means zero.
    fn start(&self, rows: &[Observation], weights: &[f64]) -> Vec<f64>;

    /// The first three derivatives of -log density in the predictor of the mean, where they have a form that is faster than the
    /// jet's; whether they do.
    fn closed_derivatives(&self, _: &[Observation], _: &[f64], _: Derivatives) -> bool {
        false
    }

    /// Σ w (-log density) without constants, the same; weights are empty for ones.
    fn closed_total(&self, _: &[Observation], _: &[f64], _: &[f64]) -> Option<f64> {
        None
    }

    /// The expected information of a row in the predictor of the mean, and its slope; of one-parameter families.
    fn expected(&self, _: Observation, _: f64) -> Option<[f64; 2]> {
        None
    }

    /// What combinations of predictors may do without lowering the likelihood of a response, those of dispersion and shape
    /// held; None where these always have a best value.
    fn ways(&self, _: Observation) -> Option<Vec<Way>> {
        None
    }
}

/// How the likelihood of a row goes along a combination of its predictors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It rises without end.
    Rises,
    /// It does not fall, and ends at a law without what the combination stands for.
    Ends,
    /// It has a best value.
    Stays,
}

/// A combination of predictors, with the weight of each, and its course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    pub weights: [i8; MOST_PREDICTORS],
    pub course: Course,
}

impl Way {
    /// Of the predictor at a place: 1 and -1 for up and down without end, 0 for a best value.
    pub fn of_sign(place: usize, sign: i8) -> Self {
        let mut weights = [0; MOST_PREDICTORS];
        weights[place] = if sign == 0 { 1 } else { sign };
        Self { weights, course: if sign == 0 { Course::Stays } else { Course::Rises } }
    }
}

/// A count density, of which a zero part can be made.
pub trait Count: Density {
    /// log(-log P(0)).
    fn log_zero_rate<T: Smooth>(&self, eta: &[T]) -> T;
}

/// Where the first three derivatives of some rows in one predictor go.
pub struct Derivatives<'a> {
    pub g: &'a mut [f64],
    pub d: &'a mut [f64],
    pub t: &'a mut [f64],
}

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
        let m = eta.len();
        // sums of pieces, added in order: the same on any number of threads
        let pieces: Vec<f64> = rows
            .par_chunks(ROWS)
            .enumerate()
            .map(|(k, rows)| {
                let (first, mut own, mut sum) = (k * ROWS, [0.0; MOST_PREDICTORS], 0.0);
                if m == 1 {
                    let weights = weights.get(first..first + rows.len()).unwrap_or_default();
                    if let Some(sum) = self.closed_total(rows, weights, &eta[0][first..first + rows.len()]) {
                        return sum;
                    }
                }
                for (i, &o) in rows.iter().enumerate() {
                    (0..m).for_each(|a| own[a] = eta[a][first + i]);
                    let w = weights.get(first + i).copied().unwrap_or(1.0);
                    sum += w * self.minus_log(o, &own[..m]);
                }
                sum
            })
            .collect();
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
        match active.len() {
            1 => fill::<D, 1>(self, rows, eta, active, out),
            2 => fill::<D, 2>(self, rows, eta, active, out),
            3 => fill::<D, 3>(self, rows, eta, active, out),
            _ => fill::<D, 4>(self, rows, eta, active, out),
        }
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

/// Predictors that a density has, at most.
pub const MOST_PREDICTORS: usize = 4;

#[inline(never)]
fn fill<D: Density, const M: usize>(
    density: &D,
    rows: &[Observation],
    eta: &[Vec<f64>],
    active: &[usize],
    out: &mut RowDerivatives,
) {
    out.resize(rows.len(), M);
    let RowDerivatives { g, d, t, .. } = out;
    rows.par_chunks(ROWS)
        .zip(g.par_chunks_mut(ROWS * M))
        .zip(d.par_chunks_mut(ROWS * M * M))
        .zip(t.par_chunks_mut(ROWS * M * M * M))
        .enumerate()
        .for_each(|(k, (((rows, g), d), t))| {
            if M == 1 && eta.len() == 1 {
                let eta = &eta[0][k * ROWS..][..rows.len()];
                if density.closed_derivatives(rows, eta, Derivatives { g: &mut *g, d: &mut *d, t: &mut *t }) {
                    return;
                }
            }
            let mut own = [Jet::<M>::from(0.0); MOST_PREDICTORS];
            for (i, &o) in rows.iter().enumerate() {
                (0..eta.len()).for_each(|a| own[a] = Jet::from(eta[a][k * ROWS + i]));
                active.iter().enumerate().for_each(|(slot, &a)| own[a].first[slot] = 1.0);
                let jet = density.minus_log(o, &own[..eta.len()]);
                spread(&jet, &mut g[i * M..][..M], &mut d[i * M * M..][..M * M], &mut t[i * M * M * M..][..M * M * M]);
            }
        });
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

/// The weighted mean of a function of the rows.
pub fn mean_of(rows: &[Observation], weights: &[f64], f: impl Fn(Observation) -> f64) -> f64 {
    let weight = |i: usize| weights.get(i).copied().unwrap_or(1.0);
    let total: f64 = (0..rows.len()).map(weight).sum();
    rows.iter().enumerate().map(|(i, &o)| weight(i) / total * f(o)).sum()
}

/// What is wrong with a count, if it is none.
pub fn outside_counts(y: f64) -> Option<&'static str> {
    if y < 0.0 {
        Some("is negative")
    } else if y.fract() != 0.0 || !y.is_finite() {
        Some("is no whole number")
    } else {
        None
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A density's derivatives in all its predictors against differences of the order below, and its plain value.
    pub fn check<D: Density>(density: &D, o: Observation, eta: &[f64], tolerance: f64) {
        let m = eta.len();
        let at = |eta: &[f64]| {
            let by_predictor: Vec<Vec<f64>> = eta.iter().map(|v| vec![*v]).collect();
            let mut out = RowDerivatives::default();
            density.derivatives(&[o], &by_predictor, &(0..m).collect::<Vec<_>>(), &mut out);
            let value = density.total(&[o], &[], &by_predictor);
            (value, out)
        };
        let (value, here) = at(eta);
        assert!((value - density.minus_log(o, eta)).abs() < 1e-12 * value.abs().max(1.0));
        for c in 0..m {
            let h = 1e-4;
            let shifted = |s: f64| {
                let mut x = eta.to_vec();
                x[c] += s * h;
                at(&x)
            };
            let (far_up, up, down, far_down) = (shifted(2.0), shifted(1.0), shifted(-1.0), shifted(-2.0));
            let slope = |f: &dyn Fn(&(f64, RowDerivatives)) -> f64| {
                (8.0 * (f(&up) - f(&down)) - (f(&far_up) - f(&far_down))) / (12.0 * h)
            };
            let close = |own: f64, slope: f64, what: &str| {
                let allowed = tolerance * (1.0 + own.abs() + value.abs());
                assert!((own - slope).abs() < allowed, "{o:?} {eta:?} {what}: {own}, by differences {slope}");
            };
            close(here.g[c], slope(&|r| r.0), "first");
            for a in 0..m {
                close(here.d[a * m + c], slope(&|r| r.1.g[a]), "second");
                for b in 0..m {
                    close(here.t[(a * m + b) * m + c], slope(&|r| r.1.d[a * m + b]), "third");
                }
            }
        }
    }

    /// Σ or ∫ of the density over its support is one; `points` are the responses with their widths.
    pub fn total<D: Density>(density: &D, eta: &[f64], points: impl Iterator<Item = (Observation, f64)>) -> f64 {
        points.map(|(o, width)| width * (-density.minus_log(o, eta) - Density::constant(density, o)).exp()).sum()
    }

    pub fn count(y: f64) -> Observation {
        Observation { y, trials: 1.0 }
    }

    /// Trapezoids over an interval.
    pub fn grid(from: f64, to: f64, n: usize) -> impl Iterator<Item = (Observation, f64)> {
        let h = (to - from) / n as f64;
        (0..n).map(move |k| (count(from + (k as f64 + 0.5) * h), h))
    }
}
