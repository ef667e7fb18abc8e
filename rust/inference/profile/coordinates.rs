//! Chooses the chart of a parameter, and where it starts.

use super::basis::{Moved, change_term, completed};
use super::chart::Chart;
use super::lag::Lag;
use crate::covariance::unstructured::lower_triangle;
use crate::covariance::{Coordinate, Reported};
use crate::fit::Fit;
use crate::ids::TermId;
use crate::linalg::dense::inverse;
use crate::model::{Lmm, Model, Parameter, Scale};

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

/// The chart of a parameter, at the fit (by maximum likelihood).  None for a correlation of effects without variance.
pub fn start(fit: &Fit, parameter: Parameter) -> Option<ProfileStart> {
    let sigma = fit.sigma;
    let root = (fit.model.denominator() * 2.0).sqrt();
    match parameter {
        Parameter::Fixed(j) => Some(ProfileStart {
            model: ProfiledModel::Moved(Box::new(Moved::new(&fit.model, j))),
            estimate: fit.user_beta()[j],
            range: (f64::NEG_INFINITY, f64::INFINITY),
            step: 0.5 * fit.vcov()[j * fit.beta.len() + j].sqrt(),
            free: fit.theta.clone(),
            chart: Chart::Response,
        }),
        Parameter::Sigma => Some(ProfileStart {
            model: ProfiledModel::Own(Box::new(fit.model.with_scale(Scale::Parameter))),
            estimate: sigma,
            range: (0.0, f64::INFINITY),
            step: 0.5 * sigma / root,
            free: fit.theta.clone(),
            chart: Chart::Sigma,
        }),
        Parameter::Random(term, reported) => {
            let of = &fit.model.theta_map.terms[term];
            let coordinate = of.structure.coordinate(reported, of.width)?;
            match reported.is_sd() {
                true => Some(of_sd(fit, term, reported, coordinate)),
                false => of_correlation(fit, term, reported, coordinate),
            }
        }
    }
}

/// What users read of a term, its standard deviations relative to σ.
fn relative_value(fit: &Fit, term: TermId, reported: Reported) -> f64 {
    let (own, basis) = (&fit.model.theta_map.terms[term], &fit.model.a.random[term]);
    reported.value(&own.relative_covariance(basis, &fit.theta), own.width)
}

fn of_sd(fit: &Fit, id: TermId, reported: Reported, coordinate: Coordinate) -> ProfileStart {
    let (term, basis) = (&fit.model.theta_map.terms[id], &fit.model.a.random[id]);
    let sigma = fit.sigma;
    let estimate = sigma * relative_value(fit, id, reported);
    let (model, mut free, k, unit, power) = match coordinate {
        Coordinate::Power { k, column, power } => {
            (fit.model.clone(), fit.theta.clone(), term.first + k, basis.scale(column), power)
        }
        // the length of a row of Λ: its only entry, once the row comes first
        _ => {
            let t = row_of(&basis.transform, reported.place().0, term.width);
            let unit = t.iter().map(|v| v * v).sum::<f64>().sqrt();
            let (model, theta) = turned(fit, id, &[t]);
            (model, theta, term.first, unit, 1)
        }
    };
    free.remove(k);
    free.push(2.0 * sigma.ln());
    let levels = fit.model.a.factors[term.block].n_levels as f64;
    // the sd at which the term would be as large as its noise, where the estimate is zero
    let least = sigma * unit * 0.1;
    ProfileStart {
        model: ProfiledModel::Own(Box::new(model.with_scale(Scale::Parameter))),
        estimate,
        range: (0.0, f64::INFINITY),
        step: (0.5 * estimate / (2.0 * levels).sqrt()).max(0.1 * least),
        free,
        chart: Chart::Scale { k, unit, power },
    }
}

fn of_correlation(fit: &Fit, id: TermId, reported: Reported, coordinate: Coordinate) -> Option<ProfileStart> {
    let (term, basis) = (&fit.model.theta_map.terms[id], &fit.model.a.random[id]);
    let r = term.width;
    let (row, column) = reported.place();
    if relative_value(fit, id, Reported::Sd(row)) * relative_value(fit, id, Reported::Sd(column)) < 1e-12 {
        return None;
    }
    let estimate = relative_value(fit, id, reported);
    let common = |model: Lmm, least, free, chart| ProfileStart {
        model: ProfiledModel::Own(Box::new(model)),
        estimate,
        range: (least, 1.0),
        step: 0.05,
        free,
        chart,
    };
    Some(match coordinate {
        Coordinate::Angle { k, angle } => {
            let k = term.first + k;
            let mut free = fit.theta.clone();
            free.remove(k);
            common(fit.model.clone(), angle.least(), free, Chart::Angle { k, angle })
        }
        Coordinate::Lag { k, n, lag } => {
            let chart = Chart::Lag(Lag { first: term.first + k, n, lag });
            common(fit.model.clone(), -1.0, fit.theta.clone(), chart)
        }
        // that of the first two rows of Λ, once they are those of the columns
        _ => {
            let rows = [row_of(&basis.transform, column, r), row_of(&basis.transform, row, r)];
            let (model, mut free) = turned(fit, id, &rows);
            let (i, j) = (term.first + 1, term.first + r);
            free[i] = free[i].hypot(free[j]);
            free.remove(j);
            common(model, -1.0, free, Chart::Pair { i, j })
        }
    })
}

fn row_of(transform: &[f64], i: usize, r: usize) -> Vec<f64> {
    (0..r).map(|k| transform[k * r + i]).collect()
}

/// The model with the combinations `rows` of a term's effects first, and θ there.
fn turned(fit: &Fit, id: TermId, rows: &[Vec<f64>]) -> (Lmm, Vec<f64>) {
    let term = &fit.model.theta_map.terms[id];
    let r = term.width;
    let forward = completed(rows, r);
    let model = change_term(&fit.model, id, &inverse(&forward, r));
    let lambda = term.relative_factor(&fit.theta);
    let product: Vec<f64> =
        (0..r * r).map(|k| (0..r).map(|l| forward[l * r + k % r] * lambda[k / r * r + l]).sum()).collect();
    let mut theta = fit.theta.clone();
    theta[term.first..term.first + term.n_parameters].copy_from_slice(&lower_triangle(&product, r));
    (model, theta)
}
