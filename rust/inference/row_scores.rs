//! Every row's part of the equations for β, where random effects cross the clusters.
//!
//! X'V⁻¹(y - Xβ) = Σ_i x̃_i e_i with x̃ = V⁻¹X: sums of these over clusters make a sandwich that is right for many
//! clusters, whatever the dependence within them (Liang and Zeger 1986; Cameron, Gelbach and Miller 2011 for two ways).

use crate::Result;
use crate::design::Rows;
use crate::fit::Fit;

/// Contributions M x̃_i e_i of the rows to β̂, in the user's units (n x p, row-major).
///
/// # Errors
/// Those of reading the rows and of the factor.
pub fn row_contributions(fit: &Fit, source: &Rows) -> Result<Vec<f64>> {
    let (symbolic, a, p) = (&fit.model.symbolic, &fit.model.a, fit.beta.len());
    let work = fit.workspace()?;
    let factor = &work.factor;
    // b_X: the modes of the columns of X, so that V⁻¹X = W(X - Z b_X)
    let modes = factor.backward(symbolic, 0..p, &[]).b;
    let rows = a.stored_rows(source)?;
    let residuals = rows.residuals(&rows.response(), &fit.beta, &[]);
    let mut out = Vec::with_capacity(rows.n * p);
    let mut x = vec![0.0; p];
    for (i, e) in residuals.iter().enumerate() {
        x.copy_from_slice(rows.x(i));
        for (block, modes) in modes.iter().enumerate() {
            let (z, level) = (rows.z(block, i), rows.levels(block)[i] as usize);
            for (z, b) in z.iter().zip(modes[level * z.len() * p..].chunks_exact(p)) {
                x.iter_mut().zip(b).for_each(|(x, b)| *x -= z * b);
            }
        }
        x.iter_mut().for_each(|v| *v *= rows.weight(i) * e);
        factor.solve_x(&mut x, 1);
        factor.solve_x_transposed(&mut x);
        out.extend((0..p).map(|j| (0..p).map(|k| a.fixed.transform[k * p + j] * x[k]).sum::<f64>()));
    }
    Ok(out)
}
