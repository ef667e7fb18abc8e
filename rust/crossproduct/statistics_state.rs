//! Statistics as JSON and named arrays, and back.

use serde::{Deserialize, Serialize};

use super::basis::FixedBasis;
use super::extended::Extended;
use super::state_arrays::{Arrays, broken, flat, pairs, take, whole};
use super::statistics::{Columns, State, Statistics};
use super::tally::Tally;
use crate::Result;
use crate::design::missing::Dropped;
use crate::design::{OpenModel, Registry};

#[derive(Serialize, Deserialize)]
struct Meta {
    open: OpenModel,
    registry: Registry,
    n_obs: usize,
    n_rows_input: usize,
    dropped: Dropped,
    range: Option<(f64, f64)>,
    sum_log_weights: f64,
    /// Shift and scale of every dense column and y; none before rows were seen.
    scaling: Option<Vec<(f64, f64)>>,
    /// Columns of a fit: kept, all, log|det T|.
    fitted: Option<(Vec<usize>, usize, f64)>,
}

impl Statistics {
    /// JSON and arrays that `from_state` turns back into these statistics.
    pub fn state(&self) -> (String, Arrays) {
        let mut arrays = Arrays::new();
        for (g, counts) in self.tally.counts.iter().enumerate() {
            arrays.insert(format!("counts/{g}"), counts.iter().map(|&n| n as f64).collect());
        }
        for (t, moments) in self.moments.iter().enumerate() {
            arrays.insert(format!("moments/{t}"), moments.clone());
        }
        let mut registry = self.registry.clone();
        for (g, steps) in registry.pairs.iter_mut().enumerate() {
            for (k, step) in steps.iter_mut().enumerate() {
                let pairs = std::mem::take(&mut step.pairs);
                arrays.insert(format!("pairs/{g}/{k}"), flat(&pairs));
            }
        }
        if let Some(state) = &self.state {
            state.put(&mut arrays);
        }
        let (scaling, fitted) = match self.state.as_ref().map(|s| &s.columns) {
            Some(Columns::Read(e)) => (Some(e.shift.iter().copied().zip(e.scale.iter().copied()).collect()), None),
            Some(Columns::Fitted(b)) => (None, Some((b.kept.clone(), b.n_columns, b.logdet))),
            None => (None, None),
        };
        let meta = Meta {
            open: self.open.clone(),
            registry,
            n_obs: self.tally.n_obs,
            n_rows_input: self.tally.n_rows_input,
            dropped: self.tally.dropped.clone(),
            range: self.tally.range,
            sum_log_weights: self.state.as_ref().map_or(0.0, |s| s.sums.sum_log_weights),
            scaling,
            fitted,
        };
        (serde_json::to_string(&meta).expect("finite numbers and text"), arrays)
    }

    /// # Errors
    /// `Data` where the state is not one of statistics.
    pub fn from_state(json: &str, mut arrays: Arrays) -> Result<Self> {
        let meta: Meta = serde_json::from_str(json).map_err(|e| broken(&e.to_string()))?;
        let mut registry = meta.registry;
        for (g, steps) in registry.pairs.iter_mut().enumerate() {
            for (k, step) in steps.iter_mut().enumerate() {
                step.pairs = pairs(&take(&mut arrays, &format!("pairs/{g}/{k}"))?);
            }
        }
        registry.index();
        let mut statistics = Self::new(meta.open, registry)?;
        let n_groups = statistics.open.encoding.groups.len();
        let counts = (0..n_groups).map(|g| Ok(whole(&take(&mut arrays, &format!("counts/{g}"))?)));
        let counts = counts.collect::<Result<Vec<Vec<u64>>>>()?;
        let (n_obs, n_rows_input, dropped, range) = (meta.n_obs, meta.n_rows_input, meta.dropped, meta.range);
        statistics.tally = Tally { n_obs, n_rows_input, dropped, range, counts };
        let n_terms = statistics.open.encoding.random.len();
        statistics.moments = (0..n_terms).map_while(|t| arrays.remove(&format!("moments/{t}"))).collect();
        let columns = match (meta.scaling, meta.fitted) {
            (Some(scaling), _) => {
                let mut extended = Extended::new(&statistics.open.encoding.fixed.layout);
                if extended.shift.len() != scaling.len() {
                    return Err(broken("its columns do not fit its model"));
                }
                (extended.shift, extended.scale) = scaling.into_iter().unzip();
                Columns::Read(extended)
            }
            (None, Some((kept, n_columns, logdet))) => {
                let (transform, origin) = (take(&mut arrays, "transform")?, take(&mut arrays, "origin")?);
                Columns::Fitted(FixedBasis { kept, n_columns, transform, origin, logdet })
            }
            (None, None) => return Ok(statistics),
        };
        let state = State::take(&mut arrays, columns, &statistics, meta.sum_log_weights)?;
        statistics.state = Some(state);
        Ok(statistics)
    }
}
