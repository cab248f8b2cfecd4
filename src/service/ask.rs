//! Questions: what an atlas answers without changing anything. Each answer is of one state of the database.

pub mod audit;
pub mod edges;
pub mod export;
pub mod formula;
pub mod lag;
pub mod point;
pub mod scores;
pub mod status;
pub mod triage;
