//! Chooses the chart of a parameter, and where it starts.

use super::basis::{Moved, change_term, completed};
use super::chart::Chart;
use super::effects::HeldEffects;
use super::lag::Lag;
use super::multipliers::Constraint;
use super::residual;
use crate::Result;
use crate::covariance::unstructured::lower_triangle;
use crate::covariance::{Coordinate, RandomBasis, Reported, TermCovariance};
use crate::fit::{Fit, GlmmFit};
use crate::ids::TermId;
use crate::linalg::dense::inverse;
use crate::model::{Model, Parameter, Parameters, Scale};
use crate::residual::ResidualParameter;

/// A model in which a parameter is a coordinate.
pub enum ProfiledModel {
    /// A coefficient, moved to the response.
    Moved(Box<Moved>),
    Own(Box<dyn Model>),
}

/// Where to start: the parameter's estimate, its range, a first step, and the free coordinates.
pub struct ProfileStart {
    pub model: ProfiledModel,
    pub estimate: f64,
    pub range: (f64, f64),
    pub step: f64,
    pub free: Vec<f64>,
    pub chart: Chart,
}

/// A correlation of one up to this is one at all parameters.
const WITHOUT_FREEDOM: f64 = 1e-9;

/// A model as it is, or in other columns of a term.
type ModelIn<'a> = dyn Fn(Option<(TermId, &[f64])>) -> Result<Box<dyn Model>> + 'a;

/// The covariances of a fit, at all its coordinates, and its model in other columns of a term.
struct Covariances<'a> {
    parameters: Parameters<'a>,
    x: Vec<f64>,
    /// The last of them is log σ².
    has_scale: bool,
    /// z_new = z B for the columns of a term.
    model: &'a ModelIn<'a>,
}

/// A standard deviation that is unit θ_k^power, in a model with these coordinates.
struct Sd {
    model: Box<dyn Model>,
    x: Vec<f64>,
    k: usize,
    unit: f64,
    power: i32,
}

/// The chart of a parameter, at the fit (by maximum likelihood).  None for a correlation of effects without variance.
///
/// # Errors
/// `Numerical` where the covariance of the residuals is not positive definite.
pub fn start(fit: &Fit, parameter: Parameter) -> Result<Option<ProfileStart>> {
    let is_known = parameter == Parameter::Sigma && fit.model.known_variance().is_some();
    if let (Some(own), Some(which), false) = (&fit.model.residual, of_residuals(parameter), is_known) {
        return Ok(Some(residual::start(fit, own, which)));
    }
    let sigma = fit.sigma;
    let root = (fit.model.denominator() * 2.0).sqrt();
    Ok(match parameter {
        Parameter::Fixed(j) => Some(ProfileStart {
            model: ProfiledModel::Moved(Box::new(Moved::new(&fit.model, j))),
            estimate: fit.user_beta()[j],
            range: (f64::NEG_INFINITY, f64::INFINITY),
            step: 0.5 * fit.vcov()[j * fit.beta.len() + j].sqrt(),
            free: fit.free(),
            chart: Chart::Response,
        }),
        Parameter::Sigma if fit.model.known_variance().is_some() => None,
        Parameter::Sigma => Some(ProfileStart {
            model: ProfiledModel::Own(Box::new(fit.model.with_scale(Scale::Parameter))),
            estimate: sigma,
            range: (0.0, f64::INFINITY),
            step: 0.5 * sigma / root,
            free: fit.theta.clone(),
            chart: Chart::Sigma,
        }),
        Parameter::Residual(_) => None,
        Parameter::Random(term, reported) => {
            let of = &fit.model.theta_map.terms[term];
            let Some(coordinate) = of.coordinate(reported) else { return Ok(None) };
            let (parameters, x) = (fit.model.parameters(), fit.free());
            let turned = |change: Option<(TermId, &[f64])>| match change {
                Some((term, b)) => change_term(&fit.model, term, b),
                None => Ok(fit.model.clone()),
            };
            if !reported.is_sd() {
                let model =
                    |change: Option<(TermId, &[f64])>| -> Result<Box<dyn Model>> { Ok(Box::new(turned(change)?)) };
                return of_correlation(
                    Covariances { parameters, x, has_scale: false, model: &model },
                    term,
                    reported,
                    coordinate,
                );
            }
            let n_levels = fit.model.a.factors[of.block].n_levels;
            if fit.model.known_variance().is_some() {
                let model =
                    |change: Option<(TermId, &[f64])>| -> Result<Box<dyn Model>> { Ok(Box::new(turned(change)?)) };
                let all = Covariances { parameters, x, has_scale: false, model: &model };
                let chart = |own: &Sd| Chart::Absolute { k: own.k, unit: sigma * own.unit, power: own.power };
                return of_sd(all, term, reported, coordinate, (sigma, n_levels), chart).map(Some);
            }
            let model = |change: Option<(TermId, &[f64])>| -> Result<Box<dyn Model>> {
                Ok(Box::new(turned(change)?.with_scale(Scale::Parameter)))
            };
            // the model's last coordinate is log σ²
            let x = x.into_iter().chain([2.0 * sigma.ln()]).collect();
            let all = Covariances { parameters, x, has_scale: true, model: &model };
            Some(of_sd(all, term, reported, coordinate, (sigma, n_levels), |Sd { k, unit, power, .. }| Chart::Scale {
                k: *k,
                unit: *unit,
                power: *power,
            })?)
        }
    })
}

