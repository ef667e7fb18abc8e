//! What single rows and groups of rows do to a fit: leverage, deletion, and what the checks of a fit are made of.

pub mod added;
pub mod deletion;
pub mod directions;
pub mod from_sums;
pub mod group_regressions;
pub mod leverage;
pub mod one_step;
pub mod point;
pub mod refits;
pub mod row_set;
pub mod serial;
mod stencil;

use std::sync::atomic::{AtomicBool, AtomicUsize};

pub use deletion::{Deleted, DeletionMethod};
pub use leverage::{Leverage, leverage};
pub use one_step::influence;

/// Rows to delete, and how: set k has the rows `members[ptr[k]..ptr[k + 1]]`.
pub struct DeletionRequest<'a> {
    pub ptr: &'a [usize],
    pub members: &'a [u32],
    pub method: DeletionMethod,
    /// Sets that are done.
    pub done: &'a AtomicUsize,
    pub stop: &'a AtomicBool,
}

impl DeletionRequest<'_> {
    pub fn len(&self) -> usize {
        self.ptr.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn rows(&self, set: usize) -> &[u32] {
        &self.members[self.ptr[set]..self.ptr[set + 1]]
    }
}
