//! Covariances of the coefficients: of the model, and robust ones, which do not rest on the working correlation.
//!
//! With the information A = Σ A_i and the scores u_i of the clusters the robust one is A⁻¹ Σ u_i u_i' A⁻¹.  Residuals are smaller
//! than errors; by the push-through identity their corrections act on the scores: Mancl and DeRouen's (2001) (I - H)⁻¹ on the
//! residuals is A(A - A_i)⁻¹ on the score, and Kauermann and Carroll's (2001) (I - H)^-½ is L(I - L⁻¹A_iL^-T)^-½L⁻¹, A = LL'.

use std::sync::atomic::AtomicBool;

use super::equations::{Sums, by_task, scores};
use super::model::Equations;
use super::solve::Solution;
use crate::linalg::dense;
use crate::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Naive,
    Robust,
    KauermannCarroll,
    ManclDeRouen,
}

/// Share of a direction that the other clusters leave undetermined below which they determine it.
const ALONE: f64 = 1e-9;

impl Kind {
    /// # Errors
    /// `Design` for a name that there is not.
    pub fn of_name(name: &str) -> Result<Self> {
        match name {
            "naive" => Ok(Self::Naive),
            "robust" => Ok(Self::Robust),
            "kauermann-carroll" => Ok(Self::KauermannCarroll),
            "mancl-derouen" => Ok(Self::ManclDeRouen),
            other => Err(Error::Design(format!("there is no covariance {other:?}"))),
        }
    }
}

/// A covariance in the user's coefficients (p x p).
///
/// # Errors
/// `Design` for a correction where a cluster alone determines a coefficient; `Numerical` for an information that is not definite;
/// `Interrupted`.
pub fn covariance(model: &Equations, found: &Solution, kind: Kind, stop: &AtomicBool) -> Result<Vec<f64>> {
    let p = model.rows.p;
    let inverse = dense::inverse(&found.information, p);
    let own = match kind {
        Kind::Naive => inverse.iter().map(|v| v * found.scale).collect(),
        Kind::Robust => outer(&influences(model, found, &inverse, stop)?, p),
        _ => outer(&corrected(model, found, kind, stop)?, p),
    };
    Ok(model.user_covariance(&own))
}

/// How much the coefficients fall by one step where a cluster is left out, with the working correlation held (Preisser and Qaqish
/// 1996): A⁻¹ times the score of residuals (I - H)⁻¹e, which leaving the cluster out makes of them (clusters x p).
///
/// # Errors
/// Those of a correction by Mancl and DeRouen.
pub fn deletions(model: &Equations, found: &Solution, stop: &AtomicBool) -> Result<Vec<f64>> {
    let own = corrected(model, found, Kind::ManclDeRouen, stop)?;
    Ok(own.chunks_exact(model.rows.p).flat_map(|move_of_one| model.user_coefficients(move_of_one)).collect())
}

/// What every cluster adds to the coefficients, A⁻¹u (clusters x p).
fn influences(model: &Equations, found: &Solution, inverse: &[f64], stop: &AtomicBool) -> Result<Vec<f64>> {
    let p = model.rows.p;
    let working = model.correlation.definite(&found.alpha, stop)?;
    let all = scores(model, &found.at, &working, stop)?;
    let of = |u: &[f64]| (0..p).map(|i| (0..p).map(|j| inverse[j * p + i] * u[j]).sum::<f64>()).collect::<Vec<_>>();
    Ok(all.chunks_exact(p).flat_map(of).collect())
}

/// The same with corrected residuals.
fn corrected(model: &Equations, found: &Solution, kind: Kind, stop: &AtomicBool) -> Result<Vec<f64>> {
    let p = model.rows.p;
    let working = model.correlation.definite(&found.alpha, stop)?;
    let mut root = found.information.clone();
    dense::cholesky_lower(&mut root, p).map_err(|_| {
        Error::Numerical(
            "corrections of the robust covariance need a working correlation that is positive definite".into(),
        )
    })?;
    let power = if kind == Kind::KauermannCarroll { -0.5 } else { -1.0 };
    let pieces = by_task(model, &found.at, &working, stop, Vec::new, |all: &mut Vec<f64>, c, own| {
        all.extend(influence(&root, p, own, power).ok_or_else(|| alone(model, c))?);
        Ok(())
    })?;
    Ok(pieces.concat())
}

/// L^-T (I - L⁻¹A_iL^-T)^power L⁻¹u; None where a direction is the cluster's alone.
fn influence(root: &[f64], p: usize, own: Sums, power: f64) -> Option<Vec<f64>> {
    let (mut s, mut u) = (own.information, own.score);
    dense::whiten(root, &mut s, p);
    dense::solve_lower(root, &mut u, p, 1);
    let (values, vectors) = dense::eigen(&s, p);
    let mut out = vec![0.0; p];
    for (value, v) in values.iter().zip(vectors.chunks_exact(p)) {
        let left = 1.0 - value;
        if left < ALONE {
            return None;
        }
        let along = left.powf(power) * v.iter().zip(&u).map(|(v, u)| v * u).sum::<f64>();
        out.iter_mut().zip(v).for_each(|(o, v)| *o += along * v);
    }
    dense::solve_lower_transposed(root, &mut out, p, 1);
    Some(out)
}

/// Σ v v' over rows of p.
fn outer(rows: &[f64], p: usize) -> Vec<f64> {
    let mut out = vec![0.0; p * p];
    for v in rows.chunks_exact(p) {
        (0..p * p).for_each(|e| out[e] += v[e / p] * v[e % p]);
    }
    out
}

/// tr(A_I V): how much more the coefficients vary than under independence with this variance (Hin and Wang 2009).
///
/// # Errors
/// Those of the robust covariance.
pub fn criterion(model: &Equations, found: &Solution, stop: &AtomicBool) -> Result<f64> {
    let p = model.rows.p;
    let robust = outer(&influences(model, found, &dense::inverse(&found.information, p), stop)?, p);
    Ok(found.independent_information.iter().zip(&robust).map(|(a, v)| a * v).sum())
}

fn alone(model: &Equations, cluster: usize) -> Error {
    Error::Design(format!(
        "group number {} (counted from 0) alone determines a coefficient: its residuals say nothing of its errors, and the \
         correction for few groups is not defined; use the robust covariance without it, or leave the term out",
        model.rows.codes[cluster]
    ))
}
