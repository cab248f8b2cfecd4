//! Projection `graph`, free of any formula: what the sources say (state), and what that resolves to (vertices, edges,
//! membership, open questions).

pub mod apply;
pub mod edges;
pub mod evidence;
mod identity;
pub mod ledger;
mod meaning;
mod membership;
mod memory;
mod names;
pub mod repo_of;
pub mod resolve;
pub mod rests;
mod rows;
pub mod snapshot;
pub mod state;
pub mod survey;
pub mod vertex;

pub use ledger::Link;
pub(crate) use memory::Memory;
pub use repo_of::RepoOf;
pub use resolve::{Depth, Edge, EdgeClaim, Finding, Graph, Project, Vertex};
pub use state::GraphState;
