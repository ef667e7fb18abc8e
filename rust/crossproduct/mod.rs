//! A = [Z X y]'W[Z X y] in blocks: all that a Gaussian model needs of its rows, a sum over batches.

mod accumulate;
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
mod reweight;
mod statistics;
mod sums;
mod whitened;

pub use accumulate::accumulate;
pub use blocks::{CrossProducts, FactorBlock};
pub use cells::{cell_crossproduct, cell_mapping, cell_starts, n_cell_columns};
pub use fill::{FillScratch, fill, n_parts};
pub use memory::summing_bytes;
pub use moments::mean_outer_product;
pub use new_response::{has_mean, mean, set_response, with_response};
pub use pattern::{LinkPattern, link_pattern};
pub use plan::Plan;
pub use reweight::{PartWeights, Reweighting, fixed_sums};
pub use statistics::{FinishedStatistics, RowCounts, Statistics};
pub use sums::add_outer;
pub use whitened::LevelColumns;
