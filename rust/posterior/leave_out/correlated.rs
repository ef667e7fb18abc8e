//! Rows whose residuals are correlated within groups.
//!
//! Let U be all rows of the groups that a set S has rows of, R = LL' their residual covariance over σ², H = L⁻¹[ZΛ X] and
//! C = HM⁻¹H', e the conditional residuals of the whitened rows.  The precision of y_U given all other rows is A/σ²,
//! A = L⁻ᵀ(I - C)L⁻¹, and that times their residuals L⁻ᵀe/σ²: so y_S given all others has the precision A_SS/σ² and the residuals
//! A_SS⁻¹(L⁻ᵀe)_S.

use std::f64::consts::TAU;
use std::sync::atomic::AtomicBool;

use faer::prelude::*;
use faer::{Mat, Side};

use super::NOTHING_LEFT;
use crate::influence::point::{DeletionPoint, exact};
use crate::influence::row_set::RowSet;
use crate::linalg::dense;
use crate::posterior::linear::LinearPosterior;
use crate::residual::{Factor, Residual};
use crate::rows::StoredRows;
use crate::{Error, Result, check_stop};

/// Rows of the groups of a set.
const LARGEST: usize = 2000;

/// Rows of some groups, and the sets among them.
pub struct Union {
    /// Neither weighted nor whitened.
    rows: RowSet,
    groups: Vec<Part>,
    /// Number of the set, and the places of its rows.
    sets: Vec<(usize, Vec<usize>)>,
}

/// A group's place among the rows, and the pattern of its covariance.
struct Part {
    pattern: usize,
    first: usize,
    n: usize,
}

/// Every row by itself, group by group, or the sets that are given; rows are without weights, which are in the standard deviations of
/// the residuals.
///
/// # Errors
/// `Design` for groups of too many rows.
pub fn unions(
    residual: &Residual,
    rows: &StoredRows,
    widths: &[usize],
    sets: Option<&[Vec<u32>]>,
) -> Result<Vec<Union>> {
    let all: Vec<(usize, &[u32])> = residual.groups_of_rows().map(|(group, own)| (group.pattern, own)).collect();
    let Some(sets) = sets else {
        let of_group = |own: &(usize, &[u32])| {
            let singles = own.1.iter().enumerate().map(|(place, &row)| (row as usize, vec![place])).collect();
            union(rows, widths, &[*own], singles)
        };
        return all.iter().map(of_group).collect();
    };
    let mut group_of = vec![0; rows.n];
    all.iter().enumerate().for_each(|(g, (_, own))| own.iter().for_each(|&row| group_of[row as usize] = g));
    let mut is_own = vec![false; rows.n];
    let of_set = |(s, set): (usize, &Vec<u32>)| {
        set.iter().for_each(|&row| is_own[row as usize] = true);
        let mut touched: Vec<usize> = set.iter().map(|&row| group_of[row as usize]).collect();
        touched.sort_unstable();
        touched.dedup();
        let groups: Vec<(usize, &[u32])> = touched.iter().map(|&g| all[g]).collect();
        let members = groups.iter().flat_map(|(_, own)| own.iter());
        let places = members.enumerate().filter(|(_, row)| is_own[**row as usize]).map(|(place, _)| place).collect();
        set.iter().for_each(|&row| is_own[row as usize] = false);
        union(rows, widths, &groups, vec![(s, places)])
    };
    sets.iter().enumerate().map(of_set).collect()
}

fn union(
    rows: &StoredRows,
    widths: &[usize],
    groups: &[(usize, &[u32])],
    sets: Vec<(usize, Vec<usize>)>,
) -> Result<Union> {
    let members: Vec<u32> = groups.iter().flat_map(|(_, own)| own.iter().copied()).collect();
    if members.len() > LARGEST {
        return Err(Error::Design(format!(
            "leave-one-out densities beside correlated residuals are offered of groups of up to {LARGEST} rows; there is one of {}",
            members.len()
        )));
    }
    let mut first = 0;
    let part = |&(pattern, own): &(usize, &[u32])| {
        first += own.len();
        Part { pattern, first: first - own.len(), n: own.len() }
    };
    let groups = groups.iter().map(part).collect();
    Ok(Union { rows: RowSet::plain(rows, &members, widths), groups, sets })
}

