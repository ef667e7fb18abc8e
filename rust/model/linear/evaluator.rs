//! The criterion of a linear mixed model on one thread.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::gradient::Gradient;
use super::held::HeldSearch;
use super::one_factor::OneFactor;
use super::{CoefficientPrior, Criterion, LinearTerms, Lmm, Scale, Workspace};
use crate::linalg::dense;
use crate::model::{Accuracy, Estimates, Evaluator, Model, Parameters};
use crate::optimize::Objective;
use crate::rows::StoredRows;
use crate::{Error, Result, check_stop};

/// A search comes no closer to a scale of zero.
const SMALLEST: f64 = 1e-6;
/// More rounding of log|X'V^-1 X| says that θ is too far out; unless σ² itself is so small beside the response that more than
/// this is rounding.
const MOST_ROUNDING: f64 = 2e-3;
const SMALL_ROUNDING: f64 = 1e-6;
/// A column of X with less of its square than this left depends on the others.
const DEPENDENT: f64 = 1e-11;

/// By parameter of the residuals, the slope of Φ (p x p) and that of r².
pub type FixedSlopes = Vec<(Vec<f64>, f64)>;

pub struct LmmEvaluator<'a> {
    pub model: Lmm,
    pub work: Workspace,
    stop: &'a AtomicBool,
    evaluations: usize,
    scales: Vec<usize>,
    /// The point that the workspace holds, and what it gives; log σ² is in it where terms depend on it.
    at: Vec<f64>,
    last: Option<LinearTerms>,
    held: Option<HeldSearch>,
    /// Sums over levels that stand for the levels, and whether the workspace holds what they gave: no blocks of levels then.
    sums: Option<OneFactor>,
    is_summed: bool,
}

/// What a slope asks for beside the gradient.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Second {
    Nothing,
    Information,
    Curvature,
}

/// Slopes in θ and the parameters of the residuals.
struct Slopes {
    gradient: Vec<f64>,
    /// dr².
    pwrss: Vec<f64>,
    second: Vec<f64>,
}

impl Model for Lmm {
    fn start(&self, stop: &AtomicBool) -> Result<Vec<f64>> {
        super::start::by_factor(self, stop)
    }

    fn evaluator<'a>(&self, stop: &'a AtomicBool) -> Box<dyn Evaluator + 'a> {
        Box::new(LmmEvaluator::new(self, stop))
    }
}

impl<'a> LmmEvaluator<'a> {
    pub fn new(model: &Lmm, stop: &'a AtomicBool) -> Self {
        Self::with_workspace(model, model.workspace(), stop)
    }

    /// The same, in a workspace of the model.
    pub fn with_workspace(model: &Lmm, work: Workspace, stop: &'a AtomicBool) -> Self {
        let scales = model.theta_map.scale_parameters();
        let (held, at) = (HeldSearch::of(model), Vec::new());
        let (sums, is_summed) = (None, false);
        Self { model: model.clone(), work, stop, evaluations: 0, scales, at, last: None, held, sums, is_summed }
    }

    /// One for a search, in which sums over levels stand for the levels where they may: `whole` gives the workspace its
    /// blocks back.
    pub fn of_sums(model: &Lmm, stop: &'a AtomicBool) -> Self {
        let is_plain = model.residual.is_none() && model.coefficient_prior.is_none();
        let sums = if is_plain { OneFactor::of(&model.a) } else { None };
        Self { sums, ..Self::new(model, stop) }
    }

    /// The same as `evaluate`, with the blocks of all levels in the workspace.
    ///
    /// # Errors
    /// Those of `evaluate`.
    pub fn whole(&mut self, x: &[f64]) -> Result<LinearTerms> {
        let sums = self.sums.take();
        if self.is_summed {
            self.forget();
        }
        let terms = self.evaluate(x);
        self.sums = sums;
        terms
    }

