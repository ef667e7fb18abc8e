//! The solution: Fisher scoring for the coefficients, in turn with moments for scale, size and correlation.

use std::cell::Cell;
use std::sync::atomic::AtomicBool;

use super::correlation::{Correlation, DEFINITE, SHRUNK, Working};
use super::equations::{Point, Sums, point, total};
use super::mean::Variance;
use super::model::Equations;
use crate::linalg::dense;
use crate::{Error, Result, check_stop};

/// The square of a step, in standard errors, below which it is none.
const STILL: f64 = 1e-20;
/// The same where rounding ends the search.
const NEARLY_STILL: f64 = 1e-12;
const HALVINGS: usize = 40;
/// The square of a step, in standard errors, below which it is taken as it is.
const NEAR: f64 = 1e-2;
/// Part of what a step should bring the equations closer to zero by that it must, at least.
const SUFFICIENT: f64 = 0.1;
/// Part of a step that is taken at least where steps go back and forth.
const LEAST_SHARE: f64 = 0.125;
/// Mean squared residuals, over those of independent rows, at which a search has run away.
const RUNAWAY: f64 = 100.0;
/// Part of the response's variance below which residuals are rounding.
const EXACT: f64 = 1e-20;

/// None: estimated by moments.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub scale: Option<f64>,
    pub size: Option<f64>,
    pub max_iterations: usize,
}

#[derive(Debug, Clone)]
pub struct Solution {
    /// Of the rows' columns.
    pub beta: Vec<f64>,
    pub scale: f64,
    /// Of nbinom2, else NaN.
    pub size: f64,
    pub variance: Variance,
    pub alpha: Vec<f64>,
    pub iterations: usize,
    pub converged: bool,
    /// What moments of no correlation matrix were multiplied by; else one.
    pub shrinkage: f64,
    pub at: Point,
    /// D'R⁻¹D, the scale left out.
    pub information: Vec<f64>,
    /// Of independent rows, over their own scale: what QIC compares with.
    pub independent_information: Vec<f64>,
    /// Σ w times the quasi-likelihood of scale one.
    pub quasi_likelihood: f64,
}

/// Solves the equations: for independent rows first, from there with the correlation.
///
/// # Errors
/// `Numerical` for information that is singular, or means that leave the family's range; `Design` for a response that is
/// reproduced; `Interrupted`.
pub fn solve(model: &Equations, settings: Settings, stop: &AtomicBool) -> Result<Solution> {
    let independent = model.independent();
    let search = |correlation, most| {
        let least_eigenvalue = Cell::new(DEFINITE);
        Search { model, settings, correlation, least_eigenvalue, most, stop }
    };
    let first = search(&independent, f64::INFINITY).run(model.start.clone(), settings.size)?;
    let information: Vec<f64> = first.sums.information.iter().map(|v| v / first.scale).collect();
    let found = if model.correlation.n_parameters() == 0 {
        first
    } else {
        // the size of independent rows: quasi-likelihoods of all correlations are of one variance function then
        let size = first.size;
        search(&model.correlation, RUNAWAY * first.mean_square).run(first.beta, Some(size))?
    };
    let rows = &model.rows;
    let own = |i: usize| rows.weight[i] * found.variance.quasi_likelihood(rows.y[i], found.at.mean[i]);
    Ok(Solution {
        quasi_likelihood: (0..rows.n()).map(own).sum(),
        beta: found.beta,
        scale: found.scale,
        size: found.size,
        variance: found.variance,
        alpha: found.working.alpha,
        iterations: found.iterations,
        converged: found.converged,
        shrinkage: found.working.shrinkage,
        at: found.at,
        information: found.sums.information,
        independent_information: information,
    })
}

struct Search<'a> {
    model: &'a Equations,
    settings: Settings,
    correlation: &'a Correlation,
    /// Of the working correlation: once moments were of no correlation matrix it stays at what they are shrunk to.
    least_eigenvalue: Cell<f64>,
    /// A mean squared residual above which the search has run away.
    most: f64,
    stop: &'a AtomicBool,
}

struct Found<'a> {
    beta: Vec<f64>,
    at: Point,
    variance: Variance,
    size: f64,
    /// Of Pearson residuals.
    mean_square: f64,
    scale: f64,
    working: Working<'a>,
    sums: Sums,
    iterations: usize,
    converged: bool,
}

