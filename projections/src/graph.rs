//! Projection `graph`, free of any formula: what the sources say (state), and what that resolves to (vertices, edges,
//! membership, open questions).

mod answers;
pub mod apply;
mod claimant;
mod curations;
mod edges;
pub mod evidence;
pub mod family;
mod funding;
mod identity;
mod identity_cache;
mod input;
mod link_index;
mod meaning;
mod membership;
pub mod model;
mod names;
mod news;
mod projects;
pub mod repo_of;
mod resolve;
mod resolve_cache;
pub mod rests;
mod row_map;
mod rows;
pub(crate) mod shown;
pub mod snapshot;
pub mod state;
pub mod survey;
pub(crate) mod table_rows;
mod vertex;

pub use model::{Confidence, EdgeClaim, Finding, Graph, Project, ResolvedEdge, ResolvedLink, Vertex};
pub use repo_of::RepoOf;
pub(crate) use resolve_cache::ResolveCache;
pub use state::GraphState;
