//! The encoder against R's model matrices, brute force and its own invariants.

mod arrays;
mod bad_input;
mod codings;
mod frames;
mod missing_rows;
mod model_matrix;
mod prediction;
mod readers;
mod threads;
