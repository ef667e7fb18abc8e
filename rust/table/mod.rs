//! Columns of a data frame, and the levels of categorical ones; knows no model.

mod bytes;
mod column;
mod columns;
mod dictionary;
mod gaps;
mod growing_levels;
mod label;
mod levels;
mod plain_values;
mod read_codes;
mod read_numeric;
mod selection;
mod times;

pub use column::{Column, ColumnKind};
pub use columns::{Table, boolean, categorical, listed, numeric, plain_name};
pub use gaps::Gaps;
pub use growing_levels::{GrowingLevels, GrowingPairs};
pub use label::shown;
pub use levels::{NO_LEVEL, as_number, natural, sort_naturally};
pub use plain_values::PlainValues;
pub use read_codes::{categories, fixed_level_codes, known_codes, require_known};
pub use selection::{Picks, Selection, by_segment};
pub use times::{TimeKind, times};
