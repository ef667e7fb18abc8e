//! Laplace's criterion on one thread, in (θ, coordinates of the coefficients).

use std::sync::atomic::AtomicBool;

use super::curvature::Working;
use super::expected::Expected;
use super::gradient::{LaplaceGradient, gradient};
use super::mode::{Newton, Point};
use super::model::{Approximation, Glmm};
use super::quadrature::Rule;
use crate::family::Observation;
use crate::model::{Accuracy, Estimates, Evaluator, Parameters};
use crate::optimize::Objective;
use crate::penalized_ls::Inverse;
use crate::penalized_ls::product::zeros;
use crate::rows::{Effects, StoredRows};
use crate::{Result, check_stop};

/// A search comes no closer to a scale of zero.
const SMALLEST: f64 = 1e-6;
/// Step of differences, in units of the search.
const DIFFERENCE: f64 = 1e-3;
/// Operations of the densities and sums of a row, about.
const ROW: f64 = 300.0;

pub struct GlmmEvaluator<'a> {
    pub model: Glmm,
    pub newton: Newton,
    pub inverse: Inverse,
    working: Option<Working>,
    expected: Option<Expected>,
    rule: Option<Rule>,
    /// That of the random effects alone, where the coefficients of the mean are found with them but not integrated out.
    alone: Option<Box<Newton>>,
    stop: &'a AtomicBool,
    /// A point is refused where a level's curvature, which is one without rows, has a smaller pivot.
    refused_below: f64,
    evaluations: usize,
    scales: Vec<usize>,
    /// Where the next mode is looked for.
    from: Effects,
    at: Vec<f64>,
    last: Option<(f64, Point)>,
}

/// Where a mode is looked for when none is known near by.
fn far_start(model: &Glmm, newton: &Newton) -> Effects {
    let mut from = zeros(&newton.a, 1);
    if let Some(own) = &model.integrated {
        from[own.block.0] = own.start();
    }
    from
}

/// Where a mode was found, with the factor there: modes of points near by are found from it.
#[derive(Clone)]
pub struct Near {
    newton: Newton,
    from: Effects,
    refused_below: f64,
}

impl<'a> GlmmEvaluator<'a> {
    pub fn new(model: &Glmm, stop: &'a AtomicBool) -> Self {
        let newton = Newton::new(model);
        let from = far_start(model, &newton);
        Self::from_near(model, Near { newton, from, refused_below: 0.0 }, stop)
    }

    /// What was found at the point evaluated last.
    pub fn near(&self) -> Near {
        Near { newton: self.newton.clone(), from: self.from.clone(), refused_below: self.refused_below }
    }

    /// An evaluator that begins near the point of another.
    pub fn from_near(model: &Glmm, near: Near, stop: &'a AtomicBool) -> Self {
        let Near { newton, from, refused_below } = near;
        Self {
            from,
            scales: model.theta_map.scale_parameters(),
            model: model.clone(),
            newton,
            inverse: Inverse::default(),
            working: None,
            expected: (model.approximation == Approximation::Expected).then(|| Expected::new(model)),
            alone: (model.approximation == Approximation::Penalized).then(|| Box::new(Newton::new(model.base()))),
            rule: match model.approximation {
                Approximation::Quadrature(n) => Some(Rule::new(model, n)),
                _ => None,
            },
            stop,
            refused_below,
            evaluations: 0,
            at: Vec::new(),
            last: None,
        }
    }

    /// The criterion and the mode at x; free where they are known.
    ///
    /// # Errors
    /// `Numerical` where there is no mode, `Interrupted`.
    pub fn evaluate(&mut self, x: &[f64]) -> Result<(f64, &Point)> {
        check_stop(self.stop)?;
        if self.last.is_none() || self.at != x {
            self.evaluations += 1;
            self.last = None;
            let model = &self.model;
            model.set_lambda(&x[..model.n_theta()], &mut self.newton.lambda);
            let coefficients = model.coefficients(x);
            let point = self.newton.mode(model, &coefficients, &self.from, self.stop)?;
            let beside = self.model.integrated.as_ref().map_or(0.0, |own| own.constant);
            let rest = 2.0 * self.model.constant + self.model.penalties(x)?;
            let value = self.value_at(&point)? + rest + beside;
            if !value.is_finite() {
                return Err(crate::Error::Numerical("the likelihood is not finite".into()));
            }
            self.from.clone_from(&point.u);
            self.at = x.to_vec();
            self.last = Some((value, point));
        }
        let (value, point) = self.last.as_ref().expect("what was just computed");
        Ok((*value, point))
    }

