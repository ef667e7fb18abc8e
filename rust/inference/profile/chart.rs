//! The deviance as a function of all parameters but one, which is held: what a profile minimizes.
//!
//! D(θ, s) = log|M| + n log(2πs) + r²(θ)/s, s = σ².  Where the held parameter involves σ, the model has log s as its
//! last coordinate; elsewhere s is profiled out.

use super::multipliers::Constraint;
use crate::Result;
use crate::covariance::angle::Angle;
use crate::covariance::{RandomBasis, Role, Shape};
use crate::model::Evaluator;
use crate::optimize::Objective;

/// Which coordinates are free, and how the held value v makes the others.
#[derive(Debug, Clone)]
pub enum Chart {
    /// All of them; the response carries the held coefficient.
    Response,
    /// All of them; multipliers hold the parameter.
    Multiplied(Constraint),
    /// All but log s; s = v².
    Sigma,
    /// All but θ_k; v = √s unit θ_k^power.
    Scale { k: usize, unit: f64, power: i32 },
    /// All but θ_k; v = unit θ_k^power.
    Absolute { k: usize, unit: f64, power: i32 },
    /// All but θ_k, the angle of a correlation v.
    Angle { k: usize, angle: Angle },
    /// All but θ_k, the angle of a range or rate v.
    Distance { k: usize, role: Role, shape: Shape },
    /// θ_i = τv, θ_j = τ√(1 - v²); τ stands in the place of θ_i.
    Pair { i: usize, j: usize },
}

pub struct Constrained<'a> {
    pub inner: Box<dyn Evaluator + 'a>,
    pub chart: Chart,
    pub value: f64,
}

impl Constrained<'_> {
    /// All coordinates of the model.
    fn expand(&self, x: &[f64]) -> Vec<f64> {
        let mut all = x.to_vec();
        match self.chart {
            Chart::Response | Chart::Multiplied(_) => {}
            Chart::Sigma => all.push(self.value.powi(2).ln()),
            Chart::Scale { k, unit, power } => {
                let sigma = x[x.len() - 1].exp().sqrt();
                all.insert(k, root(self.value / (unit * sigma), power));
            }
            Chart::Absolute { k, unit, power } => all.insert(k, root(self.value / unit, power)),
            Chart::Angle { k, angle } => all.insert(k, angle.angle(self.value)),
            Chart::Distance { k, role, ref shape } => {
                all.insert(k, role.to_working(self.value, &RandomBasis::identity(shape.r), shape));
            }
            Chart::Pair { i, j } => {
                all.insert(j, all[i] * self.share());
                all[i] *= self.value;
            }
        }
        all
    }

    /// √(1 - v²) of a pair.
    fn share(&self) -> f64 {
        (1.0 - self.value.powi(2)).max(0.0).sqrt()
    }

    /// How all coordinates move with every free one, by columns.
    fn jacobian(&self, all: &[f64]) -> Vec<Vec<f64>> {
        let full = all.len();
        let unit = |i: usize| (0..full).map(|l| f64::from(u8::from(l == i))).collect::<Vec<f64>>();
        let mut columns: Vec<Vec<f64>> = (0..full).filter(|&l| Some(l) != self.held()).map(unit).collect();
        match self.chart {
            Chart::Response | Chart::Multiplied(_) | Chart::Sigma | Chart::Absolute { .. } => {}
            Chart::Angle { .. } | Chart::Distance { .. } => {}
            Chart::Scale { k, power, .. } => columns[full - 2][k] = -all[k] / (2.0 * f64::from(power)),
            Chart::Pair { i, j } => {
                columns[i][i] = self.value;
                columns[i][j] = self.share();
            }
        }
        columns
    }

    /// The coordinate of the model that is not free.
    fn held(&self) -> Option<usize> {
        match self.chart {
            Chart::Response | Chart::Multiplied(_) => None,
            Chart::Sigma => Some(self.inner.n_parameters() - 1),
            Chart::Scale { k, .. } | Chart::Absolute { k, .. } => Some(k),
            Chart::Angle { k, .. } | Chart::Distance { k, .. } => Some(k),
            Chart::Pair { j, .. } => Some(j),
        }
    }

    /// Free coordinates that zero would trap, since the deviance is even in them.
    pub fn scales(&self) -> Vec<usize> {
        let held = self.held().unwrap_or(usize::MAX);
        let scales = self.inner.parameters().theta.scale_parameters().into_iter().filter(|&l| l != held);
        let rest = scales.map(|l| l - usize::from(l > held));
        match self.chart {
            Chart::Pair { i, .. } => rest.chain(std::iter::once(i)).collect(),
            _ => rest.collect(),
        }
    }
}

impl Objective for Constrained<'_> {
    fn n_parameters(&self) -> usize {
        self.inner.n_parameters() - usize::from(self.held().is_some())
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let all = self.expand(x);
        self.inner.value(&all)
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let all = self.expand(x);
        let (gradient, curvature) = self.inner.slope(&all)?;
        Ok(pull_back(&gradient, &curvature, &self.jacobian(&all)))
    }
}

/// An objective with coordinate k at zero.
pub struct AtZero<'a, O> {
    pub inner: &'a mut O,
    pub k: usize,
}

impl<O: Objective> AtZero<'_, O> {
    fn expand(&self, x: &[f64]) -> Vec<f64> {
        let mut all = x.to_vec();
        all.insert(self.k, 0.0);
        all
    }
}

impl<O: Objective> Objective for AtZero<'_, O> {
    fn n_parameters(&self) -> usize {
        self.inner.n_parameters() - 1
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let all = self.expand(x);
        self.inner.value(&all)
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let all = self.expand(x);
        let (g, h) = self.inner.slope(&all)?;
        let n = all.len();
        let kept: Vec<usize> = (0..n).filter(|&l| l != self.k).collect();
        let slope = kept.iter().map(|&l| g[l]).collect();
        Ok((slope, kept.iter().flat_map(|&j| kept.iter().map(move |&i| (i, j))).map(|(i, j)| h[j * n + i]).collect()))
    }
}

/// θ of θ^power.
fn root(value: f64, power: i32) -> f64 {
    if power == 2 { value.sqrt() } else { value }
}

/// J'g and J'HJ.
fn pull_back(gradient: &[f64], h: &[f64], jacobian: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let (full, n) = (gradient.len(), jacobian.len());
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let g = jacobian.iter().map(|column| dot(column, gradient)).collect();
    let hj: Vec<Vec<f64>> =
        jacobian.iter().map(|c| (0..full).map(|i| dot(&h[i * full..(i + 1) * full], c)).collect()).collect();
    let curvature = (0..n * n).map(|k| dot(&jacobian[k % n], &hj[k / n])).collect();
    (g, curvature)
}
