//! The exact gradient of Laplace's criterion, from leverages, third derivatives and one solve.
//!
//! t_c = Σ_ab C_ab T_abc,   v = M⁻¹Λ'Z't,   s = ZΛv,   r = 2g + t - D s: the whole derivative of F in the linear predictors
//!
//! dF/dβ = X'r,   dF/dΛ = Σ over levels of (Z'r) u' - (Z'g) v' + 2E

use rayon::prelude::*;

use super::expected::Expected;
use super::leverage::leverages;
use super::mode::{Newton, Point};
use super::model::Glmm;
use crate::family::RowDerivatives;
use crate::ids::BlockId;
use crate::model::linear::gradient::Gradient;
use crate::penalized_ls::{Inverse, InverseEntries, Modes};
use crate::rows::Effects;

/// Rows of one task.
const ROWS: usize = 2048;

/// The gradient, and what the curvature is made of.
pub struct LaplaceGradient {
    /// In the coefficients of the rows' columns.
    pub coefficients: Vec<f64>,
    /// In θ, with Λ's derivatives, dF/dΛ, the modes and -Z'g.
    pub random: Gradient,
    /// Derivatives of the rows in all parts.
    pub rows: RowDerivatives,
}

pub fn gradient(
    model: &Glmm,
    theta: &[f64],
    at: &Point,
    newton: &mut Newton,
    inverse: &mut Inverse,
    expected: Option<&Expected>,
) -> LaplaceGradient {
    let rows = &model.rows;
    let n_parts = rows.parts.len();
    let all: Vec<usize> = (0..n_parts).collect();
    let derivatives = newton.take_rows(model, at);
    inverse.keeps_first = rows.blocks.len() > 1;
    // the determinant's matrix, which is that of the mode unless the expected information stands in it
    let (a, panels, factor) = match expected {
        Some(own) => (&own.a, &own.panels, &own.factor),
        None => (&newton.a, &newton.panels, &newton.factor),
    };
    inverse.update(factor, a, panels, &model.symbolic, false);
    let c = leverages(model, &InverseEntries::new(inverse, factor, &model.symbolic), (a, panels));
    let t = match expected {
        Some(own) => products(c, &own.slope),
        None if n_parts == 1 => products(c, &derivatives.t),
        None => third(&derivatives, &c, &rows.random_parts),
    };
    let solved = newton.factor.solve(rows.random_transposed(&t, n_parts, &all), &newton.a, &model.symbolic);
    let r = whole(&derivatives, t, newton.moves_of(model, &solved.b), &rows.random_parts);
    let (zr, zg) = (rows.random_transposed(&r, n_parts, &all), rows.random_transposed(&derivatives.g, n_parts, &all));
    let lambda: Vec<Vec<f64>> = (0..rows.blocks.len())
        .map(|f| {
            let mut d: Vec<f64> = inverse.e[f].iter().map(|e| 2.0 * e).collect();
            add_cross(&mut d, &zr[f], &at.u[f], 1.0);
            add_cross(&mut d, &zg[f], &solved.u[f], -1.0);
            d
        })
        .collect();
    let scores: Effects = zg.into_iter().map(|g| g.iter().map(|v| -v).collect()).collect();
    finish(model, theta, at, newton, rows.fixed_transposed(&r), lambda, scores, derivatives)
}

/// The gradient from that in the coefficients and in Λ.
#[expect(clippy::too_many_arguments, reason = "the pieces of one record")]
pub fn finish(
    model: &Glmm,
    theta: &[f64],
    at: &Point,
    newton: &Newton,
    coefficients: Vec<f64>,
    lambda: Vec<Vec<f64>>,
    scores: Effects,
    rows: RowDerivatives,
) -> LaplaceGradient {
    let map = &model.theta_map;
    let slopes: Vec<(BlockId, Vec<f64>)> = (0..map.n_parameters).map(|k| map.derivative(theta, k)).collect();
    let slope = |(block, d): &(BlockId, Vec<f64>)| lambda[*block].iter().zip(d).map(|(a, b)| a * b).sum();
    let b = super::mode::scaled(&newton.factor.lambda, &at.u, false);
    LaplaceGradient {
        coefficients,
        random: Gradient {
            theta: slopes.iter().map(slope).collect(),
            derivatives: slopes,
            lambda,
            modes: Modes { u: at.u.clone(), b },
            scores,
            residual: None,
        },
        rows,
    }
}

fn products(mut a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    let rows = a.par_chunks_mut(ROWS).zip(b.par_chunks(ROWS));
    rows.for_each(|(a, b)| a.iter_mut().zip(b).for_each(|(a, b)| *a *= b));
    a
}

/// t: n rows of a number a part.
fn third(rows: &RowDerivatives, c: &[f64], random: &[usize]) -> Vec<f64> {
    let (m, k) = (rows.m, random.len());
    let mut out = vec![0.0; rows.g.len()];
    for ((out, t), c) in out.chunks_exact_mut(m).zip(rows.t.chunks_exact(m * m * m)).zip(c.chunks_exact(k * k)) {
        for (i, &a) in random.iter().enumerate() {
            for (j, &b) in random.iter().enumerate() {
                let t = &t[(a * m + b) * m..(a * m + b + 1) * m];
                out.iter_mut().zip(t).for_each(|(out, t)| *out += c[i * k + j] * t);
            }
        }
    }
    out
}

/// r = 2g + t - D s, in the place of t.
fn whole(rows: &RowDerivatives, mut t: Vec<f64>, s: &[Vec<f64>], random: &[usize]) -> Vec<f64> {
    let m = rows.m;
    let of_rows = t.par_chunks_mut(ROWS * m).zip(rows.g.par_chunks(ROWS * m)).zip(rows.d.par_chunks(ROWS * m * m));
    of_rows.enumerate().for_each(|(k, ((r, g), d))| {
        r.iter_mut().zip(g).for_each(|(r, g)| *r += 2.0 * g);
        for (&a, s) in random.iter().zip(s) {
            let of_rows = r.chunks_exact_mut(m).zip(d.chunks_exact(m * m)).zip(&s[k * ROWS..]);
            of_rows.for_each(|((r, d), s)| r.iter_mut().zip(&d[a * m..]).for_each(|(r, d)| *r -= d * s));
        }
    });
    t
}

/// d (r x r) += sign Σ over levels of x y'.
pub fn add_cross(d: &mut [f64], x: &[f64], y: &[f64], sign: f64) {
    let r = d.len().isqrt();
    for (x, y) in x.chunks_exact(r).zip(y.chunks_exact(r)) {
        for j in 0..r {
            (0..r).for_each(|i| d[j * r + i] += sign * x[i] * y[j]);
        }
    }
}
