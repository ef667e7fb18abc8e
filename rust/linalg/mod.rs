//! Dense kernels, small blocks, threads and memory; knows no statistics.

pub mod dense;
pub mod dual;
pub mod jet;
pub mod memory;
pub mod prefetch;
pub mod small;
pub mod threads;