impl<'a> Search<'a> {
    /// Steps until they are none: one more evaluation then, of everything at the same coefficients.
    fn run(&self, start: Vec<f64>, size: Option<f64>) -> Result<Found<'a>> {
        let mut found = self.evaluate(start, size)?;
        let (mut last, mut before, mut share) = (f64::INFINITY, Vec::new(), 1.0f64);
        for iteration in 1..=self.settings.max_iterations {
            check_stop(self.stop)?;
            let step = solved(&found.sums.information, &found.sums.score)?;
            let square = inner(&step, &found.sums.score).abs() / found.scale;
            if square < STILL || (square < NEARLY_STILL && square >= last) {
                found.converged = true;
                break;
            }
            // coefficients and correlation that overshoot in turn
            let turns = inner(&found.sums.score, &before) < 0.0;
            share = if turns && square > 0.5 * last { (0.5 * share).max(LEAST_SHARE) } else { (2.0 * share).min(1.0) };
            let next = self.advance(&found, &step, share, size)?;
            match next.filter(|next| next.mean_square <= self.most) {
                Some(next) => found = Found { iterations: iteration, ..next },
                None => break,
            }
            (last, before) = (square, step);
        }
        Ok(found)
    }

    /// The next coefficients, halfway back as long as a mean is not one of the family, or the equations of the same correlation
    /// are not closer to zero: there is no likelihood that would tell a better point from a worse one.  None where no part of the
    /// step is good: coefficients and correlation drive each other away, and there may be no solution.
    fn advance(&self, from: &Found, step: &[f64], mut share: f64, size: Option<f64>) -> Result<Option<Found<'a>>> {
        let distance = inner(step, &from.sums.score);
        for _ in 0..HALVINGS {
            let beta: Vec<f64> = from.beta.iter().zip(step).map(|(b, s)| b + share * s).collect();
            if let Some(at) = point(self.model, from.variance, &beta) {
                if distance < NEAR * from.scale {
                    return self.evaluate(beta, size).map(Some);
                }
                let score = total(self.model, &at, &from.working, self.stop)?.score;
                let left = inner(&solved(&from.sums.information, &score)?, &score);
                if left <= (1.0 - share * SUFFICIENT) * distance {
                    return self.evaluate(beta, size).map(Some);
                }
            }
            share *= 0.5;
        }
        Ok(None)
    }

    fn evaluate(&self, beta: Vec<f64>, size: Option<f64>) -> Result<Found<'a>> {
        let model = self.model;
        let given = Variance::of_family(&model.family, size.unwrap_or(f64::INFINITY))?;
        let mut at = point(model, given, &beta).ok_or_else(|| left_range(model))?;
        let (mut variance, mut own_size) = (given, f64::NAN);
        if let Variance::NegativeBinomial { size: s } = given {
            own_size = if size.is_some() { s } else { moment_size(model, &at) };
            variance = Variance::NegativeBinomial { size: own_size };
            at = point(model, variance, &beta).ok_or_else(|| left_range(model))?;
        }
        let mean_square = self.mean_square(&at)?;
        let scale = self.settings.scale.unwrap_or(mean_square);
        let root = scale.sqrt();
        let residuals: Vec<f64> = at.residual.iter().map(|r| r / root).collect();
        let alpha = self.correlation.estimate(&model.rows, &residuals, self.stop)?;
        let smallest = self.correlation.smallest_eigenvalue(&alpha, &model.rows, self.stop)?;
        if smallest < DEFINITE {
            self.least_eigenvalue.set(SHRUNK);
        }
        let working = self.correlation.working(&alpha, smallest, self.least_eigenvalue.get(), self.stop)?;
        let sums = total(model, &at, &working, self.stop)?;
        let (iterations, converged) = (0, false);
        Ok(Found { beta, at, variance, size: own_size, mean_square, scale, working, sums, iterations, converged })
    }

    /// Of Pearson residuals, weighted.
    fn mean_square(&self, at: &Point) -> Result<f64> {
        let rows = &self.model.rows;
        let weight: f64 = rows.weight.iter().sum();
        let scale = at.residual.iter().zip(&rows.weight).map(|(r, w)| w * r * r).sum::<f64>() / weight;
        let mean = rows.y.iter().zip(&rows.weight).map(|(y, w)| w * y).sum::<f64>() / weight;
        let spread = rows.y.iter().zip(&rows.weight).map(|(y, w)| w * (y - mean).powi(2)).sum::<f64>() / weight;
        let left =
            rows.y.iter().zip(&at.mean).zip(&rows.weight).map(|((y, m), w)| w * (y - m).powi(2)).sum::<f64>() / weight;
        if left <= EXACT * spread {
            return Err(Error::Design(
                "the model reproduces the response up to rounding: there are no residuals to estimate scale and correlation from"
                    .into(),
            ));
        }
        Ok(scale)
    }
}

/// The solution of information times step = score.
fn solved(information: &[f64], score: &[f64]) -> Result<Vec<f64>> {
    let (p, mut step, mut root) = (score.len(), score.to_vec(), information.to_vec());
    dense::cholesky_lower(&mut root, p).map_err(|_| {
        Error::Numerical("the equations do not determine the coefficients: their information is singular".into())
    })?;
    dense::solve_lower(&root, &mut step, p, 1);
    dense::solve_lower_transposed(&root, &mut step, p, 1);
    Ok(step)
}

/// The size at which the mean squared Pearson residual is one (Breslow 1984), by Newton steps in its inverse from zero, where the
/// decreasing, convex function lies above; infinite where the counts vary no more than Poisson's.
fn moment_size(model: &Equations, at: &Point) -> f64 {
    let rows = &model.rows;
    let weight: f64 = rows.weight.iter().sum();
    let mut inverse = 0.0;
    for _ in 0..200 {
        let (mut excess, mut slope) = (-weight, 0.0);
        for i in 0..rows.n() {
            let (mean, w) = (at.mean[i], rows.weight[i]);
            let variance = mean + inverse * mean * mean;
            let square = w * (rows.y[i] - mean).powi(2) / variance;
            excess += square;
            slope -= square * mean * mean / variance;
        }
        if excess <= 1e-13 * weight || slope == 0.0 {
            break;
        }
        inverse -= excess / slope;
    }
    1.0 / inverse
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn left_range(model: &Equations) -> Error {
    Error::Numerical(format!(
        "means of family {:?} with this link leave the range that they can have, such as a mean count that is not positive; \
         use a link that allows every value, such as 'log' or 'logit'",
        model.family
    ))
}
