//! The posterior of a generalized linear mixed model, whose random effects are integrated over by the approximation of the model:
//! Laplace's, or quadrature, which is as good as exact.

use std::sync::atomic::AtomicBool;

use rand_xoshiro::Xoshiro256PlusPlus;

use super::coordinates::Coordinates;
use super::draws::{Asked, Draw, Drawer, Drawn, Region, user_effects};
use super::log_posterior::{Deviance, HasDeviance, Target};
use crate::fit::GlmmFit;
use crate::fit::simulate::normal;
use crate::linalg::dense;
use crate::model::generalized::{Approximation, Glmm, GlmmEvaluator, scaled};
use crate::prior::{Combination, Prior, same_length};
use crate::{Error, Result};

#[derive(Clone)]
pub struct GeneralizedPosterior {
    pub model: Glmm,
    region: Region,
    /// log|dβ/dx| of the user's coefficients in the search's coordinates; none where there are not as many of one as of the
    /// other.
    log_jacobian: Option<f64>,
}

impl GeneralizedPosterior {
    /// Of a fit's model and data; with points of quadrature, if any; priors of combinations of the user's coefficients of all
    /// parts, and by slot.
    ///
    /// # Errors
    /// `Design` for models that it is not offered for.
    pub fn new(fit: &GlmmFit, coefficients: &[Combination], priors: Vec<Prior>, nodes: Option<usize>) -> Result<Self> {
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
        let columns = model.user_columns();
        same_length(coefficients, columns.first().map_or(0, Vec::len))?;
        let combinations = coefficients.iter().map(|one| in_coordinates(&columns, one)).collect();
        let identity: Vec<f64> = model.theta_map.start().into_iter().chain(fit.x[model.n_theta()..].to_vec()).collect();
        let coordinates = Coordinates::of_generalized(&model, priors, combinations)?.in_units_of(&fit.x, &identity);
        let starts = vec![coordinates.start(&fit.x)];
        Ok(Self { model, region: Region { coordinates, starts }, log_jacobian: log_jacobian(&columns) })
    }
}

/// A combination of the user's coefficients as one of the search's coordinates.
fn in_coordinates(columns: &[Vec<f64>], one: &Combination) -> Combination {
    let along = |column: &Vec<f64>| column.iter().zip(&one.along).map(|(c, a)| c * a).sum::<f64>();
    Combination { along: columns.iter().map(along).collect(), prior: one.prior }
}

fn log_jacobian(columns: &[Vec<f64>]) -> Option<f64> {
    let is_square = columns.iter().all(|column| column.len() == columns.len());
    is_square.then(|| dense::log_abs_determinant(&columns.concat(), columns.len()))
}

impl HasDeviance for GeneralizedPosterior {
    fn deviance<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Deviance + 'a> {
        Box::new(GlmmEvaluator::new(&self.model, stop))
    }
}

impl Drawn for GeneralizedPosterior {
    fn region(&self) -> &Region {
        &self.region
    }

    fn target(&self) -> Target<'_> {
        Target { model: self, coordinates: self.coordinates(), constant: -self.log_jacobian.unwrap_or(0.0) }
    }

    fn has_constant(&self) -> bool {
        self.log_jacobian.is_some()
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
        let values = self.coordinates.with_distances(values, parameters, psi);
        let mut all = vec![Draw { values, effects: Vec::new() }; streams.len()];
        if terms.is_empty() {
            return Ok(all);
        }
        let u = self.evaluator.evaluate(&x)?.1.u.clone();
        let (model, newton) = (&self.evaluator.model, &mut self.evaluator.newton);
        for (draw, rng) in all.iter_mut().zip(streams) {
            let noise = newton.factor.noise(&model.symbolic, &mut || normal(rng))?;
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
