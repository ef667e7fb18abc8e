//! What the core finds of the machine.

use pyo3::prelude::*;

use crate::linalg::{memory, processor, threads};

/// Bytes that are free for the process; None where the system does not tell.
#[pyfunction]
pub fn available_memory() -> Option<usize> {
    memory::available()
}

/// Threads that are used where none are asked for.
#[pyfunction]
pub fn default_threads() -> usize {
    threads::default_threads()
}

/// Sets of instructions that the processor has, among those for which kernels differ.
#[pyfunction]
pub fn processor_instructions() -> Vec<&'static str> {
    processor::instructions()
}
