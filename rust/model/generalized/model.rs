//! A generalized linear mixed model: family, rows, patterns and bases.  Immutable, shared by threads.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::build::check_support;
use super::evaluator::GlmmEvaluator;
use super::integrated::{Integrated, integrated};
use super::nested_quadrature::is_nested;
use super::nodes::MOST_NODES;
use super::ordered::with_thresholds_of;
use super::prior::Penalty;
use super::separation::Separation;
use super::start;
use super::unit::Unit;
use crate::covariance::{RandomBasis, TermCovariance, ThetaMap};
use crate::crossproduct::{CrossProducts, Reweighting};
use crate::family::{Family, FamilySpec, Observation, Predictor};
use crate::ids::{FactorId, TermId};
use crate::linalg::dense::square_product;
use crate::model::{CovariancePrior, Criterion, DataFootprint, Evaluator, Lmm, Model, Parameters, Scale};
use crate::penalized_ls::{Panels, SymbolicFactor};
use crate::rows::{Effects, PartedRows};
use crate::{Error, Result};

/// Rows of one task.
const ROWS: usize = 2048;

/// What coefficients belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartName {
    Conditional,
    Dispersion,
    ZeroInflation,
    Shape,
    SecondShape,
    Thresholds,
    Scale,
}

impl PartName {
    pub fn name(self) -> &'static str {
        match self {
            Self::Conditional => "conditional",
            Self::Dispersion => "dispersion",
            Self::ZeroInflation => "zero_inflation",
            Self::Shape => "shape",
            Self::SecondShape => "shape2",
            Self::Thresholds => "thresholds",
            Self::Scale => "scale",
        }
    }
}

/// What stands for the integral over the random effects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approximation {
    /// Laplace's, with the observed information.
    #[default]
    Laplace,
    /// The same with the expected information in the determinant.
    Expected,
    /// Adaptive Gauss-Hermite quadrature with so many points a dimension.
    Quadrature(usize),
    /// Laplace's, of the random effects and the coefficients of the mean together: restricted maximum likelihood.
    Restricted,
    /// Laplace's, with the coefficients of the mean where the penalized likelihood is largest.
    Penalized,
}

/// The coefficients of a part as users know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartCoefficients {
    pub name: PartName,
    /// Its columns of the design that are estimated, and how many there are.
    pub kept: Vec<usize>,
    pub n_columns: usize,
    /// Its first among the user's coefficients.
    pub first: usize,
    /// Its random terms, from the first on.
    pub terms: std::ops::Range<usize>,
}

#[derive(Clone)]
pub struct Glmm {
    pub spec: FamilySpec,
    /// The name of the response.
    pub response: String,
    /// Observations, rows and x are in it.
    pub unit: Unit,
    pub family: Family,
    pub rows: Arc<PartedRows>,
    pub observations: Arc<Vec<Observation>>,
    /// Empty for weights of one.
    pub weights: Arc<Vec<f64>>,
    /// Σ w times what of -log density the response alone determines.
    pub constant: f64,
    pub reweighting: Arc<Reweighting>,
    /// By block.
    pub factors: Vec<FactorId>,
    pub symbolic: Arc<SymbolicFactor>,
    pub theta_map: ThetaMap,
    pub bases: Vec<RandomBasis>,
    pub parts: Vec<PartCoefficients>,
    /// From coefficients of the rows' columns to the user's (user's x P, column-major).
    pub transform: Vec<f64>,
    /// What coefficients (place, value) give to an intercept that thresholds stand for.
    pub intercept: Vec<(usize, f64)>,
    /// From the search's coordinates to coefficients of the rows' columns (P x P, column-major): the curvature of a model
    /// without random effects is the identity in them.
    pub chart: Vec<f64>,
    /// Coefficients of that model, of the rows' columns.
    pub initial: Vec<f64>,
    pub approximation: Approximation,
    /// That of priors of coefficients.
    pub penalty: Penalty,
    /// The same of covariances.
    pub covariance_prior: Option<CovariancePrior>,
    /// Why the coefficients have no best values, if they have none.
    pub separation: Option<Separation>,
    /// The coefficients of the mean, where they are found with the random effects.
    pub integrated: Option<Arc<Integrated>>,
}

