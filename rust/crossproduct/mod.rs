//! A = [Z X y]'W[Z X y] in blocks: all that a Gaussian model needs of its rows, a sum over batches.

mod blocks;
mod cells;
mod coding;
mod conditioning;
mod drawn_rows;
mod fill;
mod memory;
mod moments;
mod new_response;
mod pattern;
mod plan;
mod ranges;
mod rank;
mod statistics;
mod sums;

pub use blocks::{CrossProducts, FactorBlock, LinkPattern};
pub use cells::{cell_crossproduct, cell_mapping, cell_starts, n_cell_columns};
pub use fill::{FillScratch, fill};
pub use memory::summing_bytes;
pub use moments::mean_outer_product;
pub use new_response::{Centring, has_mean, mean, set_response, with_response};
pub use plan::{Plan, accumulate, plan};
pub use statistics::{FinishedStatistics, RowCounts, Statistics};
