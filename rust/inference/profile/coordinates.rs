//! Chooses the chart of a parameter, and where it starts.

use super::basis::{Moved, change_term, completed};
use super::chart::Chart;
use super::lag::Lag;
use crate::covariance::compound_symmetry::angle_of;
use crate::covariance::{Structure, TermCovariance};
use crate::fit::units::{lower_triangle, relative_covariance};
use crate::fit::{Fit, Parameter};
use crate::linalg::dense::inverse;
use crate::model::Lmm;

/// A model in which a parameter is a coordinate.
pub enum ProfiledModel {
    /// A coefficient, moved to the response.
    Moved(Box<Moved>),
    Own(Lmm),
}

/// Where to start: the parameter's estimate, its range, a first step, and the free coordinates.
pub struct ProfileStart {
    pub place: ProfiledModel,
    pub estimate: f64,
    pub range: (f64, f64),
    pub step: f64,
    pub free: Vec<f64>,
    pub kind: ChartChoice,
}

/// The chart, but for what depends on the value that is held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ChartChoice {
    Fixed(Chart),
    /// A correlation that is a function of the angle θ_k.
    Angle {
        k: usize,
        structure: Structure,
        width: usize,
    },
    /// A correlation that is a function of several angles, held by multipliers.
    Lag(Lag),
}

/// The angle of a correlation.
pub fn angle(structure: Structure, width: usize, correlation: f64) -> f64 {
    match structure {
        Structure::Ar1 | Structure::Toeplitz => correlation.clamp(-1.0, 1.0).asin(),
        _ => angle_of(correlation, width),
    }
}

/// The chart of a parameter, at the fit (by maximum likelihood).  None for a correlation of effects without variance.
pub fn start(fit: &Fit, parameter: Parameter) -> Option<ProfileStart> {
    let sigma = fit.evaluation.sigma;
    let root = (fit.model.denominator() * 2.0).sqrt();
    match parameter {
        Parameter::Fixed(j) => Some(ProfileStart {
            place: ProfiledModel::Moved(Box::new(Moved::new(&fit.model, j))),
            estimate: fit.user_beta()[j],
            range: (f64::NEG_INFINITY, f64::INFINITY),
            step: 0.5 * fit.vcov()[j * fit.beta.len() + j].sqrt(),
            free: fit.theta.clone(),
            kind: ChartChoice::Fixed(Chart::Response),
        }),
        Parameter::Sigma => Some(ProfileStart {
            place: ProfiledModel::Own(fit.model.clone()),
            estimate: sigma,
            range: (0.0, f64::INFINITY),
            step: 0.5 * sigma / root,
            free: fit.theta.clone(),
            kind: ChartChoice::Fixed(Chart::Sigma),
        }),
        Parameter::Sd { term, column } => Some(of_sd(fit, term, column)),
        Parameter::Correlation { term, row, column } => of_correlation(fit, term, row, column),
    }
}

fn of_sd(fit: &Fit, index: usize, column: usize) -> ProfileStart {
    let term = &fit.model.theta_map.terms[index];
    let basis = &fit.model.a.random[index];
    let (r, sigma) = (term.width, fit.evaluation.sigma);
    let variance = relative_covariance(term, basis, &fit.theta)[column * r + column];
    let estimate = sigma * variance.max(0.0).sqrt();
    let (model, theta, k, unit, power) = match term.structure {
        Structure::Unstructured if r > 1 => {
            let t = row_of(&basis.transform, column, r);
            let unit = t.iter().map(|v| v * v).sum::<f64>().sqrt();
            let (model, theta) = turned(fit, index, &[t]);
            (model, theta, term.first, unit, 1)
        }
        structure => {
            let own = match structure {
                Structure::HomogeneousCompoundSymmetry | Structure::Ar1 => 0,
                _ => column,
            };
            let power = if matches!(structure, Structure::CompoundSymmetry | Structure::Toeplitz) { 2 } else { 1 };
            let unit = basis.transform[own * r + own];
            (fit.model.clone(), fit.theta.clone(), term.first + own, unit, power)
        }
    };
    let mut free = theta;
    free.remove(k);
    free.push(2.0 * sigma.ln());
    let levels = fit.model.a.factors[term.factor].n_levels as f64;
    // the sd at which the term would be as large as its noise, where the estimate is zero
    let least = sigma * unit * 0.1;
    ProfileStart {
        place: ProfiledModel::Own(model),
        estimate,
        range: (0.0, f64::INFINITY),
        step: (0.5 * estimate / (2.0 * levels).sqrt()).max(0.1 * least),
        free,
        kind: ChartChoice::Fixed(Chart::Scale { k, unit, power }),
    }
}