impl Glmm {
    pub fn n_coefficients(&self) -> usize {
        self.rows.n_coefficients
    }

    pub fn n_user(&self) -> usize {
        self.parts.iter().map(|p| p.kept.len()).sum()
    }

    pub fn n_theta(&self) -> usize {
        self.theta_map.n_parameters
    }

    /// Coefficients of the rows' columns at x = (θ, coordinates).
    pub fn coefficients(&self, x: &[f64]) -> Vec<f64> {
        product(&self.chart, &x[self.n_theta()..])
    }

    /// What priors add to the criterion at x.
    ///
    /// # Errors
    /// `Numerical` where the prior of the covariances has no density.
    pub fn penalties(&self, x: &[f64]) -> Result<f64> {
        let of_covariances = self.covariance_prior.map_or(Ok(0.0), |prior| prior.value(&self.theta_map, x))?;
        Ok(2.0 * self.penalty.value(&self.coefficients(x)) + of_covariances)
    }

    /// The user's coefficients at x.
    pub fn user_coefficients(&self, x: &[f64]) -> Vec<f64> {
        product(&self.transform, &self.coefficients(x))
    }

    /// The user's coefficients over each of the search's coordinates of them.
    pub fn user_columns(&self) -> Vec<Vec<f64>> {
        let (k, p) = (self.n_theta(), self.n_coefficients());
        let column = |j: usize| {
            let mut unit = vec![0.0; k + p];
            unit[k + j] = 1.0;
            self.user_coefficients(&unit)
        };
        (0..p).map(column).collect()
    }

    /// What the rows' predictors of the mean and thresholds have above the user's, where thresholds stand for an intercept.
    pub fn shift(&self, x: &[f64]) -> f64 {
        let coefficients = self.coefficients(x);
        self.intercept.iter().map(|&(j, value)| value * coefficients[j]).sum()
    }

    /// Makes predictors of the rows those of the user's coefficients.
    pub fn to_user_predictors(&self, x: &[f64], eta: &mut [Vec<f64>]) {
        let shift = self.shift(x);
        for (eta, predictor) in eta.iter_mut().zip(self.family.predictors()) {
            if matches!(predictor, Predictor::Conditional | Predictor::Upper | Predictor::Lower) {
                eta.iter_mut().for_each(|eta| *eta -= shift);
            }
        }
        self.out_of_unit(eta);
    }

    /// Λ of all blocks at θ.
    pub fn set_lambda(&self, theta: &[f64], lambda: &mut [Vec<f64>]) {
        self.theta_map.factors(theta, lambda);
        if let Some(own) = &self.integrated {
            own.set_lambda(lambda);
        }
    }

    /// The model in which the coefficients of the mean are parameters.
    pub fn base(&self) -> &Self {
        self.integrated.as_ref().map_or(self, |own| &own.base)
    }

    /// The user's coefficients where those of the mean are found with the random effects, from their effects and x.
    pub fn joined_coefficients(&self, own: &Integrated, b: &[f64], x: &[f64]) -> Vec<f64> {
        product(&own.base.transform, &own.joined(b, &self.coefficients(x)))
    }

    /// The covariance of the user's coefficients from that of the search's coordinates, behind the effects of the mean where they
    /// are found with the random ones.
    pub fn user_covariance(&self, covariance: &[f64]) -> Vec<f64> {
        let (p, user) = (covariance.len().isqrt(), self.n_user());
        let unit = |j: usize, n: usize| {
            let mut unit = vec![0.0; n];
            unit[j] = 1.0;
            unit
        };
        let b: Vec<f64> = match &self.integrated {
            None => (0..p).flat_map(|j| product(&self.transform, &self.chart[j * p..(j + 1) * p])).collect(),
            Some(own) => {
                let others = p - own.p;
                let column = |j: usize| {
                    let x = if j < own.p { vec![0.0; others] } else { unit(j - own.p, others) };
                    let b = if j < own.p { unit(j, own.p) } else { vec![0.0; own.p] };
                    product(&own.base.transform, &own.joined(&b, &product(&self.chart, &x)))
                };
                (0..p).flat_map(column).collect()
            }
        };
        let half: Vec<f64> = (0..p).flat_map(|j| product(&b, &covariance[j * p..(j + 1) * p])).collect();
        let entry = |i: usize, j: usize| (0..p).map(|k| half[k * user + i] * b[k * user + j]).sum();
        (0..user * user).map(|e| entry(e % user, e / user)).collect()
    }

