//! Second derivatives of V along straight lines of the parameters that users read: variances, correlations.
//!
//! With x = (φ, log σ²), natural parameters N(x) and their slopes J, a line of N in the direction Jc is x = x₀ + tc + t²q/2,
//! Jq = -N_cc; along it V has the second derivative V_cc + V'q.  V_cc and N_cc are differences of exact slopes.

use super::blocks::Slopes;
use crate::linalg::dense;
use crate::residual::{Correlations, ResidualLayout};
use crate::{Error, Result};

/// Step of central differences, in units of a direction that is as large as the parameters' errors.
const STEP: f64 = 1e-3;

/// Lines of natural parameters.
pub struct Lines {
    ends: Vec<End>,
    /// Σ q over the lines.
    q: Vec<f64>,
}

/// φ on one side of a line's middle, and what its slopes along c count.
struct End {
    phi: Vec<f64>,
    correlations: Vec<Correlations>,
    c: Vec<f64>,
    weight: f64,
}

impl Lines {
    /// `directions`: of φ, then of log σ².
    ///
    /// # Errors
    /// `Design` for a structure whose natural parameters do not determine its covariance one to one.
    pub fn new(layout: &ResidualLayout, phi: &[f64], directions: Vec<Vec<f64>>) -> Result<Self> {
        let n = phi.len() + 1;
        let rows = layout.natural_slopes(phi, 0.0).ok_or_else(refusal)?;
        // the rows of J are columns of its transpose
        let inverse = dense::inverse(&rows, n);
        let mut lines = Self { ends: Vec::new(), q: vec![0.0; n] };
        for c in directions {
            let step = STEP / c.iter().fold(1.0f64, |m, v| m.max(v.abs()));
            let mut bend = vec![0.0; n];
            for t in [step, -step] {
                let moved: Vec<f64> = phi.iter().zip(&c).map(|(x, c)| x + t * c).collect();
                let rows = layout.natural_slopes(&moved, t * c[n - 1]).ok_or_else(refusal)?;
                let along = rows.chunks_exact(n).map(|row| row.iter().zip(&c).map(|(j, c)| j * c).sum::<f64>());
                bend.iter_mut().zip(along).for_each(|(b, v)| *b -= v / (2.0 * t));
                let (correlations, weight) = (layout.correlations(&moved), (t * c[n - 1]).exp() / (2.0 * t));
                lines.ends.push(End { phi: moved, correlations, c: c.clone(), weight });
            }
            for i in 0..n {
                lines.q[i] += (0..n).map(|j| inverse[i * n + j] * bend[j]).sum::<f64>();
            }
        }
        Ok(lines)
    }

    /// Σ (V_cc + V'q); `slopes` has R and its slopes at a φ, `middle` those where the lines cross.
    ///
    /// # Errors
    /// Those of `slopes`.
    pub fn bend(
        &self,
        middle: &Slopes,
        slopes: impl Fn(&[f64], &[Correlations]) -> Result<Slopes>,
    ) -> Result<Vec<f64>> {
        let mut out = vec![0.0; middle.0.len()];
        add_along(middle, &self.q, 1.0, &mut out);
        for end in &self.ends {
            add_along(&slopes(&end.phi, &end.correlations)?, &end.c, end.weight, &mut out);
        }
        Ok(out)
    }
}

/// Adds size (Σ c_k dR_k + c R).
fn add_along((r, slopes): &Slopes, c: &[f64], size: f64, out: &mut [f64]) {
    for (matrix, c) in slopes.iter().chain([r]).zip(c) {
        out.iter_mut().zip(matrix).for_each(|(o, v)| *o += size * c * v);
    }
}

fn refusal() -> Error {
    Error::Design(
        "Kenward-Roger's second-order term is not defined for this structure of the residuals; use \
         ddf='kenward-roger-linear'"
            .into(),
    )
}
