//! What the rows of a generalized fit do not tell, as text and named arrays, and the fit of the same rows again.

use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::{GlmmFit, Uncertainty};
use crate::Result;
use crate::fit::verdict::Verdict;
use crate::model::generalized::{Glmm, GlmmEvaluator};
use crate::saved::{Arrays, Saved, damaged, require, take_sized};

#[derive(Serialize, Deserialize)]
struct Meta {
    n_unbounded: usize,
    uncertain: Option<String>,
    #[serde(flatten)]
    verdict: Verdict,
}

impl GlmmFit {
    /// What `from_saved` turns back into this fit, with its rows.
    pub fn saved(&self) -> Saved {
        let mut verdict = self.verdict.clone();
        if !verdict.expected_decrease.is_finite() {
            verdict.expected_decrease = -1.0;
        }
        let mut arrays = Arrays::from([
            ("x".to_owned(), self.x.clone()),
            ("chart".to_owned(), self.model.chart.clone()),
            ("covariance".to_owned(), self.covariance.clone()),
            ("fixed_slopes".to_owned(), self.fixed_slopes.clone()),
        ]);
        arrays.extend(self.unbounded.iter().enumerate().map(|(k, v)| (format!("unbounded/{k}"), v.clone())));
        arrays.extend(self.u.iter().enumerate().map(|(k, u)| (format!("u/{k}"), u.clone())));
        let uncertain = self.uncertain.clone();
        Saved::new(&Meta { n_unbounded: self.unbounded.len(), uncertain, verdict }, arrays)
    }

    /// # Errors
    /// `Data` where this is no saved fit of such a model; those of the criterion.
    pub fn from_saved(model: &Glmm, saved: Saved, stop: &AtomicBool) -> Result<Self> {
        let (meta, mut arrays): (Meta, Arrays) = saved.open()?;
        let (p, n) = (model.n_coefficients(), model.n_theta() + model.n_coefficients());
        require(meta.n_unbounded <= n, "more directions than parameters")?;
        let chart = take_sized(&mut arrays, "chart", p * p)?;
        let x = take_sized(&mut arrays, "x", n)?;
        // missing numbers are what the covariance of a fit without an optimum has
        let covariance = arrays.remove("covariance").unwrap_or_default();
        require(covariance.len() == n * n, "its covariance is not that of its parameters")?;
        let fixed_slopes = arrays.remove("fixed_slopes").ok_or_else(|| damaged("fixed_slopes is missing"))?;
        let fixed = model.integrated.as_ref().map_or(0, |own| own.p);
        require(
            fixed_slopes.is_empty() || fixed_slopes.len() == n * fixed,
            "its slopes are not those of its parameters",
        )?;
        let unbounded = (0..meta.n_unbounded).map(|k| take_sized(&mut arrays, &format!("unbounded/{k}"), n));
        let unbounded = unbounded.collect::<Result<_>>()?;
        let blocks = model.rows.blocks.iter().enumerate();
        let u = blocks.map(|(k, block)| take_sized(&mut arrays, &format!("u/{k}"), block.n_levels * block.width));
        let u = u.collect::<Result<Vec<_>>>()?;
        let model = Glmm { chart, ..model.clone() };
        let mut objective = GlmmEvaluator::new(&model, stop);
        objective.set_from(u);
        let known = Uncertainty { covariance, unbounded, reason: meta.uncertain, fixed_slopes };
        Self::at(&mut objective, x, known, meta.verdict)
    }
}
