//! A linear mixed model: cross-products, terms and criterion.  Immutable, shared by threads.

use std::sync::Arc;

use super::coefficient_prior::CoefficientPrior;
use super::held::Held;
use super::residual::AtResidual;
use crate::covariance::{TermSpec, ThetaMap};
use crate::crossproduct::CrossProducts;
use crate::ids::FactorId;
use crate::model::{CovariancePrior, Parameters};
use crate::penalized_ls::{CholeskyFactor, Inverse, Panels, SymbolicFactor, TrailingKind};

/// Maximum likelihood, or restricted maximum likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    Ml,
    Reml,
}

/// What becomes of σ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// It is at its best for θ.
    Profiled,
    /// log σ² is the last of the free coordinates.
    Parameter,
    /// σ² is known, and not estimated.
    Known(f64),
}

#[derive(Debug, Clone)]
pub struct Lmm {
    pub a: Arc<CrossProducts>,
    pub symbolic: Arc<SymbolicFactor>,
    /// Values of `a` laid out for elimination.
    pub panels: Arc<Panels>,
    pub theta_map: ThetaMap,
    pub criterion: Criterion,
    pub scale: Scale,
    pub origin: DataFootprint,
    /// The covariance of the residuals that `a` is whitened by, where it has parameters.
    pub residual: Option<AtResidual>,
    /// Parameters that are not estimated.
    pub held: Vec<Held>,
    /// What is known of the coefficients beside the data, where they are integrated over.
    pub coefficient_prior: Option<Arc<CoefficientPrior>>,
    /// A penalty of the covariances, which is in what is minimized and not in the criterion that is reported.
    pub covariance_prior: Option<CovariancePrior>,
}

/// Bytes of what cross-products were made from: kept beside the fit, and held only while they were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataFootprint {
    pub kept: usize,
    pub passing: usize,
}

/// The blocks of L and of its inverse.  One per thread, reused between evaluations.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub factor: CholeskyFactor,
    pub inverse: Inverse,
}

impl Lmm {
    /// `terms` in the order of the design.
    pub fn new(a: CrossProducts, terms: &[TermSpec], criterion: Criterion) -> Self {
        let order: Vec<FactorId> = a.factors.iter().map(|f| f.factor).collect();
        let theta_map = ThetaMap::new(terms, &order);
        let symbolic = Arc::new(SymbolicFactor::new(&a));
        let panels = laid_out(&symbolic, &a);
        Self {
            a: Arc::new(a),
            symbolic,
            panels,
            theta_map,
            criterion,
            scale: Scale::Profiled,
            origin: DataFootprint::default(),
            residual: None,
            held: Vec::new(),
            coefficient_prior: None,
            covariance_prior: None,
        }
    }

    pub fn parameters(&self) -> Parameters<'_> {
        Parameters { theta: &self.theta_map, bases: &self.a.random }
    }

    pub fn workspace(&self) -> Workspace {
        Workspace { factor: CholeskyFactor::new(&self.a, &self.symbolic), inverse: Inverse::default() }
    }

    /// Denominator of σ²: n, or n - p.
    pub fn denominator(&self) -> f64 {
        match self.criterion {
            Criterion::Ml => self.a.n_obs as f64,
            Criterion::Reml => (self.a.n_obs - self.a.n_fixed()) as f64,
        }
    }

    /// The same model with another kind of trailing block.
    pub fn with_trailing(&self, kind: TrailingKind) -> Self {
        let symbolic = Arc::new(SymbolicFactor::clone(&self.symbolic).with_kind(kind, &self.a));
        let panels = laid_out(&symbolic, &self.a);
        Self { symbolic, panels, ..self.clone() }
    }

    /// The same model over other cross-products.
    pub fn with_products(&self, a: CrossProducts) -> Self {
        let same = Arc::ptr_eq(&a.patterns, &self.a.patterns);
        let symbolic = if same { self.symbolic.clone() } else { Arc::new(SymbolicFactor::new(&a)) };
        let panels = laid_out(&symbolic, &a);
        Self { a: Arc::new(a), symbolic, panels, ..self.clone() }
    }

    /// The same with what is to be said about its trailing block.
    pub fn because(&self, reason: String) -> Self {
        let mut symbolic = SymbolicFactor::clone(&self.symbolic);
        symbolic.reason = Some(reason);
        Self { symbolic: Arc::new(symbolic), ..self.clone() }
    }

    /// The same model with σ treated otherwise.
    pub fn with_scale(&self, scale: Scale) -> Self {
        Self { scale, ..self.clone() }
    }

    /// σ², where it is known.
    pub fn known_variance(&self) -> Option<f64> {
        match self.scale {
            Scale::Known(variance) => Some(variance),
            Scale::Profiled | Scale::Parameter => None,
        }
    }

    /// The same model for another criterion.
    pub fn with_criterion(&self, criterion: Criterion) -> Self {
        Self { criterion, ..self.clone() }
    }
}

fn laid_out(symbolic: &SymbolicFactor, a: &CrossProducts) -> Arc<Panels> {
    let mut panels = Panels::default();
    symbolic.lay_out(a, &mut panels);
    Arc::new(panels)
}
