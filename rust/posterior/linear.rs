//! The posterior of a linear mixed model: a fit, priors -> draws of ψ.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand_xoshiro::Xoshiro256PlusPlus;

use super::coordinates::Coordinates;
use super::draws::{Asked, Draw, Drawer, Drawn, Region, user_effects};
use super::log_posterior::{Deviance, HasDeviance, Target};
use super::scale_mixture::ScaleMixture;
use crate::fit::Fit;
use crate::fit::simulate::normal;
use crate::model::{Criterion, Evaluator, Lmm, LmmEvaluator, Scale};
use crate::optimize::Objective;
use crate::prior::{Combination, Prior};
use crate::{Error, Result};

/// A residual standard deviation of less than this part of what it is where Λ = I may be an end of the likelihood, far from
/// where the posterior is.
const DEGENERATE: f64 = 0.02;

/// What the posterior is of.
#[derive(Debug, Clone)]
pub struct LinearPosterior {
    pub model: Lmm,
    mixture: Option<Arc<ScaleMixture>>,
    region: Region,
}

impl LinearPosterior {
    /// Of a fit's model and data, whatever its criterion was; `priors` by slot.
    ///
    /// # Errors
    /// `Design` for models that it is not offered for.
    pub fn new(fit: &Fit, coefficients: &[Combination], priors: Vec<Prior>) -> Result<Self> {
        if !fit.model.held.is_empty() {
            return Err(Error::Design(
                "the posterior of a fit with parameters held by Control(fix=) is not offered".into(),
            ));
        }
        let scale = fit.model.known_variance().map_or(Scale::Parameter, Scale::Known);
        let mut model = fit.model.with_criterion(Criterion::Reml).with_scale(scale);
        model.covariance_prior = None;
        let mixture = ScaleMixture::new(coefficients, &model.a.fixed)?.map(Arc::new);
        let scales = mixture.as_ref().map_or(Vec::new(), |mixture| mixture.priors().to_vec());
        let log_variance = (scale == Scale::Parameter).then(|| 2.0 * fit.sigma.ln());
        // scales of coefficients begin at one
        let logs = vec![0.0; scales.len()];
        let x: Vec<f64> = fit.free().into_iter().chain(log_variance).chain(logs).collect();
        let mut identity: Vec<f64> =
            model.theta_map.start().into_iter().chain(x[model.theta_map.n_parameters..].to_vec()).collect();
        let sigma = if scale == Scale::Parameter { sigma_at_identity(&model)? } else { 0.0 };
        if sigma > fit.sigma {
            identity[model.n_free()] = 2.0 * sigma.ln();
        }
        let coordinates = Coordinates::of_linear(&model, priors, &scales)?.in_units_of(&x, &identity);
        let mut starts = vec![coordinates.start(&x)];
        if fit.sigma < DEGENERATE * sigma {
            starts.push(coordinates.start(&identity));
        }
        Ok(Self { model, mixture, region: Region { coordinates, starts } })
    }

    /// The model with the normal prior of coefficients at ψ, and the point of its search.
    ///
    /// # Errors
    /// `Design` for numbers that are not finite.
    pub fn at(&self, psi: &[f64]) -> Result<(Lmm, Vec<f64>)> {
        let mut x = self.coordinates().to_engine(psi)?;
        let mut model = self.model.clone();
        if let Some(mixture) = &self.mixture {
            let logs = x.split_off(x.len() - mixture.priors().len());
            model.coefficient_prior = Some(Arc::new(mixture.prior(&logs)));
        }
        Ok((model, x))
    }
}

impl HasDeviance for LinearPosterior {
    fn deviance<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Deviance + 'a> {
        Box::new(UnderMixture::new(self, stop))
    }
}

/// The criterion whose prior of coefficients moves with the logarithms of scales, the last coordinates.
struct UnderMixture<'a> {
    evaluator: LmmEvaluator<'a>,
    mixture: Option<Arc<ScaleMixture>>,
    logs: Option<Vec<f64>>,
}

impl<'a> UnderMixture<'a> {
    fn new(of: &LinearPosterior, stop: &'a AtomicBool) -> Self {
        Self { evaluator: LmmEvaluator::new(&of.model, stop), mixture: of.mixture.clone(), logs: None }
    }

