//! Rows whose residuals are independent.
//!
//! With C the rows' block of the hat matrix and e their residuals, y_S | y_-S, ψ has the residuals (I - C)⁻¹e and the covariance
//! σ²(I - C)⁻¹ (Bürkner, Gabry and Vehtari 2021, Computational Statistics 36, 1243-1261, section 2).

use std::borrow::Cow;
use std::f64::consts::TAU;
use std::sync::atomic::AtomicBool;

use faer::{Mat, Side};
use rayon::prelude::*;

use super::NOTHING_LEFT;
use crate::influence::point::{DeletionPoint, exact};
use crate::influence::row_set::RowSet;
use crate::posterior::linear::LinearPosterior;
use crate::rows::StoredRows;
use crate::{Error, Result, check_stop};

/// Rows of a group that are not compressed.
const LARGEST: usize = 4000;
/// Sets between looks at whether to stop.
const SETS: usize = 1000;

/// What is left out: groups as they are used for all draws, or single rows, which are quickly made.
pub enum Sets<'a> {
    Groups(Vec<RowSet>),
    Singles { rows: &'a StoredRows, widths: &'a [usize] },
}

impl<'a> Sets<'a> {
    /// # Errors
    /// `Design` for a group that is too large.
    pub fn new(rows: &'a StoredRows, widths: &'a [usize], sets: Option<&[Vec<u32>]>) -> Result<Self> {
        let Some(sets) = sets else { return Ok(Self::Singles { rows, widths }) };
        let of_set = |set: &Vec<u32>| {
            RowSet::new(rows, set, widths, LARGEST).ok_or_else(|| {
                Error::Design(format!(
                    "a group of {} rows is too large to be left out exactly: it touches more than {LARGEST} columns",
                    set.len()
                ))
            })
        };
        Ok(Self::Groups(sets.par_iter().map(of_set).collect::<Result<_>>()?))
    }

    fn len(&self) -> usize {
        match self {
            Self::Groups(all) => all.len(),
            Self::Singles { rows, .. } => rows.n,
        }
    }

    fn get(&self, s: usize) -> Cow<'_, RowSet> {
        match self {
            Self::Groups(all) => Cow::Borrowed(&all[s]),
            Self::Singles { rows, widths } => Cow::Owned(RowSet::plain(rows, &[s as u32], widths)),
        }
    }
}

/// log p(y_S | y_-S, ψ) of every set; not a number where the rows alone determine a coefficient.
pub fn of_point(posterior: &LinearPosterior, psi: &[f64], sets: &Sets, stop: &AtomicBool) -> Result<Vec<f64>> {
    let (model, x) = posterior.at(psi)?;
    let model = exact(&model, "leave-one-out densities")?;
    let (theta, rest) = x.split_at(model.theta_map.n_parameters);
    let variance = model.known_variance().unwrap_or_else(|| rest[0].exp());
    let mut work = model.workspace();
    let terms = model.evaluate_under_prior(theta, variance, &mut work)?;
    let point = DeletionPoint::at(&model, terms, work);
    let of_set = |s: usize| {
        if s.is_multiple_of(SETS) {
            check_stop(stop)?;
        }
        Ok(log_density(&point, &sets.get(s), variance).unwrap_or(f64::NAN))
    };
    (0..sets.len()).map(of_set).collect()
}

fn log_density(point: &DeletionPoint, set: &RowSet, variance: f64) -> Option<f64> {
    let (k, hat) = (set.k, point.hat(set));
    let without = Mat::from_fn(k, k, |i, j| f64::from(u8::from(i == j)) - hat[(i, j)]);
    let l = without.llt(Side::Lower).ok()?.L().to_owned();
    if (0..k).any(|i| l[(i, i)].powi(2) < NOTHING_LEFT) {
        return None;
    }
    let e = point.residuals(set);
    let mut half = Mat::from_fn(k, 1, |i, _| e[i]);
    faer::linalg::triangular_solve::solve_lower_triangular_in_place(l.as_ref(), half.as_mut(), faer::Par::Seq);
    let square = (0..k).map(|i| half[(i, 0)].powi(2)).sum::<f64>() + set.rest;
    let logdet: f64 = (0..k).map(|i| 2.0 * l[(i, i)].ln()).sum();
    Some(0.5 * (logdet + set.sum_log_weights - set.n_rows as f64 * (TAU * variance).ln() - square / variance))
}
