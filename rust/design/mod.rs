//! Spec and columns in; rows of X, Z and y out, or an error that names the column.

pub mod array_design;
pub mod batch;
pub mod coding;
pub mod column;
pub mod compile;
pub mod contrasts;
pub mod encoding;
pub mod evaluate;
pub mod expression;
pub mod finite;
pub mod grouping_factor;
pub mod inputs;
pub mod layout;
pub mod levels;
pub mod missing;
pub mod model_matrix;
pub mod new_levels;
pub mod new_rows;
pub mod random_term;
pub mod read_codes;
pub mod read_numeric;
pub mod response;
pub mod rows;
pub mod selection;
pub mod spec;
pub mod table;
pub mod transform;
pub mod used;
pub mod variable;

pub use array_design::ArrayDesign;
pub use batch::{Batch, RowSource};
pub use layout::{Coding, FixedColumn, FixedLayout, FixedTerm, GroupingFactor, RandomLayout};
pub use encoding::Encoding;
pub use new_rows::NewRows;
pub use rows::Rows;
