//! Projection `graph`, free of any formula: what the sources say (state), and what that resolves to (vertices, edges,
//! membership, open questions).

pub mod apply;
pub mod edges;
pub mod evidence;
pub mod identity;
pub mod membership;
pub mod resolve;
pub mod rests;
pub mod snapshot;
pub mod state;
pub mod survey;
pub mod vertex;

pub use resolve::{Edge, EdgeClaim, Finding, Graph, Project, Vertex};
pub use state::GraphState;
