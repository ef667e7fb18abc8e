//! The same model of some of its rows: groups left out, or drawn with replacement as new groups.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::build::exact;
use super::model::{Glmm, constant};
use super::start::without_random_effects;
use crate::covariance::{TermSpec, ThetaMap};
use crate::crossproduct::Reweighting;
use crate::family::Observation;
use crate::ids::FactorId;
use crate::linalg::dense::{self, eigen};
use crate::penalized_ls::SymbolicFactor;
use crate::rows::{BlockRows, PartColumns, PartRows, PartedRows};
use crate::{Result, computed};

/// Share of the largest curvature of a part's columns below which the rows do not determine its coefficients.
const DETERMINED: f64 = 1e-10;

/// Rows of a model, by their places, and the level of each by block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnRows {
    pub rows: Vec<usize>,
    pub codes: Vec<Vec<u32>>,
    pub n_levels: Vec<usize>,
}

impl DrawnRows {
    /// Rows with the levels that they have, of which those that no row has are left out.
    pub fn with_own_levels(model: &Glmm, rows: Vec<usize>) -> Self {
        let (mut codes, mut n_levels) = (Vec::new(), Vec::new());
        for block in &model.rows.blocks {
            let own: Vec<u32> = rows.iter().map(|&i| block.codes[i]).collect();
            let mut levels = own.clone();
            levels.sort_unstable();
            levels.dedup();
            codes.push(own.iter().map(|code| levels.partition_point(|level| level < code) as u32).collect());
            n_levels.push(levels.len());
        }
        Self { rows, codes, n_levels }
    }
}

impl Glmm {
    /// The model of drawn rows, in the same coordinates.
    ///
    /// # Errors
    /// `Design` where the random effects that are crossed are too many.
    pub fn of_rows(&self, drawn: &DrawnRows) -> Result<Self> {
        let mut order: Vec<usize> = (0..self.rows.blocks.len()).collect();
        order.sort_by_key(|&k| std::cmp::Reverse(drawn.n_levels[k]));
        let factors: Vec<FactorId> = order.iter().map(|&k| self.factors[k]).collect();
        let rows = self.rows_drawn(drawn, &order);
        let reweighting = Reweighting::new(&rows);
        let unfilled = || reweighting.unfilled(&rows, 0, &factors, &self.bases);
        let symbolic = exact(SymbolicFactor::new(&unfilled()), unfilled)?;
        let terms = self.theta_map.terms.iter().map(|term| term.spec(self.factors[term.block.0]));
        let terms: Vec<TermSpec> = terms.collect();
        let observations: Vec<Observation> = drawn.rows.iter().map(|&i| self.observations[i]).collect();
        let weights: Vec<f64> = match self.weights.is_empty() {
            true => Vec::new(),
            false => drawn.rows.iter().map(|&i| self.weights[i]).collect(),
        };
        Ok(Self {
            constant: constant(&self.family, self.unit, &observations, &weights),
            observations: Arc::new(observations),
            weights: Arc::new(weights),
            theta_map: ThetaMap::new(&terms, &factors),
            symbolic: Arc::new(symbolic),
            rows: Arc::new(rows),
            reweighting: Arc::new(reweighting),
            factors,
            ..self.clone()
        })
    }

    fn rows_drawn(&self, drawn: &DrawnRows, order: &[usize]) -> PartedRows {
        let block = |&k: &usize| {
            let own = &self.rows.blocks[k];
            BlockRows {
                n_levels: drawn.n_levels[k],
                width: own.width,
                z: gathered(&own.z, own.width, &drawn.rows),
                codes: drawn.codes[k].clone(),
                part: own.part.clone(),
            }
        };
        let part = |part: &PartRows| PartRows {
            columns: match &part.columns {
                PartColumns::Dense(x) => PartColumns::Dense(gathered(x, part.p, &drawn.rows)),
                PartColumns::Indicator(codes) => PartColumns::Indicator(drawn.rows.iter().map(|&i| codes[i]).collect()),
            },
            offset: if part.offset.is_empty() { Vec::new() } else { gathered(&part.offset, 1, &drawn.rows) },
            ..*part
        };
        PartedRows {
            n: drawn.rows.len(),
            n_coefficients: self.rows.n_coefficients,
            parts: self.rows.parts.iter().map(part).collect(),
            blocks: order.iter().map(block).collect(),
            random_parts: self.rows.random_parts.clone(),
        }
    }

    /// Whether every coefficient has a best value: the rows determine it, the response varies and separates nothing.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn has_best_coefficients(&self, stop: &AtomicBool) -> Result<bool> {
        let first = self.observations.first().map(|o| o.y);
        let varies = self.observations.iter().any(|o| Some(o.y) != first || o.trials != 1.0);
        if !varies || !self.rows.parts.iter().all(is_determined) {
            return Ok(false);
        }
        Ok(computed(without_random_effects(self, stop))?.is_some_and(|(_, _, separation)| separation.is_none()))
    }
}

/// Whether rows determine the coefficients of a part; of thresholds whether rows have every category.
fn is_determined(part: &PartRows) -> bool {
    let p = part.p;
    match &part.columns {
        PartColumns::Indicator(codes) => (0..p as u32).all(|k| codes.contains(&k)),
        PartColumns::Dense(x) => {
            let (mut xx, x) = (vec![0.0; p * p], dense::view(x, p, x.len() / p.max(1)));
            dense::multiply(dense::view_mut(&mut xx, p, p), faer::Accum::Replace, x, x.transpose(), 1.0);
            let (values, _) = eigen(&xx, p);
            let largest = values.iter().fold(0.0f64, |a, v| a.max(*v));
            values.iter().all(|v| *v > DETERMINED * largest)
        }
    }
}

fn gathered(values: &[f64], width: usize, rows: &[usize]) -> Vec<f64> {
    rows.iter().flat_map(|&i| values[i * width..(i + 1) * width].iter().copied()).collect()
}
