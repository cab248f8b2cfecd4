//! Exact criticality: for every node of a dependency graph, how many others break when it does.

mod active;
pub mod bench;
mod columns;
mod components;
mod count;
mod dag;
mod graph;
pub mod input;
mod parallel;
mod scores;
mod siblings;
mod sweep;
#[cfg(test)]
mod tests;

pub use active::active_set;
pub use graph::{DependencyGraph, NodeId};
pub use scores::{AcrossGroups, criticality, criticality_across_groups};
