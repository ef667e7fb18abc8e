//! The sums of statistics as named arrays, and back.  What is read is checked: a file is not to be trusted.

use std::collections::BTreeMap;

use super::basis::RandomBasis;
use super::pair_sums::PairSums;
use super::statistics::{Columns, State, Statistics};
use crate::{Error, Result};

pub type Arrays = BTreeMap<String, Vec<f64>>;

impl State {
    pub fn put(&self, arrays: &mut Arrays) {
        let sums = &self.sums;
        arrays.insert("dense".into(), sums.dense.clone());
        arrays.insert("cells_dense".into(), sums.cells_dense.clone());
        for (k, cells) in sums.cells.iter().enumerate() {
            arrays.insert(format!("cells/{k}"), cells.clone());
        }
        for g in 0..sums.zz.len() {
            arrays.insert(format!("zz/{g}"), sums.zz[g].clone());
            arrays.insert(format!("zx/{g}"), sums.zx[g].clone());
        }
        for (k, link) in self.links.iter().enumerate() {
            arrays.insert(format!("link/{k}/pairs"), flat(&link.pairs));
            arrays.insert(format!("link/{k}/values"), link.values.clone());
        }
        for (t, basis) in self.random.iter().enumerate() {
            arrays.insert(format!("random/{t}"), basis.transform.clone());
        }
        if let Columns::Fitted(basis) = &self.columns {
            arrays.insert("transform".into(), basis.transform.clone());
            arrays.insert("origin".into(), basis.origin.clone());
        }
    }

    pub fn take(arrays: &mut Arrays, columns: Columns, owner: &Statistics, sum_log_weights: f64) -> Result<Self> {
        let layouts = owner.open.encoding.random.iter().map(|t| t.layout.columns.len());
        let random = layouts.map(RandomBasis::identity).collect();
        let mut state = Self::empty(columns, random, &owner.open);
        for (t, basis) in state.random.iter_mut().enumerate() {
            fill(arrays, &format!("random/{t}"), &mut basis.transform)?;
        }
        state.sums.sum_log_weights = sum_log_weights;
        fill(arrays, "dense", &mut state.sums.dense)?;
        fill(arrays, "cells_dense", &mut state.sums.cells_dense)?;
        for (k, cells) in state.sums.cells.iter_mut().enumerate() {
            fill(arrays, &format!("cells/{k}"), cells)?;
        }
        let width = state.columns.extended().width();
        for g in 0..state.widths.len() {
            let r = state.widths[g];
            let most = owner.registry.n_levels(g, &owner.open);
            state.sums.zz[g] = levels(arrays, &format!("zz/{g}"), r * r, most)?;
            state.sums.zx[g] = levels(arrays, &format!("zx/{g}"), r * width, most)?;
        }
        let pairs_of = (0..state.widths.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        for (k, (i, j)) in pairs_of.enumerate() {
            let size = state.widths[i] * state.widths[j];
            let listed = pairs(&take(arrays, &format!("link/{k}/pairs"))?);
            let values = take(arrays, &format!("link/{k}/values"))?;
            let (from, to) = (owner.registry.n_levels(j, &owner.open), owner.registry.n_levels(i, &owner.open));
            let known = listed.iter().all(|&(f, t)| (f as usize) < from && (t as usize) < to);
            if values.len() != listed.len() * size || !known {
                return Err(broken("sums of pairs of levels do not fit the levels"));
            }
            state.links[k] = PairSums::from_parts(size, listed, values);
        }
        Ok(state)
    }
}

pub fn flat(pairs: &[(u32, u32)]) -> Vec<f64> {
    pairs.iter().flat_map(|&(a, b)| [f64::from(a), f64::from(b)]).collect()
}

pub fn pairs(flat: &[f64]) -> Vec<(u32, u32)> {
    flat.chunks_exact(2).map(|p| (p[0] as u32, p[1] as u32)).collect()
}

pub fn whole(values: &[f64]) -> Vec<u64> {
    values.iter().map(|&v| v as u64).collect()
}

pub fn broken(why: &str) -> Error {
    Error::Data(format!("these are no saved statistics, or they are damaged: {why}"))
}

pub fn take(arrays: &mut Arrays, name: &str) -> Result<Vec<f64>> {
    let values = arrays.remove(name).ok_or_else(|| broken(&format!("{name} is missing")))?;
    if values.iter().all(|v| v.is_finite()) { Ok(values) } else { Err(broken(&format!("{name} is not finite"))) }
}

pub fn fill(arrays: &mut Arrays, name: &str, into: &mut [f64]) -> Result<()> {
    let values = take(arrays, name)?;
    if values.len() != into.len() {
        return Err(broken(&format!("{name} has {} numbers, not {}", values.len(), into.len())));
    }
    into.copy_from_slice(&values);
    Ok(())
}

pub fn levels(arrays: &mut Arrays, name: &str, block: usize, most: usize) -> Result<Vec<f64>> {
    let values = take(arrays, name)?;
    if values.len() % block != 0 || values.len() / block > most {
        return Err(broken(&format!("{name} does not fit the levels")));
    }
    Ok(values)
}
