//! The posterior of a linear mixed model: a fit, priors -> draws of ψ.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand_xoshiro::Xoshiro256PlusPlus;

use super::coordinates::Coordinates;
use super::draws::{Asked, Draw, Drawer, Drawn, Region, normal, user_effects};
use super::log_posterior::Target;
use crate::fit::Fit;
use crate::model::{CoefficientPrior, Criterion, Lmm, LmmEvaluator, NormalCombination, Scale};
use crate::prior::Prior;
use crate::{Error, Result};

/// A standard deviation begins no nearer to zero than this part of its unit, and its unit is no less than this part of what
/// it is where Λ = I.
const LIFTED: f64 = 0.2;

/// A residual standard deviation of less than this part of what it is where Λ = I may be an end of the likelihood, far from
/// where the posterior is.
const DEGENERATE: f64 = 0.02;

/// What the posterior is of.
#[derive(Debug, Clone)]
pub struct LinearPosterior {
    pub model: Lmm,
    region: Region,
}

impl LinearPosterior {
    /// Of a fit's model and data, whatever its criterion was; `priors` by slot.
    ///
    /// # Errors
    /// `Design` for models that it is not offered for.
    pub fn new(fit: &Fit, coefficients: &[NormalCombination], priors: Vec<Prior>) -> Result<Self> {
        if !fit.model.held.is_empty() {
            return Err(Error::Design(
                "the posterior of a fit with parameters held by Control(fix=) is not offered".into(),
            ));
        }
        let scale = fit.model.known_variance().map_or(Scale::Parameter, Scale::Known);
        let mut model = fit.model.with_criterion(Criterion::Reml).with_scale(scale);
        model.covariance_prior = None;
        if !coefficients.is_empty() {
            model.coefficient_prior = Some(Arc::new(CoefficientPrior::new(coefficients, &model.a.fixed)));
        }
        let coordinates = Coordinates::of_linear(&model, priors)?;
        let log_variance = (scale == Scale::Parameter).then(|| 2.0 * fit.sigma.ln());
        let x: Vec<f64> = fit.free().into_iter().chain(log_variance).collect();
        let mut identity: Vec<f64> =
            model.theta_map.start().into_iter().chain(x[model.theta_map.n_parameters..].to_vec()).collect();
        let sigma = if scale == Scale::Parameter { sigma_at_identity(&model).unwrap_or(fit.sigma) } else { 0.0 };
        if sigma > fit.sigma {
            identity[model.n_free()] = 2.0 * sigma.ln();
        }
        let (start, units) = start_and_units(&coordinates, &x, &identity);
        let mut starts = vec![start];
        if fit.sigma < DEGENERATE * sigma {
            starts.push(start_and_units(&coordinates, &identity, &identity).0);
        }
        Ok(Self { model, region: Region { coordinates, starts, units } })
    }
}

impl Drawn for LinearPosterior {
    fn region(&self) -> &Region {
        &self.region
    }

    fn target(&self) -> Target<'_> {
        Target { model: &self.model, coordinates: self.coordinates(), constant: 0.0 }
    }

    fn drawer<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Drawer + 'a> {
        let evaluator = LmmEvaluator::new(&self.model, stop);
        Box::new(LinearDrawer { evaluator, coordinates: self.coordinates().clone() })
    }
}

struct LinearDrawer<'a> {
    evaluator: LmmEvaluator<'a>,
    coordinates: Coordinates,
}

impl Drawer for LinearDrawer<'_> {
    /// Coefficients and random effects are drawn together from their normal distribution, which is exact.
    fn draw(&mut self, psi: &[f64], streams: &mut [Xoshiro256PlusPlus], asked: Asked) -> Result<Vec<Draw>> {
        let Asked { parameters, terms } = asked;
        let (x, evaluator) = (self.coordinates.to_engine(psi)?, &mut self.evaluator);
        let found = evaluator.evaluate(&x)?;
        let sigma = evaluator.variance(&x, &found).sqrt();
        let (model, factor) = (&evaluator.model, &mut evaluator.work.factor);
        let betas: Vec<Vec<f64>> = streams.iter_mut().map(|rng| factor.drawn_beta(sigma, &mut normal(rng))).collect();
        let (theta, phi) = (&x[..model.theta_map.n_parameters], &x[model.theta_map.n_parameters..model.n_free()]);
        let values = |beta: &Vec<f64>| {
            let values = model.parameters().values(&model.a.fixed.beta(beta), theta, sigma, parameters);
            Draw { values: model.with_residuals(values, parameters, phi, sigma), effects: Vec::new() }
        };
        let mut all: Vec<Draw> = betas.iter().map(values).collect();
        if terms.is_empty() {
            return Ok(all);
        }
        let modes: Vec<_> = betas.iter().map(|beta| factor.modes(&model.symbolic, beta)).collect();
        for ((draw, modes), rng) in all.iter_mut().zip(modes).zip(streams) {
            let around = factor.noise(&model.symbolic, &mut normal(rng))?;
            let add = |b: &Vec<f64>, z: &Vec<f64>| b.iter().zip(z).map(|(b, z)| b + sigma * z).collect();
            let b: Vec<Vec<f64>> = modes.b.iter().zip(&around.b).map(|(b, z)| add(b, z)).collect();
            draw.effects = terms.iter().map(|&t| user_effects(&model.theta_map, &model.a.random, &b, t)).collect();
        }
        evaluator.forget();
        Ok(all)
    }
}

/// σ at its best where Λ = I.
fn sigma_at_identity(model: &Lmm) -> Option<f64> {
    let plain = Lmm { coefficient_prior: None, ..model.clone() };
    Some(plain.evaluate(&plain.theta_map.start(), &mut plain.workspace()).ok()?.sigma())
}

/// Where the mode is looked for, off standard deviations of zero, and units of the coordinates.
pub fn start_and_units(coordinates: &Coordinates, optimum: &[f64], identity: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (mut start, at_identity) = (coordinates.from_engine(optimum), coordinates.from_engine(identity));
    let mut units = vec![1.0; start.len()];
    for place in coordinates.reflections().places {
        units[place] = start[place].abs().max(LIFTED * at_identity[place].abs());
        start[place] = start[place].abs().max(LIFTED * units[place]);
    }
    coordinates.move_inside(&mut start);
    (start, units)
}