/// log p(y_S | y_-S, ψ) of `n` sets; not a number where the rows alone determine a coefficient.
pub fn of_point(
    posterior: &LinearPosterior,
    psi: &[f64],
    (unions, n): (&[Union], usize),
    stop: &AtomicBool,
) -> Result<Vec<f64>> {
    let (mut model, x) = posterior.at(psi)?;
    let n_theta = model.theta_map.n_parameters;
    model.move_to(&x[n_theta..model.n_free()])?;
    let variance = model.known_variance().unwrap_or_else(|| x[model.n_free()].exp());
    let model = exact(&model, "leave-one-out densities")?;
    let mut work = model.workspace();
    let terms = model.evaluate_under_prior(&x[..n_theta], variance, &mut work)?;
    let point = DeletionPoint::at(&model, terms, work);
    let own = model.residual.as_ref().expect("residuals with parameters");
    let mut out = vec![f64::NAN; n];
    for union in unions {
        check_stop(stop)?;
        union.log_densities(&point, &own.whitened.factors, variance, &mut out);
    }
    Ok(out)
}

impl Union {
    fn log_densities(&self, point: &DeletionPoint, factors: &[Factor], variance: f64, out: &mut [f64]) {
        let rows = self.whitened(factors);
        let (k, hat, mut v) = (rows.k, point.hat(&rows), point.residuals(&rows));
        let mut precision: Vec<f64> =
            (0..k * k).map(|e| f64::from(u8::from(e % k == e / k)) - hat[(e % k, e / k)]).collect();
        let mut without: Vec<f64> = (0..k * k).map(|e| f64::from(u8::from(e % k == e / k))).collect();
        self.solve_transposed(factors, &mut v, 1);
        for a in [&mut precision, &mut without] {
            // from the left, and once more from the right
            self.solve_transposed(factors, a, k);
            *a = (0..k * k).map(|e| a[e % k * k + e / k]).collect();
            self.solve_transposed(factors, a, k);
        }
        for (s, places) in &self.sets {
            let entry = |i: usize, j: usize| precision[places[j] * k + places[i]];
            let of_set: Vec<f64> = places.iter().map(|&i| v[i]).collect();
            let least: Vec<f64> = places.iter().map(|&i| NOTHING_LEFT * without[i * k + i]).collect();
            out[*s] = log_normal(entry, &of_set, &least, variance).unwrap_or(f64::NAN);
        }
    }

    fn whitened(&self, factors: &[Factor]) -> RowSet {
        let mut rows = self.rows.clone();
        let k = rows.k;
        let solve = |column: &mut [f64]| {
            self.groups.iter().for_each(|g| factors[g.pattern].solve_rows(&mut column[g.first..g.first + g.n], g.n));
        };
        rows.z.iter_mut().flatten().flat_map(|(_, values)| values.chunks_exact_mut(k)).for_each(solve);
        rows.x.chunks_exact_mut(k).for_each(solve);
        solve(&mut rows.y);
        rows
    }

    /// L⁻ᵀa; a has a row of `width` numbers for every row.
    fn solve_transposed(&self, factors: &[Factor], a: &mut [f64], width: usize) {
        for g in &self.groups {
            factors[g.pattern].solve_rows_transposed(&mut a[g.first * width..(g.first + g.n) * width], g.n);
        }
    }
}

/// log density of values with precision A/σ², by A times them; None where a pivot of A is below `least`.
fn log_normal(a: impl Fn(usize, usize) -> f64, v: &[f64], least: &[f64], variance: f64) -> Option<f64> {
    let n = v.len();
    let factor = Mat::from_fn(n, n, a).llt(Side::Lower).ok()?;
    let pivots: Vec<f64> = (0..n).map(|i| factor.L()[(i, i)].powi(2)).collect();
    if pivots.iter().zip(least).any(|(pivot, least)| pivot < least) {
        return None;
    }
    let solved = factor.solve(dense::view(v, n, 1));
    let square: f64 = (0..n).map(|i| v[i] * solved[(i, 0)]).sum();
    let logdet: f64 = pivots.iter().map(|pivot| pivot.ln()).sum();
    Some(0.5 * (logdet - n as f64 * (TAU * variance).ln() - square / variance))
}
