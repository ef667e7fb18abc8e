//! Whether residuals that follow each other are alike: the sum of their products and its moments under the model.
//!
//! With e the conditional residuals over σ, Var(e) = M = I - H.  For A of a step of one within the groups and
//! r = tr AM / tr M, e'(A - rI)e has mean 0 and variance 2 tr ((A - rI)M)², whatever σ is taken to be (normal e, θ
//! known; after Durbin and Watson 1950, Biometrika 37, 409-428).

use std::sync::atomic::{AtomicBool, Ordering};

use faer::Mat;
use rayon::prelude::*;

use super::point::{Point, exact};
use super::row_set::RowSet;
use crate::design::RowSource;
use crate::fit::Fit;
use crate::resample::rows::DesignRows;
use crate::{Error, Result};

/// A group takes memory of the square of its rows.
const LARGEST: usize = 5000;

/// Sums over groups.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial {
    /// Σ e_t e_{t+1} and Σ e².
    pub products: f64,
    pub squares: f64,
    /// tr AM, tr M.
    pub mean: f64,
    pub trace: f64,
    /// tr AMAM, tr AMM, tr MM.
    pub quadratic: [f64; 3],
    pub pairs: f64,
}

impl Serial {
    /// r: Σ e_t e_{t+1} / Σ e² as the model has it.
    pub fn expected(&self) -> f64 {
        self.mean / self.trace
    }

    /// Deviation from it over its standard deviation; NaN where nothing can vary.
    pub fn statistic(&self) -> f64 {
        let (r, [aa, a, one]) = (self.expected(), self.quadratic);
        (self.products - r * self.squares) / (2.0 * (aa - 2.0 * r * a + r * r * one)).sqrt()
    }
}

/// Sums over groups: group k has the rows `members[ptr[k]..ptr[k + 1]]`, in their order.
///
/// # Errors
/// Those of reading the rows; `Design` for a group that is too large; `Interrupted`.
pub fn serial(fit: &Fit, source: &dyn RowSource, ptr: &[usize], members: &[u32], stop: &AtomicBool) -> Result<Serial> {
    if let Some(w) = ptr.windows(2).find(|w| w[1] - w[0] > LARGEST) {
        return Err(Error::Design(format!(
            "a group has {} rows: this test takes at most {LARGEST} in one; name a finer grouping factor in group=",
            w[1] - w[0]
        )));
    }
    let rows = DesignRows::new(fit, source)?;
    let problem = exact(&fit.problem)?;
    let point = Point::new(&problem, &fit.theta, problem.workspace())?;
    let parts: Vec<Serial> = (0..ptr.len() - 1)
        .into_par_iter()
        .map(|k| match stop.load(Ordering::Relaxed) {
            true => Err(Error::Interrupted),
            false => Ok(of_group(&point, &rows, &members[ptr[k]..ptr[k + 1]], fit.evaluation.sigma)),
        })
        .collect::<Result<_>>()?;
    let sum = |part: fn(&Serial) -> f64| parts.iter().map(part).sum();
    Ok(Serial {
        products: sum(|s| s.products),
        squares: sum(|s| s.squares),
        mean: sum(|s| s.mean),
        trace: sum(|s| s.trace),
        quadratic: [sum(|s| s.quadratic[0]), sum(|s| s.quadratic[1]), sum(|s| s.quadratic[2])],
        pairs: sum(|s| s.pairs),
    })
}

fn of_group(point: &Point, rows: &DesignRows, members: &[u32], sigma: f64) -> Serial {
    let n = members.len();
    if n < 2 {
        return Serial::default();
    }
    let set = RowSet::plain(rows, members, &point.problem.theta_map.widths);
    let e: Vec<f64> = point.residuals(&set).iter().map(|e| e / sigma).collect();
    let hat = point.hat(&set);
    let m = |i: usize, j: usize| f64::from(u8::from(i == j)) - hat[(i, j)];
    let am = Mat::from_fn(n, n, |i, j| {
        let above = if i > 0 { m(i - 1, j) } else { 0.0 };
        let below = if i + 1 < n { m(i + 1, j) } else { 0.0 };
        0.5 * (above + below)
    });
    let traced = |a: &dyn Fn(usize, usize) -> f64, b: &dyn Fn(usize, usize) -> f64| -> f64 {
        (0..n).map(|i| (0..n).map(|j| a(i, j) * b(j, i)).sum::<f64>()).sum()
    };
    let step = |i: usize, j: usize| am[(i, j)];
    Serial {
        products: e.windows(2).map(|w| w[0] * w[1]).sum(),
        mean: (0..n).map(|i| am[(i, i)]).sum(),
        trace: (0..n).map(|i| m(i, i)).sum(),
        quadratic: [traced(&step, &step), traced(&step, &m), traced(&m, &m)],
        squares: e.iter().map(|e| e * e).sum(),
        pairs: (n - 1) as f64,
    }
}
