//! What a fold's result looks like as tables: every row a pure function of the state and the formula.

pub mod content;
pub mod materialized;

pub use crate::families::Projection;
pub use crate::table::{Row, Table, TableDiff, TableRows};
pub use content::Content;
pub use materialized::Materialized;
