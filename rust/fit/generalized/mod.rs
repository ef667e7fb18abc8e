//! The fit of a generalized linear mixed model: what it is made of, in the user's units.

mod climb;
mod exact;
mod refit;
mod rounding;
mod save;
mod search;
mod unbounded;
mod uncertainty;

use std::sync::atomic::AtomicBool;

pub use refit::Moved;
pub use search::{feasible, fit_generalized};
use uncertainty::STEP;
pub use uncertainty::{Uncertainty, side_by_side, uncertainty};

use super::verdict::Verdict;
use crate::model::generalized::{Glmm, GlmmEvaluator, Integrated, laplace_error};
use crate::optimize::Objective;
use crate::penalized_ls::product::Effects;
use crate::{Error, Result};

/// Share of such a direction above which a coefficient takes part in it.
const PART: f64 = 1e-3;

/// A fitted model, in the units of its rows' columns and of the search.
#[derive(Clone)]
pub struct GlmmFit {
    pub model: Glmm,
    /// (θ, coordinates of the coefficients).
    pub x: Vec<f64>,
    pub criterion: f64,
    /// Spherical and conditional modes.
    pub u: Effects,
    pub b: Effects,
    /// Linear predictors of the rows, by part.
    pub eta: Vec<Vec<f64>>,
    /// Covariance of x: twice the inverse of the criterion's Hessian; zero for scales on their boundary.
    pub covariance: Vec<f64>,
    /// Directions of x in which the criterion is level: a limit of the family, or not a proper optimum.
    pub unbounded: Vec<Vec<f64>>,
    /// Why there is no covariance: it is NaN then.
    pub uncertain: Option<String>,
    /// Per block, conditional covariances of b (n_levels blocks r x r).
    pub mode_covariances: Vec<Vec<f64>>,
    /// How the effects of the mean that are found with the random ones move with x (p x n, column-major); empty where it is not
    /// known.
    pub fixed_slopes: Vec<f64>,
    pub verdict: Verdict,
    pub iterations: usize,
}

/// How far Laplace's approximation is from the likelihood, and what that does to the estimates.
#[derive(Debug, Clone, PartialEq)]
pub struct LaplaceError {
    /// The log-likelihood less Laplace's, by the next term of its expansion.
    pub error: f64,
    /// One Newton step of x toward the maximum of both together.
    pub shift: Vec<f64>,
}

impl GlmmFit {
    /// The fit at x.
    ///
    /// # Errors
    /// Those of the criterion.
    pub fn at(objective: &mut GlmmEvaluator, x: Vec<f64>, known: Uncertainty, verdict: Verdict) -> Result<Self> {
        let criterion = objective.value(&x)?;
        objective.invert_at(&x)?;
        let mut point = objective.evaluate(&x)?.1.clone();
        objective.model.to_user_predictors(&x, &mut point.eta);
        let (model, newton, inverse) = (&objective.model, &objective.newton, &objective.inverse);
        let own = |block: usize| inverse.level_blocks(&newton.factor, &model.symbolic, block);
        Ok(Self {
            model: model.clone(),
            criterion,
            b: crate::model::generalized::scaled(&newton.factor.lambda, &point.u, false),
            u: point.u,
            eta: point.eta,
            covariance: known.covariance,
            unbounded: known.unbounded,
            uncertain: known.reason,
            fixed_slopes: known.fixed_slopes,
            mode_covariances: (0..model.rows.blocks.len()).map(own).collect(),
            verdict,
            iterations: newton.iterations,
            x,
        })
    }

    /// The error of Laplace's approximation at the optimum.
    ///
    /// # Errors
    /// `Design` where it is not known; those of the criterion.
    pub fn laplace_error(&self, stop: &AtomicBool) -> Result<LaplaceError> {
        if self.model.integrated.is_some() {
            return Err(Error::Design(
                "the error of Laplace's approximation is known of maximum likelihood alone, not where coefficients of the mean are \
                 found with the random effects"
                    .into(),
            ));
        }
        let mut evaluator = GlmmEvaluator::new(&self.model, stop);
        evaluator.set_from(self.u.clone());
        let (n, error) = (self.x.len(), laplace_error(&mut evaluator, &self.x)?);
        let mut slope = vec![0.0; n];
        for (k, slope) in slope.iter_mut().enumerate() {
            let variance = self.covariance[k * n + k];
            if variance > 0.0 && variance.is_finite() {
                let h = STEP * variance.sqrt();
                let mut at = |shift: f64| {
                    let mut x = self.x.clone();
                    x[k] += shift;
                    laplace_error(&mut evaluator, &x)
                };
                *slope = (at(h)? - at(-h)?) / (2.0 * h);
            }
        }
        let shift = |i: usize| (0..n).map(|j| self.covariance[j * n + i] * slope[j]).sum();
        Ok(LaplaceError { error, shift: (0..n).map(shift).collect() })
    }

    /// The user's coefficients of all parts.
    pub fn user_coefficients(&self) -> Vec<f64> {
        match &self.model.integrated {
            Some(own) => self.model.joined_coefficients(own, &self.b[own.block.0], &self.x),
            None => self.model.user_coefficients(&self.x),
        }
    }

