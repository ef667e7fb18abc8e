//! Sums over strata as named arrays, and back.

use super::strata::Strata;
use crate::Result;
use crate::crossproduct::CrossProducts;
use crate::residual::{Pattern, Patterns, Residual, ResidualLayout};
use crate::saved::{Arrays, MOST, require, take, take_sized, whole};

const COUNTS: &str = "strata/n_obs";

impl Strata {
    /// Whether arrays have some.
    pub fn are_in(arrays: &Arrays) -> bool {
        arrays.contains_key(COUNTS)
    }

    /// Writes them, with the columns of log sd of each.
    pub fn write(&self, residual: &Residual, arrays: &mut Arrays) {
        let mut put = |name: String, values: Vec<f64>| arrays.insert(name, values);
        put(COUNTS.into(), self.parts.iter().map(|part| part.n_obs as f64).collect());
        put("strata/log_weights".into(), self.parts.iter().map(|part| part.sum_log_weights).collect());
        let patterns = || (0..self.parts.len()).map(|s| residual.patterns.get(s));
        put("strata/scale".into(), patterns().flat_map(|own| own.scale).copied().collect());
        put("strata/offset".into(), patterns().flat_map(|own| own.offset).copied().collect());
        for (s, part) in self.parts.iter().enumerate() {
            let mut part = part.clone();
            put(format!("strata/{s}/sums"), blocks(&mut part).into_iter().flat_map(|block| block.clone()).collect());
        }
    }

    /// Reads what `write` wrote; `a` has the basis and the levels of all.
    ///
    /// # Errors
    /// `Data` where the arrays do not belong together.
    pub fn read(
        layout: ResidualLayout,
        phi: Vec<f64>,
        arrays: &mut Arrays,
        a: &CrossProducts,
    ) -> Result<(Residual, Self)> {
        let counts = whole(&take(arrays, COUNTS)?, MOST)?;
        let (n, k) = (counts.len(), layout.scale.n());
        let is_whole = counts.iter().sum::<u64>() == a.n_obs as u64 && counts.iter().all(|&n| n > 0);
        require(
            is_whole && k > 0 && layout.n_parameters() == k && phi.len() == k,
            "its strata are not those of its rows",
        )?;
        let (log_weights, offset) =
            (take_sized(arrays, "strata/log_weights", n)?, take_sized(arrays, "strata/offset", n)?);
        let mut patterns = Patterns::default();
        for (row, offset) in take_sized(arrays, "strata/scale", n * k)?.chunks_exact(k).zip(&offset) {
            patterns.push(Pattern { n: 1, by: 0, places: &[0.0], scale: row, offset: &[*offset] });
        }
        let mut parts = Vec::with_capacity(n);
        for (s, (n_obs, sum_log_weights)) in counts.into_iter().zip(log_weights).enumerate() {
            let mut part = CrossProducts { n_obs: n_obs as usize, sum_log_weights, ..a.clone() };
            let mut own = blocks(&mut part);
            let len = own.iter().map(|block| block.len()).sum();
            let sums = take_sized(arrays, &format!("strata/{s}/sums"), len)?;
            let mut rest = sums.as_slice();
            for block in &mut own {
                let (values, after) = rest.split_at(block.len());
                block.copy_from_slice(values);
                rest = after;
            }
            parts.push(part);
        }
        Ok((Residual::of_pieces(layout, Vec::new(), patterns, Vec::new(), phi), Self { parts }))
    }
}

/// All values, in an order that the basis and the levels tell.
fn blocks(a: &mut CrossProducts) -> Vec<&mut Vec<f64>> {
    let factors = a.factors.iter_mut().flat_map(|f| [&mut f.zz, &mut f.zx]);
    std::iter::once(&mut a.xx).chain(factors).chain(a.links.iter_mut().flatten()).collect()
}
