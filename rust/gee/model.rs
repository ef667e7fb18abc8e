//! What is solved: the rows of a marginal model, sorted by cluster, with the choices that were made.

use std::sync::atomic::AtomicBool;

use super::clusters::{ClusteredRows, RowSource};
use super::correlation::{Correlation, WorkingCorrelation};
use crate::family::Link;
use crate::linalg::memory;
use crate::model::Glmm;
use crate::rows::PartColumns;
use crate::{Error, Result};

/// What a point holds of a row, and of a row while it is made.
const NUMBERS_OF_ROW: usize = 10;

/// The wave of every row; None: rows of a cluster count from zero.
pub type Waves = Option<Vec<u32>>;

#[derive(Debug, Clone)]
pub struct Equations {
    pub family: String,
    pub link: Link,
    pub rows: ClusteredRows,
    pub correlation: Correlation,
    /// Rows as they were, those without weight among them.
    pub n: usize,
    /// Levels of the grouping factor.
    pub n_groups: usize,
    /// From coefficients of the rows' columns to the user's (p x p, column-major).
    transform: Vec<f64>,
    /// Coefficients of maximum likelihood with independent rows.
    pub start: Vec<f64>,
}

impl Equations {
    /// The mean of a model without its random effects, with a cluster and perhaps a wave for every row.
    ///
    /// # Errors
    /// `Design` for rows without a cluster, and for pairs of waves that no cluster has both of; `Data` where memory does not
    /// hold another copy of the rows; `Interrupted`.
    pub fn new(
        model: &Glmm,
        codes: &[u32],
        waves: &Waves,
        structure: WorkingCorrelation,
        stop: &AtomicBool,
    ) -> Result<Self> {
        let (part, n) = (&model.rows.parts[0], model.rows.n);
        let PartColumns::Dense(x) = &part.columns else {
            return Err(Error::Design("an ordered response has no estimating equations here".into()));
        };
        if codes.len() != n || waves.as_ref().is_some_and(|w| w.len() != n) {
            return Err(Error::Design("every row needs a group, and a time where there are times".into()));
        }
        let prior = |i: usize| model.weights.get(i).copied().unwrap_or(1.0);
        let (y, weight): (Vec<f64>, Vec<f64>) =
            model.observations.iter().enumerate().map(|(i, o)| (o.y / o.trials, o.trials * prior(i))).unzip();
        let (p, offset) = (part.p, part.offset.as_slice());
        let source = RowSource { p, x, y: &y, weight: &weight, offset, codes, wave: waves.as_deref() };
        let rows = ClusteredRows::new(&source)?;
        let correlation = Correlation::new(structure, &rows);
        let n_user = model.n_user();
        let entry = |e: usize| model.transform[(part.first + e / p) * n_user + model.parts[0].first + e % p];
        let out = Self {
            family: model.spec.name.clone(),
            link: model.spec.link,
            n_groups: codes.iter().max().map_or(0, |&c| c as usize + 1),
            transform: (0..p * p).map(entry).collect(),
            start: model.initial[part.first..part.first + p].to_vec(),
            rows,
            correlation,
            n,
        };
        out.check(stop)?;
        Ok(out)
    }

    fn check(&self, stop: &AtomicBool) -> Result<()> {
        self.require_memory()?;
        if self.rows.n_clusters() < 2 {
            return Err(Error::Design("there are fewer than two groups with rows of positive weight".into()));
        }
        if self.rows.p == 0 {
            return Err(Error::Design("the model has no coefficients".into()));
        }
        match self.correlation.missing_pair(&self.rows, stop)? {
            None => Ok(()),
            Some((j, k)) => Err(Error::Design(format!(
                "no group has rows at both times {} and {} (counted from 1), so that their correlation has no estimate; \
                 use correlation 'exchangeable' or 'ar1', or leave rows of rare times out",
                j + 1,
                k + 1
            ))),
        }
    }

    /// Refuses what would not fit: means, residuals and slopes of all rows, and the slopes of the largest clusters of all threads.
    fn require_memory(&self) -> Result<()> {
        let (rows, p) = (&self.rows, self.rows.p);
        let largest = rows.starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        let at_once = largest.saturating_mul(rayon::current_num_threads());
        let inverses = self.correlation.n_inverse_entries();
        let n = rows.n().saturating_mul(NUMBERS_OF_ROW).saturating_add(at_once.saturating_mul(3 * (p + 1)));
        let n = n.saturating_add(inverses.saturating_mul(2));
        memory::room::<f64>(n, 1).map(drop).ok_or_else(|| Error::no_memory("the solution of the equations", n, 1))
    }

    /// The same rows as if they were independent.
    pub fn independent(&self) -> Correlation {
        Correlation::new(WorkingCorrelation::Independence, &self.rows)
    }

    pub fn user_coefficients(&self, beta: &[f64]) -> Vec<f64> {
        crate::model::generalized::product(&self.transform, beta)
    }

    /// T C T'.
    pub fn user_covariance(&self, c: &[f64]) -> Vec<f64> {
        use crate::linalg::dense::square_product;
        let p = self.rows.p;
        square_product(&square_product(&self.transform, c, p, false), &self.transform, p, true)
    }

    /// Linear predictors of the sorted rows.
    pub fn predictors(&self, beta: &[f64]) -> Vec<f64> {
        let rows = &self.rows;
        let own = |i: usize| rows.x(i).iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
        (0..rows.n()).map(|i| own(i) + rows.offset.get(i).copied().unwrap_or(0.0)).collect()
    }
}
