//! Where a search starts: each grouping factor fitted alone, at the residuals of least squares.
//!
//! One factor alone costs next to nothing, the more so without fixed effects and with some of its levels.
//! It also takes up the variance of the factors it is nested in, and leaves that of the others in its
//! residual; both are set right afterwards by their variance a row, v = tr(Z Σ Z') / n.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::evaluator::LmmEvaluator;
use crate::covariance::{TermCovariance, TermSpec};
use crate::crossproduct::{CrossProducts, FactorBlock};
use crate::ids::BlockId;
use crate::linalg::dense;
use crate::model::{Criterion, Lmm};
use crate::optimize::{Settings, trust_region};
use crate::rows::FixedBasis;
use crate::{Error, Result};

/// Levels of one factor that say enough, and that say something; between them, one for so many flops of an
/// evaluation, so that a start takes little of what it saves.
const MOST_LEVELS: usize = 4000;
const LEAST_LEVELS: usize = 200;
const FLOPS_A_LEVEL: f64 = 500.0;
/// Cheaper evaluations than this, in flops, need no better start than Λ = I.
const CHEAP: f64 = 1e4;
/// A variance is never corrected below this share of itself.
const LEAST: f64 = 0.05;

/// One factor's own fit.
struct Alone {
    /// Terms of the factor, with their parameters.
    theta: Vec<(usize, Vec<f64>)>,
    /// Residual variance, and variance a row of the random effects.
    residual: f64,
    random: f64,
}

/// θ from the factors one by one.
///
/// # Errors
/// `Interrupted`.
pub fn by_factor(model: &Lmm, stop: &AtomicBool) -> Result<Vec<f64>> {
    let mut theta = model.theta_map.start();
    if model.symbolic.flops(model.a.n_fixed()) < CHEAP {
        return Ok(theta);
    }
    let a = &model.a;
    let Some((beta, rss)) = least_squares(a) else { return Ok(theta) };
    let mut alone = Vec::new();
    for block in 0..a.factors.len() {
        match fit_alone(model, block, &beta, rss, stop) {
            Ok(fit) => alone.push(fit),
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(_) => return Ok(theta),
        }
    }
    let random: Vec<f64> = (0..alone.len()).map(|f| less_ancestors(a, &alone, f)).collect();
    let residual = (0..alone.len())
        .map(|f| {
            let elsewhere: f64 = (0..alone.len()).filter(|&g| g != f && !is_nested(a, f, g)).map(|g| random[g]).sum();
            (alone[f].residual - elsewhere).max(LEAST * alone[f].residual)
        })
        .fold(f64::INFINITY, f64::min);
    for (fit, random) in alone.iter().zip(&random) {
        let scale = (fit.residual / residual * random / fit.random.max(f64::MIN_POSITIVE)).sqrt();
        for (term, values) in &fit.theta {
            let term = &model.theta_map.terms[*term];
            let scaled = term.scaled(values, scale);
            theta[term.first..term.first + scaled.len()].copy_from_slice(&scaled);
        }
    }
    Ok(theta)
}

/// The variance of a factor's effects without that of the factors it is nested in.
fn less_ancestors(a: &CrossProducts, alone: &[Alone], f: usize) -> f64 {
    let above: f64 = (0..alone.len()).filter(|&g| g != f && is_nested(a, f, g)).map(|g| alone[g].random).sum();
    (alone[f].random - above).max(LEAST * alone[f].random)
}

/// Every level of factor f lies in one level of factor g.
fn is_nested(a: &CrossProducts, f: usize, g: usize) -> bool {
    g > f && a.patterns[g][f].is_nested()
}

/// β and the residual sum of squares without random effects.
fn least_squares(a: &CrossProducts) -> Option<(Vec<f64>, f64)> {
    let (p, stride) = (a.n_fixed(), a.n_fixed() + 1);
    let mut l: Vec<f64> = (0..p * p).map(|k| a.xx[k / p * stride + k % p]).collect();
    let xy = &a.xx[p * stride..p * stride + p];
    let mut beta = xy.to_vec();
    dense::cholesky_lower(&mut l, p).ok()?;
    dense::solve_lower(&l, &mut beta, p, 1);
    dense::solve_lower_transposed(&l, &mut beta, p, 1);
    let rss = a.xx[p * stride + p] - beta.iter().zip(xy).map(|(b, v)| b * v).sum::<f64>();
    (rss > 0.0 && rss.is_finite()).then_some((beta, rss))
}

