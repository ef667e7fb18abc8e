//! What the parameters φ of the residuals are: correlations, for every level of `by` its own, then log standard deviations.

use super::boundary::Limit;
use super::correlation::{Correlation, CorrelationStructure, Correlations, Natural, Places};
use super::scale::ScaleLayout;

#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ResidualLayout {
    pub correlation: Option<Correlation>,
    pub places: Places,
    /// Levels with correlations of their own; empty where all have the same.
    pub by: Vec<String>,
    pub scale: ScaleLayout,
}

impl ResidualLayout {
    /// Correlation parameters of one level of `by`.
    pub fn n_of_level(&self) -> usize {
        self.correlation.map_or(0, |c| c.structure().n_parameters(&self.places))
    }

    pub fn n_levels(&self) -> usize {
        self.by.len().max(1)
    }

    pub fn n_correlation(&self) -> usize {
        self.n_of_level() * self.n_levels()
    }

    pub fn n_parameters(&self) -> usize {
        self.n_correlation() + self.scale.n()
    }

    /// The parameters of every level's correlations, and those of the log standard deviations.
    pub fn split<'a>(&self, phi: &'a [f64]) -> (&'a [f64], &'a [f64]) {
        phi.split_at(self.n_correlation())
    }

    /// The correlations of every level of `by`.
    pub fn correlations(&self, phi: &[f64]) -> Vec<Correlations> {
        let Some(correlation) = self.correlation else { return Vec::new() };
        let (structure, k) = (correlation.structure(), self.n_of_level());
        (0..self.n_levels()).map(|b| structure.at(&phi[b * k..(b + 1) * k], &self.places)).collect()
    }

    /// Correlations as users read them, with slopes in all of φ.
    pub fn natural(&self, phi: &[f64]) -> Vec<Natural> {
        self.by_level(phi, |structure, x| structure.natural(x, &self.places))
    }

    fn by_level(
        &self,
        phi: &[f64],
        natural: impl Fn(&dyn CorrelationStructure, &[f64]) -> Vec<Natural>,
    ) -> Vec<Natural> {
        let Some(correlation) = self.correlation else { return Vec::new() };
        let (structure, k) = (correlation.structure(), self.n_of_level());
        let of_level = |b: usize| {
            let own = natural(structure.as_ref(), &phi[b * k..(b + 1) * k]);
            own.into_iter().map(move |natural| {
                let mut slopes = vec![0.0; phi.len()];
                slopes[b * k..(b + 1) * k].copy_from_slice(&natural.slopes);
                let name = match self.by.get(b) {
                    Some(level) => format!("{}, {level}", natural.name),
                    None => natural.name,
                };
                Natural { name, slopes, ..natural }
            })
        };
        (0..self.n_levels()).flat_map(of_level).collect()
    }

    /// log of (σ of a row whose columns and offset are zero) over (σ inside).
    pub fn log_unit(&self, phi: &[f64]) -> f64 {
        self.scale.log_unit(self.split(phi).1)
    }

    /// log of (the standard deviation at the k-th visit) over (σ inside), at zero of other columns.
    pub fn log_visit_sd(&self, phi: &[f64], k: usize) -> f64 {
        let own = if k == 0 { 0.0 } else { self.scale.to_user(self.split(phi).1)[k - 1] };
        self.log_unit(phi) + own
    }

    /// The ends that correlations are close to, by level of `by`, whose name is empty where there is one set.
    pub fn limits(&self, phi: &[f64]) -> Vec<(String, Limit)> {
        let Some(correlation) = self.correlation else { return Vec::new() };
        let (structure, k) = (correlation.structure(), self.n_of_level());
        let of_level = |b: usize| {
            let limit = structure.limit(&phi[b * k..(b + 1) * k], &self.places)?;
            Some((self.by.get(b).cloned().unwrap_or_default(), limit))
        };
        (0..self.n_levels()).filter_map(of_level).collect()
    }

    /// Whether σ²R is linear in variances and covariances: of visits, or one variance and covariances of lags.
    pub fn is_linear(&self) -> bool {
        let n_scale = self.scale.n();
        match self.correlation {
            Some(Correlation::Unrestricted) => n_scale == self.scale.n_visits,
            Some(Correlation::Exchangeable | Correlation::Toeplitz) => n_scale == 0,
            _ => false,
        }
    }

    /// Slopes of the parameters as users read them in (φ, log σ²), row after row, at log σ² = 0: correlations; the variance at
    /// zero of the columns of log sd, then at every visit; coefficients of log sd.  None where they are more than the free ones.
    pub fn natural_slopes(&self, phi: &[f64], log_variance: f64) -> Option<Vec<f64>> {
        let (n, first) = (phi.len() + 1, self.n_correlation());
        let correlations = self.by_level(phi, |structure, x| structure.natural_of_any_unit(x, &self.places));
        if correlations.len() != first {
            return None;
        }
        let mut rows: Vec<f64> = Vec::with_capacity(n * n);
        for natural in correlations {
            rows.extend(natural.slopes);
            rows.push(0.0);
        }
        let log_variance = log_variance + 2.0 * self.log_unit(phi);
        let delta = self.scale.to_user(self.split(phi).1);
        // log variance at zero of the columns: log σ² + 2 log unit, which has -centre/unit of every δ
        let mut at_zero = vec![0.0; n];
        let columns = self.scale.centre.iter().zip(&self.scale.unit).enumerate();
        columns.for_each(|(k, (centre, unit))| at_zero[first + k] = -2.0 * centre / unit);
        at_zero[n - 1] = 1.0;
        rows.extend(at_zero.iter().map(|v| v * log_variance.exp()));
        for (k, (delta, unit)) in delta.iter().zip(&self.scale.unit).enumerate() {
            let is_visit = k < self.scale.n_visits;
            let mut row = if is_visit { at_zero.clone() } else { vec![0.0; n] };
            row[first + k] += if is_visit { 2.0 / unit } else { 1.0 / unit };
            let size = if is_visit { (log_variance + 2.0 * delta).exp() } else { 1.0 };
            rows.extend(row.iter().map(|v| v * size));
        }
        Some(rows)
    }
}