/// The parameter of the residuals that one is, where they have some.
fn of_residuals(parameter: Parameter) -> Option<ResidualParameter> {
    match parameter {
        Parameter::Sigma => Some(ResidualParameter::Deviation(0)),
        Parameter::Residual(which) => Some(which),
        Parameter::Fixed(_) | Parameter::Random(..) => None,
    }
}

/// The same for a parameter of the random effects of a generalized model.
///
/// # Errors
/// None of its own.
pub fn start_generalized(fit: &GlmmFit, term: TermId, reported: Reported) -> Result<Option<ProfileStart>> {
    let of = &fit.model.theta_map.terms[term];
    let Some(coordinate) = of.coordinate(reported) else { return Ok(None) };
    let model = |change: Option<(TermId, &[f64])>| -> Result<Box<dyn Model>> {
        Ok(Box::new(match change {
            Some((term, b)) => fit.model.with_columns(term, b),
            None => fit.model.clone(),
        }))
    };
    let all = Covariances { parameters: fit.model.parameters(), x: fit.x.clone(), has_scale: false, model: &model };
    if !reported.is_sd() {
        return of_correlation(all, term, reported, coordinate);
    }
    let n_levels = fit.model.rows.blocks[of.block.0].n_levels;
    of_sd(all, term, reported, coordinate, (1.0, n_levels), |Sd { k, unit, power, .. }| Chart::Absolute {
        k: *k,
        unit: *unit,
        power: *power,
    })
    .map(Some)
}

impl Covariances<'_> {
    fn term(&self, id: TermId) -> (&TermCovariance, &RandomBasis) {
        (&self.parameters.theta.terms[id], &self.parameters.bases[id])
    }

    /// What users read of a term, its standard deviations relative to σ.
    fn relative_value(&self, id: TermId, reported: Reported) -> f64 {
        let (own, basis) = self.term(id);
        own.value(reported, &self.x, &own.relative_covariance(basis, &self.x))
    }

    /// A parameter that is no coordinate, held by multipliers; `sigma` where it is none either.
    fn held(&self, id: TermId, reported: Reported, sigma: f64) -> Constraint {
        let (term, basis) = self.term(id);
        let (term, basis, n) = (term.clone(), basis.clone(), self.x.len());
        let log_variance = self.has_scale.then(|| n - 1);
        Constraint::Effects(Box::new(HeldEffects { term, basis, reported, log_variance, sigma }))
    }

    /// The model with the combinations `rows` of a term's effects first, and its coordinates there.
    fn turned(&self, id: TermId, rows: &[Vec<f64>]) -> Result<(Box<dyn Model>, Vec<f64>)> {
        let (term, r) = (self.term(id).0, self.term(id).0.width);
        let forward = completed(rows, r);
        let model = (self.model)(Some((id, &inverse(&forward, r))))?;
        let lambda = term.relative_factor(&self.x);
        let product: Vec<f64> =
            (0..r * r).map(|k| (0..r).map(|l| forward[l * r + k % r] * lambda[k / r * r + l]).sum()).collect();
        let mut x = self.x.clone();
        x[term.first..term.first + term.n_parameters].copy_from_slice(&lower_triangle(&product, r));
        Ok((model, x))
    }

    fn sd(&self, id: TermId, reported: Reported, coordinate: Coordinate) -> Result<Sd> {
        let (term, basis) = self.term(id);
        Ok(match coordinate {
            Coordinate::Power { k, column, power } => {
                let model = (self.model)(None)?;
                Sd { model, x: self.x.clone(), k: term.first + k, unit: basis.scale(column), power }
            }
            // the length of a row of Λ: its only entry, once the row comes first
            _ => {
                let t = row_of(&basis.transform, reported.place().0, term.width);
                let unit = t.iter().map(|v| v * v).sum::<f64>().sqrt();
                let (model, x) = self.turned(id, &[t])?;
                Sd { model, x, k: term.first, unit, power: 1 }
            }
        })
    }
}

