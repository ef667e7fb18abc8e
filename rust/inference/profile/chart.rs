//! The deviance as a function of all parameters but one, which is held: what a profile minimizes.
//!
//! D(θ, s) = log|M| + n log(2πs) + r²(θ)/s, s = σ².  Where the held parameter involves σ, log s is one of the free
//! parameters; elsewhere s is profiled out.

use std::f64::consts::TAU;

use crate::Result;
use crate::inference::fixed_scores::pwrss_gradient;
use crate::model::LmmEvaluator;
use crate::optimize::Objective;

/// Which coordinates are free, and how the held value makes the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Chart {
    /// All of θ; the response carries the held coefficient.
    Response,
    /// All of θ; s = v².
    Sigma,
    /// θ without θ_k, then log s; v = √s unit θ_k^power.
    Scale { k: usize, unit: f64, power: i32 },
    /// θ without θ_k, which is an angle of v.
    Angle { k: usize, angle: f64 },
    /// θ_i = τv, θ_j = τ√(1 - v²); τ stands in the place of θ_i.
    Pair { i: usize, j: usize },
}

pub struct Constrained<'a> {
    pub inner: LmmEvaluator<'a>,
    pub chart: Chart,
    pub value: f64,
    pwrss: f64,
}

impl<'a> Constrained<'a> {
    pub fn new(inner: LmmEvaluator<'a>, chart: Chart, value: f64) -> Self {
        Self { inner, chart, value, pwrss: 0.0 }
    }

    fn n_theta(&self) -> usize {
        self.inner.n_parameters()
    }

    /// θ, and s where it is a parameter.
    pub fn expand(&self, x: &[f64]) -> (Vec<f64>, Option<f64>) {
        let mut theta = x.to_vec();
        match self.chart {
            Chart::Response => (theta, None),
            Chart::Sigma => (theta, Some(self.value.powi(2))),
            Chart::Scale { k, unit, power } => {
                let s = theta.pop().expect("log s").exp();
                let relative = self.value / (unit * s.sqrt());
                theta.insert(k, if power == 2 { relative.sqrt() } else { relative });
                (theta, Some(s))
            }
            Chart::Angle { k, angle } => {
                theta.insert(k, angle);
                (theta, None)
            }
            Chart::Pair { i, j } => {
                theta.insert(j, theta[i] * (1.0 - self.value.powi(2)).max(0.0).sqrt());
                theta[i] *= self.value;
                (theta, None)
            }
        }
    }

    /// d(θ, log s)/dx: (n_theta + 1) x n, by columns of x.
    fn jacobian(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let n = self.n_theta();
        let unit = |i: usize| (0..=n).map(|l| f64::from(u8::from(l == i))).collect::<Vec<f64>>();
        match self.chart {
            Chart::Response | Chart::Sigma => (0..n).map(unit).collect(),
            Chart::Angle { k, .. } => (0..n).filter(|&i| i != k).map(unit).collect(),
            Chart::Scale { k, power, .. } => {
                let mut columns: Vec<Vec<f64>> = (0..n).filter(|&i| i != k).map(unit).collect();
                let mut last = unit(n);
                last[k] = -theta[k] / (2.0 * f64::from(power));
                columns.push(last);
                columns
            }
            Chart::Pair { i, j } => {
                let mut columns: Vec<Vec<f64>> = (0..n).filter(|&l| l != j).map(unit).collect();
                columns[i][i] = self.value;
                columns[i][j] = (1.0 - self.value.powi(2)).max(0.0).sqrt();
                columns
            }
        }
    }

    /// Free coordinates that zero would trap, since the deviance is even in them.
    pub fn scales(&self) -> Vec<usize> {
        let scales = self.inner.model.theta_map.scale_parameters();
        match self.chart {
            Chart::Response | Chart::Sigma => scales,
            Chart::Scale { k, .. } | Chart::Angle { k, .. } => {
                scales.into_iter().filter(|&l| l != k).map(|l| l - usize::from(l > k)).collect()
            }
            Chart::Pair { i, j } => {
                let rest = scales.into_iter().filter(|&l| l != j).map(|l| l - usize::from(l > j));
                rest.chain(std::iter::once(i)).collect()
            }
        }
    }
}

impl Objective for Constrained<'_> {
    fn n_parameters(&self) -> usize {
        match self.chart {
            Chart::Angle { .. } | Chart::Pair { .. } => self.n_theta() - 1,
            Chart::Response | Chart::Sigma | Chart::Scale { .. } => self.n_theta(),
        }
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let (theta, s) = self.expand(x);
        let profiled = self.inner.value(&theta)?;
        let n = self.inner.model.denominator();
        self.pwrss = self.inner.work.factor.pwrss;
        let Some(s) = s else { return Ok(profiled) };
        Ok(profiled - n * (1.0 + (TAU * self.pwrss / n).ln()) + n * (TAU * s).ln() + self.pwrss / s)
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (theta, s) = self.expand(x);
        let (mut gradient, curvature) = self.inner.slope(&theta)?;
        let (n, m) = (theta.len(), self.inner.model.denominator());
        let full = n + 1;
        let mut h = vec![0.0; full * full];
        (0..n * n).for_each(|k| h[k / n * full + k % n] = curvature[k]);
        gradient.push(0.0);
        if let Some(s) = s {
            let r = pwrss_gradient(self.inner.model, &self.inner.work, &theta);
            let own = self.pwrss / m;
            for k in 0..n {
                gradient[k] += r[k] * (1.0 / s - 1.0 / own);
                (0..n).for_each(|l| h[k * full + l] += r[k] * r[l] / (m * own * own));
                h[k * full + n] = -r[k] / s;
                h[n * full + k] = -r[k] / s;
            }
            gradient[n] = m - self.pwrss / s;
            h[n * full + n] = self.pwrss / s;
        }
        Ok(pull_back(&gradient, &h, &self.jacobian(&theta)))
    }
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