    /// The criterion of a mode, without constants.
    fn value_at(&mut self, point: &Point) -> Result<f64> {
        if let Some(expected) = &mut self.expected {
            let logdet = expected.update(&self.model, point, &self.newton.factor.lambda)?;
            return Ok(2.0 * point.h + logdet);
        }
        if let Some(alone) = &mut self.alone {
            let logdet = alone.factor_elsewhere(self.model.base(), point, &self.newton.lambda)?;
            return Ok(2.0 * point.h + logdet);
        }
        if let Some(rule) = &mut self.rule {
            return rule.value(&self.model, point, &self.newton, self.stop);
        }
        if self.refused_below > 0.0 && self.least_pivot() < self.refused_below {
            return Err(crate::Error::Numerical("the curvature of a random effect is nearly zero here".into()));
        }
        Ok(2.0 * point.h + self.newton.factor.logdet_random)
    }

    /// Refuses from now on points where a pivot of a level's curvature is less; begins anew.
    ///
    /// Where two modes of the random effects meet, the determinant goes to zero and Laplace's criterion to minus infinity, though
    /// the likelihood does not.
    pub fn refuse_below(&mut self, least_pivot: f64) {
        self.refused_below = least_pivot;
        self.last = None;
        self.from = far_start(&self.model, &self.newton);
    }

    /// Whether the criterion can have such points.
    pub fn has_poles(&self) -> bool {
        self.model.approximation == Approximation::Laplace && self.model.integrated.is_none()
    }

    /// The least pivot of a level's curvature at the point evaluated last.
    pub fn least_pivot(&self) -> f64 {
        self.newton.factor.least_pivot(&self.model.symbolic)
    }

    /// The inverse of M at x.
    ///
    /// # Errors
    /// Those of `evaluate`.
    pub fn invert_at(&mut self, x: &[f64]) -> Result<()> {
        self.evaluate(x)?;
        let newton = &self.newton;
        self.inverse.keeps_first = self.model.rows.blocks.len() > 1;
        self.inverse.update(&newton.factor, &newton.a, &newton.panels, &self.model.symbolic, false);
        Ok(())
    }

    /// The effects of the mean that are found with the random ones, at x; of other models none.
    ///
    /// # Errors
    /// Those of `evaluate`.
    pub fn fixed_effects(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        let own = self.model.integrated.clone();
        let (_, point) = self.evaluate(x)?;
        Ok(own.map_or_else(Vec::new, |own| own.effects(&point.u)))
    }

    /// Gives the memory of the working model back; a slope makes it again.
    pub fn drop_working_model(&mut self) {
        self.working = None;
    }

    /// Evaluates anew next time, after the factor was changed from outside.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// Where the next mode is looked for.
    pub fn set_from(&mut self, u: Effects) {
        self.from = u;
        self.last = None;
    }

    fn gradient_here(&mut self, x: &[f64]) -> Result<LaplaceGradient> {
        self.evaluate(x)?;
        let (_, point) = self.last.as_ref().expect("an evaluated point");
        let theta = &x[..self.model.n_theta()];
        if let Some(rule) = &self.rule {
            return rule.gradient(&self.model, theta, point, &self.newton, self.stop);
        }
        let expected = self.expected.as_ref();
        Ok(gradient(&self.model, theta, point, &mut self.newton, &mut self.inverse, expected))
    }

    fn in_coordinates(&mut self, x: &[f64], mut gradient: LaplaceGradient) -> Vec<f64> {
        self.newton.give_room(gradient.rows);
        let model = &self.model;
        model.penalty.add_slope(&model.coefficients(x), 2.0, &mut gradient.coefficients);
        let mut all = gradient.random.theta;
        all.extend(model.to_chart(&gradient.coefficients));
        if let Some(prior) = model.covariance_prior {
            prior.add(&model.theta_map, x, &mut all, &mut []);
        }
        all
    }

    /// The gradient by central differences, with one step of Richardson's.
    fn differences(&self, x: &[f64]) -> Result<Vec<f64>> {
        let mut near = Self::from_near(&self.model, self.near(), self.stop);
        let mut slope = |k: usize, h: f64| -> Result<f64> {
            let mut at = |shift: f64| {
                let mut to = x.to_vec();
                to[k] += shift;
                near.evaluate(&to).map(|(value, _)| value)
            };
            Ok((at(h)? - at(-h)?) / (2.0 * h))
        };
        (0..x.len()).map(|k| Ok((4.0 * slope(k, 0.5 * DIFFERENCE)? - slope(k, DIFFERENCE)?) / 3.0)).collect()
    }

