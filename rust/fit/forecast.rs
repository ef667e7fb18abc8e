//! New rows of a model whose residuals have parameters: what the residuals of known rows of their groups say of theirs.
//!
//! With c the covariances of a new row's residual with those of its group, over σ², E(y* | y) = x'β + z'b + c'R⁻¹(y - Xβ - Zb),
//! and the error of that at the estimates is the one of x*'β̂ + z*'b̂, x* = x - X'R⁻¹c, z* = z - Z'R⁻¹c, and, independent of it,
//! of a residual of variance σ²(sd² - c'R⁻¹c) (Goldberger 1962, J. Am. Statist. Assoc. 57, 369-375).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::predict::{TermRows, UNSEEN};
use super::result::Fit;
use crate::model::AtResidual;
use crate::penalized_ls::Touched;
use crate::residual::{Correlations, GroupPlace, NO_GROUP, NewResiduals};
use crate::{Error, Result};

/// A part of a row's variance that is rounding.
const ROUNDING: f64 = 1e-12;

/// New rows: x (m x p row-major, the columns kept), random terms (None: left out), and their residuals.
pub struct NewRowsWithResiduals<'a> {
    pub x: &'a [f64],
    pub m: usize,
    pub terms: &'a [Option<TermRows<'a>>],
    pub residuals: &'a NewResiduals,
}

/// What a row's x and z have less, in the working basis.
#[derive(Debug, Clone, Default)]
pub struct Less {
    pub x: Vec<f64>,
    /// By block.
    pub z: Touched,
}

/// By new row.
#[derive(Debug, Clone, Default)]
pub struct Forecast {
    /// x'β̂ + z'b̂ + c'R⁻¹e.
    pub value: Vec<f64>,
    /// c'R⁻¹e alone.
    pub from_residuals: Vec<f64>,
    /// Var(x*'β̂ + z*'(b̂ - b)).
    pub variance: Vec<f64>,
    /// The variance of the residual given those that are known.
    pub residual: Vec<f64>,
}

/// c'R⁻¹e and c'R⁻¹c of a row, and what its x and z have less.
struct Known {
    value: f64,
    square: f64,
    less: Less,
}

impl Fit {
    /// # Errors
    /// `Design` for a fit whose residuals have no parameters, or arrays that are not those of the rows.
    pub fn residuals_of_new(&self, new: &NewResiduals) -> Result<&AtResidual> {
        let own = self.model.residual.as_ref();
        let own =
            own.ok_or_else(|| Error::Design("the residuals of this fit have no parameters beside sigma".into()))?;
        new.check(&own.residual.layout)?;
        let groups = own.residual.pieces.iter().map(|piece| piece.groups.len()).sum::<usize>();
        match new.group.iter().all(|&g| g == NO_GROUP || (g as usize) < groups) {
            true => Ok(own),
            false => Err(Error::Design("a group of the new rows is none of the fit".into())),
        }
    }

    /// The standard deviations of the residuals of new rows.
    ///
    /// # Errors
    /// Those of `residuals_of_new`.
    pub fn new_residual_sd(&self, new: &NewResiduals) -> Result<Vec<f64>> {
        let own = self.residuals_of_new(new)?;
        let delta = own.residual.layout.split(&own.phi).1;
        Ok((0..new.n()).map(|i| self.sigma * new.sd(&own.residual.layout, delta, i)).collect())
    }

    /// Predictions of new rows; those of a known group by its residuals too.
    ///
    /// # Errors
    /// Those of `residuals_of_new`; `Numerical` if the factor cannot be rebuilt.
    pub fn forecast(&self, rows: &NewRowsWithResiduals) -> Result<Forecast> {
        let own = self.residuals_of_new(rows.residuals)?;
        let (places, all) = (own.residual.group_places(), own.residual.correlations_with(&own.phi, rows.residuals));
        let of = |i: usize| self.known(own, &places, &all, (rows.residuals, i));
        let known: Vec<Option<Known>> = (0..rows.m).into_par_iter().map(of).collect();
        let less: Vec<Option<&Less>> = known.iter().map(|known| known.as_ref().map(|known| &known.less)).collect();
        let mut variance = self.prediction_variance_less(rows.x, rows.m, rows.terms, &less)?;
        let from_residuals: Vec<f64> = known.iter().map(|known| known.as_ref().map_or(0.0, |k| k.value)).collect();
        let mut value = self.fitted_of_new(rows);
        value.iter_mut().zip(&from_residuals).for_each(|(value, own)| *value += own);
        let sd = self.new_residual_sd(rows.residuals)?;
        let mut residual: Vec<f64> = sd.iter().map(|sd| sd * sd).collect();
        for (i, known) in known.iter().enumerate().filter_map(|(i, known)| Some((i, known.as_ref()?))) {
            let (own, place) = (residual[i], rows.residuals.place[i]);
            if known.square.is_nan() && !own.is_nan() && !place.is_nan() {
                return Err(Error::Data(format!(
                    "a new row at time {place} is too far from the rows that the fit has of its group for a forecast; \
                     predict it without forecast=True"
                )));
            }
            residual[i] = or_none(own - known.square * self.residual_variance(), own);
            variance[i] = or_none(variance[i], own);
        }
        Ok(Forecast { value, from_residuals, variance, residual })
    }

