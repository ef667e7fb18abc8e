//! Every row's part of the equations for β, where random effects cross the clusters.
//!
//! X'V⁻¹(y - Xβ) = Σ_i x̃_i e_i with x̃ = V⁻¹X: sums of these over clusters make a sandwich that is right for many
//! clusters, whatever the dependence within them (Liang and Zeger 1986; Cameron, Gelbach and Miller 2011 for two ways).
//! V⁻¹X = R⁻¹(X - Z b_X), b_X the modes of the columns of X; R = W⁻¹, or in groups of rows that of the residuals.

use crate::Result;
use crate::design::Rows;
use crate::fit::Fit;
use crate::penalized_ls::product::Effects;
use crate::rows::StoredRows;

/// Contributions M x̃_i e_i of the rows to β̂, in the user's units (n x p, row-major).
///
/// # Errors
/// Those of reading the rows and of the factor.
pub fn row_contributions(fit: &Fit, source: &Rows) -> Result<Vec<f64>> {
    let (symbolic, a, p) = (&fit.model.symbolic, &fit.model.a, fit.beta.len());
    if p == 0 {
        return Ok(Vec::new());
    }
    let work = fit.workspace()?;
    let factor = &work.factor;
    let modes = factor.backward(symbolic, 0..p, &[]).b;
    let rows = a.stored_rows(source)?;
    let mut scores = less_modes(&rows, &modes, p);
    match &fit.model.residual {
        Some(own) => own.residual.change_groups(&mut scores, |group, x| {
            own.whitened.factors[group.pattern].solve_rows(x, group.n);
            own.whitened.factors[group.pattern].solve_rows_transposed(x, group.n);
        }),
        None => scores.chunks_exact_mut(p).enumerate().for_each(|(i, x)| scale(x, rows.weight(i))),
    }
    for (x, e) in scores.chunks_exact_mut(p).zip(rows.residuals(&rows.response(), &fit.beta, &[])) {
        scale(x, e);
        factor.solve_x(x, 1);
        factor.solve_x_transposed(x);
        let user: Vec<f64> = (0..p).map(|j| (0..p).map(|k| a.fixed.transform[k * p + j] * x[k]).sum()).collect();
        x.copy_from_slice(&user);
    }
    Ok(scores)
}

fn scale(x: &mut [f64], by: f64) {
    x.iter_mut().for_each(|v| *v *= by);
}

/// X - Z b_X (n x p, row-major).
fn less_modes(rows: &StoredRows, modes: &Effects, p: usize) -> Vec<f64> {
    let mut out: Vec<f64> = (0..rows.n).flat_map(|i| rows.x(i)).copied().collect();
    for (i, x) in out.chunks_exact_mut(p).enumerate() {
        for (block, modes) in modes.iter().enumerate() {
            let (z, level) = (rows.z(block, i), rows.levels(block)[i] as usize);
            for (z, b) in z.iter().zip(modes[level * z.len() * p..].chunks_exact(p)) {
                x.iter_mut().zip(b).for_each(|(x, b)| *x -= z * b);
            }
        }
    }
    out
}
