//! Residuals drawn for new rows: independent, or correlated within groups.

use std::collections::BTreeMap;

use rand_xoshiro::Xoshiro256PlusPlus;

use super::result::Fit;
use super::simulate::normal;
use crate::residual::NewResiduals;
use crate::{Error, Result};

/// How residuals of new rows are drawn.
pub enum NewNoise {
    /// Standard deviations by row.
    Independent(Vec<f64>),
    /// Rows of every group, and L of their covariance.
    Groups(Vec<(Vec<usize>, Vec<f64>)>),
}

impl NewNoise {
    /// Of a fit whose residuals have σ alone; `shares`: variances over that of a row of weight one.
    ///
    /// # Errors
    /// `Design` for a fit whose residuals have parameters.
    pub fn independent(fit: &Fit, shares: &[f64]) -> Result<Self> {
        fit.model.plain("independent residuals")?;
        Ok(Self::Independent(shares.iter().map(|share| fit.sigma * share.sqrt()).collect()))
    }

    /// Of a fit whose residuals have parameters; `group` numbers the groups of the new rows.
    ///
    /// # Errors
    /// Those of the residuals' covariance.
    pub fn of_groups(fit: &Fit, new: &NewResiduals) -> Result<Self> {
        let own = fit.model.residual.as_ref();
        let own =
            own.ok_or_else(|| Error::Design("the residuals of this fit have no parameters beside sigma".into()))?;
        let layout = &own.residual.layout;
        new.check(layout)?;
        let delta = layout.split(&own.phi).1;
        let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        let mut groups = Vec::new();
        for i in 0..new.n() {
            let (sd, has_place) = (new.sd(layout, delta, i), !new.place[i].is_nan());
            match layout.correlation {
                Some(_) if has_place && !sd.is_nan() => rows.entry(new.group[i]).or_default().push(i),
                Some(_) => groups.push((vec![i], vec![f64::NAN])),
                None => groups.push((vec![i], vec![fit.sigma * sd])),
            }
        }
        for own_rows in rows.into_values() {
            let l = layout.new_factor(&own.phi, new, &own_rows)?;
            groups.push((own_rows, l.iter().map(|v| v * fit.sigma).collect()));
        }
        Ok(Self::Groups(groups))
    }

    pub fn n_rows(&self) -> usize {
        match self {
            Self::Independent(sd) => sd.len(),
            Self::Groups(groups) => groups.iter().map(|(rows, _)| rows.len()).sum(),
        }
    }

    /// y += e.
    pub fn add(&self, y: &mut [f64], rng: &mut Xoshiro256PlusPlus) {
        match self {
            Self::Independent(sd) => y.iter_mut().zip(sd).for_each(|(y, sd)| *y += sd * normal(rng)),
            Self::Groups(groups) => groups.iter().for_each(|(rows, l)| {
                let n = rows.len();
                let e: Vec<f64> = (0..n).map(|_| normal(rng)).collect();
                let of = |a: usize| (0..=a).map(|b| l[b * n + a] * e[b]).sum::<f64>();
                rows.iter().enumerate().for_each(|(a, &row)| y[row] += of(a));
            }),
        }
    }
}
