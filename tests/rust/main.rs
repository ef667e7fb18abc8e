//! The numerical core against dense algebra.

mod allocations;
mod arrays;
mod criterion;
mod dense;
mod design;
mod designs;
mod drawn_rows;
mod fits;
mod generalized;
mod iterative;
mod one_factor;
mod posterior;
mod priors;
mod residuals;
mod rows;
mod sparse;
mod structures;
mod toy;
