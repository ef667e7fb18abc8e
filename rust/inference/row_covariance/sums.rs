//! Sums over the rows that Kenward and Roger's adjustment is made of.  With V = LL', X̃ = L⁻¹X and G_k = L⁻¹ dV_k L⁻ᵀ, over
//! all blocks of V:
//!   -P_k = Σ X̃'G_kX̃,   Q_kl = Σ X̃'G_kG_lX̃,   t_kl = Σ tr(G_kG_l)
//! The last G is I, that of log σ².  What the adjustment needs of all Q_kl is their sum along directions of the parameters.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::blocks::RowBlocks;
use super::connected::{Connected, connected};
use super::second_order::Lines;
use super::whitened::Whitened;
use crate::fit::Fit;
use crate::model::AtResidual;
use crate::residual::Correlations;
use crate::{Error, Result, check_stop};

/// Rows that V connects, at most: memory grows with their square, time with their cube.
const LARGEST: usize = 3000;
/// Tasks that blocks are cut into, whatever the threads.
const TASKS: usize = 64;

/// A fit whose V is seen over its rows.
pub struct RowSums<'a> {
    blocks: RowBlocks<'a>,
    connected: Vec<Connected>,
    correlations: Vec<Correlations>,
    p: usize,
    stop: &'a AtomicBool,
}

/// By free parameter, log σ² last: t_kl and tr(Φ Q_kl); and -P_k.
pub struct Traces {
    pub traces: Vec<f64>,
    pub trace_q: Vec<f64>,
    pub b: Vec<Vec<f64>>,
}

/// -P_k (p x p) by free parameter, log σ² last; Σ Q along directions; X'V⁻¹ (the bend of V along lines) V⁻¹X.
pub struct Products {
    pub b: Vec<Vec<f64>>,
    pub q: Vec<f64>,
    pub bend: Vec<f64>,
}

/// # Errors
/// `Design` where V connects more rows than memory and time allow.
pub fn row_sums<'a>(fit: &'a Fit, own: &'a AtResidual, stop: &'a AtomicBool) -> Result<RowSums<'a>> {
    let connected = connected(&own.residual);
    let largest = connected.iter().map(|c| c.n).max().unwrap_or(0);
    if largest > LARGEST {
        return Err(Error::Design(format!(
            "Kenward-Roger's adjustment needs the covariance of connected rows: {largest} here, at most {LARGEST}; use \
             ddf='satterthwaite'"
        )));
    }
    let blocks = RowBlocks::new(fit, own, &fit.workspace()?.factor.lambda);
    let correlations = own.residual.layout.correlations(&own.phi);
    Ok(RowSums { blocks, connected, correlations, p: fit.model.a.n_fixed(), stop })
}

impl RowSums<'_> {
    /// What the expected information is made of; Φ is p x p.
    ///
    /// # Errors
    /// `Numerical` where V is not positive definite; `Interrupted`.
    pub fn traces(&self, phi: &[f64]) -> Result<Traces> {
        self.total(|block| {
            let whitened = Whitened::new(&self.blocks, block, self.p, &self.correlations)?;
            let (traces, trace_q) = whitened.traces(phi);
            Ok(Traces { traces, trace_q, b: whitened.along_parameters() })
        })
    }

    /// What the adjustment is made of.
    ///
    /// # Errors
    /// As those of `traces`.
    pub fn products(&self, directions: &[Vec<f64>], lines: Option<&Lines>) -> Result<Products> {
        self.total(|block| {
            let whitened = Whitened::new(&self.blocks, block, self.p, &self.correlations)?;
            let bend = match lines {
                Some(lines) => {
                    let at = |phi: &[f64], correlations: &[Correlations]| {
                        self.blocks.residual(&block.members[0], phi, correlations)
                    };
                    whitened.of_rows(lines.bend(&self.blocks.at_optimum(&block.members[0], &self.correlations)?, at)?)
                }
                None => vec![0.0; self.p * self.p],
            };
            Ok(Products { b: whitened.along_parameters(), q: whitened.squared_along(directions), bend })
        })
    }

    /// The sum over all blocks, in their order whatever the threads.
    fn total<T: Send + Total>(&self, f: impl Fn(&Connected) -> Result<T> + Sync) -> Result<T> {
        let size = self.connected.len().div_ceil(TASKS).max(1);
        let of_task = |blocks: &[Connected]| -> Result<T> {
            check_stop(self.stop)?;
            let mut parts = blocks.iter().map(&f);
            let first = parts.next().expect("a task has a block")?;
            parts.try_fold(first, |total, part| Ok(total.plus(part?)))
        };
        let parts: Vec<T> = self.connected.par_chunks(size).map(of_task).collect::<Result<_>>()?;
        let none = || Error::Design("the fit has no rows".into());
        parts.into_iter().reduce(T::plus).ok_or_else(none)
    }
}

/// What is summed over blocks.
trait Total {
    fn plus(self, other: Self) -> Self;
}

fn plus(mut a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    a
}

fn plus_each(a: Vec<Vec<f64>>, b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    a.into_iter().zip(b).map(|(a, b)| plus(a, b)).collect()
}

impl Total for Traces {
    fn plus(self, other: Self) -> Self {
        let (traces, trace_q) = (plus(self.traces, &other.traces), plus(self.trace_q, &other.trace_q));
        Self { traces, trace_q, b: plus_each(self.b, &other.b) }
    }
}

impl Total for Products {
    fn plus(self, other: Self) -> Self {
        Self { b: plus_each(self.b, &other.b), q: plus(self.q, &other.q), bend: plus(self.bend, &other.bend) }
    }
}
