//! Columns that might be added to X: their score and information at the fit's θ (Rao 1948; for group means of a
//! covariate, the test of Hausman 1978 in the form of Mundlak 1978).

use std::sync::Arc;

use super::point::exact_leverage;
use crate::design::Rows;
use crate::fit::Fit;
use crate::{Result, computed};

/// A column with less than this share of its square left lies in the model already.
const NOTHING_LEFT: f64 = 1e-10;

/// G'PG (c x c) and G'Py, P = V⁻¹ - V⁻¹X(X'V⁻¹X)⁻¹X'V⁻¹ with V relative to σ²; zero for columns that X has.
pub struct Added {
    pub information: Vec<f64>,
    pub score: Vec<f64>,
}

/// `columns` has one vector for every candidate.
///
/// # Errors
/// Those of reading the rows and of the factor.
pub fn added(fit: &Fit, source: &Rows, columns: &[Vec<f64>]) -> Result<Added> {
    let rows = fit.model.a.stored_rows(source)?;
    let exact = exact_leverage(&fit.model)?;
    let (c, response) = (columns.len(), rows.response());
    let mut out = Added { information: vec![0.0; c * c], score: vec![0.0; c] };
    for (k, column) in columns.iter().enumerate() {
        let mut model = exact.clone();
        rows.set_response(Arc::make_mut(&mut model.a), column);
        let mut work = model.workspace();
        let found = computed(model.evaluate(&fit.theta, &mut work))?;
        let square: f64 = column.iter().enumerate().map(|(i, g)| rows.weight(i) * g * g).sum();
        if found.is_none_or(|terms| terms.pwrss <= NOTHING_LEFT * square) {
            continue;
        }
        let beta = work.factor.beta();
        let modes = work.factor.modes(&model.symbolic, &beta);
        let mut left = rows.residuals(column, &beta, &modes.b);
        left.iter_mut().enumerate().for_each(|(i, v)| *v *= rows.weight(i));
        let dot = |v: &[f64]| left.iter().zip(v).map(|(a, b)| a * b).sum::<f64>();
        columns.iter().enumerate().for_each(|(l, other)| out.information[k * c + l] = dot(other));
        out.score[k] = dot(&response);
    }
    // columns that were left out have no row of their own
    let left_out: Vec<usize> = (0..c).filter(|&k| out.information[k * c + k] == 0.0).collect();
    left_out.iter().for_each(|k| (0..c).for_each(|l| out.information[l * c + k] = 0.0));
    Ok(out)
}