    /// What x gives; free where the workspace holds its θ.
    ///
    /// # Errors
    /// `Numerical` where the factorization fails, `Interrupted`.
    pub fn evaluate(&mut self, x: &[f64]) -> Result<LinearTerms> {
        check_stop(self.stop)?;
        let n_free = self.model.n_free();
        let point = if self.model.coefficient_prior.is_some() { x } else { &x[..n_free] };
        if let Some(terms) = self.last.filter(|_| self.at == point) {
            return Ok(terms);
        }
        self.evaluations += 1;
        self.last = None;
        let (theta, phi) = x[..n_free].split_at(self.model.theta_map.n_parameters);
        self.model.move_to(phi)?;
        let variance = self.model.known_variance().unwrap_or_else(|| x.get(n_free).map_or(1.0, |log| log.exp()));
        let summed = match &mut self.sums {
            Some(sums) => self.model.evaluate_sums(theta, sums, &mut self.work)?,
            None => None,
        };
        self.is_summed = summed.is_some();
        let terms = match summed {
            Some(terms) => terms,
            None => self.model.evaluate_under_prior(theta, variance, &mut self.work)?,
        };
        self.at.clear();
        self.at.extend_from_slice(point);
        self.last = Some(terms);
        Ok(terms)
    }

    /// Evaluates anew next time, after the workspace was changed from outside.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// θ of the point that the workspace holds.
    fn theta(&self) -> &[f64] {
        &self.at[..self.model.theta_map.n_parameters]
    }

    /// The slopes at the point that the workspace holds.
    fn slopes_here(&mut self, second: Second) -> Result<Slopes> {
        if let Some(sums) = self.sums.as_ref().filter(|_| self.is_summed) {
            let slopes = sums.slopes(&self.model, self.theta(), &self.work.factor, second != Second::Nothing);
            let mut information = slopes.inner;
            if second != Second::Nothing {
                self.model.scale_information(&mut information, &slopes.pwrss, self.work.factor.pwrss);
            }
            if second == Second::Curvature {
                self.model.add_bend(&mut information, self.theta(), &slopes.derivatives, &slopes.lambda);
            }
            return Ok(Slopes { gradient: slopes.theta, pwrss: slopes.pwrss, second: information });
        }
        let gradient = self.gradient_here(second != Second::Nothing)?;
        let second = match second {
            Second::Nothing => Vec::new(),
            Second::Information => self.model.average_information(&self.work, &gradient),
            Second::Curvature => self.model.curvature(self.theta(), &self.work, &gradient),
        };
        let is_parameter = self.model.scale == Scale::Parameter;
        let pwrss = if is_parameter { gradient.pwrss_slopes(&self.model.theta_map.widths) } else { Vec::new() };
        Ok(Slopes { gradient: gradient.free(), pwrss, second })
    }

    /// The gradient at the point that the workspace holds.
    fn gradient_here(&mut self, with_curvature: bool) -> Result<Gradient> {
        if self.is_summed {
            let at = self.at.clone();
            self.whole(&at)?;
        }
        let theta = &self.at[..self.model.theta_map.n_parameters];
        let mut gradient = self.model.gradient(theta, &mut self.work);
        gradient.residual = self.model.residual_slopes(&gradient, &self.work, with_curvature)?;
        Ok(gradient)
    }

    /// Takes the multipliers of an optimum, so that curvatures there are those of the Lagrangian.
    ///
    /// # Errors
    /// Those of `gradient`.
    pub fn hold_at(&mut self, x: &[f64]) -> Result<()> {
        let Some(mut held) = self.held.take() else { return Ok(()) };
        let gradient = self.gradient(x)?;
        held.at(&self.model, x, &gradient);
        self.held = Some(held);
        Ok(())
    }

    /// dr² in the free parameters, at the point that the workspace holds.
    ///
    /// # Errors
    /// `Numerical` where the covariance of the residuals is not positive definite.
    pub fn pwrss_slopes(&mut self) -> Result<Vec<f64>> {
        Ok(self.gradient_here(false)?.pwrss_slopes(&self.model.theta_map.widths))
    }

    /// At the point that the workspace holds, Φ's slopes ΦB_kΦ (p x p) in the parameters of the residuals where they have a
    /// closed form, and those of r².
    ///
    /// # Errors
    /// `Numerical` where the covariance of the residuals is not positive definite.
    pub fn fixed_slopes(&mut self) -> Result<Option<FixedSlopes>> {
        let gradient = self.gradient_here(false)?;
        let Some(b) = self.model.fixed_along_residual(&self.work, &gradient)? else { return Ok(None) };
        let (phi, p) = (self.work.factor.fixed_covariance(), self.model.a.n_fixed());
        let slopes = gradient.pwrss_slopes(&self.model.theta_map.widths);
        let product = |a: &[f64], b: &[f64]| dense::product(dense::view(a, p, p), dense::view(b, p, p));
        Ok(Some(b.iter().zip(slopes).map(|(b, slope)| (product(&phi, &product(b, &phi)), slope)).collect()))
    }

