//! The numerical core against dense algebra.

mod criterion;
mod dense;
mod design;
mod designs;
mod fits;
mod iterative;
mod sparse;
