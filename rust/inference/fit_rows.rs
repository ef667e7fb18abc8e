//! The rows of a fit in its working basis, with the residuals of the fixed part: what sandwiches are made of.

use crate::Result;
use crate::crossproduct::user_row;
use crate::design::{Batch, RowSource};
use crate::fit::Fit;

const BATCH_ROWS: usize = 2048;

/// X (n x p), y - Xβ, the weights (empty for ones), and per random term Z (n x r); row-major.
pub struct FitRows {
    pub x: Vec<f64>,
    pub residuals: Vec<f64>,
    pub weights: Vec<f64>,
    pub z: Vec<Vec<f64>>,
}

impl FitRows {
    /// Reads the rows used.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(fit: &Fit, source: &dyn RowSource) -> Result<Self> {
        let (a, n, p) = (&fit.model.a, source.n_rows(), fit.beta.len());
        let mut out = Self {
            x: Vec::with_capacity(n * p),
            residuals: Vec::with_capacity(n),
            weights: Vec::new(),
            z: a.random.iter().map(|basis| Vec::with_capacity(n * basis.width)).collect(),
        };
        let mut batch = Batch::default();
        for start in (0..n).step_by(BATCH_ROWS) {
            source.read(start..n.min(start + BATCH_ROWS), &mut batch)?;
            out.weights.extend_from_slice(&batch.weights);
            for i in 0..batch.n {
                let row = user_row(source, a, &batch, i);
                let mut fitted: f64 = row.iter().zip(&a.fixed.origin).map(|(x, b)| x * b).sum();
                for j in 0..p {
                    // T'x
                    let value: f64 = a.fixed.transform[j * p..(j + 1) * p].iter().zip(&row).map(|(t, x)| t * x).sum();
                    fitted += value * fit.beta[j];
                    out.x.push(value);
                }
                out.residuals.push(batch.y[i] - fitted);
                for (t, basis) in a.random.iter().enumerate() {
                    let first = out.z[t].len();
                    out.z[t].extend_from_slice(&batch.z[t][i * basis.width..(i + 1) * basis.width]);
                    basis.encode(&mut out.z[t][first..]);
                }
            }
        }
        Ok(out)
    }
}
