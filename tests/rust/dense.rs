//! The same criterion by dense algebra: V = I/w + Z ΛΛ' Z', nothing clever.

use faer::prelude::*;
use faer::{Mat, Side};
use hlmrs::design::{Batch, Rows};
use hlmrs::model::{Criterion, Lmm};

pub struct Dense {
    pub x: Mat<f64>,
    pub y: Mat<f64>,
    pub w: Vec<f64>,
    /// Per random term: dense Z (n x levels r), width.
    pub z: Vec<(Mat<f64>, usize)>,
}

impl Dense {
    pub fn new(source: &Rows) -> Self {
        let n = source.n_rows();
        let mut batch = Batch::default();
        source.read(0..n, &mut batch).unwrap();
        let layout = source.fixed();
        let x = Mat::from_fn(n, layout.columns.len(), |i, c| {
            let column = &layout.columns[c];
            let numeric = batch.values[column.term][column.numeric * n + i];
            let coding = layout.terms[column.term].coding.as_ref();
            let coded = coding.map_or(1.0, |k| {
                let cell = batch.cells[column.term][i];
                k.columns[column.coded].iter().find(|(c, _)| *c == cell).map_or(0.0, |(_, v)| *v)
            });
            numeric * coded
        });
        let z = source
            .random
            .iter()
            .enumerate()
            .map(|(t, term)| {
                let (factor, r) = (&source.factors[term.factor], term.columns.len());
                let dense = Mat::from_fn(n, factor.n_levels() * r, |i, c| {
                    if factor.codes()[i] as usize == c / r { batch.z[t][i * r + c % r] } else { 0.0 }
                });
                (dense, r)
            })
            .collect();
        let w = if source.has_weights() { batch.weights.clone() } else { vec![1.0; n] };
        Self { x, y: Mat::from_fn(n, 1, |i, _| batch.y[i]), w, z }
    }

    /// The criterion for the relative factor of each term, in the user's units (r x r, column-major).
    pub fn criterion(&self, lambda: &[Vec<f64>], kept: &[usize], criterion: Criterion) -> f64 {
        let (logdet, logdet_x, rss) = self.terms(lambda, kept);
        // log|V| counts the weights: the criterion is that of y itself
        let (m, restricted) = match criterion {
            Criterion::Ml => (self.y.nrows() as f64, 0.0),
            Criterion::Reml => ((self.y.nrows() - kept.len()) as f64, logdet_x),
        };
        logdet + restricted + m * (1.0 + (std::f64::consts::TAU * rss / m).ln())
    }

    /// log|V|, log|X'V⁻¹X| and (y - Xβ)'V⁻¹(y - Xβ), β at its best.
    pub fn terms(&self, lambda: &[Vec<f64>], kept: &[usize]) -> (f64, f64, f64) {
        let n = self.y.nrows();
        let mut v = Mat::<f64>::zeros(n, n);
        for i in 0..n {
            v[(i, i)] = 1.0 / self.w[i];
        }
        for ((z, r), l) in self.z.iter().zip(lambda) {
            let levels = z.ncols() / r;
            let block =
                Mat::from_fn(levels * r, levels * r, |i, j| if i / r == j / r { l[(j % r) * r + i % r] } else { 0.0 });
            let zl = z * &block;
            v += &zl * zl.transpose();
        }
        let chol = v.llt(Side::Lower).unwrap();
        let logdet = |l: faer::MatRef<f64>| -> f64 { (0..l.nrows()).map(|i| 2.0 * l[(i, i)].ln()).sum() };
        let x = Mat::from_fn(n, kept.len(), |i, c| self.x[(i, kept[c])]);
        let (vx, vy) = (chol.solve(&x), chol.solve(&self.y));
        let (xvx, xvy) = (x.transpose() * &vx, x.transpose() * &vy);
        let c = xvx.llt(Side::Lower).unwrap();
        let rss = (self.y.transpose() * &vy)[(0, 0)] - (xvy.transpose() * c.solve(&xvy))[(0, 0)];
        (logdet(chol.L()), logdet(c.L()), rss)
    }
}

/// Λ of every term in the user's units, from θ in the working basis.
pub fn user_factors(model: &Lmm, theta: &[f64]) -> Vec<Vec<f64>> {
    model
        .theta_map
        .terms
        .iter()
        .zip(&model.a.random)
        .map(|(term, basis)| {
            let (own, r) = (term.relative_factor(theta), term.width);
            let mut out = vec![0.0; r * r];
            for j in 0..r {
                out[j * r..(j + 1) * r].copy_from_slice(&basis.decode(&own[j * r..(j + 1) * r]));
            }
            out
        })
        .collect()
}
