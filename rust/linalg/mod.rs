//! Dense kernels, small blocks, processor, threads and memory; knows no statistics.

pub mod dense;
pub mod dual;
pub mod jet;
pub mod low_order;
pub mod memory;
pub mod prefetch;
pub mod processor;
pub mod small;
pub mod threads;