fn fit_alone(model: &Lmm, block: usize, beta: &[f64], rss: f64, stop: &AtomicBool) -> Result<Alone> {
    let factor = &model.a.factors[block];
    let levels = (model.symbolic.flops(model.a.n_fixed()) / FLOPS_A_LEVEL) as usize;
    let step = factor.n_levels.div_ceil(levels.clamp(LEAST_LEVELS, MOST_LEVELS));
    let terms: Vec<usize> =
        (0..model.theta_map.terms.len()).filter(|&t| model.theta_map.terms[t].block == BlockId(block)).collect();
    let own = |&t: &usize| &model.theta_map.terms[t];
    let alone = |term: &TermCovariance| term.spec(factor.factor);
    let specification: Vec<TermSpec> = terms.iter().map(own).map(alone).collect();
    let part = one_factor(&model.a, factor, step, beta, rss);
    let alone = Lmm::new(part, &specification, Criterion::Ml);
    let mut objective = LmmEvaluator::new(&alone, stop);
    let settings = Settings { tolerance: 1e-2, max_evaluations: 20 };
    let outcome = trust_region::minimize(&mut objective, &alone.theta_map.start(), settings)?;
    let residual = objective.evaluate(&outcome.x)?.sigma().powi(2);
    let random = residual * variance_per_row(&alone, &objective.work.factor.lambda[0]);
    let theta =
        terms.iter().zip(&alone.theta_map.terms).map(|(&t, own)| (t, own.parameters(&outcome.x).to_vec())).collect();
    Ok(Alone { theta, residual, random })
}

/// The cross-products of every `step`-th level of one factor with the residuals of least squares.
fn one_factor(a: &CrossProducts, factor: &FactorBlock, step: usize, beta: &[f64], rss: f64) -> CrossProducts {
    let (r, p) = (factor.width, beta.len());
    let (mut zz, mut zx) = (Vec::new(), Vec::new());
    for level in (0..factor.n_levels).step_by(step) {
        zz.extend_from_slice(&factor.zz[level * r * r..(level + 1) * r * r]);
        zx.extend(
            factor.zx[level * r * (p + 1)..(level + 1) * r * (p + 1)]
                .chunks_exact(p + 1)
                .map(|row| row[p] - row.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>()),
        );
    }
    let share = trace(&zz, r) / trace(&factor.zz, r).max(f64::MIN_POSITIVE);
    CrossProducts {
        n_obs: ((a.n_obs as f64 * share) as usize).max(1),
        sum_log_weights: 0.0,
        factors: vec![FactorBlock { factor: factor.factor, n_levels: zz.len() / (r * r), width: r, zz, zx }],
        patterns: Arc::new(vec![Vec::new()]),
        links: vec![Vec::new()],
        xx: vec![rss * share],
        fixed: FixedBasis::default(),
        random: Vec::new(),
    }
}

fn trace(zz: &[f64], r: usize) -> f64 {
    zz.chunks_exact(r * r).map(|block| (0..r).map(|j| block[j * r + j]).sum::<f64>()).sum()
}

/// tr(Λ'Z'ZΛ) / n.
fn variance_per_row(alone: &Lmm, lambda: &[f64]) -> f64 {
    let factor = &alone.a.factors[0];
    let r = factor.width;
    let mut zz = vec![0.0; r * r];
    factor.zz.chunks_exact(r * r).for_each(|block| zz.iter_mut().zip(block).for_each(|(s, v)| *s += v));
    let column = |k: usize| -> f64 { (0..r * r).map(|e| zz[e] * lambda[k * r + e % r] * lambda[k * r + e / r]).sum() };
    (0..r).map(column).sum::<f64>() / alone.a.n_obs as f64
}
