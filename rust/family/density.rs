//! What a density states.

use super::link::Link;
use crate::linalg::jet::Smooth;

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

    /// The first three derivatives of -log density in the predictors `active`, where they have a form that is faster than the
    /// jet's; whether they do.
    fn closed_derivatives(&self, _: &[Observation], _: Predictors, _active: &[usize], _: Derivatives) -> bool {
        false
    }

    /// Σ w (-log density) without constants, the same; weights are empty for ones.
    fn closed_total(&self, _: &[Observation], _weights: &[f64], _: Predictors) -> Option<f64> {
        None
    }

    /// Both in one pass.
    fn closed_both(
        &self,
        _: &[Observation],
        _weights: &[f64],
        _: Predictors,
        _active: &[usize],
        _: Derivatives,
    ) -> Option<f64> {
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

/// The linear predictors of some rows; empty behind those that a density has.
pub type Predictors<'a> = [&'a [f64]; MOST_PREDICTORS];

/// Where the first three derivatives of some rows go: m, m x m and m x m x m numbers a row.
pub struct Derivatives<'a> {
    pub g: &'a mut [f64],
    pub d: &'a mut [f64],
    pub t: &'a mut [f64],
}

/// Predictors that a density has, at most.
pub const MOST_PREDICTORS: usize = 4;

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
    use super::super::kernel::{Kernel, RowDerivatives};
    use super::*;
    use crate::linalg::fourth_order;

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
                fourth_order([f(&up), f(&down), f(&far_up), f(&far_down)], h)
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