    /// Coordinates of coefficients of the rows' columns.
    pub fn coordinates(&self, coefficients: &[f64]) -> Vec<f64> {
        let p = self.n_coefficients();
        let mut x = coefficients.to_vec();
        for i in (0..p).rev() {
            let sum: f64 = (i + 1..p).map(|k| self.chart[k * p + i] * x[k]).sum();
            x[i] = (x[i] - sum) / self.chart[i * p + i];
        }
        x
    }

    /// W'v for the chart W.
    pub fn to_chart(&self, v: &[f64]) -> Vec<f64> {
        let p = v.len();
        (0..p).map(|j| (0..p).map(|i| self.chart[j * p + i] * v[i]).sum()).collect()
    }

    /// W'HW.
    pub fn square_to_chart(&self, h: &[f64]) -> Vec<f64> {
        let p = self.n_coefficients();
        let half = square_product(h, &self.chart, p, false);
        (0..p * p).map(|e| (0..p).map(|k| self.chart[e % p * p + k] * half[e / p * p + k]).sum()).collect()
    }

    /// Cross-products of the random effects alone, without values.
    pub fn unfilled(&self, p: usize) -> CrossProducts {
        self.reweighting.unfilled(&self.rows, p, &self.factors, &self.bases)
    }

    /// The linear mixed model of a working response, without values: its covariances are absolute.
    pub fn working_model(&self) -> Lmm {
        let a = self.unfilled(self.n_coefficients());
        Lmm {
            a: Arc::new(a),
            symbolic: self.symbolic.clone(),
            panels: Arc::new(Panels::default()),
            theta_map: self.theta_map.clone(),
            criterion: Criterion::Ml,
            scale: Scale::Known(1.0),
            origin: DataFootprint::default(),
            residual: None,
            held: Vec::new(),
            coefficient_prior: None,
            covariance_prior: None,
        }
    }