fn of_correlation(fit: &Fit, index: usize, row: usize, column: usize) -> Option<ProfileStart> {
    let term = &fit.model.theta_map.terms[index];
    let basis = &fit.model.a.random[index];
    let r = term.width;
    let s = relative_covariance(term, basis, &fit.theta);
    let product = (s[row * r + row] * s[column * r + column]).sqrt();
    if product < 1e-12 {
        return None;
    }
    let estimate = (s[column * r + row] / product).clamp(-1.0, 1.0);
    let common = |place, range, free, kind| Some(ProfileStart { place, estimate, range, step: 0.05, free, kind });
    if term.structure == Structure::Unstructured {
        let rows = [row_of(&basis.transform, column, r), row_of(&basis.transform, row, r)];
        let (model, theta) = turned(fit, index, &rows);
        let (i, j) = (term.first + 1, term.first + r);
        let mut free = theta;
        free[i] = free[i].hypot(free[j]);
        free.remove(j);
        return common(ProfiledModel::Own(model), (-1.0, 1.0), free, ChartChoice::Fixed(Chart::Pair { i, j }));
    }
    let lag = row.abs_diff(column);
    if term.structure == Structure::Toeplitz && lag > 1 {
        let kind = ChartChoice::Lag(Lag { first: term.first + r, n: r - 1, lag });
        return common(ProfiledModel::Own(fit.model.clone()), (-1.0, 1.0), fit.theta.clone(), kind);
    }
    let k = angle_parameter(term);
    let mut free = fit.theta.clone();
    free.remove(k);
    let least = match term.structure {
        Structure::CompoundSymmetry | Structure::HomogeneousCompoundSymmetry => -1.0 / (r as f64 - 1.0),
        _ => -1.0,
    };
    let kind = ChartChoice::Angle { k, structure: term.structure, width: r };
    common(ProfiledModel::Own(fit.model.clone()), (least, 1.0), free, kind)
}

/// The angle whose function a correlation is: of toep(), that of lag 1.
fn angle_parameter(term: &TermCovariance) -> usize {
    match term.structure {
        Structure::HomogeneousCompoundSymmetry | Structure::Ar1 => term.first + 1,
        _ => term.first + term.width,
    }
}

fn row_of(transform: &[f64], i: usize, r: usize) -> Vec<f64> {
    (0..r).map(|k| transform[k * r + i]).collect()
}

/// The model with the combinations `rows` of a term's effects first, and θ there.
fn turned(fit: &Fit, index: usize, rows: &[Vec<f64>]) -> (Lmm, Vec<f64>) {
    let term = &fit.model.theta_map.terms[index];
    let r = term.width;
    let forward = completed(rows, r);
    let model = change_term(&fit.model, index, &inverse(&forward, r));
    let lambda = term.factor(&fit.theta);
    let product: Vec<f64> =
        (0..r * r).map(|k| (0..r).map(|l| forward[l * r + k % r] * lambda[k / r * r + l]).sum()).collect();
    let mut theta = fit.theta.clone();
    theta[term.first..term.first + term.n_parameters()].copy_from_slice(&lower_triangle(&product, r));
    (model, theta)
}