    /// A residual sum of squares is what is left of the squares of the response less X origin, so that it has their
    /// rounding; the response itself has that of its own size.
    fn rounding_of_variance(&self, terms: &LinearTerms) -> f64 {
        let a = &self.model.a;
        let summed = a.xx[a.xx.len() - 1];
        f64::EPSILON * (summed + f64::EPSILON * (summed + a.square_of_origin())) / terms.pwrss
    }

    /// Of REML, where the variance of a random effect leaves little of a fixed effect.
    fn rounding_of_fixed(&self, terms: &LinearTerms) -> f64 {
        match terms.criterion {
            Criterion::Reml => self.work.factor.rounding_of_fixed(&self.model.a.xx),
            Criterion::Ml => 0.0,
        }
    }

    /// σ² at x.
    pub fn variance(&self, x: &[f64], terms: &LinearTerms) -> f64 {
        match self.model.scale {
            Scale::Parameter => x[self.model.n_free()].exp(),
            Scale::Profiled | Scale::Known(_) => self.model.variance(terms),
        }
    }

    /// The gradient in (θ, log σ²) at the σ² of x, from that in θ at the best σ²; `r` is dr²/dθ.
    fn with_variance(&self, x: &[f64], terms: &LinearTerms, mut gradient: Vec<f64>, r: &[f64]) -> Vec<f64> {
        let (own, s) = (terms.pwrss / terms.m, self.variance(x, terms));
        gradient.iter_mut().zip(r).for_each(|(g, r)| *g += r * (1.0 / s - 1.0 / own));
        let of_prior = |prior: &Arc<CoefficientPrior>| {
            prior.slope(s, &self.work.factor.fixed_covariance(), &self.work.factor.beta())
        };
        gradient.push(terms.m - terms.pwrss / s + self.model.coefficient_prior.as_ref().map_or(0.0, of_prior));
        gradient
    }

    /// A gradient and a curvature in the free coordinates.
    fn with_free_variance(&self, x: &[f64], terms: &LinearTerms, slopes: Slopes) -> (Vec<f64>, Vec<f64>) {
        let Slopes { gradient, pwrss: r, second } = slopes;
        if self.model.scale != Scale::Parameter {
            return (gradient, second);
        }
        let second = if second.is_empty() { second } else { self.curvature_with_variance(x, terms, &second, &r) };
        (self.with_variance(x, terms, gradient, &r), second)
    }

    /// A gradient and a curvature with the prior of the covariances, and what holds parameters.
    fn with_penalties(&self, x: &[f64], (mut gradient, mut curvature): (Vec<f64>, Vec<f64>)) -> (Vec<f64>, Vec<f64>) {
        if let Some(prior) = self.model.covariance_prior {
            prior.add(&self.model.theta_map, x, &mut gradient, &mut curvature);
        }
        if let Some(held) = &self.held {
            held.add(&self.model, x, &mut gradient, &mut curvature);
        }
        (gradient, curvature)
    }

    /// The same of a curvature.
    fn curvature_with_variance(&self, x: &[f64], terms: &LinearTerms, h: &[f64], r: &[f64]) -> Vec<f64> {
        let (n, m, own, s) = (r.len(), terms.m, terms.pwrss / terms.m, self.variance(x, terms));
        let entry = |k: usize, l: usize| match (k < n, l < n) {
            (true, true) => h[k * n + l] + r[k] * r[l] / (m * own * own),
            (false, false) => terms.pwrss / s,
            _ => -r[k.min(l)] / s,
        };
        (0..(n + 1) * (n + 1)).map(|e| entry(e / (n + 1), e % (n + 1))).collect()
    }
}