fn of_sd(
    all: Covariances,
    id: TermId,
    reported: Reported,
    coordinate: Coordinate,
    (sigma, n_levels): (f64, usize),
    chart: impl Fn(&Sd) -> Chart,
) -> Result<ProfileStart> {
    let estimate = sigma * all.relative_value(id, reported);
    if coordinate == Coordinate::Covariance {
        let held = all.held(id, reported, sigma);
        let (model, free) = ((all.model)(None)?, all.x);
        let step = 0.5 * estimate / (2.0 * n_levels as f64).sqrt();
        let (model, chart) = (ProfiledModel::Own(model), Chart::Multiplied(held));
        return Ok(ProfileStart { model, estimate, range: (0.0, f64::INFINITY), step, free, chart });
    }
    let own = all.sd(id, reported, coordinate)?;
    // the sd at which the term would be as large as its noise, where the estimate is zero
    let least = sigma * own.unit * 0.1;
    let (chart, mut free) = (chart(&own), own.x);
    free.remove(own.k);
    Ok(ProfileStart {
        model: ProfiledModel::Own(own.model),
        estimate,
        range: (0.0, f64::INFINITY),
        step: (0.5 * estimate / (2.0 * n_levels as f64).sqrt()).max(0.1 * least),
        free,
        chart,
    })
}

/// Of a correlation or a range.
fn of_correlation(
    all: Covariances,
    id: TermId,
    reported: Reported,
    coordinate: Coordinate,
) -> Result<Option<ProfileStart>> {
    let (term, basis) = all.term(id);
    let r = term.width;
    let (row, column) = reported.place();
    if all.relative_value(id, Reported::Sd(row)) * all.relative_value(id, Reported::Sd(column)) < 1e-12 {
        return Ok(None);
    }
    let estimate = all.relative_value(id, reported);
    if coordinate == Coordinate::Covariance && estimate.abs() > 1.0 - WITHOUT_FREEDOM {
        return Ok(None); // by the rank
    }
    let common = |model: Box<dyn Model>, least, free, chart| ProfileStart {
        model: ProfiledModel::Own(model),
        estimate,
        range: (least, 1.0),
        step: 0.05,
        free,
        chart,
    };
    Ok(Some(match coordinate {
        Coordinate::Angle { k, angle } => {
            let k = term.first + k;
            let mut free = all.x.clone();
            free.remove(k);
            common((all.model)(None)?, angle.least(), free, Chart::Angle { k, angle })
        }
        Coordinate::Covariance => {
            let held = all.held(id, reported, 1.0);
            common((all.model)(None)?, -1.0, all.x.clone(), Chart::Multiplied(held))
        }
        Coordinate::Distance { k, role } => {
            let (k, shape) = (term.first + k, term.shape.clone());
            let mut free = all.x.clone();
            free.remove(k);
            ProfileStart {
                model: ProfiledModel::Own((all.model)(None)?),
                estimate,
                range: (0.0, f64::INFINITY),
                step: 0.1 * estimate,
                free,
                chart: Chart::Distance { k, role, shape },
            }
        }
        Coordinate::Lag { k, n, lag } => {
            let chart = Chart::Multiplied(Constraint::Lag(Lag { first: term.first + k, n, lag }));
            common((all.model)(None)?, -1.0, all.x.clone(), chart)
        }
        // that of the first two rows of Λ, once they are those of the columns
        _ => {
            let rows = [row_of(&basis.transform, column, r), row_of(&basis.transform, row, r)];
            let (model, mut free) = all.turned(id, &rows)?;
            let (i, j) = (term.first + 1, term.first + r);
            free[i] = free[i].hypot(free[j]);
            free.remove(j);
            common(model, -1.0, free, Chart::Pair { i, j })
        }
    }))
}

fn row_of(transform: &[f64], i: usize, r: usize) -> Vec<f64> {
    (0..r).map(|k| transform[k * r + i]).collect()
}
