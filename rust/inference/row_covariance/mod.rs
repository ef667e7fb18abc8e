//! V, the covariance of the rows over σ², where the residuals have parameters: in blocks of rows that it connects.
//!
//! `connected` finds the blocks, `blocks` builds V and its slopes, `whitened` has a block in the coordinates of its factor,
//! `second_order` how V bends, and `sums` puts the blocks together.

mod blocks;
mod connected;
mod second_order;
mod sums;
mod whitened;

pub use second_order::Lines;
pub use sums::{Traces, row_sums};
