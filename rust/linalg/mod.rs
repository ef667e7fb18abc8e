//! Dense kernels, small blocks and threads; knows no statistics.

pub mod dense;
pub mod dual;
pub mod prefetch;
pub mod small;
pub mod threads;