    /// Their covariance; NaN for those that have no end.
    pub fn user_covariance(&self) -> Vec<f64> {
        let (k, n) = (self.model.n_theta(), self.x.len());
        let p = n - k;
        let own: Vec<f64> = match &self.model.integrated {
            Some(integrated) => self.joint_covariance(integrated),
            None => (0..p * p).map(|e| self.covariance[(k + e / p) * n + k + e % p]).collect(),
        };
        let mut covariance = self.model.user_covariance(&own);
        let user = self.model.n_user();
        for j in self.without_end() {
            (0..user).for_each(|i| {
                covariance[j * user + i] = f64::NAN;
                covariance[i * user + j] = f64::NAN;
            });
        }
        covariance
    }

    /// Of the effects of the mean and the other coordinates: N + J C J' and J C, where N is theirs given x, J their slopes in it
    /// and C its covariance.
    fn joint_covariance(&self, own: &Integrated) -> Vec<f64> {
        let (n, k, p) = (self.x.len(), self.model.n_theta(), own.p);
        let slope = |i: usize, j: usize| self.fixed_slopes.get(j * p + i).copied().unwrap_or(0.0);
        // J C, p x n
        let moved: Vec<f64> =
            (0..n * p).map(|e| (0..n).map(|j| slope(e % p, j) * self.covariance[e / p * n + j]).sum()).collect();
        let size = p + n - k;
        let entry = |i: usize, j: usize| -> f64 {
            match (i < p, j < p) {
                (true, true) => {
                    self.mode_covariances[own.block.0][j * p + i]
                        + (0..n).map(|l| moved[l * p + i] * slope(j, l)).sum::<f64>()
                }
                (true, false) => moved[(k + j - p) * p + i],
                (false, true) => moved[(k + i - p) * p + j],
                (false, false) => self.covariance[(k + j - p) * n + k + i - p],
            }
        };
        (0..size * size).map(|e| entry(e % size, e / size)).collect()
    }

    /// The user's coefficients that can grow without end at no cost.
    pub fn without_end(&self) -> Vec<usize> {
        // in units of each: its standard error where the curvature is that of the model without random effects
        let (user, p) = (self.model.n_user(), self.model.n_coefficients() + self.n_integrated());
        let identity: Vec<f64> = (0..p * p).map(|e| f64::from(u8::from(e / p == e % p))).collect();
        let scale: Vec<f64> = {
            let square = self.model.user_covariance(&identity);
            (0..user).map(|j| square[j * user + j].sqrt().max(f64::MIN_POSITIVE)).collect()
        };
        let in_units = |v: &Vec<f64>| -> Vec<f64> {
            self.model.user_coefficients(v).iter().zip(&scale).map(|(v, scale)| v.abs() / scale).collect()
        };
        let moved: Vec<Vec<f64>> = self.unbounded.iter().map(in_units).collect();
        let takes_part =
            |j: &usize| moved.iter().any(|v| v[*j] > PART * v.iter().copied().fold(f64::MIN_POSITIVE, f64::max));
        (0..user).filter(takes_part).collect()
    }

    pub fn user_theta(&self) -> Vec<f64> {
        self.model.parameters().to_user(&self.x[..self.model.n_theta()])
    }

    /// Free parameters.
    pub fn n_params(&self) -> usize {
        self.x.len() + self.n_integrated()
    }

    /// Effects of the mean that are found with the random ones.
    fn n_integrated(&self) -> usize {
        self.model.integrated.as_ref().map_or(0, |own| own.p)
    }

    /// Covariance of each term's random effects, in the user's units.
    pub fn covariances(&self) -> Vec<Vec<f64>> {
        self.model.parameters().relative_covariances(&self.x)
    }

    /// Per random term the conditional modes b (n_levels rows of r).
    pub fn user_modes(&self) -> Vec<Vec<f64>> {
        let map = &self.model.theta_map;
        let of_term = |(term, basis): (&crate::covariance::TermCovariance, &crate::covariance::RandomBasis)| {
            let levels = self.b[term.block.0].chunks_exact(map.widths[term.block]);
            levels.flat_map(|b| basis.decode(&b[term.offset..term.offset + term.width])).collect()
        };
        map.terms.iter().zip(&self.model.bases).map(of_term).collect()
    }

    /// Per random term Var(b | y) given all parameters (n_levels blocks r x r).
    pub fn user_mode_covariances(&self) -> Vec<Vec<f64>> {
        let map = &self.model.theta_map;
        let of_term = |(term, basis): (&crate::covariance::TermCovariance, &crate::covariance::RandomBasis)| {
            let (full, r) = (map.widths[term.block], term.width);
            let own = |n: &[f64]| -> Vec<f64> {
                (0..r * r).map(|k| n[(term.offset + k / r) * full + term.offset + k % r]).collect()
            };
            let levels = self.mode_covariances[term.block.0].chunks_exact(full * full);
            levels.flat_map(|n| basis.covariance(&own(n))).collect()
        };
        map.terms.iter().zip(&self.model.bases).map(of_term).collect()
    }
}
