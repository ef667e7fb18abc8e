//! The error of Laplace's approximation: the next term of the expansion of the integral over the random effects.
//!
//! log L = Laplace + ε + ...,   ε = -1/8 Σ ℓ⁗ C² + 1/8 t's + 1/12 Σ over levels of S·(N ⊗ N ⊗ N)·S,   S_abc = Σ T z_a z_b z_c
//!
//! (Shun and McCullagh 1995, J. Royal Statistical Society B 57, 749-760).  The last sum is over pairs of rows; pairs that share no
//! level add little and are left out.

use super::evaluator::GlmmEvaluator;
use super::leverage::leverages;
use super::model::Glmm;
use crate::family::RowDerivatives;
use crate::penalized_ls::InverseEntries;
use crate::{Error, Result};

/// Step of the fourth derivative, as a difference of the third.
const STEP: f64 = 1e-3;

/// ε at x.
///
/// # Errors
/// `Design` where random effects are in another part than that of the mean; those of the criterion.
pub fn laplace_error(evaluator: &mut GlmmEvaluator, x: &[f64]) -> Result<f64> {
    if evaluator.model.rows.random_parts != [0] {
        return Err(Error::Design(
            "the error of Laplace's approximation is known for random effects of the mean alone".into(),
        ));
    }
    evaluator.invert_at(x)?;
    let (_, point) = evaluator.evaluate(x)?;
    let eta = point.eta.clone();
    let model = evaluator.model.clone();
    let third = third_derivatives(&model, &eta, 0.0);
    let (up, down) = (third_derivatives(&model, &eta, STEP), third_derivatives(&model, &eta, -STEP));
    let newton = &mut evaluator.newton;
    let entries = InverseEntries::new(&evaluator.inverse, &newton.factor, &model.symbolic);
    let c = leverages(&model, &entries, (&newton.a, &newton.panels));
    let fourth: f64 = up.iter().zip(&down).zip(&c).map(|((a, b), c)| (a - b) / (2.0 * STEP) * c * c).sum();
    let t: Vec<f64> = third.iter().zip(&c).map(|(t, c)| t * c).collect();
    let cubes: f64 = (0..model.rows.blocks.len()).map(|f| cubes(&model, &entries, f, &third)).sum();
    let right = model.rows.random_transposed(&t, 1, &model.rows.random_slots());
    let solved = newton.factor.solve(right, &newton.a, &model.symbolic);
    let s = model.rows.random(&solved.b);
    let cross: f64 = t.iter().zip(&s[0]).map(|(t, s)| t * s).sum();
    Ok(-fourth / 8.0 + cross / 8.0 + cubes / 12.0)
}

/// Weighted, where the linear predictor of the mean is moved.
fn third_derivatives(model: &Glmm, eta: &[Vec<f64>], by: f64) -> Vec<f64> {
    let mut moved = eta.to_vec();
    moved[0].iter_mut().for_each(|eta| *eta += by);
    let mut rows = RowDerivatives::default();
    model.family.derivatives(&model.observations, &moved, &[0], &mut rows);
    rows.weigh(&model.weights);
    rows.t
}

/// Σ over the levels of a grouping factor of S·(N ⊗ N ⊗ N)·S.
fn cubes(model: &Glmm, entries: &InverseEntries, f: usize, third: &[f64]) -> f64 {
    let block = &model.rows.blocks[f];
    let r = block.width;
    let size = r * r * r;
    let mut s = vec![0.0; block.n_levels * size];
    for (i, t) in third.iter().enumerate() {
        let (z, own) = (block.z(i), &mut s[block.codes[i] as usize * size..][..size]);
        for (e, sum) in own.iter_mut().enumerate() {
            *sum += t * z[e % r] * z[e / r % r] * z[e / (r * r)];
        }
    }
    let of_level = |(level, s): (usize, &[f64])| -> f64 {
        // N in each of the three directions, one after the other
        let n = entries.own(f, level, r);
        let mut moved = s.to_vec();
        for stride in [1, r, r * r] {
            let from = moved.clone();
            for (e, value) in moved.iter_mut().enumerate() {
                let k = e / stride % r;
                *value = (0..r).map(|j| n[j * r + k] * from[e - k * stride + j * stride]).sum();
            }
        }
        s.iter().zip(&moved).map(|(a, b)| a * b).sum()
    };
    s.chunks_exact(size).enumerate().map(of_level).sum()
}