impl Objective for LmmEvaluator<'_> {
    fn n_parameters(&self) -> usize {
        self.model.n_free() + usize::from(self.model.scale == Scale::Parameter)
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let terms = self.evaluate(x)?;
        if self.rounding_of_fixed(&terms) > MOST_ROUNDING && self.rounding_of_variance(&terms) < SMALL_ROUNDING {
            return Err(Error::Numerical(
                "X'V^-1 X is lost in rounding: random effects of so large a variance leave nothing of a fixed effect"
                    .into(),
            ));
        }
        let own = match self.model.scale {
            Scale::Parameter => terms.at_variance(self.variance(x, &terms)),
            Scale::Profiled | Scale::Known(_) => self.model.value(&terms),
        };
        let of_prior = self.model.covariance_prior.map_or(Ok(0.0), |prior| prior.value(&self.model.theta_map, x))?;
        Ok(own + of_prior + self.held.as_ref().map_or(0.0, |held| held.value(&self.model, x)))
    }

    fn noise(&self) -> f64 {
        self.last.as_ref().map_or(0.0, |terms| terms.std_error + self.rounding_of_fixed(terms))
    }

    /// At a scale of zero the criterion is level in it, whatever its curvature in the variance.
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
        let terms = self.evaluate(x)?;
        let slopes = self.slopes_here(Second::Curvature)?;
        let found = self.with_free_variance(x, &terms, slopes);
        Ok(self.with_penalties(x, found))
    }
}

impl Evaluator for LmmEvaluator<'_> {
    fn parameters(&self) -> Parameters<'_> {
        self.model.parameters()
    }

    fn evaluations(&self) -> usize {
        self.evaluations
    }

    fn accuracy(&mut self, x: &[f64]) -> Result<Accuracy> {
        let terms = self.evaluate(x)?;
        let (variance, fixed) = (self.rounding_of_variance(&terms), self.rounding_of_fixed(&terms));
        let std_error = terms.std_error;
        Ok(match self.model.known_variance() {
            Some(known) => Accuracy { rounding: terms.pwrss / known * variance + fixed, std_error, variance: 0.0 },
            None => Accuracy { rounding: terms.m * variance + fixed, std_error, variance },
        })
    }

    fn flops(&self) -> f64 {
        self.model.symbolic.flops(self.model.a.n_fixed())
    }

    fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        let terms = self.evaluate(x)?;
        let slopes = self.slopes_here(Second::Nothing)?;
        let found = self.with_free_variance(x, &terms, slopes);
        Ok(self.with_penalties(x, found).0)
    }

    fn information(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let terms = self.evaluate(x)?;
        let slopes = self.slopes_here(Second::Information)?;
        let found = self.with_free_variance(x, &terms, slopes);
        Ok(self.with_penalties(x, found))
    }

    fn exact_curvature(&mut self, x: &[f64]) -> Result<Option<Vec<f64>>> {
        if self.held.is_some()
            || self.model.covariance_prior.is_some()
            || self.model.residual.as_ref().is_none_or(|own| own.residual.grid.is_none())
        {
            return Ok(None);
        }
        self.evaluate(x)?;
        let gradient = self.gradient_here(true)?;
        self.model.exact_curvature(&self.work, &gradient)
    }

    fn settle(&mut self, x: &[f64]) -> Result<Option<Vec<f64>>> {
        match &mut self.held {
            Some(held) => held.settle(&self.model, x),
            None => Ok(Some(x.to_vec())),
        }
    }

    fn set_response(&mut self, rows: &StoredRows, y: &[f64]) -> Result<()> {
        self.last = None;
        self.sums = None;
        if self.model.residual.is_some() {
            return self.model.set_response(y);
        }
        rows.set_response(Arc::make_mut(&mut self.model.a), y);
        Ok(())
    }

    fn estimates(&mut self, x: &[f64]) -> Result<Estimates> {
        let terms = self.evaluate(x)?;
        let (factor, a, p) = (&self.work.factor, &self.model.a, self.model.a.n_fixed());
        let entry = |j: usize| j * (p + 1) + j;
        if (0..p).any(|j| factor.xx[entry(j)].powi(2) <= DEPENDENT * a.xx[entry(j)]) {
            return Err(Error::Numerical("columns of X depend on each other".into()));
        }
        Ok(Estimates { beta: factor.beta(), sigma: self.variance(x, &terms).sqrt() })
    }
}
