//! What is saved of a fit or of statistics: a text and named arrays.  Reading runs no code and trusts nothing.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

pub type Arrays = BTreeMap<String, Vec<f64>>;

#[derive(Debug, Clone)]
pub struct Saved {
    /// JSON.
    pub meta: String,
    pub arrays: Arrays,
}

impl Saved {
    pub fn new(meta: &impl Serialize, arrays: Arrays) -> Self {
        Self { meta: serde_json::to_string(meta).expect("finite numbers and text"), arrays }
    }

    /// # Errors
    /// `Data` where the text is not what it should be.
    pub fn open<M: DeserializeOwned>(self) -> Result<(M, Arrays)> {
        let meta = serde_json::from_str(&self.meta).map_err(|e| damaged(&e.to_string()))?;
        Ok((meta, self.arrays))
    }
}

pub fn damaged(why: &str) -> Error {
    Error::Data(format!("this is not a saved fit or saved statistics, or it is damaged: {why}"))
}

/// # Errors
/// `Data` that says `why`, unless it holds.
pub fn require(holds: bool, why: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(damaged(why)) }
}

/// Whether these are places among `n`, in order.
pub fn is_choice(places: &[usize], n: usize) -> bool {
    places.is_sorted_by(|a, b| a < b) && places.iter().all(|&k| k < n)
}

/// Whole numbers below this one are the same as numbers with a fraction.
pub const MOST: f64 = 9_007_199_254_740_992.0;

/// Whole numbers that were written as numbers with a fraction.
///
/// # Errors
/// `Data` where one is not whole, negative, or not below that number.
pub fn whole(values: &[f64], below: f64) -> Result<Vec<u64>> {
    let is_whole = |v: &f64| v.fract() == 0.0 && (0.0..below).contains(v);
    require(values.iter().all(is_whole), "a count that is none")?;
    Ok(values.iter().map(|&v| v as u64).collect())
}

/// Takes an array out, all finite.
///
/// # Errors
/// `Data` where it is missing, or holds a value that is not finite.
pub fn take(arrays: &mut Arrays, name: &str) -> Result<Vec<f64>> {
    let values = arrays.remove(name).ok_or_else(|| damaged(&format!("{name} is missing")))?;
    match values.iter().all(|v| v.is_finite()) {
        true => Ok(values),
        false => Err(damaged(&format!("{name} holds a value that is not finite"))),
    }
}

/// The same, of a length that is known.
///
/// # Errors
/// `Data` where it is missing, of another length, or holds a value that is not finite.
pub fn take_sized(arrays: &mut Arrays, name: &str, len: usize) -> Result<Vec<f64>> {
    let values = take(arrays, name)?;
    match values.len() == len {
        true => Ok(values),
        false => Err(damaged(&format!("{name} has {} numbers, not {len}", values.len()))),
    }
}
