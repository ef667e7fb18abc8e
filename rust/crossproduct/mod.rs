//! A = [Z X y]'W[Z X y] in blocks: all that a Gaussian model needs of its rows, a sum over batches.

mod accumulate;
mod basis;
mod blocks;
mod cells;
mod coded_sums;
mod condition;
mod extended;
mod memory;
mod moments;
mod new_response;
mod order;
mod pattern;
mod ranges;
mod rank;
mod statistics;
mod sums;

pub use accumulate::accumulate;
pub use basis::{FixedBasis, RandomBasis};
pub use blocks::{CrossProducts, FactorBlock, LinkPattern};
pub use cells::{cell_crossproduct, cell_mapping, cell_starts, n_cell_columns};
pub use memory::summing_bytes;
pub use moments::mean_outer_product;
pub use new_response::{ResponseDesign, user_row, with_response};
pub use statistics::{FinishedStatistics, RowCounts, Statistics};
