//! Dense kernels, small blocks, processor, threads and memory; knows no statistics.

#[cfg(not(any(target_family = "wasm", target_env = "musl")))]
pub mod allocator;
pub mod dense;
mod difference;
pub mod dual;
pub mod jet;
pub mod low_order;
pub mod memory;
pub mod prefetch;
pub mod processor;
pub mod small;
pub mod threads;

pub use difference::{fourth_order, one_sided};
