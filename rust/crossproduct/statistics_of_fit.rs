//! Statistics that a fit kept of its rows: its cross-products, in its own basis.

use super::blocks::{CrossProducts, Link};
use super::pair_sums::PairSums;
use super::statistics::{Columns, State, Statistics};
use super::tally::Tally;
use crate::Result;
use crate::design::spec::Options;
use crate::design::{Encoding, OpenModel};

impl Statistics {
    /// The statistics that a fit kept: its cross-products, in its own basis.  The tally has the rows of each level if
    /// they are known; `moments` are the means of zz' of weighted rows.
    pub fn of_fit(
        encoding: Encoding,
        options: &Options,
        a: &CrossProducts,
        tally: Tally,
        moments: Vec<Vec<f64>>,
    ) -> Result<Self> {
        let (open, registry) = OpenModel::of_encoding(encoding, options);
        let mut statistics = Self::new(open, registry)?;
        let mut state = State::empty(Columns::Fitted(a.fixed.clone()), a.random.clone(), &statistics.open);
        state.sums.sum_log_weights = a.sum_log_weights;
        state.sums.dense.clone_from(&a.xx);
        for factor in &a.factors {
            state.sums.zz[factor.factor].clone_from(&factor.zz);
            state.sums.zx[factor.factor].clone_from(&factor.zx);
        }
        for (i, links) in a.links.iter().enumerate() {
            for (j, link) in links.iter().enumerate() {
                let (to, from) = (a.factors[i].factor, a.factors[j].factor);
                let (hi, lo) = (to.max(from), to.min(from));
                state.links[hi * (hi - 1) / 2 + lo] =
                    own_pairs(link, (a.factors[i].width, a.factors[j].width), to < from);
            }
        }
        let mut tally = tally;
        if tally.counts.is_empty() {
            tally.counts = (0..state.widths.len()).map(|g| counts(&state, g, &statistics)).collect();
        }
        statistics.moments = moments.into_iter().map(|m| m.iter().map(|v| v * a.n_obs as f64).collect()).collect();
        statistics.tally = tally;
        statistics.state = Some(state);
        Ok(statistics)
    }
}

/// Rows of each level: the square of a constant column, where there is one and rows have no weights; else unknown,
/// and one.
fn counts(state: &State, g: usize, statistics: &Statistics) -> Vec<u64> {
    let r = state.widths[g];
    let of_group = statistics.open.encoding.random.iter().position(|term| term.layout.factor == g);
    let scale = of_group
        .filter(|&t| statistics.open.encoding.random[t].layout.has_intercept && !statistics.open.is_weighted())
        .map(|t| state.random[t].transform[0].powi(-2));
    let squares = state.sums.zz[g].chunks_exact(r * r);
    squares.map(|zz| scale.map_or(1, |s| (zz[0] * s).round().max(1.0) as u64)).collect()
}

/// The pairs of a link, or of its transpose.
fn own_pairs(link: &Link, (ri, rj): (usize, usize), transpose: bool) -> PairSums {
    let listed = PairSums::of_link(link, &link.values, ri * rj);
    if !transpose {
        return PairSums::from_parts(ri * rj, listed.pairs, listed.values);
    }
    let pairs = listed.pairs.iter().map(|&(f, t)| (t, f)).collect();
    let blocks = listed.values.chunks_exact(ri * rj);
    let values = blocks.flat_map(|block| (0..ri * rj).map(move |e| block[(e % rj) * ri + e / rj])).collect();
    PairSums::from_parts(ri * rj, pairs, values)
}
