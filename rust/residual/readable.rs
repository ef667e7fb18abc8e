//! The parameters of the residuals that users read, one by one: names, values, and how they move with the free numbers.

use super::layout::ResidualLayout;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResidualParameter {
    /// A correlation or its like.
    Correlation(usize),
    /// The standard deviation of a visit; the first is σ.
    Deviation(usize),
    /// A coefficient of the columns of log sd.
    Coefficient(usize),
}

impl ResidualParameter {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Correlation(_) => "correlation",
            Self::Deviation(_) => "sd",
            Self::Coefficient(_) => "dispersion",
        }
    }
}

impl ResidualLayout {
    /// All of them by name: correlations, standard deviations of visits, coefficients of the dispersion.
    pub fn readable(&self, phi: &[f64]) -> Vec<(String, ResidualParameter)> {
        let correlations = self.natural(phi).into_iter().map(|natural| natural.name);
        let mut all: Vec<_> = correlations.enumerate().map(|(k, n)| (n, ResidualParameter::Correlation(k))).collect();
        let (names, n_visits) = (&self.scale.names, self.scale.n_visits);
        if n_visits > 0 {
            let visits = std::iter::once(self.scale.first_visit.clone()).chain(names[..n_visits].iter().cloned());
            all.extend(visits.enumerate().map(|(k, name)| (format!("sd({name})"), ResidualParameter::Deviation(k))));
        }
        let named = |k: usize| (format!("dispersion:{}", names[k]), ResidualParameter::Coefficient(k));
        all.extend((n_visits..names.len()).map(named));
        all
    }

    pub fn has(&self, parameter: ResidualParameter, phi: &[f64]) -> bool {
        match parameter {
            ResidualParameter::Deviation(0) => true,
            other => self.readable(phi).iter().any(|(_, own)| *own == other),
        }
    }

    /// Its value where σ inside is `sigma`.
    pub fn value(&self, parameter: ResidualParameter, phi: &[f64], sigma: f64) -> f64 {
        match parameter {
            ResidualParameter::Correlation(k) => self.natural(phi)[k].value,
            ResidualParameter::Deviation(k) => (sigma.ln() + self.log_visit_sd(phi, k)).exp(),
            ResidualParameter::Coefficient(k) => self.split(phi).1[k] / self.scale.unit[k],
        }
    }

    /// Where it can be.
    pub fn bounds(&self, parameter: ResidualParameter, phi: &[f64]) -> (f64, f64) {
        match parameter {
            ResidualParameter::Correlation(k) => self.natural(phi)[k].bounds,
            ResidualParameter::Deviation(_) => (0.0, f64::INFINITY),
            ResidualParameter::Coefficient(_) => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// Its slopes in φ and in log σ² inside: of the logarithm where it is positive alone.
    pub fn slopes(&self, parameter: ResidualParameter, phi: &[f64]) -> Vec<f64> {
        let (first, mut slopes) = (self.n_correlation(), vec![0.0; phi.len() + 1]);
        match parameter {
            ResidualParameter::Correlation(k) => {
                let natural = &self.natural(phi)[k];
                let unit = if is_positive(natural.bounds) { natural.value } else { 1.0 };
                slopes.iter_mut().zip(&natural.slopes).for_each(|(slope, own)| *slope = own / unit);
            }
            ResidualParameter::Deviation(k) => {
                let columns = self.scale.centre.iter().zip(&self.scale.unit).enumerate();
                columns.for_each(|(j, (centre, unit))| slopes[first + j] = -centre / unit);
                if k > 0 {
                    slopes[first + k - 1] += 1.0 / self.scale.unit[k - 1];
                }
                slopes[phi.len()] = 0.5;
            }
            ResidualParameter::Coefficient(k) => slopes[first + k] = 1.0 / self.scale.unit[k],
        }
        slopes
    }
}

/// Whether a range is that of the positive numbers.
pub fn is_positive(bounds: (f64, f64)) -> bool {
    bounds == (0.0, f64::INFINITY)
}
