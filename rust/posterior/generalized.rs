//! The posterior of a generalized linear mixed model, whose random effects are integrated over by the approximation of the model:
//! Laplace's, or quadrature, which is as good as exact.

use std::sync::atomic::AtomicBool;

use faer::Mat;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::coordinates::{Combination, Coordinates};
use super::draws::{Asked, Draw, Drawer, Drawn, Region, normal, user_effects};
use super::linear::start_and_units;
use super::log_posterior::Target;
use crate::fit::GlmmFit;
use crate::model::generalized::{Approximation, Glmm, GlmmEvaluator, scaled};
use crate::prior::Prior;
use crate::{Error, Result};

#[derive(Clone)]
pub struct GeneralizedPosterior {
    pub model: Glmm,
    region: Region,
    /// log|dβ/dx| of the user's coefficients in the search's coordinates.
    log_jacobian: f64,
}

/// A linear combination of the user's coefficients of all parts, with a prior.
#[derive(Debug, Clone)]
pub struct CoefficientCombination {
    pub along: Vec<f64>,
    pub prior: Prior,
}

impl GeneralizedPosterior {
    /// Of a fit's model and data; with points of quadrature, if any; `priors` by slot.
    ///
    /// # Errors
    /// `Design` for models that it is not offered for.
    pub fn new(
        fit: &GlmmFit,
        coefficients: &[CoefficientCombination],
        priors: Vec<Prior>,
        nodes: Option<usize>,
    ) -> Result<Self> {
        if fit.model.integrated.is_some() {
            return Err(Error::Design(
                "the posterior is of a model fitted with coefficients as parameters, not with reml=True or nagq=0"
                    .into(),
            ));
        }
        let mut model = Glmm { penalty: Default::default(), covariance_prior: None, ..fit.model.clone() };
        if let Some(nodes) = nodes {
            model = model.with_approximation(Approximation::Quadrature(nodes))?;
        }
        let combinations = coefficients.iter().map(|one| in_coordinates(&model, one)).collect();
        let coordinates = Coordinates::of_generalized(&model, priors, combinations)?;
        let identity: Vec<f64> = model.theta_map.start().into_iter().chain(fit.x[model.n_theta()..].to_vec()).collect();
        let (start, units) = start_and_units(&coordinates, &fit.x, &identity);
        let log_jacobian = log_jacobian(&model);
        Ok(Self { model, region: Region { coordinates, starts: vec![start], units }, log_jacobian })
    }
}

/// The user's coefficients over each of the search's coordinates.
fn columns(model: &Glmm) -> Vec<Vec<f64>> {
    let (k, p) = (model.n_theta(), model.n_coefficients());
    let column = |j: usize| {
        let mut unit = vec![0.0; k + p];
        unit[k + j] = 1.0;
        model.user_coefficients(&unit)
    };
    (0..p).map(column).collect()
}

/// A combination of the user's coefficients as one of the search's coordinates.
fn in_coordinates(model: &Glmm, one: &CoefficientCombination) -> Combination {
    let along = |column: Vec<f64>| column.iter().zip(&one.along).map(|(c, a)| c * a).sum::<f64>();
    Combination { along: columns(model).into_iter().map(along).collect(), prior: one.prior }
}

/// Zero where there are not as many of one as of the other.
fn log_jacobian(model: &Glmm) -> f64 {
    let columns = columns(model);
    if columns.iter().any(|column| column.len() != columns.len()) {
        return 0.0;
    }
    Mat::from_fn(columns.len(), columns.len(), |i, j| columns[j][i]).determinant().abs().ln()
}

impl Drawn for GeneralizedPosterior {
    fn region(&self) -> &Region {
        &self.region
    }

    fn target(&self) -> Target<'_> {
        Target { model: &self.model, coordinates: self.coordinates(), constant: -self.log_jacobian }
    }

    fn drawer<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Drawer + 'a> {
        let evaluator = GlmmEvaluator::new(&self.model, stop);
        Box::new(GeneralizedDrawer { evaluator, coordinates: self.coordinates().clone() })
    }
}

struct GeneralizedDrawer<'a> {
    evaluator: GlmmEvaluator<'a>,
    coordinates: Coordinates,
}

impl Drawer for GeneralizedDrawer<'_> {
    /// Random effects are drawn from the normal distribution around their mode.
    fn draw(&mut self, psi: &[f64], streams: &mut [Xoshiro256PlusPlus], asked: Asked) -> Result<Vec<Draw>> {
        let Asked { parameters, terms } = asked;
        let x = self.coordinates.to_engine(psi)?;
        let model = &self.evaluator.model;
        let values = model.parameters().values(&model.user_coefficients(&x), &x, 1.0, parameters);
        let mut all = vec![Draw { values, effects: Vec::new() }; streams.len()];
        if terms.is_empty() {
            return Ok(all);
        }
        let u = self.evaluator.evaluate(&x)?.1.u.clone();
        let (model, newton) = (&self.evaluator.model, &mut self.evaluator.newton);
        for (draw, rng) in all.iter_mut().zip(streams) {
            let noise = newton.factor.noise(&model.symbolic, &mut normal(rng))?;
            let b = scaled(&newton.lambda, &sum(&u, &noise.u), false);
            draw.effects = terms.iter().map(|&t| user_effects(&model.theta_map, &model.bases, &b, t)).collect();
        }
        self.evaluator.forget();
        Ok(all)
    }
}

fn sum(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}
