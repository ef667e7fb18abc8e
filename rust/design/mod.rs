//! Spec and columns in; rows of X, Z and y out, or an error that names the column.

pub mod batch;
pub mod layout;

pub use batch::{Batch, RowSource};
pub use layout::{Coding, FixedColumn, FixedLayout, FixedTerm, GroupingFactor, RandomLayout};
