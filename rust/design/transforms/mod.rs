//! Transforms that learn from the rows of a fit, in memory or pass after pass: `scale(x)`, `poly(x, 2)`, `within(x, g)`.

mod learned;
mod learner;
mod sums;

pub use learned::{Call, Known, Learned, Polynomial, calls, count_distinct, group_means, mean, mean_of, spread};
pub use learner::Learner;
