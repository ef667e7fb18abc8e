//! What a structure knows of the columns of a random term: how many there are, where they lie, what their rank is.

use serde::{Deserialize, Serialize};

use super::Places;

/// The columns of a random term, as far as its covariance depends on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Columns.
    #[serde(rename = "width")]
    pub r: usize,
    /// Where they lie, of a structure whose correlations fall with the distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Places>,
    /// The rank of their covariance, where it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<usize>,
}

impl Shape {
    /// Columns at these places.
    pub fn at(places: Places) -> Self {
        Self { r: places.n(), places: Some(places), rank: None }
    }

    /// Columns whose covariance has a rank.
    pub fn of_rank(r: usize, rank: usize) -> Self {
        Self { r, places: None, rank: Some(rank) }
    }

    /// The rank of a covariance that has no variance of zero.
    pub fn rank(&self) -> usize {
        self.rank.unwrap_or(self.r)
    }

    /// The places of the columns.
    ///
    /// # Panics
    /// Where there are none: a structure that needs them is given them with the columns.
    pub fn places(&self) -> &Places {
        self.places.as_ref().expect("the places of the columns")
    }
}

/// Columns without places.
impl From<usize> for Shape {
    fn from(r: usize) -> Self {
        Self { r, places: None, rank: None }
    }
}