    pub fn parameters(&self) -> Parameters<'_> {
        Parameters { theta: &self.theta_map, bases: &self.bases }
    }

    /// Dimensions of the integral of a level of the outermost grouping factor, by quadrature.
    pub fn n_dimensions(&self) -> u32 {
        self.rows.blocks.iter().map(|b| b.width as u32).sum()
    }

    /// The model with the columns of a random term replaced: z_new = z B.
    pub fn with_columns(&self, term: TermId, b: &[f64]) -> Self {
        let TermCovariance { block, offset, width, .. } = self.theta_map.terms[term];
        let mut rows = (*self.rows).clone();
        let block = &mut rows.blocks[block.0];
        for z in block.z.chunks_exact_mut(block.width) {
            let own = &mut z[offset..offset + width];
            let new = product_transposed(b, own);
            own.copy_from_slice(&new);
        }
        Self { rows: Arc::new(rows), ..self.clone() }
    }

    /// The start of the model in which the coefficients of the mean are parameters, without them; with the spherical effects that
    /// it ended with, where they are those of this model.
    ///
    /// # Errors
    /// Those of the start.
    pub fn start_with_effects(&self, stop: &AtomicBool) -> Result<(Vec<f64>, Option<Effects>)> {
        let (mut x, effects) = start::penalized_quasi_likelihood(self.base(), stop)?;
        if let Some(own) = &self.integrated {
            x.drain(self.n_theta()..self.n_theta() + own.p);
            return Ok((x, None));
        }
        Ok((x, effects))
    }

    /// The same model with another approximation.
    ///
    /// # Errors
    /// `Design` where the model does not have it.
    pub fn with_approximation(self, approximation: Approximation) -> Result<Self> {
        let blocks = &self.rows.blocks;
        match approximation {
            Approximation::Expected if self.family.expected(self.observations[0], 0.5).is_none() => {
                return Err(Error::Design(format!(
                    "the expected information is that of family 'binomial' and 'poisson', not of {:?}",
                    self.spec.name
                )));
            }
            Approximation::Quadrature(_) if blocks.len() > 1 && !is_nested(&self) => {
                return Err(Error::Design(format!(
                    "quadrature is for the random effects of one grouping factor, or for one effect in each of two nested ones, and \
                     the model has {} grouping factors with {} effects; fit.approximation of nagq=1 says how far Laplace's \
                     log-likelihood and estimates are off",
                    blocks.len(),
                    blocks.iter().map(|b| b.width.to_string()).collect::<Vec<_>>().join(" and ")
                )));
            }
            Approximation::Quadrature(_) if self.rows.random_parts != [0] => {
                return Err(Error::Design("quadrature is for random effects of the mean alone".into()));
            }
            Approximation::Quadrature(n) if n.checked_pow(self.n_dimensions()).is_none_or(|k| k > MOST_NODES) => {
                return Err(Error::Design(format!(
                    "{n} points in each of {} dimensions are more than {MOST_NODES}; ask for fewer",
                    self.n_dimensions()
                )));
            }
            Approximation::Restricted | Approximation::Penalized if !self.penalty.is_empty() => {
                return Err(Error::Design(
                    "a prior is of coefficients that are estimated by maximum likelihood, not with reml=True or nagq=0"
                        .into(),
                ));
            }
            Approximation::Restricted | Approximation::Penalized => return integrated(self, approximation),
            _ => {}
        }
        Ok(Self { approximation, ..self })
    }

    /// The same model of another response.
    ///
    /// # Errors
    /// `Data` for responses outside the family's support.
    pub fn with_response(&self, observations: Vec<Observation>) -> Result<Self> {
        check_support(&self.family, &self.response, &self.spec.name, &observations)?;
        let observations = self.unit.responses(observations);
        let constant = constant(&self.family, self.unit, &observations, &self.weights);
        let rows = with_thresholds_of(self, &observations)?;
        let observations = Arc::new(observations);
        let of_base = |own: &Arc<Integrated>| {
            let base = Self { observations: observations.clone(), constant, ..(*own.base).clone() };
            Arc::new(Integrated { base: Arc::new(base), ..(**own).clone() })
        };
        let integrated = self.integrated.as_ref().map(of_base);
        Ok(Self { observations, constant, rows, integrated, ..self.clone() })
    }
}

/// Σ w times the part of -log density that the response alone determines.
pub fn constant(family: &Family, unit: Unit, observations: &[Observation], weights: &[f64]) -> f64 {
    let weight = |i: usize| weights.get(i).copied().unwrap_or(1.0);
    let of_row = |(i, &o): (usize, &Observation)| weight(i) * (family.constant(o) + unit.constant(o));
    let of_piece = |(k, rows): (usize, &[Observation])| -> f64 {
        rows.iter().enumerate().map(|(i, o)| of_row((k * ROWS + i, o))).sum()
    };
    // added in order: the same on any number of threads
    let pieces: Vec<f64> = observations.par_chunks(ROWS).enumerate().map(of_piece).collect();
    pieces.iter().sum()
}

/// A x for a column-major A of x.len() columns.
pub fn product(a: &[f64], x: &[f64]) -> Vec<f64> {
    let rows = a.len() / x.len().max(1);
    (0..rows).map(|i| x.iter().enumerate().map(|(j, x)| a[j * rows + i] * x).sum()).collect()
}

/// A'x for a column-major A of x.len() rows.
fn product_transposed(a: &[f64], x: &[f64]) -> Vec<f64> {
    a.chunks_exact(x.len().max(1)).map(|column| column.iter().zip(x).map(|(a, x)| a * x).sum()).collect()
}

impl Model for Glmm {
    fn start(&self, stop: &AtomicBool) -> Result<Vec<f64>> {
        self.start_with_effects(stop).map(|(x, _)| x)
    }

    fn evaluator<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Evaluator + 'a> {
        Box::new(GlmmEvaluator::new(self, stop))
    }
}