    /// Moves the prior to x, of which the coordinates of the search are returned.
    fn move_to<'x>(&mut self, x: &'x [f64]) -> &'x [f64] {
        let Some(mixture) = &self.mixture else { return x };
        let (own, logs) = x.split_at(x.len() - mixture.priors().len());
        if self.logs.as_deref() != Some(logs) {
            self.evaluator.model.coefficient_prior = Some(Arc::new(mixture.prior(logs)));
            self.evaluator.forget();
            self.logs = Some(logs.to_vec());
        }
        own
    }
}

impl Deviance for UnderMixture<'_> {
    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let own = self.move_to(x);
        Objective::value(&mut self.evaluator, own)
    }

    fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        let own = self.move_to(x);
        let mut gradient = Evaluator::gradient(&mut self.evaluator, own)?;
        if let Some(mixture) = &self.mixture {
            let found = self.evaluator.evaluate(own)?;
            let (variance, factor) = (self.evaluator.variance(own, &found), &mut self.evaluator.work.factor);
            let (covariance, beta) = (factor.fixed_covariance(), factor.beta());
            gradient.extend(mixture.slopes(&x[own.len()..], (variance, &covariance, &beta)));
        }
        Ok(gradient)
    }

    fn flops(&self) -> f64 {
        Evaluator::flops(&self.evaluator)
    }
}

impl Drawn for LinearPosterior {
    fn region(&self) -> &Region {
        &self.region
    }

    fn target(&self) -> Target<'_> {
        Target { model: self, coordinates: self.coordinates(), constant: 0.0 }
    }

    fn has_constant(&self) -> bool {
        true
    }

    fn drawer<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Drawer + 'a> {
        Box::new(LinearDrawer { own: UnderMixture::new(self, stop), coordinates: self.coordinates().clone() })
    }
}

struct LinearDrawer<'a> {
    own: UnderMixture<'a>,
    coordinates: Coordinates,
}

impl Drawer for LinearDrawer<'_> {
    /// Coefficients and random effects are drawn together from their normal distribution, which is exact.
    fn draw(&mut self, psi: &[f64], streams: &mut [Xoshiro256PlusPlus], asked: Asked) -> Result<Vec<Draw>> {
        let Asked { parameters, terms } = asked;
        let Self { coordinates, own } = self;
        let x = coordinates.to_engine(psi)?;
        let x = own.move_to(&x);
        let evaluator = &mut own.evaluator;
        let found = evaluator.evaluate(x)?;
        let sigma = evaluator.variance(x, &found).sqrt();
        let (model, factor) = (&evaluator.model, &mut evaluator.work.factor);
        let betas: Vec<Vec<f64>> =
            streams.iter_mut().map(|rng| factor.drawn_beta(sigma, &mut || normal(rng))).collect();
        let (theta, phi) = (&x[..model.theta_map.n_parameters], &x[model.theta_map.n_parameters..model.n_free()]);
        let values = |beta: &Vec<f64>| {
            let values = model.parameters().values(&model.a.fixed.beta(beta), theta, sigma, parameters);
            let values = coordinates.with_distances(values, parameters, psi);
            Draw { values: model.with_residuals(values, parameters, phi, sigma), effects: Vec::new() }
        };
        let mut all: Vec<Draw> = betas.iter().map(values).collect();
        if terms.is_empty() {
            return Ok(all);
        }
        let modes: Vec<_> = betas.iter().map(|beta| factor.modes(&model.symbolic, beta)).collect();
        for ((draw, modes), rng) in all.iter_mut().zip(modes).zip(streams) {
            let around = factor.noise(&model.symbolic, &mut || normal(rng))?;
            let add = |b: &Vec<f64>, z: &Vec<f64>| b.iter().zip(z).map(|(b, z)| b + sigma * z).collect();
            let b: Vec<Vec<f64>> = modes.b.iter().zip(&around.b).map(|(b, z)| add(b, z)).collect();
            draw.effects = terms.iter().map(|&t| user_effects(&model.theta_map, &model.a.random, &b, t)).collect();
        }
        evaluator.forget();
        Ok(all)
    }
}

/// σ at its best where Λ = I.
fn sigma_at_identity(model: &Lmm) -> Result<f64> {
    Ok(model.evaluate(&model.theta_map.start(), &mut model.workspace())?.sigma())
}
