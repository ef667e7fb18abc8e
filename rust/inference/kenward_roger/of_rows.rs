//! The adjustment for V whose residuals have parameters, by sums over the rows that V connects.

use std::sync::atomic::AtomicBool;

use super::{Adjustment, Information, KenwardRoger, covariance_of, expected_information, is_observed, observed};
use crate::Result;
use crate::fit::Fit;
use crate::inference::fixed_scores::product;
use crate::inference::row_covariance::{Lines, Traces, row_sums};
use crate::linalg::dense::eigen;
use crate::model::AtResidual;

/// # Errors
/// Those of the sums, and of the information.
pub fn adjustment(fit: &Fit, own: &AtResidual, how: Adjustment, stop: &AtomicBool) -> Result<KenwardRoger> {
    let (sums, p, layout) = (row_sums(fit, own, stop)?, fit.model.a.n_fixed(), &own.residual.layout);
    let phi = fit.workspace()?.factor.fixed_covariance();
    let w = match how.information {
        Some(Information::Expected) if !is_observed(fit, how.information)? => expected(fit, &sums.traces(&phi)?, &phi)?,
        _ => observed(fit, stop)?,
    };
    let directions = directions(&w, fit.free().len() + 1);
    let of_residual = || directions.iter().map(|direction| direction[fit.theta.len()..].to_vec()).collect();
    let counts = how.second_order && !layout.is_linear();
    let lines = counts.then(|| Lines::new(layout, &own.phi, of_residual())).transpose()?;
    let found = sums.products(&directions, lines.as_ref())?;
    let mut middle: Vec<f64> = found.q.iter().zip(&found.bend).map(|(q, bend)| q - 0.25 * bend).collect();
    for direction in &directions {
        let along = combined(&found.b, direction, p);
        let explained = product(&along, &product(&phi, &along, p), p);
        middle.iter_mut().zip(explained).for_each(|(m, v)| *m -= v);
    }
    Ok(KenwardRoger::new(fit, &phi, &middle, &found.b, w))
}

fn expected(fit: &Fit, found: &Traces, phi: &[f64]) -> Result<Vec<f64>> {
    let information = expected_information(phi, &found.b, &found.traces, &found.trace_q, fit.model.a.n_fixed());
    covariance_of(fit, &information, &found.traces, found.b.len())
}

/// Columns c with W = Σ cc'.
fn directions(w: &[f64], n: usize) -> Vec<Vec<f64>> {
    let unit: Vec<f64> = (0..n).map(|k| w[k * n + k].sqrt()).map(|v| if v > 0.0 { v } else { 1.0 }).collect();
    let scaled: Vec<f64> = w.iter().enumerate().map(|(e, v)| v / (unit[e % n] * unit[e / n])).collect();
    let (values, vectors) = eigen(&scaled, n);
    let column = |k: usize| (0..n).map(|i| vectors[k * n + i] * unit[i] * values[k].sqrt()).collect();
    (0..n).filter(|&k| values[k] > 0.0).map(column).collect()
}

/// Σ c_r B_r.
fn combined(b: &[Vec<f64>], c: &[f64], p: usize) -> Vec<f64> {
    let mut out = vec![0.0; p * p];
    b.iter().zip(c).for_each(|(b, c)| out.iter_mut().zip(b).for_each(|(o, v)| *o += c * v));
    out
}
