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

/// Takes an array out, all finite.
pub fn take(arrays: &mut Arrays, name: &str) -> Result<Vec<f64>> {
    let values = arrays.remove(name).ok_or_else(|| damaged(&format!("{name} is missing")))?;
    match values.iter().all(|v| v.is_finite()) {
        true => Ok(values),
        false => Err(damaged(&format!("{name} holds a value that is not finite"))),
    }
}

/// The same, of a length that is known.
pub fn take_sized(arrays: &mut Arrays, name: &str, len: usize) -> Result<Vec<f64>> {
    let values = take(arrays, name)?;
    match values.len() == len {
        true => Ok(values),
        false => Err(damaged(&format!("{name} has {} numbers, not {len}", values.len()))),
    }
}
