//! Spec and columns in; rows of X, Z and y out, or an error that names the column.

mod check;
mod compile;
mod compile_variable;
mod complete_rows;
mod contrasts;
mod encoding;
mod evaluate;
mod expression;
mod grouping;
mod inputs;
mod layout;
mod level_registry;
mod model_matrix;
mod new_levels;
mod new_rows;
mod operators;
mod rows;
mod slopes;
mod spec;
mod streaming_model;
mod transforms;
mod variable;

pub use compile::{evaluate, evaluate_slope, require_variation};
pub use complete_rows::Dropped;
pub use encoding::Encoding;
pub use expression::Expression;
pub use grouping::{Group, RandomTerm, require_levels};
pub use layout::{Batch, Coding, FixedColumn, FixedLayout, FixedTerm, GroupingFactor, RandomLayout};
pub use level_registry::LevelRegistry;
pub use model_matrix::ModelMatrix;
pub use new_rows::NewRows;
pub use rows::{BATCH_ROWS, Rows};
pub use spec::{Coverage, Expr, Missing, ModelSpec, Options, RandomSpec, Term, TermFactor};
pub use streaming_model::{StreamedRows, StreamingModel, columns_of_levels, rows_with_values};
pub use transforms::{Known, Learner, Polynomial};
pub use variable::{Basis, Category, Variable};