    /// What the rows of new row i's group say of it.
    fn known(
        &self,
        own: &AtResidual,
        places: &[GroupPlace],
        all: &[Correlations],
        (new, i): (&NewResiduals, usize),
    ) -> Option<Known> {
        let at = *places.get(new.group[i] as usize)?;
        let w = own.residual.whitened_covariances(&own.whitened, (&own.phi, all), at, (new, i));
        let (piece, p) = (&own.residual.pieces[at.piece], self.beta.len());
        let group = &piece.groups[at.group];
        let square = dot(&w, &w);
        // R⁻¹c
        let mut c = w;
        own.whitened.factors[group.pattern].solve_rows_transposed(&mut c, group.n);
        let mut xy = vec![0.0; p + 1];
        let dense = piece.rows.dense[group.first * (p + 1)..].chunks_exact(p + 1);
        c.iter().zip(dense).for_each(|(c, row)| xy.iter_mut().zip(row).for_each(|(sum, v)| *sum += c * v));
        let y = xy.pop().expect("the response after X");
        let mut value = y - xy.iter().zip(&self.beta).map(|(x, b)| x * b).sum::<f64>();
        let mut of_blocks: Touched = Vec::with_capacity(piece.rows.z.len());
        for ((z, levels), modes) in piece.rows.z.iter().zip(&self.modes.b) {
            let r = z.len() / piece.rows.n;
            let rows = z[group.first * r..].chunks_exact(r).zip(&levels[group.first..]).zip(&c);
            let sums = by_level(rows.map(|((z, &level), &c)| (level as usize, z, c)));
            let of_mode = |(level, sums): &(usize, Vec<f64>)| dot(sums, &modes[level * r..(level + 1) * r]);
            value -= sums.iter().map(of_mode).sum::<f64>();
            of_blocks.push(sums);
        }
        Some(Known { value, square, less: Less { x: xy, z: of_blocks } })
    }

    /// x'β̂ + z'b̂; an unseen level adds nothing.
    fn fitted_of_new(&self, rows: &NewRowsWithResiduals) -> Vec<f64> {
        let (beta, modes, p) = (self.user_beta(), self.user_modes(), self.beta.len());
        let of = |i: usize| {
            let fixed = dot(&rows.x[i * p..(i + 1) * p], &beta);
            let random = rows.terms.iter().zip(&modes).zip(&self.model.theta_map.terms).map(|((rows, modes), term)| {
                let (r, rows) = (term.width, rows.as_ref().filter(|rows| rows.codes[i] != UNSEEN));
                let own = |rows: &TermRows| {
                    let level = rows.codes[i] as usize;
                    dot(&rows.z[i * r..(i + 1) * r], &modes[level * r..(level + 1) * r])
                };
                rows.map_or(0.0, own)
            });
            fixed + random.sum::<f64>()
        };
        (0..rows.m).map(of).collect()
    }
}

/// Σ c z of rows, by level.
fn by_level<'a>(rows: impl Iterator<Item = (usize, &'a [f64], f64)>) -> Vec<(usize, Vec<f64>)> {
    let mut sums = BTreeMap::<usize, Vec<f64>>::new();
    for (level, z, c) in rows {
        let own = sums.entry(level).or_insert_with(|| vec![0.0; z.len()]);
        own.iter_mut().zip(z).for_each(|(sum, z)| *sum += c * z);
    }
    sums.into_iter().collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A variance, or zero where rounding alone is left of it: at a place where the residual is known; NaN stays.
fn or_none(variance: f64, of: f64) -> f64 {
    if variance < ROUNDING * of { 0.0 } else { variance }
}
