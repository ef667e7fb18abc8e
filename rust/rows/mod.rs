//! Rows as sums, predictions and new responses meet them: in the working basis, read again at every visit or stored.

mod basis;
mod block;
mod columns;
mod order;
mod parts;
mod pieces;
mod predictor;
mod stored;

pub use basis::FixedBasis;
pub use block::{BLOCK_ROWS, RowBlock, WorkingRows};
pub use columns::{CellBlock, Columns, ExtendedColumns};
pub use order::{OrderedFactor, WorkingBasis, in_design_order, ordered_factors, random_bases};
pub use parts::{BlockRows, Effects, PartColumns, PartRows, PartedRows};
pub use pieces::add_runs;
pub use predictor::{EffectRows, linear_predictor};
pub use stored::StoredRows;