    /// Adds the curvature of priors to one in (θ, coordinates).
    fn add_penalties(&self, x: &[f64], curvature: &mut [f64]) {
        let (k, p) = (self.model.n_theta(), self.model.n_coefficients());
        if let Some(prior) = self.model.covariance_prior {
            prior.add(&self.model.theta_map, x, &mut vec![0.0; k + p], curvature);
        }
        if !self.model.penalty.is_empty() {
            let mut own = vec![0.0; p * p];
            self.model.penalty.add_curvature(2.0, &mut own);
            let own = self.model.square_to_chart(&own);
            (0..p * p).for_each(|e| curvature[(k + e / p) * (k + p) + k + e % p] += own[e]);
        }
    }
}

impl Objective for GlmmEvaluator<'_> {
    fn n_parameters(&self) -> usize {
        self.model.n_theta() + self.model.n_coefficients()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        self.evaluate(x).map(|(value, _)| value)
    }

    /// The criterion is even in a scale, and level at zero.
    fn regularize(&self, from: &[f64], x: &mut [f64]) {
        for &k in &self.scales {
            if x[k].abs() <= SMALLEST {
                x[k] = SMALLEST.copysign(from[k]);
            }
        }
    }

    fn snap_to_bounds(&self, x: &mut [f64]) {
        for &k in &self.scales {
            if x[k].abs() <= SMALLEST {
                x[k] = 0.0;
            }
        }
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.slope_with(x, Working::curvature)
    }
}

/// A curvature of the working model at a point.
type CurvatureOf = fn(&mut Working, &Glmm, &[f64], &Point, &mut LaplaceGradient) -> Result<Vec<f64>>;

impl GlmmEvaluator<'_> {
    fn slope_with(&mut self, x: &[f64], of: CurvatureOf) -> Result<(Vec<f64>, Vec<f64>)> {
        let mut gradient = self.gradient_here(x)?;
        let base = self.model.base();
        let mut working = self.working.take().unwrap_or_else(|| Working::new(base));
        let (_, point) = self.last.as_ref().expect("an evaluated point");
        let theta = &x[..self.model.n_theta()];
        let curvature = of(&mut working, base, theta, point, &mut gradient);
        self.working = Some(working);
        self.newton.give_room(std::mem::take(&mut gradient.rows));
        let mut curvature = match &self.model.integrated {
            Some(own) => own.profiled(&curvature?, theta.len()),
            None => curvature?,
        };
        self.add_penalties(x, &mut curvature);
        let slope = if self.alone.is_some() { self.differences(x)? } else { self.in_coordinates(x, gradient) };
        Ok((slope, curvature))
    }
}

impl Evaluator for GlmmEvaluator<'_> {
    fn parameters(&self) -> Parameters<'_> {
        self.model.parameters()
    }

    fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// There is no residual variance that rounding could hide.
    fn accuracy(&mut self, x: &[f64]) -> Result<Accuracy> {
        let constant = self.model.constant;
        let (value, point) = self.evaluate(x)?;
        let rounding = 4.0 * f64::EPSILON * (value.abs() + point.h.abs() + constant.abs());
        Ok(Accuracy { rounding, ..Accuracy::default() })
    }

    fn flops(&self) -> f64 {
        let n = self.model.rows.n as f64;
        3.0 * (n * ROW + self.model.symbolic.flops(0)) + self.model.symbolic.flops(self.model.n_coefficients())
    }

    fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        if self.alone.is_some() {
            self.evaluate(x)?;
            return self.differences(x);
        }
        let gradient = self.gradient_here(x)?;
        Ok(self.in_coordinates(x, gradient))
    }

    fn information(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.slope_with(x, Working::information)
    }

    fn set_response(&mut self, _: &StoredRows, y: &[f64]) -> Result<()> {
        let observations = self.model.observations.iter().zip(y).map(|(&o, &y)| Observation { y, ..o }).collect();
        self.model = self.model.with_response(observations)?;
        self.from = far_start(&self.model, &self.newton);
        self.last = None;
        Ok(())
    }

    fn estimates(&mut self, x: &[f64]) -> Result<Estimates> {
        self.evaluate(x)?;
        Ok(Estimates { beta: self.model.coefficients(x), sigma: 1.0 })
    }
}
