//! The criterion of a model of one grouping factor, from sums over the levels that have the same Z'WZ.
//!
//! Levels of one A = Z'WZ = RR' have one Y = R'Λ and one Q = (I + YY')⁻¹.  With z_a the column of R⁻¹Z'W[X y] that belongs to column a,
//! elimination leaves [X y]'W[X y] less Σ z_a'(I - Q)z_b.  That is linear in Q: the sums G_ab = Σ z_a z_b' over levels say as much as
//! the levels themselves.  So an evaluation takes as long as there are different A, which in a balanced design is one.  In the
//! basis of R no entry of Q is above 1 and no G above the squares that it explains, whatever the condition of A.

mod levels;
mod slopes;
mod value;

pub use value::OneFactor;
