//! A parameter of the residuals that is held: its distance from a value, in units of the likelihood's own.

use std::sync::Arc;

use super::chart::Chart;
use super::coordinates::{ProfileStart, ProfiledModel};
use super::multipliers::Constraint;
use crate::fit::Fit;
use crate::model::{AtResidual, Model, Scale};
use crate::residual::{Residual, ResidualParameter, is_positive};

/// The coordinates are θ, φ, and log σ² where the parameter depends on a σ that is not known.
#[derive(Debug, Clone)]
pub struct HeldResidual {
    residual: Arc<Residual>,
    parameter: ResidualParameter,
    /// The first of φ.
    first: usize,
    n: usize,
    /// Where it is no coordinate.
    sigma: f64,
    /// Of a coefficient, the change that matters as much as a correlation's.
    unit: f64,
}

impl HeldResidual {
    fn phi<'a>(&self, x: &'a [f64]) -> &'a [f64] {
        &x[self.first..self.first + self.n]
    }

    pub fn gap(&self, x: &[f64], value: f64) -> f64 {
        let (layout, phi) = (&self.residual.layout, self.phi(x));
        let sigma = x.get(self.first + self.n).map_or(self.sigma, |s| (0.5 * s).exp());
        let own = layout.value(self.parameter, phi, sigma);
        if is_positive(layout.bounds(self.parameter, phi)) {
            return (own / value).ln();
        }
        (own - value) / self.unit
    }

    pub fn slopes(&self, x: &[f64]) -> Vec<f64> {
        let own = self.residual.layout.slopes(self.parameter, self.phi(x));
        let mut slopes = vec![0.0; x.len()];
        slopes[self.first..].iter_mut().zip(own).for_each(|(slope, own)| *slope = own / self.unit);
        slopes
    }
}

/// Where the profile of a parameter of the residuals starts.
pub fn start(fit: &Fit, own: &AtResidual, parameter: ResidualParameter) -> ProfileStart {
    let (layout, phi) = (&own.residual.layout, &own.phi);
    let (estimate, range) = (layout.value(parameter, phi, fit.sigma), layout.bounds(parameter, phi));
    let (mut free, mut model) = (fit.free(), fit.model.clone());
    if matches!(parameter, ResidualParameter::Deviation(_)) && model.known_variance().is_none() {
        free.push(2.0 * fit.sigma.ln());
        model = model.with_scale(Scale::Parameter);
    }
    let unit = match parameter {
        ResidualParameter::Coefficient(k) => 1.0 / layout.scale.unit[k],
        _ => 1.0,
    };
    let share = 0.5 / (2.0 * fit.model.denominator()).sqrt();
    let (first, n) = (fit.theta.len(), phi.len());
    let held = HeldResidual { residual: own.residual.clone(), parameter, first, n, sigma: fit.sigma, unit };
    ProfileStart {
        model: ProfiledModel::Own(Box::new(model) as Box<dyn Model>),
        estimate,
        range,
        step: if is_positive(range) { share * estimate } else { share * unit },
        free,
        chart: Chart::Multiplied(Constraint::Residual(held)),
    }
}
